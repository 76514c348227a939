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
func Message(text string) string {
	var lines Lines
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
	if layers > 0 && strings.ContainsAny(line, `%\`) {
		for _, at := range escaped().FindAllStringIndex(line, -1) {
			word := line[at[0]:at[1]]
			if plain := unescaped(word); plain != word && message(plain, layers-1) != plain {
				spans = append(spans, Span{at[0], at[1]})
			}
		}
	}
	return cut(line, spans)
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

// secretFlag tells whether what follows a flag is a secret.
func secretFlag(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "--") && !inProse(name, "") &&
		(strings.HasSuffix(name, "password") || strings.HasSuffix(name, "passphrase") || strings.HasSuffix(name, "token"))
}
