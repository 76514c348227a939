package inspect

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// secretKeys are names of fields whose value is secret wherever they stand, in
// lower case without dashes and underscores.
var secretKeys = []string{
	"auth", "password", "passwd", "passwordhash", "passphrase", "token", "idtoken", "refreshtoken", "accesstoken",
	"identitytoken", "registrytoken", "clientkeydata", "clientsecret", "secretkey", "secretaccesskey", "privatekey", "apikey",
	"pullsecret", "psk", "keyfile",
}

// structured finds the secrets of a YAML or JSON text by the names of its
// fields, and everything in a Kubernetes Secret. It is false if the text looks
// as if it held some whose place cannot be told; that of no such language has none.
func structured(text string) ([]piece, bool) {
	if !looksStructured(text) {
		return nil, true
	}
	w := walker{text: text, lines: lineStarts(text)}
	documents, err := yamlfile.Documents([]byte(text))
	if err != nil {
		return nil, !suspicious().MatchString(text)
	}
	for _, d := range documents {
		w.walk(d, false)
	}
	return w.found, !w.lost
}

// looksStructured passes over scripts and the like early: reading YAML costs.
func looksStructured(text string) bool {
	head := strings.TrimLeft(text, " \t\r\n")
	return strings.HasPrefix(head, "{") || strings.HasPrefix(head, "[") || strings.HasPrefix(head, "---") ||
		!strings.HasPrefix(head, "#!") && !strings.HasPrefix(head, "-----BEGIN") && fieldLine().MatchString(text)
}

var (
	fieldLine  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^["']?[A-Za-z][\w./-]*["']?:( |$)`) })
	suspicious = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)kind["']?:\s*["']?Secret\b|["']?(?:auth|pullSecret|password\w*|token|client-key-data)["']?\s*:\s*\S`)
	})
)

// walker collects the places of secret values.
type walker struct {
	text  string
	lines []int
	found []piece
	lost  bool
}

// walk visits a node. Within a secret every scalar is one.
func (w *walker) walk(n *yaml.Node, secret bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		if secret {
			w.hide(n)
		}
	case yaml.MappingNode:
		isSecret := kindOf(n) == "Secret"
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			inside := secret || isSecret && (key == "data" || key == "stringData")
			if value.Kind == yaml.ScalarNode {
				inside = inside || slices.Contains(secretKeys, strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(key)))
			}
			if key == "httpHeaders" || key == "keyFile" || key == "key_file" { // of LUKS, as Ignition and Butane write it
				inside = true
			}
			w.walk(value, inside)
		}
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			w.walk(c, secret)
		}
	}
}

func kindOf(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "kind" {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// hide finds a scalar in the text.
func (w *walker) hide(n *yaml.Node) {
	if strings.TrimSpace(n.Value) == "" || n.Tag == "!!null" || n.Tag == "!!bool" {
		return
	}
	at, ok := w.offset(n.Line, n.Column)
	if !ok {
		w.lost = true
		return
	}
	rest := w.text[at:]
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.block(n.Line, at)
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if rest = strings.TrimLeft(rest, "!str "); rest == "" || rest[0] != '"' && rest[0] != '\'' {
			w.lost = true
			return
		}
		start := len(w.text) - len(rest) + 1
		w.found = append(w.found, piece{start, start + quoted(rest)})
	case strings.HasPrefix(rest, n.Value):
		w.found = append(w.found, piece{at, at + len(n.Value)})
	default:
		w.lost = true
	}
}

// quoted is the length of the text within the quotes that s begins with.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[0] == '"' && s[i] == '\\', s[0] == '\'' && strings.HasPrefix(s[i:], "''"):
			i++
		case s[i] == s[0]:
			return i - 1
		}
	}
	return len(s) - 1
}

// block hides the lines below the one with | or > that are indented deeper.
func (w *walker) block(line, at int) {
	from := len(w.text)
	if line < len(w.lines) {
		from = w.lines[line]
	}
	first := w.text[w.lines[line-1]:at]
	depth, to := len(first)-len(strings.TrimLeft(first, " ")), from
	for l := line; l < len(w.lines); l++ {
		end := len(w.text)
		if l+1 < len(w.lines) {
			end = w.lines[l+1]
		}
		row := w.text[w.lines[l]:end]
		if strings.TrimSpace(row) != "" && len(row)-len(strings.TrimLeft(row, " ")) <= depth && depth+len(strings.TrimSpace(first)) > 0 {
			break
		}
		to = end
	}
	w.found = append(w.found, piece{from, to})
}

// offset is the byte at a line and column, both from 1; columns are characters.
func (w *walker) offset(line, column int) (int, bool) {
	if line < 1 || line > len(w.lines) || column < 1 {
		return 0, false
	}
	at := w.lines[line-1]
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(w.text[at:])
		if at += size; at >= len(w.text) {
			return 0, false
		}
	}
	return at, true
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
