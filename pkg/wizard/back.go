package wizard

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// This file holds how the questions follow one another, and the way back. Who
// goes back has the answers from there on put aside: they are what is proposed
// when the questions come again. Who changes one answer at the end is asked again
// only what its answer does not fit any more; see review.go.

// settleAll answers all questions, from the one at a place on.
func (w *wizard) settleAll(ctx context.Context, i int) error {
	for i < len(w.questions) {
		switch err := w.settle(ctx, w.questions[i]); {
		case errors.Is(err, errBack) && w.keeping && i == w.first:
			return err
		case errors.Is(err, errBack):
			i = w.back(i)
		case err != nil:
			return err
		default:
			i++
		}
	}
	return nil
}

// before is the question to go back to: the last one that was asked, or, if none
// was, the last that the file of answers answered; -1 if there is neither. An
// answer that became another one, such as that for an arbiter, is passed over.
func (w *wizard) before(i int) int {
	for _, p := range slices.Backward(w.path) {
		if _, answered := w.answers[w.questions[p].key]; p < i && answered {
			return p
		}
	}
	for j := i - 1; j >= 0; j-- {
		if _, answered := w.answers[w.questions[j].key]; answered && !w.isFixed(w.questions[j]) {
			return j
		}
	}
	return -1
}

// back puts the answers from the question before on aside, and returns its place.
func (w *wizard) back(i int) int {
	to := w.before(i)
	w.path = slices.DeleteFunc(w.path, func(p int) bool { return p >= to })
	w.askAgain(to)
	return to
}

// askAgain takes the answers from a question on back, which will be asked
// whatever there is in the file.
func (w *wizard) askAgain(from int) {
	w.again = w.questions[from].key
	w.asked[w.again] = true
	for _, q := range w.questions[from:] {
		if value, answered := w.answers[q.key]; answered {
			w.aside[q.key] = value
			delete(w.answers, q.key)
		}
	}
}

// isFixed tells that the answer is from the command line or the environment, and
// good: it is not asked for.
func (w *wizard) isFixed(q question) bool {
	_, from, ok := w.given(q)
	return ok && from != q.key && !w.asked[q.key]
}

// keep takes the answer that was put aside, if nothing is to be asked without
// need and the answer still fits. One that was what was proposed does not if
// something else is proposed now: the proxy for https is that for http.
func (w *wizard) keep(q question) bool {
	value, ok := w.aside[q.key]
	if !w.keeping || !ok || w.again == q.key {
		return false
	}
	value, err := w.check(q, value)
	if err != nil {
		w.say("Your answer to \"" + q.label + "\" does not fit any more: " + diag.OneLine(err))
		delete(w.aside, q.key)
		return false
	}
	usual := w.usual[q.key]
	if usual && !w.isUsual(q, value) {
		return false
	}
	w.accept(q, value)
	w.usual[q.key] = usual
	return true
}

// withAside are the answers with those that are put aside, as far as they belong
// to a cluster with the others.
func (w *wizard) withAside() map[string]string {
	all := *w
	all.answers = maps.Clone(w.answers)
	for _, q := range w.questions {
		value, ok := w.aside[q.key]
		if _, answered := all.answers[q.key]; ok && !answered && (q.asked == nil || q.asked(&all)) {
			all.answers[q.key] = value
		}
	}
	return all.answers
}

// ask puts a question to the person.
func (w *wizard) ask(ctx context.Context, q question) error {
	value, p := "", w.prompt(q)
	again := p.Default // what stands for an answer that is not to be shown
	hidden := p.Default
	if len(p.Options) == 0 && q.secret != nil && q.secret(p.Default) {
		again = strings.Trim(notShown, "()") // survey puts brackets around it
		p.Default = again
	}
	check := func(answer string) (err error) {
		if answer == goBack {
			return errors.New("there is no question before this one")
		}
		if answer == again {
			answer = hidden
		}
		value, err = w.check(q, emptied(q, answer))
		return err
	}
	p.Check = func(answer string) error {
		if q.other[answer].Label != "" {
			return nil
		}
		return check(answer)
	}
	w.asked[q.key] = true
	for {
		answer, err := w.prompter.Ask(ctx, p)
		if err != nil {
			return err
		}
		other, more := q.other[answer]
		if !more {
			break
		}
		other.Help, other.Check, other.Back = p.Help, check, true
		if _, err = w.prompter.Ask(ctx, other); err == nil {
			break
		}
		if !errors.Is(err, errBack) { // back to the list
			return err
		}
	}
	w.path, w.again = append(w.path, w.place(q)), ""
	w.accept(q, value)
	return nil
}

func (w *wizard) place(q question) int {
	return slices.IndexFunc(w.questions, func(other question) bool { return other.key == q.key })
}

// notShown stands for a secret.
const notShown = "(not shown)"

// prompt is a question as it is put to the person: what was answered before is
// proposed, if it was not what is proposed anyway and still fits.
func (w *wizard) prompt(q question) prompt {
	p := prompt{
		Label:   q.label,
		Help:    q.explanation(),
		Default: w.preset(q),
		Back:    w.before(w.place(q)) >= 0 || w.keeping && w.place(q) == w.first,
	}
	if q.options != nil {
		p.Options = q.options(w)
	}
	if before, ok := w.aside[q.key]; ok && !w.usual[q.key] && w.isGood(q, before) {
		p.Default = before
		if q.options != nil {
			p.Options, p.Default = w.proposing(q, p.Options, before)
		}
	}
	if p.Default == "" && q.options == nil && q.optional {
		p.Default = noAnswer
	}
	if q.options == nil {
		p.Default = strings.Join(strings.Split(p.Default, "\n"), ",")
	}
	return p
}

// proposing returns options among which an earlier answer is, and its value there.
func (w *wizard) proposing(q question, options []option, answer string) ([]option, string) {
	for _, o := range options {
		path, err := filepath.Abs(o.Value)
		if o.Value == answer || o.Value == noAnswer && answer == "" || err == nil && path == answer {
			return options, o.Value
		}
	}
	return append([]option{{answer, "as before: " + w.shown(q, answer)}}, options...), answer
}

// shown is an answer in a line, without secrets.
func (w *wizard) shown(q question, answer string) string {
	switch {
	case answer == "":
		return noAnswer
	case q.secret != nil && q.secret(answer):
		return notShown
	}
	lines := strings.Split(answer, "\n")
	for i := range lines {
		lines[i] = w.short(lines[i])
	}
	return diag.Clip(strings.Join(lines, ", "), 48)
}

// isUsual reports whether an answer is what is proposed anyway.
func (w *wizard) isUsual(q question, value string) bool {
	usual := w.preset(q)
	return value == usual || value == strings.ReplaceAll(usual, ",", "\n")
}

// accept keeps an answer and says what follows from it.
func (w *wizard) accept(q question, value string) {
	if w.prompter != nil {
		w.usual[q.key] = w.isUsual(q, value)
	}
	w.answers[q.key] = value
	delete(w.aside, q.key)
	for _, note := range w.notes {
		w.say(note)
	}
	if q.then != nil {
		q.then(w)
	}
}
