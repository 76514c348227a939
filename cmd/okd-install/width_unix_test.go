//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"
)

// asTheyAre are commands that print a document or the content of a file: no line of it is
// broken.
var asTheyAre = []string{
	"completion", "coreos iso ignition show", "coreos iso kargs show", "coreos iso network extract", "coreos print-stream-json",
	"coreos pxe grub", "coreos pxe ignition unwrap", "coreos pxe ipxe", "coreos pxe network unwrap", "graph", "ignition cat", "schema",
}

// forPrograms are forms that are not for people.
var forPrograms = regexp.MustCompile(`-o (json|yaml|url)|--format json`)

// screensOf are two terminals of so many columns.
func screensOf(t *testing.T, columns int) func() (stdout, stderr io.Writer, shown func() (string, string)) {
	t.Helper()
	open := func() (*os.File, func() string) {
		screen, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		if err := pty.Setsize(tty, &pty.Winsize{Rows: 50, Cols: uint16(columns)}); err != nil {
			t.Fatal(err)
		}
		text := make(chan string)
		go func() {
			all, _ := io.ReadAll(screen) // it ends with an error where the other side is closed
			text <- strings.ReplaceAll(string(all), "\r\n", "\n")
		}()
		return tty, func() string {
			_ = tty.Close()
			defer screen.Close()
			return <-text
		}
	}
	return func() (io.Writer, io.Writer, func() (string, string)) {
		out, shown := open()
		err, said := open()
		return out, err, func() (string, string) { return shown(), said() }
	}
}

// codes of a terminal set colours, or clear what was drawn.
var codes = regexp.MustCompile("\x1b\\[[0-9;]*[mAJ]")

// tooWide returns a line that is wider than the terminal and could be broken: it has more
// than one word behind what stands in front of a log line.
func tooWide(text string, columns int) string {
	for line := range strings.Lines(codes.ReplaceAllString(text, "")) {
		line = strings.TrimSuffix(line, "\n")
		words := regexp.MustCompile(`^(INFO|WARN|ERROR|FATAL|DEBUG)?\s*(.*?)( \\)?$`).FindStringSubmatch(line)[2]
		if utf8.RuneCountInString(line) > columns && strings.Contains(words, " ") {
			return line
		}
	}
	return ""
}

// Whatever is shown to people on a terminal is no wider than that; and in a pipe nothing of
// it is missing.
func TestNothingIsWiderThanTheTerminal(t *testing.T) { //nolint:tparallel // the runs share the workspace
	t.Parallel()
	w := newWorkspace(t, fastConfig(t), nil)
	w.fillMedia(t)
	people := func(name, line string) bool {
		return !slices.Contains(asTheyAre, name) && !forPrograms.MatchString(line)
	}
	piped := map[string]string{}
	w.everyLine(t, people, func(_ string, got outcome) { piped[strings.Join(got.args, " ")] = got.stdout })
	for _, columns := range []int{60, 80, 200} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			w.screens, w.terminal, w.outs = screensOf(t, columns), true, 0
			compared := 0
			w.everyLine(t, people, func(name string, got outcome) {
				for what, text := range map[string]string{"output": got.stdout, "log": got.stderr} {
					if line := tooWide(text, columns); line != "" {
						t.Errorf("%s: the %s has a line of %d characters: %s", name, what, utf8.RuneCountInString(line), line)
					}
				}
				if before, ok := piped[strings.Join(got.args, " ")]; ok && !strings.HasPrefix(name, "plan") {
					compared++
					if lost := letters(before, got.stdout); lost != "" {
						t.Errorf("%s: the terminal misses %q of\n%s\nand shows\n%s", name, lost, before, got.stdout)
					}
				}
			})
			if compared < 20 {
				t.Errorf("only %d outputs were compared", compared)
			}
		})
	}
}

// letters are those that one text has more of than another.
func letters(one, other string) string {
	count := map[rune]int{}
	for _, r := range one {
		count[r]++
	}
	for _, r := range other {
		count[r]--
	}
	var lost strings.Builder
	for r, n := range count {
		if n > 0 && r > ' ' {
			lost.WriteString(strings.Repeat(string(r), n))
		}
	}
	return lost.String()
}
