// Package redact takes secrets out of whatever leaves the program: what it prints,
// what it logs, log bundles, and the lines of them that are shown as evidence.
//
// Message is for what the program says itself, and URL for a URL in it. Messages also
// knows the secrets that a run was given; the streams of the command line apply it to
// every line. New gives a Redactor, for logs of machines; its Copy works on a stream and
// Line on one line. Forms only finds what is secret by its form, for those who show it in
// another way.
//
// Secrets are the credentials of a pull secret (auth, password, tokens), private keys
// in PEM, hashes of passwords, bearer tokens, and what of a URL may have been meant as
// user, password or token, however wrong the URL is. They are found as they are, within
// JSON within JSON, URL-encoded, in hexadecimal, and in base64, also compressed and
// base64 within base64. Those are the rules of redact-secrets.sh on the bootstrap host;
// they are applied again because that host may have been made by an installer that has
// no such script. What follows the word password in a log goes as well, and tokens of
// OpenShift's own form.
//
// What is secret as a whole, such as a kubeconfig, is not this package's matter: see
// Whole, which tells it by the name of a file.
package redact

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Gone stands in the place of a secret.
const Gone = "REDACTED"

// Redactor takes secrets out of texts. It may be used by several goroutines.
type Redactor struct {
	literals [][]byte
	// message has the rules for what the program says itself.
	message bool
}

// New makes a Redactor that also takes out the literals: secrets that are known, such
// as a password. Short ones, below 8 bytes, are left out, since they would take ordinary
// words with them.
func New(literals ...string) *Redactor {
	r := &Redactor{}
	for _, l := range literals {
		if l = strings.TrimSpace(l); len(l) >= 8 {
			r.literals = append(r.literals, []byte(l))
		}
	}
	return r
}

const (
	fields = `(?:auth|password|identitytoken|registrytoken)`
	blank  = `(?:%(?:25)*(?:20|09|0[Aa]|0[Dd]|5[Cc]n)|\+| )*`
	space  = `(?: |\+|%(?:25)*20)`
	dashes = `(?:-|%(?:25)*2[Dd])+`
	label  = space + `(?:[A-Z0-9]+` + space + `)*PRIVATE` + space + `KEY` + dashes
)

// noSecrets are what our hints, and many guides, write in a pull secret: id:pass where
// none is needed, and an ellipsis.
var noSecrets = []string{`"aWQ6cGFzcwo=`, `"…`}

// rule is one pattern with what takes its place. It cannot match without one of the
// triggers, which are looked for first because that is much faster.
type rule struct {
	triggers []string
	pattern  *regexp.Regexp
	with     []byte
}

func (r rule) apply(line []byte) []byte {
	for _, trigger := range r.triggers {
		if bytes.Contains(line, []byte(trigger)) {
			if !slices.ContainsFunc(noSecrets, func(no string) bool { return bytes.Contains(line, []byte(no)) }) {
				return r.pattern.ReplaceAll(line, r.with)
			}
			return r.pattern.ReplaceAllFunc(line, func(found []byte) []byte {
				if slices.ContainsFunc(noSecrets, func(no string) bool { return bytes.HasSuffix(found, []byte(no)) }) {
					return found
				}
				return r.pattern.ReplaceAll(found, r.with)
			})
		}
	}
	return line
}

// patterns are compiled when they are first used.
var patterns = sync.OnceValue(func() (p struct {
	rules []rule
	// always is how many of the rules hold for messages, too.
	always            int
	begin, end, signs *regexp.Regexp
}) {
	add := func(pattern, with string, triggers ...string) {
		p.rules = append(p.rules, rule{triggers, regexp.MustCompile(pattern), []byte(with)})
	}
	add(`("`+fields+`"\s*:\s*")(?:[^"\\]|\\.)*`, "${1}"+Gone, `auth"`, `password"`, `token"`)
	add(`(\\+"`+fields+`\\+"(?:\s|\\+[nrt])*:(?:\s|\\+[nrt])*\\+")[^"\\]*`, "${1}"+Gone, `auth\`, `password\`, `token\`)
	// a data URL may hold a file that has data URLs itself: that is one percent sign for another
	for _, percent := range []string{"%", "%25", "%2525"} {
		quote := `(?:` + percent + `5[Cc])*` + percent + `22`
		add(`(`+quote+fields+quote+blank+`(?::|%(?:25)*3[Aa])`+blank+quote+`)(?:[^"%]|`+percent+`(?:[013-9A-Fa-f][0-9A-Fa-f]|2[013-9A-Fa-f]))*`,
			"${1}"+Gone, `auth`+percent, `password`+percent, `token`+percent)
	}
	p.always = len(p.rules)
	add(`^([\s-]*(?:auth|password|identitytoken|registrytoken):\s*)['"]?[A-Za-z0-9+/=]{8,}.*$`, "${1}"+Gone, `auth:`, `password:`, `token:`)
	// in a log or on a command line; not in "invalid username/password: unauthorized", which
	// says no password but why a registry refuses
	add(`((?:^|[^\w./-])(?:--)?[\w.-]*(?i:password|passwd|passphrase)(?:\s*[:=]\s*|\s+is:\s+))(?:"[^"]+"|'[^']+'|\\+"[^"\\]+|[^\s"'\\,;&}\])]+)`, "${1}"+Gone, "assw", "ASSW", "asswd", "assphrase", "ASSPHRASE")
	add(`sha256~[A-Za-z0-9_-]{20,}`, Gone, "sha256~")
	add(`eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`, Gone, "eyJ")
	add(`((?:a|A)uthorization["']?[:=]\s*["']?(?:Bearer |Basic |bearer |basic )?)[A-Za-z0-9+/=._~-]{8,}`, "${1}"+Gone, "uthorization")
	p.begin = regexp.MustCompile(dashes + `BEGIN` + label)
	p.end = regexp.MustCompile(dashes + `END` + label)
	p.signs = regexp.MustCompile(`PRIVATE` + space + `KEY|(?:"|%(?:25)*22)` + fields + `(?:\\|%(?:25)*5[Cc])*(?:"|%(?:25)*22)` +
		`|(?m:^[\s-]*(?:auth|identitytoken|registrytoken):)|eyJ[A-Za-z0-9_-]+\.eyJ`)
	return p
})

// Text takes the secrets out of a text of several lines.
func (r *Redactor) Text(text string) string {
	var s stream
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if clean := s.line(r, []byte(line)); clean != nil {
			out = append(out, string(clean))
		}
	}
	return strings.Join(out, "\n")
}

// rules applies what needs no look at other lines.
func (r *Redactor) rules(line []byte) []byte {
	for _, l := range r.literals {
		line = bytes.ReplaceAll(line, l, []byte(Gone))
	}
	for i, rule := range patterns().rules {
		if !r.message || i < patterns().always {
			line = rule.apply(line)
		}
	}
	if r.message {
		line = []byte(message(string(line), depth))
	} else {
		line = machine(line)
	}
	return r.encoded(line)
}

// machine takes out of a line of a machine's log what shows by its form.
func machine(line []byte) []byte {
	text := string(line)
	if spans := append(formsIn(text, forms()), addresses(text, false)...); len(spans) > 0 {
		return []byte(cut(text, spans))
	}
	return line
}

// longestKey is how many lines a private key may have; what says that a key begins and
// has no end after them is a line about keys.
const longestKey = 1000

// stream is what is known of the lines before.
type stream struct{ inside int }

// line returns the line without its secrets, or nil if all of it belonged to a key that
// began in a line before.
func (s *stream) line(r *Redactor, line []byte) []byte {
	if s.inside == 0 && !bytes.Contains(line, []byte("PRIVATE")) {
		return r.rules(line)
	}
	p := patterns()
	began := s.inside > 0
	var out []byte
	for {
		if s.inside == 0 {
			at := p.begin.FindIndex(line)
			if at == nil {
				out = append(out, line...)
				break
			}
			out = append(append(out, line[:at[0]]...), Gone...)
			line, s.inside = line[at[1]:], 1
		}
		at := p.end.FindIndex(line)
		if at == nil {
			if s.inside++; s.inside > longestKey {
				s.inside = 0
			}
			break
		}
		line, s.inside = line[at[1]:], 0
	}
	if began && len(out) == 0 {
		return nil
	}
	return r.rules(out)
}

// Whole reports whether all of a file is secret, by its name in a bundle.
func Whole(name string) bool {
	name = strings.ToLower(name)
	base := name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case strings.HasPrefix(base, "secrets-names"): // names alone
		return false
	case strings.HasSuffix(base, ".key"), strings.Contains(base, "kubeconfig"), strings.HasSuffix(base, ".ign"):
		return true
	case strings.Contains(name, "/.kube/"), strings.Contains(name, "/auth/"):
		return true
	}
	return strings.Contains(name, "rendered-assets/") && strings.Contains(base, "secret")
}
