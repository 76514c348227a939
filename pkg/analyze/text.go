package analyze

import (
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Text is the report for people. Nothing in it steers a terminal, whatever the bundle
// holds.
func (r Report) Text() string {
	var b strings.Builder
	for i, f := range r.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		f.write(&b)
	}
	if len(r.Findings) == 0 {
		say(&b, "%s\n", r.Summary)
	}
	for _, n := range r.Notes {
		say(&b, "note: %s\n", n)
	}
	return b.String()
}

// say writes a line with texts of the bundle, of which none can end it.
func say(b *strings.Builder, format string, texts ...string) {
	shown := make([]any, len(texts))
	for i, text := range texts {
		shown[i] = diag.Printable(text)
	}
	fmt.Fprintf(b, format, shown...)
}

func (f Finding) write(b *strings.Builder) {
	where := f.Service
	if f.Stage != "" {
		where = "stage " + f.Stage + " of " + f.Service
	}
	say(b, "%s: %s\n", where, f.stateText())
	say(b, "  it %s\n", f.Does)
	if f.Last != nil {
		say(b, "  last words: %s\n", f.Last.text())
	}
	if f.Signal != "" {
		fmt.Fprintln(b, "  the host shut down, or somebody stopped the service: it continues when the host is up")
	}
	seen := false
	for _, c := range f.Causes {
		seen = seen || c.Seen
	}
	if !seen && len(f.Causes) > 0 {
		fmt.Fprintln(b, "  nothing in the bundle shows why; usually it is one of these:")
	}
	for _, c := range f.Causes {
		if c.Seen {
			say(b, "  likely cause: %s\n", c.Text)
		} else {
			say(b, "  - %s\n", c.Text)
		}
		for _, e := range c.Evidence {
			say(b, "      %s\n", e.text())
		}
		say(b, "    solution: %s\n", c.Fix)
	}
}

func (f Finding) stateText() string {
	text, begun := "under way", " since "
	switch {
	case f.State == Failed && f.Attempts > 1:
		text = fmt.Sprintf("failed %d times", f.Attempts)
	case f.State == Failed:
		text = "failed"
	case f.Signal != "":
		text, begun = "interrupted by the signal "+f.Signal, " after it began on "
	case f.Since == nil:
		text = "not started, or not finished"
	}
	if f.Since != nil {
		text += begun + f.Since.UTC().Format("Mon 2 Jan 2006 15:04:05 MST")
	}
	if f.Optional {
		text += "; the host continues without it"
	}
	return text
}

func (e Evidence) text() string {
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, e.Line)
	}
	text := place + ": " + e.Text
	if e.Count > 1 {
		text += fmt.Sprintf(" (%d such)", e.Count)
	}
	return text
}
