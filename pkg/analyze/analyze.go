package analyze

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

const (
	// mostCauses and mostEvidence are as much as a reader takes in.
	mostCauses   = 3
	mostEvidence = 3
	longestShown = 300
)

// How much a sign counts, by where it stands; its row's weight is added, tenfold.
const (
	inLastWords = 100
	inOwnLog    = 80
	atMachines  = 78
	elsewhere   = 60
)

// Bootstrap says where a bootstrap host stands, by its service records alone: the content
// of /var/log/openshift/SERVICE.json by SERVICE.
func Bootstrap(records map[string][]byte) Report {
	c := newCollection()
	for name, data := range records {
		c.addRecords("/var/log/openshift/"+name+".json", name, strings.NewReader(string(data)))
	}
	return c.report()
}

func (c *collection) report() Report {
	r := Report{SchemaVersion: 1, Verdict: unknown, Findings: []Finding{}, Services: []Service{}, Notes: c.notes}
	if len(c.records) == 0 && len(c.logs) == 0 && len(c.small) == 0 {
		r.Summary = "the bundle contains neither service records nor logs of a bootstrap host, so there is nothing to analyze"
		return r
	}
	for _, name := range sequence() {
		if records, ok := c.records[name]; ok && len(records) > 0 {
			r.Services = append(r.Services, serviceOf(name, records))
		}
	}
	c.judge(&r)
	for i := range r.Findings {
		c.explain(&r.Findings[i])
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return weight(b) - weight(a) })
	c.summarize(&r)
	return r
}

// weight orders findings: what stops the host, what it waits for, what it goes on without.
func weight(f Finding) int {
	switch {
	case f.Optional:
		return 0
	case f.State == Failed:
		return 2
	}
	return 1
}

// judge makes findings of the first service that is not done, and of what failed without
// stopping anything.
func (c *collection) judge(r *Report) {
	if len(r.Services) == 0 {
		c.neverBegan(r)
		return
	}
	r.Verdict = Complete
	for _, s := range r.Services {
		for _, run := range s.optional {
			r.Findings = append(r.Findings, c.finding(s.Name, Service{
				Name: s.Name, State: Failed, Stage: run.name, Since: run.since(),
				Attempts: run.failures, began: run.began, last: run.last,
			}))
		}
	}
	for _, s := range r.Services {
		if s.State == Complete || (s.Name == progress || s.Name == "install-to-disk") && r.Verdict != Complete {
			continue
		}
		if r.Verdict == Complete || s.State == Failed && r.Verdict == Waiting {
			r.Verdict = s.State
		}
		r.Findings = append(r.Findings, c.finding(s.Name, s))
	}
	// the host works on until bootkube has ended, and then until that is reported
	if r.Verdict == Complete && len(r.Services) > 0 && !c.reached(r.Services) {
		last := r.Services[len(r.Services)-1]
		next := Service{Name: following(last.Name), State: Waiting}
		r.Verdict = Waiting
		r.Findings = append(r.Findings, c.finding(next.Name, next))
	}
}

// reached reports whether bootkube has ended well.
func (c *collection) reached(services []Service) bool {
	return slices.ContainsFunc(services, func(s Service) bool { return s.Name == bootkube && s.State == Complete })
}

// following is the service that every host has after another one.
func following(name string) string {
	usual := []string{"release-image", "crio-configure", "kubelet", bootkube}
	if i := slices.Index(usual, name); i >= 0 && i+1 < len(usual) {
		return usual[i+1]
	}
	return bootkube
}

// neverBegan is a bundle without records: the services have not been started.
func (c *collection) neverBegan(r *Report) {
	if !c.holdsBootstrap() {
		r.Summary = "the bundle contains nothing from the bootstrap host, so it does not show how far the installation got"
		if len(c.logs) > 0 {
			r.Findings = append(r.Findings, c.finding(machines, Service{Name: machines, State: Waiting}))
		}
		return
	}
	r.Verdict = Waiting
	s := Service{Name: nodeImage, State: Waiting}
	if strings.Contains(string(c.small["failed-units.txt"]), "node-image-") {
		s.State, r.Verdict = Failed, Failed
	}
	r.Findings = append(r.Findings, c.finding(s.Name, s))
}

func (c *collection) holdsBootstrap() bool {
	if _, ok := c.small["failed-units.txt"]; ok {
		return true
	}
	return slices.ContainsFunc(c.logs, func(l logMatches) bool { return strings.HasPrefix(l.place, "bootstrap/") })
}

func (c *collection) finding(name string, s Service) Finding {
	stage, _ := stageOf(name, s.Stage)
	f := Finding{
		State: s.State, Service: name, Stage: diag.Plain(s.Stage), Does: stage.Does, Since: s.Since, began: s.began,
		Attempts: s.Attempts, Signal: s.Signal, Optional: stage.Optional && s.State == Failed, Causes: []Cause{},
	}
	if s.last != nil && s.last.ErrorMessage != "" {
		f.Last = &Evidence{File: c.places[name], Line: s.last.Line, Text: excerpt(s.last.ErrorMessage)}
	}
	return f
}

// ownLog reports whether a log is what a service of the bootstrap host itself said.
func ownLog(service, place string) bool {
	dir, base := path.Split(place)
	unit, _, _ := strings.Cut(base, ".")
	if dir != "bootstrap/journals/" && dir != "unit-status/" {
		return false
	}
	switch service {
	case nodeImage:
		return strings.HasPrefix(unit, "node-image-") || base == "journal.log.gz"
	case "release-image":
		return unit == "release-image" || unit == "release-image-download"
	}
	return unit == service
}

func (c *collection) summarize(r *Report) {
	switch r.Verdict {
	case unknown:
		return
	case Complete:
		r.Summary = "the bootstrap host has done its work"
		return
	}
	f := r.Findings[0]
	where := f.Service
	if f.Stage != "" {
		where = "stage " + f.Stage + " of " + f.Service
	}
	switch {
	case f.State == Failed && f.Attempts > 1:
		r.Summary = fmt.Sprintf("%s failed %d times", where, f.Attempts)
	case f.State == Failed:
		r.Summary = where + " failed"
	case f.Signal != "":
		r.Summary = where + " was interrupted by the signal " + f.Signal + ", as by a shutdown, and has not restarted"
	case f.Since == nil && f.Stage == "":
		r.Summary = where + " has not begun, or has not ended"
	default:
		r.Summary = where + " is under way and has not failed"
	}
	if len(f.Causes) > 0 && f.Causes[0].Seen {
		r.Summary += ": " + f.Causes[0].Text
	}
}

// excerpt is what is shown of a line: without secrets, without control characters, not
// too long. A long one is cut in its middle, since its end says what was wrong.
func excerpt(text string) string {
	text = strings.TrimSpace(redactor.Text(text))
	text = diag.Plain(strings.ReplaceAll(text, "\n", " / "))
	if len(text) > longestShown {
		head, tail := text[:longestShown/3], text[len(text)-longestShown*2/3:]
		text = strings.ToValidUTF8(head, "") + "…" + strings.ToValidUTF8(tail, "")
	}
	return text
}

var redactor = redact.New()
