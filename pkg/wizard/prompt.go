package wizard

import (
	"bufio"
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	survey "github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// This is the only file that knows survey, which nobody maintains any more.

// Terminal is one that somebody sits at.
type Terminal struct {
	In, Out *os.File
	// Plain asks line by line and draws nothing; Colour draws in colours.
	Plain, Colour bool
}

// surveyPrompter draws its questions: lists to move in with the arrow keys, and
// answers that can be edited.
type surveyPrompter struct{ stdio terminal.Stdio }

// backTitle is the entry of a list that leads back. Typing goBack finds it.
const backTitle = goBack + " back"

// newPrompter returns the way to ask on a terminal, and what sets the terminal
// right again, however the asking ended.
func newPrompter(t Terminal) (prompter, func(), error) {
	in, out := t.In, t.Out
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, nil, err
	}
	restore := func() { _ = term.Restore(int(in.Fd()), before) }
	if t.Plain {
		secret := func(ask func()) (string, error) {
			// before the question, since a quick paste would be shown
			show, err := system.HideEcho(in.Fd())
			if err != nil {
				return "", err
			}
			defer show()
			ask()
			text, err := term.ReadPassword(int(in.Fd()))
			return string(text), err
		}
		return &plainPrompter{out: out, in: bufio.NewReader(in), secret: secret}, restore, nil
	}
	core.DisableColor = !t.Colour
	// our words, and short enough for 80 columns; there is no other way to change them
	survey.ErrorTemplate = `{{color .Icon.Format }}{{ .Error.Error }}{{color "reset"}}` + "\n" //nolint:reassign // see above
	shorter := strings.NewReplacer("Use arrows to move, type to filter", "arrow keys", "for more help", "for help")
	survey.SelectQuestionTemplate = shorter.Replace(survey.SelectQuestionTemplate)
	hints(false)
	// survey hides what is typed only while it reads an answer: what is typed ahead
	// would stand between the questions, and a pasted secret with it
	if _, err := system.HideEcho(in.Fd()); err != nil {
		return nil, nil, err
	}
	keys, shown := watch(in, out)
	return &surveyPrompter{stdio: terminal.Stdio{In: keys, Out: shown, Err: shown}}, restore, nil
}

// The hints of questions that are not lists: as survey has them, and with the
// way back. A list has an entry for it.
var (
	textHint = [2]string{
		survey.InputQuestionTemplate,
		strings.Replace(survey.InputQuestionTemplate, "for help {{-", "for help, "+goBack+" back{{-", 1),
	}
	secretHint = [2]string{
		survey.PasswordQuestionTemplate,
		strings.Replace(survey.PasswordQuestionTemplate, "for help]", "for help, "+goBack+" back]", 1),
	}
)

func hints(back bool) {
	i := 0
	if back {
		i = 1
	}
	survey.InputQuestionTemplate, survey.PasswordQuestionTemplate = textHint[i], secretHint[i]
}

// mostEntries is how many entries of a list are on the screen, of 24 lines, at a time.
const mostEntries = 16

// Say shows a text.
func (s *surveyPrompter) Say(text string) {
	_, _ = s.stdio.Out.Write([]byte(folded(forTerminal(text), s.columns()) + "\n"))
}

// Tell shows a paragraph.
func (s *surveyPrompter) Tell(text, indent string) { s.Say(diag.Wrap(text, indent, s.columns())) }

func (s *surveyPrompter) columns() int { return columnsOf(s.stdio.Out) }

// columnsOf is how many columns a terminal has; 0 if it does not tell.
func columnsOf(out any) int {
	f, ok := out.(interface{ Fd() uintptr })
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// Ask draws the question.
func (s *surveyPrompter) Ask(ctx context.Context, p prompt) (string, error) {
	given := p.Default
	p = p.shown()
	var titles []string
	for _, o := range p.Options {
		titles = append(titles, entry(o.Title, s.columns(), titles))
	}
	if p.Back && len(titles) > 0 {
		titles = append(titles, backTitle)
	}
	hints(p.Back)
	question := p.drawn(titles, s.columns())
	check := func(answer any) error { return p.checked(answer, given) }
	answer := ""
	done := make(chan error, 1)
	go func() {
		done <- survey.AskOne(question, &answer, survey.WithStdio(s.stdio.In, s.stdio.Out, s.stdio.Err),
			survey.WithValidator(check), survey.WithShowCursor(true))
	}()
	select {
	case err := <-done:
		if errors.Is(err, terminal.InterruptErr) {
			err = ErrInterrupted
		}
		if i := slices.Index(titles, answer); err == nil && len(titles) > 0 {
			answer = append(optionValues(p.Options), goBack)[i]
		}
		if answer = strings.TrimSpace(answer); err == nil && p.Back && answer == goBack {
			return "", errBack
		}
		if answer == p.Default {
			answer = given
		}
		return answer, err
	case <-ctx.Done(): // a signal, and not the key: survey goes on waiting for one
		return "", ErrInterrupted
	}
}

// entry is a title as it fits on a line of a list; one that would then be as another
// stays as it is.
func entry(title string, columns int, others []string) string {
	const mark = "> "
	if columns <= len(mark)+1 {
		return title
	}
	short := diag.Clip(title, columns-len(mark)-1)
	if slices.Contains(others, short) {
		return title
	}
	return short
}

// drawn is the question as survey has it, of a list with the titles of its entries, for a
// terminal of so many columns. Where the line would be too long, the answer stands on one
// of its own.
func (p prompt) drawn(titles []string, columns int) survey.Prompt {
	const mark, hint = "? ", " [arrow keys, ? for help]"
	message, help := p.Label+":", strings.TrimPrefix(diag.Wrap(p.Help, "  ", columns), "  ")
	behind := len(hint) + diag.Columns(p.Default)
	for _, title := range titles {
		behind = max(behind, diag.Columns(title)+1)
	}
	if columns > 0 && len(mark)+diag.Columns(message)+behind > columns-1 {
		message += "\n "
	}
	switch {
	case p.Secret:
		return &survey.Password{Message: message, Help: help}
	case len(p.Options) == 0:
		return &survey.Input{Message: message, Help: help, Default: p.Default}
	}
	list := &survey.Select{Message: message, Help: help, Options: titles, PageSize: mostEntries}
	if i := slices.IndexFunc(p.Options, func(o option) bool { return o.Value == p.Default }); i >= 0 {
		list.Default = titles[i]
	}
	return list
}

// checked is what is wrong with an answer as survey has it. Given is the default
// before it was made fit to be shown.
func (p prompt) checked(answer any, given string) error {
	text := ""
	switch answer := answer.(type) {
	case string:
		text = strings.TrimSpace(answer)
	case core.OptionAnswer:
		text = append(optionValues(p.Options), goBack)[answer.Index]
	}
	if p.Check == nil || p.Back && text == goBack {
		return nil
	}
	if text == p.Default {
		text = given
	}
	if err := p.Check(text); err != nil {
		return errors.New(forTerminal(err.Error()))
	}
	return nil
}
