package wizard

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// This file holds the end of the questions: the config is shown, and is written,
// changed once more, or left alone.

// The answers at the end.
const (
	writeIt  = "yes"
	changeIt = "change"
	keepOnly = "no"
)

// review shows what will be written until the person is content with it.
func (w *wizard) review(ctx context.Context) error {
	if w.prompter == nil {
		return nil
	}
	for {
		answer, err := w.confirm(ctx)
		switch {
		case errors.Is(err, errBack):
			w.keeping = false
			err = w.settleAll(ctx, w.back(len(w.questions)))
		case err != nil || answer == writeIt:
		case answer == keepOnly:
			w.keepAnswers()
			return ErrDeclined
		default:
			err = w.change(ctx)
		}
		if err != nil || answer == writeIt {
			return err
		}
	}
}

// confirm shows what will be written and asks whether it should be. Where the
// answers do not make a config together, it shows why.
func (w *wizard) confirm(ctx context.Context) (string, error) {
	p := prompt{
		Label: "Write it", Default: writeIt,
		Options: []option{{writeIt, "yes"}, {changeIt, "change an answer"}, {keepOnly, "no, keep only my answers"}},
		Help:    "Yes writes the file, with the JSON Schema that editors use beside it, and nothing else.",
		Back:    w.before(len(w.questions)) >= 0,
	}
	if len(w.changeable()) == 0 {
		p.Options = slices.Delete(p.Options, 1, 2)
	}
	if _, _, err := w.result(); err != nil {
		w.prompter.Say("\nThe answers do not make a config together:\n" + err.Error())
		p.Label, p.Default, p.Options = "What now", p.Options[1].Value, p.Options[1:]
		p.Help = "What is wrong is said above. Your answers are kept in a file if you do not change them now."
		return w.prompter.Ask(ctx, p)
	}
	d := w.shownDraft()
	domain := d.ClusterName + "." + strings.TrimSuffix(d.BaseDomain, ".")
	ingress := "the workers"
	if d.Workers == "0" {
		ingress = "the control plane"
	}
	w.prompter.Say("\nThis is " + filepath.Join(w.Dir, installconfig.FileName) + ":\n\n" + strings.TrimRight(string(d.YAML()), "\n"))
	w.prompter.Say("")
	w.prompter.Tell("Before the machines boot, your DNS needs api."+domain+", api-int."+domain+" and *.apps."+domain+
		", and your load balancer leads ports 6443 and 22623 to the bootstrap host and the control plane, 80 and 443 to "+ingress+".", "")
	return w.prompter.Ask(ctx, p)
}

// shownDraft is the config without secrets.
func (w *wizard) shownDraft() installconfig.Draft {
	d := w.draft(w.answers)
	if d.PullSecret != installconfig.PublicPullSecret {
		d.PullSecret = notShown
	}
	for _, url := range []*string{&d.HTTPProxy, &d.HTTPSProxy} {
		if i := strings.LastIndex(*url, "@"); i >= 0 {
			scheme, _, _ := strings.Cut(*url, "://")
			*url = scheme + "://" + notShown + (*url)[i:]
		}
	}
	if lines := strings.Count(d.TrustBundle, "\n"); lines > 0 {
		d.TrustBundle = fmt.Sprintf("(%d lines)", lines)
	}
	return d
}

// changeable are the questions whose answer the person can change.
func (w *wizard) changeable() (all []question) {
	for _, q := range w.questions {
		if _, answered := w.answers[q.key]; answered && !w.isFixed(q) {
			all = append(all, q)
		}
	}
	return all
}

// change asks one question again, and after it those that its new answer raises
// or whose answer does not fit it. Going back from it leaves all as it was.
func (w *wizard) change(ctx context.Context) error {
	p := prompt{
		Label: "Which answer",
		Help:  "The question of the answer that you choose is asked again, and what follows from it.",
		Back:  true,
	}
	for _, q := range w.changeable() {
		p.Options = append(p.Options, option{q.key, diag.Clip(q.label+": "+w.shown(q, w.answers[q.key]), 76)})
	}
	key, err := w.prompter.Ask(ctx, p)
	if errors.Is(err, errBack) {
		return nil
	}
	if err != nil {
		return err
	}
	w.first = slices.IndexFunc(w.questions, func(q question) bool { return q.key == key })
	answers, aside, path := maps.Clone(w.answers), maps.Clone(w.aside), w.path
	usual, asked := maps.Clone(w.usual), maps.Clone(w.asked)
	w.keeping, w.path = true, nil
	defer func() { w.keeping = false }()
	w.askAgain(w.first)
	err = w.settleAll(ctx, w.first)
	if errors.Is(err, errBack) {
		w.answers, w.aside, w.path, w.usual, w.asked = answers, aside, path, usual, asked
		return nil
	}
	return err
}
