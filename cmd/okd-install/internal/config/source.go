package config

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// source is a config that findings show lines of.
type source struct{ lines []string }

func newSource(config []byte) source { return source{strings.Split(string(config), "\n")} }

// farthest is how far into a line a caret is drawn, in characters; nobody looks for one
// behind that.
const farthest = 400

// excerpt is the line that a finding is about with a caret below its column, or nothing if
// the line may have to do with a secret. On a terminal of so many columns it is the part
// around the caret.
func (s source) excerpt(f finding, columns int) []string {
	if f.Line < 1 || f.Line > len(s.lines) || s.secret(f.Line-1) || isSecret(f.Path) {
		return nil
	}
	line := strings.TrimRight(s.lines[f.Line-1], " \t\r")
	if line == "" || !utf8.ValidString(line) {
		return nil
	}
	line = diag.Printable(strings.ReplaceAll(line, "\t", " "))
	column := min(max(f.Column, 1), utf8.RuneCountInString(line)+1)
	if column > farthest {
		return nil
	}
	margin := fmt.Sprintf("%6d | ", f.Line)
	if room := columns - len(margin); columns > 0 && utf8.RuneCountInString(line) > room {
		line, column = around(line, column, room)
	}
	if f.Column < 1 {
		return []string{margin + line}
	}
	return []string{margin + line, strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", column-1) + "^"}
}

// around is the part of a line that has a column in it, and where that is in the part.
func around(line string, column, room int) (part string, at int) {
	r := []rune(line)
	begin := max(0, min(column-1-room/2, len(r)-room))
	r = r[begin:min(len(r), begin+room)]
	if begin > 0 {
		r[0] = '…'
	}
	if begin+len(r) < utf8.RuneCountInString(line) {
		r[len(r)-1] = '…'
	}
	return string(r), column - begin
}

// Names that secrets have, and texts that are long enough to be one.
var (
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)pullsecret|password|passwd|secret|token|credential|auths?\b|private`)
	})
	longText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9+/=_-]{40,}`) })
	key      = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(\s*(?:- +)*)["']?([A-Za-z][\w.-]*)["']?\s*:(?:\s|$)`)
	})
)

func isSecret(text string) bool { return secretName().MatchString(text) }

// secret reports whether a line may have to do with a secret: it names one, holds what
// looks like one, or stands below a field that is one, however the file is broken.
func (s source) secret(at int) bool {
	line := s.lines[at]
	if isSecret(line) || longText().MatchString(line) || redact.Message(line) != line {
		return true
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	if key().MatchString(line) && indent == 0 {
		return false
	}
	for ; at >= 0; at-- {
		parts := key().FindStringSubmatch(s.lines[at])
		switch {
		case parts == nil:
			if isSecret(s.lines[at]) {
				return true // such as JSON over several lines
			}
		case isSecret(parts[2]) && len(parts[1]) <= indent:
			return true
		case len(parts[1]) == 0:
			return false
		}
	}
	return false
}
