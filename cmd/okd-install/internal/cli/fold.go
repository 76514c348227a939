package cli

import (
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/okd-project/okd-install/pkg/diag"
)

// A terminal breaks a long line in the middle of a word. So lines are broken between words
// before they get there, and commands as a shell takes them.

// narrowest is the least number of columns at which lines are broken here: in fewer
// there is a word or two beside the margin.
const narrowest = 40

// foldingWidth is the number of columns that lines are broken for; 0 if they are not.
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

// Parts of lines: what stands before a command that has a line of its own, and before a
// hint.
const (
	verbatim = "    "
	hintMark = "    hint: "
	nextMark = "next, "
)

// folded breaks a log line into lines of at most width columns. The further ones stand
// below the text of the first.
func folded(line string, width int) []string {
	if width == 0 || diag.Columns(line) <= width {
		return []string{line}
	}
	switch {
	case strings.HasPrefix(line, hintMark):
		return diag.Fold(line, strings.Repeat(" ", len(hintMark)), width)
	case strings.HasPrefix(line, verbatim) && isCommand(strings.TrimLeft(line, " "), ""):
		return diag.FoldCommand(line, verbatim+"    ", width)
	case strings.HasPrefix(line, verbatim):
		text := strings.TrimLeft(line, " ")
		return diag.Fold(line, line[:len(line)-len(text)], width)
	case strings.HasPrefix(line, nextMark):
		indent := strings.Repeat(" ", strings.Index(line, ": ")+2)
		if command, why, ok := strings.Cut(line, "  # "); ok {
			lines := diag.FoldCommand(command, indent+"    ", width)
			return append(lines, diag.Fold(indent+"# "+why, indent+"# ", width)...)
		}
		return diag.Fold(line, indent, width)
	}
	return diag.Fold(line, "", width)
}

// programs are those that commands to copy begin with, beside this one.
var programs = []string{"okd-install", "oc", "ssh", "scp", "sudo", "podman", "openssl", "dig", "curl", "chmod", "mv", "cp", "rm"}

// isCommand reports whether a text is a command to copy; program is what this one is called.
func isCommand(text, program string) bool {
	first, _, _ := strings.Cut(text, " ")
	return first != "" && (first == program || slices.Contains(programs, first))
}

// foldedText breaks a line of the output for people. The further lines stand below what
// the first begins with.
func foldedText(line, program string, width int) []string {
	if width == 0 || diag.Columns(line) <= width {
		return []string{line}
	}
	text := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(text)]
	switch {
	case isCommand(text, program):
		return diag.FoldCommand(line, indent+"    ", width)
	case strings.HasPrefix(text, "hint: "):
		indent += strings.Repeat(" ", len("hint: "))
	case strings.HasPrefix(text, "- "):
		indent += "  "
	}
	return diag.Fold(line, indent, width)
}
