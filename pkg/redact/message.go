package redact

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Message takes the secrets out of what the program says itself: a message, an
// error, a value that it lists. It cuts more of URLs than Line does, and leaves
// alone what follows "password:", since that is what we have to say of a field.
//
// Every line that is printed for people and every text in JSON goes through it, so
// that what somebody forgot to leave out of a message goes here. That is the second
// line of defence: a message does not quote what may be a secret.
func Message(text string) string { return new(Messages).Message(text) }

// Messages is Message for a program that knows some secrets: what it was given on its
// command line may be taken apart, and a part of it does not look like a secret any more.
// The zero value knows none. It may be used by several goroutines.
type Messages struct {
	mu    sync.RWMutex
	known []string
}

// Learn remembers what of a value is a secret. Parts of less than 8 bytes are left out,
// since they would take ordinary words with them.
func (m *Messages) Learn(value string) {
	var found []string
	for _, s := range secretsOf(value) {
		for _, part := range append(strings.FieldsFunc(s, separates), strings.Fields(s)...) {
			if len(part) >= 8 && part != Gone && !strings.Contains(part, "-----") && !slices.Contains(placeholders, part) {
				found = append(found, part)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known = append(m.known, found...)
	slices.SortFunc(m.known, func(a, b string) int { return len(b) - len(a) })
	m.known = slices.Compact(m.known)
}

// separates tells what a value may be taken apart at.
func separates(r rune) bool { return strings.ContainsRune(" \t\r\n,:&=@", r) }

// secretsOf are the parts of a value that are cut from it.
func secretsOf(value string) []string {
	var found []string
	cuts := func(spans []Span) {
		for _, s := range spans {
			found = append(found, value[s.From:s.To])
		}
	}
	if colon := strings.IndexByte(value, ':'); schemeEnd(value) > 0 || colon >= 0 && colon < strings.LastIndexByte(value, '@') {
		cuts(partsOf(value, true))
	}
	cuts(addresses(value, true))
	cuts(formsIn(value, forms()))
	cuts(formsIn(value, said()))
	for _, at := range credential().FindAllStringSubmatchIndex(value, -1) {
		cuts([]Span{{at[2], at[3]}})
	}
	if messages.hides(depth, []byte(value)) {
		found = append(found, value)
	}
	return found
}

// credential is one of a pull secret, in JSON.
var credential = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"` + fields + `"\s*:\s*"((?:[^"\\]|\\.)*)"`)
})

// Lines takes the secrets out of messages that come a line at a time.
type Lines struct {
	of *Messages
	s  stream
}

// Lines is for messages that come a line at a time.
func (m *Messages) Lines() *Lines { return &Lines{of: m} }

// Next returns a line without its secrets, or false if all of it belonged to a key
// that began in a line before.
func (l *Lines) Next(line string) (clean string, ok bool) {
	out := l.s.line(messages, []byte(line))
	return l.of.withoutKnown(string(out)), out != nil
}

func (m *Messages) withoutKnown(line string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, secret := range m.known {
		line = strings.ReplaceAll(line, secret, Gone)
	}
	return line
}

// Message takes out the secrets of a message.
func (m *Messages) Message(text string) string {
	lines := m.Lines()
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if clean, ok := lines.Next(line); ok {
			out = append(out, clean)
		}
	}
	return strings.Join(out, "\n")
}

// messages has the rules of Message.
var messages = &Redactor{message: true}

// kubeadmin is a password as the installers make them.
var kubeadmin = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[a-zA-Z2-9]{5}(?:-[a-zA-Z2-9]{5}){3}\b`) })

// message takes the secrets out of a line of a message, and what holds one behind
// up to so many layers of escapes.
func message(line string, layers int) string {
	spans := append(formsIn(line, forms()), formsIn(line, said())...)
	spans = append(spans, addresses(line, true)...)
	if strings.Count(line, "-") >= 3 {
		for _, at := range kubeadmin().FindAllStringIndex(line, -1) {
			if word := line[at[0]:at[1]]; strings.ToLower(word) != word { // no name of a host
				spans = append(spans, Span{at[0], at[1]})
			}
		}
	}
	if line = cut(line, spans); layers > 0 && strings.ContainsAny(line, `%\`) {
		spans = nil
		for _, at := range escaped().FindAllStringIndex(line, -1) {
			word := line[at[0]:at[1]]
			if plain := unescaped(word); plain != word && message(plain, layers-1) != plain {
				spans = append(spans, Span{at[0], at[1]})
			}
		}
		line = cut(line, spans)
	}
	return line
}

// escaped is a word with escapes of a URL or of JSON in it.
var escaped = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:[^\s"\\%]|\\.|%)*(?:%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\/)(?:[^\s"\\]|\\.)*`)
})

// unescaped undoes one layer of escapes.
func unescaped(word string) string {
	return escapes().ReplaceAllStringFunc(word, func(code string) string {
		if code == `\/` {
			return "/"
		}
		c, err := strconv.ParseUint(code[len(code)-2:], 16, 8)
		if err != nil || c < ' ' || c > '~' {
			return code
		}
		return string(rune(c))
	})
}

var escapes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\/`) })

// Args takes the secrets out of a command line, which the log keeps.
func Args(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		name, value, isFlag := strings.Cut(arg, "=")
		if !strings.HasPrefix(name, "-") || !isFlag {
			name, value = "", arg
		} else {
			name += "="
		}
		switch {
		case i > 0 && secretFlag(out[i-1]), secretFlag(strings.TrimSuffix(name, "=")):
			value = Gone
		case schemeEnd(value) > 0:
			value = URL(value)
		case strings.Contains(value, `"auth`):
			value = Gone
		default:
			value = Message(value)
		}
		out[i] = name + value
	}
	return out
}

// secretFlag reports whether what follows a flag is a secret.
func secretFlag(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "--") && !inProse(name, "") &&
		(strings.HasSuffix(name, "password") || strings.HasSuffix(name, "passphrase") || strings.HasSuffix(name, "token"))
}
