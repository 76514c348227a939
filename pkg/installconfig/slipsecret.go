package installconfig

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// slip is what is amiss with a text: where, from its first byte, what and what to do.
type slip struct {
	at           int
	detail, hint string
}

// secretSlip says what keeps a pull secret from being JSON. It gives places and no
// content: what stands there may be a password.
func secretSlip(text string, err error) slip {
	const again = "copy the JSON again, from its first { to its last }"
	trimmed := strings.TrimSpace(text)
	lead := len(text) - len(strings.TrimLeft(text, " \t\n"))
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case strings.HasPrefix(trimmed, "\ufeff"):
		return slip{lead, "begins with " + diag.Rune('\ufeff') + ", an invisible character",
			"remove it: save the file as UTF-8 without a byte order mark"}
	case strings.HasPrefix(trimmed, `{\"`):
		return slip{lead + 1, `has a \ before its quotes`, `remove each \, and put the JSON in single quotes` + pullSecretForm}
	case strings.HasPrefix(trimmed, "{'"):
		return slip{lead + 1, "has single quotes, and JSON has double quotes", `write " for each ' inside of the braces` + pullSecretForm}
	case decodes(trimmed):
		return slip{lead, "is the base64 of a pull secret", "write what it stands for, in single quotes: base64 -d prints it"}
	case trimmed == "..." || trimmed == "…" || strings.EqualFold(trimmed, "changeme") || strings.EqualFold(trimmed, "todo"):
		return slip{lead, "is a placeholder", `OKD needs none: remove the field, or write pullSecret: '` + PublicPullSecret + `'`}
	case errors.As(err, &wrong):
		return slip{lead, "has JSON of another form, and not registries under auths",
			"write the JSON in the form" + pullSecretForm[len(": pullSecret"):]}
	case !strings.HasPrefix(trimmed, "{") || !errors.As(err, &syntax):
		return slip{lead, "is not the JSON of a pull secret", `OKD needs none: remove the field, or write pullSecret: '` + PublicPullSecret + `'`}
	}
	at := max(0, min(int(syntax.Offset), len(text))-1)
	if char, _, odd := diag.Odd(text[at:min(at+4, len(text))]); odd && strings.IndexRune(text[at:], char) == 0 {
		return slip{at, "has " + diag.Rune(char) + ", which JSON does not have there", "write it again, with the keyboard"}
	}
	before := strings.TrimRight(text[:at], " \t\n")
	switch reason := syntax.Error(); {
	case strings.Contains(reason, "unexpected end"):
		return slip{len(strings.TrimRight(text, " \t\n")),
			"is cut off: the JSON ends after " + diag.Count(len([]rune(trimmed)), "character") + ", before its last }", again}
	case strings.Contains(reason, "after top-level value"):
		return slip{at, "has text behind the last } of its JSON", "remove it: a pull secret is one object"}
	case strings.Contains(reason, `'\n' in string`):
		return slip{at, "has a line end inside of a quoted text", "join the two lines"}
	case strings.HasSuffix(before, ",") && strings.ContainsRune("}]", rune(text[at])):
		return slip{len(before) - 1, "has a comma before the " + text[at:at+1], "remove the comma"}
	}
	return slip{at, fmt.Sprintf("is not JSON from its character %d on", len([]rune(text[:at]))+1),
		"check the quotes, colons and commas there, or " + again}
}

// decodes reports whether a text is the base64 of JSON.
func decodes(text string) bool {
	decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(decoded)), "{")
}

// noAuths says what JSON without registries under auths is instead.
func noAuths(text, otherwise string) (detail, hint string) {
	var top map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &top) != nil {
		return "has no registries under auths", otherwise
	}
	var kind string
	if json.Unmarshal(top["kind"], &kind) == nil && kind == "Secret" {
		return "is a Secret of Kubernetes, and not the pull secret in it", "write what base64 -d prints for its .dockerconfigjson"
	}
	for name, value := range top {
		var entry map[string]any
		if json.Unmarshal(value, &entry) != nil {
			continue
		}
		if _, ok := entry["auth"]; ok && name != "auths" {
			return "has registries, but not under auths", `write {"auths": before the JSON, and } behind it`
		}
		if name == "auth" || diag.Nearest(name, []string{"auths"}) != "" && name != "auths" {
			return "has " + shorten(name) + " instead of auths", `write "auths"`
		}
	}
	return "has no registries under auths", otherwise
}

// failSlip reports a slip of a text at its place, if the text stands in the file as it is.
func (t text) failSlip(s slip, value string) {
	before := value[:min(s.at, len(value))]
	line := 1 + strings.Count(before, "\n")
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	switch {
	case t.literal && line <= len(t.lines):
		t.fail(line, 1+column, s.detail, s.hint)
	case len(t.lines) == 1 || strings.HasSuffix(value, "\n") && len(t.lines) == 2:
		p := t.at(t.path, s.detail, s.hint)
		if p.Line > 0 && p.Line <= len(t.source) {
			if at := strings.Index(t.source[p.Line-1], strings.TrimSpace(value)); at >= 0 {
				p.Column = 1 + len([]rune(t.source[p.Line-1][:at])) + column
			}
		}
		if !t.isBroken(t.path) {
			t.add(p)
		}
	default:
		t.findings.fail(t.path, s.detail, s.hint)
	}
}

var (
	keyTypes = []string{
		"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "ssh-dss",
	}
	base64Word = regexp.MustCompile(`^[A-Za-z0-9+/]+=*$`)
)

// keySlip says what is amiss with a line that is not a public key. Wrapped says that the
// lines behind belong to it.
func keySlip(line, next string) (detail, hint string, wrapped bool) {
	words := strings.Fields(line)
	switch char, _, odd := diag.Odd(strings.Join(words[:min(2, len(words))], " ")); {
	case odd:
		return "has " + diag.Rune(char) + " in it", "write the key again, from the file that ends in .pub", false
	case strings.Contains(line, "BEGIN SSH2 PUBLIC KEY"):
		return "is the first of a key in the form of SSH2, as PuTTY writes it", "write what this prints: ssh-keygen -i -f key.pub", true
	case strings.Contains(line, "-----BEGIN "):
		return "is the first of a key in PEM", "write what this prints: ssh-keygen -i -m PKCS8 -f key.pem", true
	case strings.HasPrefix(line, `"`) || strings.HasPrefix(line, "'"):
		return "has quotes inside of the value", "remove them", false
	case strings.HasPrefix(words[0], "AAAA"):
		return "has no type before the key", "write " + typeInKey(words[0]) + " and a blank before it", false
	case diag.Nearest(words[0], keyTypes) == "":
		return "is not a public key", "each line is one key such as ssh-ed25519 AAAA… name, from a file that ends in .pub", false
	case diag.Nearest(words[0], keyTypes) != words[0] && len(words) > 1:
		return "begins with a type of keys that there is not", "did you mean " + diag.Nearest(words[0], keyTypes) + "?", false
	case len(words) > 1 && base64Word.MatchString(firstWord(next)):
		return "is wrapped: the key goes on in the next line", "join the lines of the key, without a blank between them", true
	case len(words) == 1:
		return "has a type and no key behind it", "copy the whole line from the file that ends in .pub", false
	}
	return fmt.Sprintf("is cut off or changed: the %d characters behind %s are not a whole key", len(words[1]), words[0]),
		"copy the whole line from the file that ends in .pub", false
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return word
}

// typeInKey is the type that a key itself names.
func typeInKey(key string) string {
	for _, name := range keyTypes {
		prefix := base64.StdEncoding.EncodeToString(append([]byte{0, 0, 0, byte(len(name))}, name...))
		if whole := len(prefix) / 4 * 4; strings.HasPrefix(key, strings.TrimRight(prefix, "=")[:whole-4]) {
			return name
		}
	}
	return "its type, such as ssh-ed25519,"
}
