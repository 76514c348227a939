package wizard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
	"github.com/okd-project/okd-install/pkg/system"
)

// prompter asks a person at a terminal. There are two: one that draws, in
// prompt.go, and one for terminals that cannot, and for those who listen.
type prompter interface {
	// Say shows a text of one or more lines, and Tell a paragraph behind an indent. Both
	// are broken at the words for the terminal.
	Say(text string)
	Tell(text, indent string)
	// Ask puts one question until its Check is content with the answer. The
	// error is ErrInterrupted, errBack, io.EOF, or what reading the terminal failed with.
	Ask(ctx context.Context, p prompt) (string, error)
}

// prompt is one question.
type prompt struct {
	// Label is the question in a few words, Help what the answer is for.
	Label, Help string
	// Default is the answer of somebody who only presses enter; empty if there is none.
	Default string
	// Options are the answers to choose from; without any it is a text.
	Options []option
	// Secret hides what is typed.
	Secret bool
	// Back tells that one can go back from here, by answering goBack.
	Back bool
	// Check says what is wrong with an answer; it may be nil.
	Check func(answer string) error
}

// shown is the question as a terminal may show it: labels, options and defaults hold
// names of files and what somebody answered before.
func (p prompt) shown() prompt {
	p.Label, p.Help = diag.Printable(p.Label), diag.Lines(p.Help)
	if p.Options == nil { // else it is the value of one
		p.Default = diag.Printable(p.Default)
	}
	p.Options = slices.Clone(p.Options)
	for i := range p.Options {
		p.Options[i].Title = diag.Printable(p.Options[i].Title)
	}
	return p
}

// option is one answer to choose.
type option struct{ Value, Title string }

// goBack is what one answers to see the question before again. No answer to any
// question looks like it.
const goBack = "<"

// errBack is the wish to go back.
var errBack = errors.New("back to the question before")

// plainPrompter writes and reads lines: nothing on the screen moves or is drawn
// over, so that a screen reader reads all of it once.
type plainPrompter struct {
	out io.Writer
	in  *bufio.Reader
	// secret asks, and reads a line without an echo.
	secret func(ask func()) (string, error)
}

// readLine reads a line, which is not longer than a file that the answer could name.
func readLine(r *bufio.Reader) (string, error) {
	var text []byte
	for {
		piece, err := r.ReadSlice('\n')
		text = append(text, piece...)
		switch {
		case len(text) > maxAnswer:
			return "", system.TooLargeError{Most: maxAnswer}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && len(text) > 0:
			err = nil
		}
		return strings.TrimRight(string(text), "\r\n"), err
	}
}

// Say shows a text.
func (p *plainPrompter) Say(text string) {
	fmt.Fprintln(p.out, folded(forTerminal(text), columnsOf(p.out)))
}

// Tell shows a paragraph.
func (p *plainPrompter) Tell(text, indent string) { p.Say(diag.Wrap(text, indent, columnsOf(p.out))) }

// folded breaks the lines of a text for so many columns, or 0 for any number.
func folded(text string, columns int) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		lines = append(lines, diag.Fold(line, indent, columns)...)
	}
	return strings.Join(lines, "\n")
}

// forTerminal is a text for a terminal that no filter stands before.
func forTerminal(text string) string { return diag.Lines(redact.Message(text)) }

// Ask writes the question on a line and reads the next one.
func (p *plainPrompter) Ask(ctx context.Context, q prompt) (string, error) {
	given := q.Default
	q = q.shown()
	p.offer(q)
	for {
		answer, err := p.read(ctx, q)
		if err != nil {
			return "", err
		}
		answer = strings.TrimSpace(answer)
		switch {
		case answer == "?" && q.Help != "":
			p.Tell(q.Help, "  ")
			continue
		case answer == goBack && q.Back:
			return "", errBack
		case answer == "" && q.Default != "":
			answer = given
		case len(q.Options) > 0:
			if answer, err = chosen(answer, q.Options); err != nil {
				p.Say("Wrong: " + err.Error())
				continue
			}
		}
		if q.Check != nil {
			if err := q.Check(answer); err != nil {
				p.Say("Wrong: " + err.Error())
				continue
			}
		}
		return answer, nil
	}
}

// offer lists the options with their numbers.
func (p *plainPrompter) offer(q prompt) {
	for i, o := range q.Options {
		p.Say(fmt.Sprintf("  %d. %s", i+1, o.Title))
	}
}

func (p *plainPrompter) read(ctx context.Context, q prompt) (string, error) {
	label := q.Label
	switch {
	case q.Help != "" && q.Back:
		label += " (? for help, " + goBack + " back)"
	case q.Help != "":
		label += " (? for help)"
	case q.Back:
		label += " (" + goBack + " back)"
	}
	if i := slices.IndexFunc(q.Options, func(o option) bool { return o.Value == q.Default }); i >= 0 {
		label += " [" + strconv.Itoa(i+1) + "]"
	} else if q.Default != "" {
		label += " [" + q.Default + "]"
	}
	ask := func() { fmt.Fprint(p.out, folded(label+": ", columnsOf(p.out))) }
	read := func() (string, error) {
		ask()
		return readLine(p.in)
	}
	if q.Secret {
		read = func() (string, error) { return p.secret(ask) }
	}
	// the read cannot be stopped, only left alone: nothing is asked after it
	type line struct {
		text string
		err  error
	}
	done := make(chan line, 1)
	go func() {
		text, err := read()
		done <- line{text, err}
	}()
	select {
	case l := <-done:
		if q.Secret || errors.Is(l.err, io.EOF) {
			fmt.Fprintln(p.out)
		}
		return l.text, l.err
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return "", ErrInterrupted
	}
}

// chosen finds the option that an answer means: by its number, its value, or the
// beginning of its title.
func chosen(answer string, options []option) (string, error) {
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(options) {
		return options[n-1].Value, nil
	}
	var like []string
	for _, o := range options {
		if strings.EqualFold(o.Value, answer) {
			return o.Value, nil
		}
		if answer != "" && strings.HasPrefix(strings.ToLower(o.Title), strings.ToLower(answer)) {
			like = append(like, o.Value)
		}
	}
	if len(like) == 1 {
		return like[0], nil
	}
	return "", fmt.Errorf("answer with a number from 1 to %d", len(options))
}
