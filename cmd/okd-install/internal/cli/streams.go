package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

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
	out, err, text := &filter{to: stdout, secrets: a.Secrets.Lines()}, &filter{to: stderr, secrets: a.Secrets.Lines()}, &filter{to: stdout}
	a.Out, a.err, a.Text, a.Data = out, err, text, stdout
	if a.StdoutIsTerminal() {
		a.Data = text
	}
	a.flush = func() error { return errors.Join(out.flush(), text.flush(), err.flush()) }
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
	part    []byte // of a line
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

func (f *filter) clean(text string) string {
	if f.secrets == nil {
		return diag.Lines(text)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		clean, ok := f.secrets.Next(line)
		if !ok {
			continue
		}
		b.WriteString(diag.Lines(clean))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
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

// Table writes rows in columns. A cell is a value of its own: whatever is in it, it
// ends neither the row nor the column.
type Table struct{ w *tabwriter.Writer }

// NewTable is a table whose columns are as wide as what stands in them.
func NewTable(w io.Writer) Table { return Table{tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)} }

// Row adds a row; what a terminal would obey is made visible.
func (t Table) Row(cells ...string) {
	for i, cell := range cells {
		cells[i] = diag.Printable(cell)
	}
	_, _ = io.WriteString(t.w, strings.Join(cells, "\t")+"\n") // flush has the error
}

// Rowf is row with one cell after its name.
func (t Table) Rowf(name, format string, values ...any) {
	t.Row(name, fmt.Sprintf(format, values...))
}

// Flush writes the table.
func (t Table) Flush() error { return t.w.Flush() }
