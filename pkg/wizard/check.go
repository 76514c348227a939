package wizard

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// This file holds how an answer is checked: by reading the config with it.

// check reads the config as it would be with an answer. It returns the answer in
// the form in which it is kept.
func (w *wizard) check(q question, answer string) (string, error) {
	w.notes = nil
	if answer == "" && q.optional && q.words != nil {
		answer = noAnswer // as it is kept
	}
	if q.words != nil && !slices.Contains(q.words(), answer) {
		return "", diag.Problem{
			Detail: fmt.Sprintf("%q is none of the answers", answer),
			Hint:   diag.Meant(answer, q.words(), "use one of "+strings.Join(q.words(), ", ")),
		}
	}
	if answer == "" && !q.optional {
		return "", errors.New("an answer is needed")
	}
	if q.read != nil {
		var err error
		if answer, err = q.read(w, answer); err != nil {
			return "", err
		}
	}
	before, err := w.load(w.answers)
	if err != nil {
		return "", err
	}
	with := maps.Clone(w.answers)
	with[q.key] = answer
	after, err := w.load(with)
	if err != nil {
		return "", err
	}
	if found := w.concerning(q, after.problems, before.problems); len(found) > 0 {
		for i, p := range found {
			if _, want, ok := strings.Cut(p.Detail, " must be "); ok && q.secret == nil && strings.HasSuffix(want, ", but is text") {
				found[i].Detail = fmt.Sprintf("%q is not %s", diag.Clip(answer, 80), strings.TrimSuffix(want, ", but is text"))
			}
		}
		return "", found
	}
	for _, p := range w.concerning(q, after.warnings, before.warnings) {
		w.notes = append(w.notes, "Note: "+p.Detail+". "+sentence(p.Hint))
	}
	return answer, nil
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return diag.Capital(s) + "."
}

// reading is what is said of a config that is not complete.
type reading struct{ problems, warnings diag.Problems }

func (w *wizard) load(answers map[string]string) (r reading, err error) {
	options, err := w.loadOptions(answers[releaseKey])
	if err != nil {
		return r, err
	}
	d := w.draft(answers)
	for field, value := range map[*string]string{
		&d.ClusterName: "okd", &d.BaseDomain: "example.com", &d.Platform: platform.Usual(), &d.ControlPlane: "3",
		&d.Workers: "3",
	} {
		if *field == "" {
			*field = value
		}
	}
	if len(d.MachineNetwork) == 0 {
		d.MachineNetwork = []string{"198.51.100.0/24"} // of documents: nothing is said of it
	}
	if d.ControlPlane == "2" && d.Arbiter == "" && canHaveArbiter(w) {
		d.Arbiter = "1" // the next question
	}
	if _, answered := answers[installationDiskKey]; !answered && installsItself(answers) {
		d.InstallationDisk = "/dev/vda" // a later question
	}
	loaded, err := installconfig.Load("", d.YAML(), options)
	var invalid *installconfig.InvalidError
	if errors.As(err, &invalid) {
		return reading{invalid.Problems, loaded.Warnings}, nil
	}
	return reading{nil, loaded.Warnings}, err
}

func (w *wizard) loadOptions(release string) (installconfig.Options, error) {
	if w.ReleaseImage != "" {
		return asset.ConfigOptions("", w.Release, w.ReleaseImage, w.Environment)
	}
	return asset.ConfigOptions("", release, "", w.Environment)
}

// concerning returns those of the findings that came with an answer: they are
// about its fields, or they are new and about those of questions answered before.
func (w *wizard) concerning(q question, after, before diag.Problems) diag.Problems {
	var others []string
	for _, other := range w.questions {
		if _, answered := w.answers[other.key]; answered {
			others = append(others, other.fields...)
		}
	}
	var found diag.Problems
	for _, p := range after {
		in := func(f string) bool {
			return p.Path == f || strings.HasPrefix(p.Path, f+".") || strings.HasPrefix(p.Path, f+"[")
		}
		old := slices.ContainsFunc(before, func(b diag.Problem) bool { return b.Path == p.Path && b.Detail == p.Detail })
		if slices.ContainsFunc(q.fields, in) || !old && slices.ContainsFunc(others, in) {
			if p.Detail[0] >= 'a' && p.Detail[0] <= 'z' && !strings.HasPrefix(p.Detail, "there ") {
				p.Detail = p.Path + " " + p.Detail // it begins with its verb, and the field is its subject
			}
			found = append(found, diag.Problem{Detail: p.Detail, Hint: p.Hint})
		}
	}
	return found
}

// draft is the config that answers make.
func (w *wizard) draft(answers map[string]string) installconfig.Draft {
	d := installconfig.Draft{PlatformFields: map[string]string{}}
	for _, q := range w.questions {
		if value, ok := answers[q.key]; ok && q.put != nil {
			q.put(w, &d, value)
		}
	}
	return d
}
