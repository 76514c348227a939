package cli

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A terminal breaks a long line in the middle of a word. So log lines are broken
// between words before they get there; but a command stays in one line, which the
// terminal may break: it is copied as a whole.

// narrowest is the least number of columns at which lines are broken here: in
// fewer there is a word or two beside the margin.
const narrowest = 40

// foldingWidth is the number of columns that log lines are broken for; 0 if they
// are not.
func foldingWidth(w io.Writer) int {
	if width := TerminalWidth(w); width >= narrowest {
		return width
	}
	return 0
}

// TerminalWidth is the number of columns of a terminal; 0 if w is none, or does
// not tell.
func TerminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Parts of log lines: what stands before a command that has a line of its own,
// and before a hint.
const (
	verbatim = "    "
	hintMark = "    hint: "
	nextMark = "next, "
)

// folded breaks a line into lines of at most width columns. The further ones
// stand below the text of the first.
func folded(line string, width int) []string {
	if width == 0 || utf8.RuneCountInString(line) <= width {
		return []string{line}
	}
	indent := ""
	switch {
	case strings.HasPrefix(line, hintMark):
		indent = strings.Repeat(" ", len(hintMark))
	case strings.HasPrefix(line, verbatim):
		return []string{line}
	case strings.HasPrefix(line, nextMark):
		indent = strings.Repeat(" ", strings.Index(line, ": ")+2)
		if command, why, ok := strings.Cut(line, "  # "); ok {
			return append([]string{command}, foldedText(indent+"# "+why, indent+"# ", width)...)
		}
	}
	return foldedText(line, indent, width)
}

// foldedText breaks a line at its blanks, and puts indent before the further lines.
func foldedText(line, indent string, width int) []string {
	var lines []string
	for begin := len(indent); utf8.RuneCountInString(line) > width; {
		at, column := -1, 0
		for i, r := range line {
			if r == ' ' && i >= begin && column <= width {
				at = i
			} else if r == ' ' && at < 0 && i >= begin {
				at = i // behind a word that is too long
			}
			column++
		}
		if at < 0 || strings.TrimSpace(line[:at]) == "" {
			break
		}
		lines = append(lines, strings.TrimRight(line[:at], " "))
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return append(lines, line)
}
