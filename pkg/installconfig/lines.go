package installconfig

import (
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// text is a field that holds several lines, whose places in the file are known if it
// is written as a literal block, below a |.
type text struct {
	*findings
	path    string
	lines   []string
	literal bool
}

func textOf(path, value string, f *findings) text {
	return text{f, path, strings.Split(value, "\n"), f.places[path].text > 0}
}

// fail reports a problem of a line of the text; line and column count from 1.
func (t text) fail(line, column int, detail, hint string) {
	if !t.isBroken(t.path) {
		t.add(t.place(line, column, detail, hint))
	}
}

func (t text) warn(line int, detail, hint string) {
	if !t.isBroken(t.path) && len(t.warnings) < maxProblems {
		t.warnings = append(t.warnings, t.place(line, 1, detail, hint))
	}
}

// place is a finding at a line of the text, or else at the field, with the line's
// number in words.
func (t text) place(line, column int, detail, hint string) diag.Problem {
	p := t.at(t.path, detail, hint)
	at := t.places[t.path].text + line - 1
	if !t.literal || line < 1 || line > len(t.lines) || at > len(t.source) {
		if len(t.lines) > 1 {
			p.Detail = fmt.Sprintf("in line %d of the text, %s", line, detail)
		}
		return p
	}
	p.Line, p.Column = at, column
	if indent, ok := strings.CutSuffix(t.source[at-1], t.lines[line-1]); ok {
		p.Column += len([]rune(indent))
	}
	return p
}

// failAt is findings.fail at a part of the value, if that stands behind the field as it is.
func (f *findings) failAt(path, part, detail, hint string) {
	p := f.at(path, detail, hint)
	if p.Line > 0 && p.Line <= len(f.source) && part != "" {
		line := f.source[p.Line-1]
		from := len(string([]rune(line)[:min(len([]rune(line)), p.Column-1)]))
		if at := strings.Index(line[from:], part); at >= 0 {
			p.Column = 1 + len([]rune(line[:from+at]))
		}
	}
	if !f.isBroken(path) {
		f.add(p)
	}
}

// sourceLines are the lines of a file, as YAML counts them.
func sourceLines(data []byte) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), "\n")
}
