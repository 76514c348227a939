package inspect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/okd-project/okd-install/pkg/redact"
)

// Mask hides secrets in text. In place of each secret it writes <secret 1>,
// <secret 2> and so on: the same number is the same secret in every text that one
// Mask has seen, so that two texts can be compared without telling what they hold.
//
// It knows private keys, pull secrets, password hashes, tokens, passwords in
// URLs, everything in a Kubernetes Secret, and all of these within base64. It
// rather hides too much. The zero value is ready for use.
type Mask struct{ known map[string]int }

// Secret reports whether the file at path has something in it to hide.
func Secret(name string, data []byte) bool {
	_, hidden := new(Mask).Text(name, data)
	return hidden
}

// maxMasked is the largest text that is searched; a larger one is hidden whole.
const maxMasked = 8 << 20

// Text returns the text of a file without its secrets, and whether there were any.
func (m *Mask) Text(name string, data []byte) (text string, hidden bool) {
	if Binary(data) || len(data) > maxMasked {
		return string(data), secretPath(name) || len(data) > maxMasked || bytes.Contains(data, []byte("PRIVATE KEY"))
	}
	spans, ok := m.spans(name, string(data), 0)
	if !ok {
		spans = []piece{{0, len(data)}}
	}
	return m.cut(string(data), spans)
}

// piece is a piece of a text, from a byte to before another.
type piece struct{ from, to int }

// secretFiles are names of files that are secret as a whole, whatever they say.
var secretFiles = []string{
	"kubeadmin-password", "shadow", "gshadow", ".htpasswd", ".netrc", ".git-credentials", "*.key", "*.p12", "*.pfx", "*.jks",
	"*.keytab",
}

func secretPath(name string) bool {
	base := path.Base(name)
	return slices.ContainsFunc(secretFiles, func(pattern string) bool {
		ok, err := path.Match(pattern, base)
		return ok && err == nil
	})
}

// spans finds the secrets of a text; it is false if all of it is to be hidden.
func (m *Mask) spans(name, text string, depth int) ([]piece, bool) {
	if secretPath(name) && strings.TrimSpace(text) != "" {
		return nil, false
	}
	var found []piece
	for _, f := range redact.Forms(text) {
		found = append(found, piece{f.From, f.To})
	}
	found = append(found, m.encoded(text, depth)...)
	inside, ok := structured(text)
	return append(found, inside...), ok
}

var longBase64 = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9+/]{24,}={0,2}`) })

// encoded finds base64 that holds secrets.
func (m *Mask) encoded(text string, depth int) []piece {
	if depth == 3 {
		return nil
	}
	var found []piece
	for _, at := range longBase64().FindAllStringIndex(text, -1) {
		encoded := strings.TrimRight(text[at[0]:at[1]], "=")
		decoded, err := base64.RawStdEncoding.DecodeString(encoded)
		if err != nil || Binary(decoded) {
			continue
		}
		if inside, ok := m.spans("", string(decoded), depth+1); !ok || len(inside) > 0 {
			found = append(found, piece{at[0], at[1]})
		}
	}
	return found
}

// cut puts numbers in place of the spans.
func (m *Mask) cut(text string, spans []piece) (masked string, hidden bool) {
	slices.SortFunc(spans, func(a, b piece) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var b strings.Builder
	end := 0
	for i := 0; i < len(spans); {
		s := spans[i]
		for i++; i < len(spans) && spans[i].from < s.to; i++ {
			s.to = max(s.to, spans[i].to)
		}
		if strings.TrimSpace(text[s.from:s.to]) == "" {
			continue
		}
		b.WriteString(text[end:s.from] + m.number(text[s.from:s.to]))
		if end = s.to; strings.HasSuffix(text[s.from:s.to], "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String() + text[end:], end > 0
}

func (m *Mask) number(secret string) string {
	if m.known == nil {
		m.known = map[string]int{}
	}
	n, ok := m.known[secret]
	if !ok {
		n = len(m.known) + 1
		m.known[secret] = n
	}
	return fmt.Sprintf("<secret %d>", n)
}
