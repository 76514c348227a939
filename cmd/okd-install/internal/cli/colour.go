package cli

import (
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/okd-project/okd-install/pkg/redact"
)

// Colours of a terminal, by their codes.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// colour is a text in a colour, or as it is without one.
func colour(code, text string) string {
	if code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// painted is the output for people, with colours where it is a terminal that may have
// them; without secrets, unless that is nil.
func (a *App) painted(secrets *redact.Lines, paint func(line string, further bool) string) io.Writer {
	f := &filter{to: a.whole, secrets: secrets, named: a.named}
	if a.StdoutIsTerminal() {
		f.fold = func(line string) []string { return foldedText(line, a.Name, a.Width()) }
		if a.coloured() {
			f.paint = paint
		}
	}
	return f
}

// severityColours are those of the words for how bad a finding is.
var severityColours = map[string]string{"error": red, "refused": red, "problem": red, "warning": yellow, "note": cyan, "hint": cyan}

// found has the word for how bad a finding is, and what stands before and behind it.
var found = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\s*|.*?: )(error|refused|problem|warning|note|hint)((?:: | \().*)$`)
})

// Findings is the output for findings: on a terminal the word for how bad one is has a
// colour, and so has a caret below a line of the user's file.
func (a *App) Findings() io.Writer {
	return a.painted(a.Secrets.Lines(), func(line string, further bool) string {
		if part := found().FindStringSubmatch(line); part != nil && !further {
			return part[1] + colour(severityColours[part[2]], part[2]) + part[3]
		}
		if mark, ok := strings.CutSuffix(line, "^"); ok && strings.TrimSpace(mark) == "|" {
			return mark + colour(green, "^")
		}
		return line
	})
}
