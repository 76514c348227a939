package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// PrintData writes a value for programs: JSON, or YAML with the same keys. Its texts
// are without secrets.
func (a *App) PrintData(form string, v any) error { return a.PrintJSON(form, v, true) }

// PrintWhole is PrintData for what holds no secrets, or was asked for with them.
func (a *App) PrintWhole(form string, v any) error { return a.PrintJSON(form, v, false) }

// PrintJSON writes a value to stdout as JSON or, if form is yaml, as YAML. With
// secrets, v may hold some, and they are not shown.
func (a *App) PrintJSON(form string, v any, secrets bool) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	var message func(string) string
	if secrets {
		message = a.Secrets.Message
	}
	out := cleanJSON(b.Bytes(), message, jsonEscape)
	if form == "yaml" {
		marked, err := yaml.JSONToYAML(cleanJSON(b.Bytes(), message, yamlMark))
		if err != nil {
			return err
		}
		out = yamlEscapes(marked)
	}
	_, err := a.Data.Write(out)
	return err
}

// WriteJSONLine writes one line of a stream, without secrets.
func (a *App) WriteJSONLine(value any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) == nil {
		// a lost stream shows in the exit code of the pipe
		_, _ = a.Data.Write(cleanJSON(b.Bytes(), a.Secrets.Message, jsonEscape))
		_ = a.Show()
	}
}

// secretFields are the names of fields whose text is a secret, whatever it is. They
// are those of pull secrets and kubeconfigs; nothing here has them for another thing.
var secretFields = []string{"auth", "password", "identitytoken", "registrytoken", "token", "client-key-data", "pullSecret"}

// cleanJSON goes through the texts of a document in JSON: message, unless it is nil,
// takes secrets out, and the characters that a terminal obeys are escaped. The rest
// stays as it is.
func cleanJSON(data []byte, message func(string) string, escape func(rune) string) []byte {
	var out bytes.Buffer
	field := ""
	for len(data) > 0 {
		start := bytes.IndexByte(data, '"')
		if start < 0 {
			break
		}
		end := start + 1
		for end < len(data) && data[end] != '"' {
			if data[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(data))
		between, raw := data[:start], data[start:end]
		data = data[end:]
		if bytes.ContainsAny(between, ",}]") {
			field = ""
		}
		isField := bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte(":"))
		out.Write(between)
		var text string
		if json.Unmarshal(raw, &text) != nil {
			out.Write(raw)
			continue
		}
		switch {
		case isField:
			field = text
		case message != nil && text != "" && slices.Contains(secretFields, field):
			text = redact.Gone
		case message != nil:
			text = message(text)
		}
		out.WriteString(jsonText(text, escape))
	}
	out.Write(data)
	return out.Bytes()
}

// jsonText is a text in JSON, with escapes for what a terminal obeys.
func jsonText(text string, escape func(rune) string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case diag.Obeyed(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// jsonEscape is how JSON writes any character: by its code in UTF-16.
func jsonEscape(r rune) string {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// yamlMark stands for such a character on the way to YAML. That library escapes only
// the oldest control characters, so each is put between some of those.
func yamlMark(r rune) string { return fmt.Sprintf(`\u0001\u0002%x\u0002\u0001`, r) }

var yamlMarked = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\\x01\\x02([0-9a-f]+)\\x02\\x01`)
})

// yamlEscapes puts the escapes of YAML in the place of the marks. What holds one stands
// between double quotes.
func yamlEscapes(text []byte) []byte {
	return yamlMarked().ReplaceAllFunc(text, func(mark []byte) []byte {
		code := mark[len(`\x01\x02`) : len(mark)-len(`\x01\x02`)]
		return append([]byte(`\U`), append(bytes.Repeat([]byte("0"), 8-len(code)), code...)...)
	})
}
