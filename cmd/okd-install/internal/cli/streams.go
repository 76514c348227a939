package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// A process has two streams to write on. The commands see them through filters, so
// that no command can forget one:
//
//	out, err   what people read: without secrets, and without characters that a
//	           terminal obeys
//	text       what has no secrets, or was asked for with them: without those
//	           characters only
//	data       what a program reads, byte for byte; a terminal gets it as text
//
// Only this file, and what draws on a terminal (the live view, the progress bar, the
// questions), knows the streams themselves; streams_test.go holds that.

// SetStreams makes the streams of the commands from those of the process.
func (a *App) SetStreams(stdout, stderr io.Writer) {
	a.stdout, a.Stderr = stdout, stderr
	a.Secrets = &redact.Messages{}
	whole := &short{to: stdout}
	out, text := &filter{to: whole, secrets: a.Secrets.Lines(), named: a.named}, &filter{to: whole}
	err := &filter{to: stderr, secrets: a.Secrets.Lines()}
	a.Out, a.err, a.Text, a.Data = out, err, text, whole
	if a.StdoutIsTerminal() {
		a.Data = text
		out.fold = func(line string) []string { return foldedText(line, a.Name, a.Width()) }
	}
	a.flush = func() error { return errors.Join(out.flush(), text.flush(), whole.flush(), err.flush()) }
	a.Show, a.whole = whole.flush, whole
}

// Width is the number of columns that the output for people has; 0 if it may have any,
// as in a pipe.
func (a *App) Width() int { return foldingWidth(a.stdout) }

// Fitted is a text for people with lines that are no wider than the terminal, for what is
// not written to Out.
func (a *App) Fitted(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		b.WriteString(strings.Join(foldedText(line, a.Name, a.Width()), "\n"))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// short keeps what is written until it is shown, or is more than a pipe holds. So a
// program that takes the first line only, such as head, never breaks a pipe that the
// rest would have fitted in.
type short struct {
	to   io.Writer
	kept []byte
	over bool
	// lost is why something could not be written; whoever asks last is told too.
	lost error
}

// pipeSize is what a pipe holds on Linux and macOS, in bytes.
const pipeSize = 64 << 10

func (s *short) Write(p []byte) (int, error) {
	if !s.over && len(s.kept)+len(p) <= pipeSize {
		s.kept = append(s.kept, p...)
		return len(p), nil
	}
	s.over = true
	if err := s.flush(); err != nil {
		return 0, err
	}
	n, err := s.to.Write(p)
	s.lost = err
	return n, err
}

func (s *short) flush() error {
	if len(s.kept) == 0 || s.lost != nil {
		return s.lost
	}
	_, s.lost = s.to.Write(s.kept)
	s.kept = nil
	return s.lost
}

// StdoutIsTerminal reports whether people see what is written as data.
func (a *App) StdoutIsTerminal() bool {
	f, ok := a.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// CheckStream refuses to write an image to a terminal.
func (a *App) CheckStream(output string) error {
	if output == "-" && a.StdoutIsTerminal() {
		return diag.Problem{
			Detail: "--output: standard output is a terminal, which cannot show an image",
			Hint:   "name a file, or send it to a program with a pipe",
		}
	}
	return nil
}

// filter passes on whole lines, each without what must not be seen.
type filter struct {
	to io.Writer
	// secrets takes out secrets; nil if there are none.
	secrets *redact.Lines
	// named gives commands the name of this program; nil leaves them as they are.
	named func(string) string
	// fold breaks lines for a terminal; nil if they may have any length.
	fold func(line string) []string
	// paint colours a line, of which further ones are the rest; nil for no colour.
	paint func(line string, further bool) string
	part  []byte // of a line
}

func (f *filter) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	lines := string(f.part) + string(p[:end])
	if end == 0 {
		f.part = append(f.part, p...)
		return len(p), nil
	}
	f.part = append([]byte{}, p[end:]...)
	if _, err := io.WriteString(f.to, f.clean(lines)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes what has no line end.
func (f *filter) flush() error {
	if len(f.part) == 0 {
		return nil
	}
	_, err := io.WriteString(f.to, f.clean(string(f.part)))
	f.part = nil
	return err
}

// clean is a text of whole lines as it is shown.
func (f *filter) clean(text string) string {
	if f.secrets == nil && f.fold == nil && f.paint == nil {
		return diag.Lines(text)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		if f.secrets != nil {
			var ok bool
			if line, ok = f.secrets.Next(line); !ok {
				continue
			}
		}
		b.WriteString(f.line(diag.Lines(line)))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// line breaks and colours a line.
func (f *filter) line(line string) string {
	if f.named != nil {
		line = f.named(line)
	}
	lines := []string{line}
	if f.fold != nil {
		lines = f.fold(line)
	}
	for i := range lines {
		if f.paint != nil {
			lines[i] = f.paint(lines[i], i > 0)
		}
	}
	return strings.Join(lines, "\n")
}

// Say is fmt.Fprintf for lines with values from elsewhere, such as the names of
// files: none of them can end the line that it stands in. What w does not take, a
// later write or the exit code says.
func Say(w io.Writer, format string, values ...any) {
	_, _ = fmt.Fprintf(w, format, printable(values)...)
}

// printable are the values with the texts among them fit to be shown.
func printable(values []any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			out[i] = diag.Printable(v)
		case error:
			out[i] = diag.Lines(v.Error())
		default:
			out[i] = v
		}
	}
	return out
}
