package analyze

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"
)

// suspicion is a line of the bundle, or what a check has found, that speaks for a cause.
type suspicion struct {
	cause    known
	score    int
	evidence Evidence
	when     moment
	// machine says that a machine of the control plane has said it itself, or the machine
	// config server of one that it spoke with.
	machine bool
	// follows says that it may be what another cause leads to.
	follows bool
}

// explain looks for the causes of a finding.
func (c *collection) explain(f *Finding) {
	if f.Signal != "" && f.State == Waiting {
		return // it has not failed: what its log says at a shutdown is no cause
	}
	all := c.lastWords(*f)
	for _, check := range checks {
		if among(check.stages, "", f.Stage) || f.Service == machines && among(check.stages, machines, "") {
			if e, ok := check.look(c); ok {
				all = append(all, suspicion{cause: causeOf(check.cause), score: check.score, evidence: e, follows: check.score <= consequence})
			}
		}
	}
	all = append(all, c.inLogs(*f)...)
	f.Causes = convict(all)
	if len(f.Causes) > 0 {
		return
	}
	stage, _ := stageOf(f.Service, f.Stage)
	f.Causes = []Cause{}
	for _, id := range stage.Causes {
		k := causeOf(id)
		f.Causes = append(f.Causes, Cause{ID: id, Text: k.Text, Fix: k.Fix})
	}
}

// convict makes causes of suspicions: the likeliest first, no evidence under two of them, and
// no consequence beside what machines give as its cause.
func convict(all []suspicion) []Cause {
	told := slices.ContainsFunc(all, func(s suspicion) bool { return s.machine })
	all = slices.DeleteFunc(all, func(s suspicion) bool { return s.follows && told })
	slices.SortStableFunc(all, func(a, b suspicion) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.when.compare(a.when), cmp.Compare(b.evidence.Count, a.evidence.Count))
	})
	var causes []Cause
	shown := map[Evidence]bool{}
	for _, s := range all {
		e := s.evidence
		e.Count = 0
		if e.File != "" && shown[e] {
			continue
		}
		shown[e] = true
		at := slices.IndexFunc(causes, func(c Cause) bool { return c.ID == s.cause.ID && c.Text == s.cause.Text })
		if at < 0 {
			at = len(causes)
			causes = append(causes, Cause{ID: s.cause.ID, Seen: true, Text: s.cause.Text, Fix: s.cause.Fix})
		}
		if e.File != "" && len(causes[at].Evidence) < mostEvidence {
			causes[at].Evidence = append(causes[at].Evidence, s.evidence)
		}
	}
	return causes[:min(len(causes), mostCauses)]
}

// lastWords looks at what the service said when the stage failed last.
func (c *collection) lastWords(f Finding) []suspicion {
	s := serviceOf(f.Service, c.records[f.Service])
	last := s.last
	for _, run := range s.optional {
		if run.name == f.Stage {
			last = run.last
		}
	}
	if last == nil {
		return nil
	}
	log := logMatches{file: c.places[f.Service], place: "bootstrap/journals/" + f.Service + ".log"}
	log.said, _ = scan(log.place, strings.NewReader(last.ErrorMessage)) // a text in memory is read to its end
	for i := range log.matches {
		log.matches[i].when = moment{} // the record says when
	}
	all := c.suspect(f, log, ownWords)
	for i := range all {
		all[i].score += inLastWords - inOwnLog
		all[i].evidence.Line, all[i].evidence.Count = last.Line, 0
	}
	return all
}

// inLogs looks at the logs since the stage began: what was wrong before is over.
func (c *collection) inLogs(f Finding) []suspicion {
	var all []suspicion
	for _, log := range c.logs {
		kind := kindOf(f.Service, log.place)
		if kind == machineWords && !f.waitsForMachines() || kind == ownWords && f.Optional {
			continue
		}
		all = append(all, c.suspect(f, log, kind)...)
	}
	return all
}

// waitsForMachines reports whether the stage waits for the machines of the control plane.
func (f Finding) waitsForMachines() bool { return among(later, f.Service, f.Stage) }

// suspect chooses of the matches of a log those that count for a finding, and of the rows
// that share a line the one that fits best.
func (c *collection) suspect(f Finding, log logMatches, kind logKind) []suspicion {
	best := map[int]suspicion{}
	for _, m := range log.matches {
		k := causes[m.cause]
		if !f.began.IsZero() && m.when.before(f.began) || f.State == Waiting && m.count < k.Repeats ||
			f.State == Waiting && k.Passing != always && log.healed(m) {
			continue
		}
		if !kind.hears(k, m.about, log.place, f) || !k.counts(c.subjectOf(m, log.place, kind, f), f.Service, f.Stage) {
			continue
		}
		s := suspicion{cause: k, score: kind.score() + 10*k.Weight,
			machine: kind == machineWords || m.about == aboutServer && kind == container, when: m.when,
			evidence: Evidence{File: log.file, Line: m.line, Text: excerpt(m.text), Count: m.count}}
		if other, taken := best[m.line]; !taken || s.score > other.score {
			best[m.line] = s
		}
	}
	all := make([]suspicion, 0, len(best))
	for _, s := range best {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b suspicion) int { return cmp.Compare(a.evidence.Line, b.evidence.Line) })
	return oneOfEach(all)
}

// oneOfEach leaves the last line of each cause in a log, with the count of all of them.
func oneOfEach(all []suspicion) []suspicion {
	var some []suspicion
	for i := len(all) - 1; i >= 0; i-- {
		s := all[i]
		at := slices.IndexFunc(some, func(o suspicion) bool { return o.cause.ID == s.cause.ID && o.cause.Text == s.cause.Text })
		if at < 0 {
			some = append(some, s)
			continue
		}
		some[at].evidence.Count += s.evidence.Count
		some[at].score = max(some[at].score, s.score)
	}
	slices.Reverse(some)
	return some
}

// subjectOf is what a line speaks of, now that the whole bundle and the stage are known: a
// machine's own address is itself, and a service that only fetches images speaks of a
// registry.
func (c *collection) subjectOf(m match, place string, kind logKind, f Finding) subject {
	switch {
	case m.host != "" && m.about != aboutLookup && m.about != aboutProxy && c.isOwn(place, m.host):
		return aboutSelf
	case kind == ownWords && m.about == aboutOther && slices.Contains(pulling, f.Service):
		return aboutRegistry
	}
	return m.about
}

// longOver is after how much more of a log something that may pass counts as over, if it was
// not said again.
const longOver = 10 * time.Minute

// healed reports whether the log goes on for long without what a match has said.
func (l logMatches) healed(m match) bool {
	return !m.when.IsZero() && !l.until.IsZero() && m.when.year == l.until.year && l.until.Sub(m.when.Time) > longOver
}

// logKind is who speaks in a log, as seen from a finding.
type logKind int

const (
	ownWords     logKind = iota // the service of the finding
	hostJournal                 // another service of the bootstrap host
	machineWords                // a machine of the control plane
	container                   // a container on either
)

// kindOf tells what a log is for a service of the bootstrap host.
func kindOf(service, place string) logKind {
	dir, _ := path.Split(place)
	machine := machineOf(place) != ""
	switch {
	case !machine && ownLog(service, place):
		return ownWords
	case strings.Contains(dir, "/containers/"), strings.Contains(dir, "/pods/"), strings.Contains(dir, "/pacemaker/"):
		return container
	case machine:
		return machineWords
	}
	return hostJournal
}

func (k logKind) score() int {
	return map[logKind]int{ownWords: inOwnLog, hostJournal: elsewhere, machineWords: atMachines, container: elsewhere}[k]
}

// hears reports whether a row is looked for in a log of this kind.
func (k logKind) hears(row known, about subject, place string, f Finding) bool {
	switch k {
	case ownWords:
		return true
	case machineWords: // which stage a machine is in is not known, so the line must say what it speaks of
		return !row.Host && (row.About == nil || about != aboutNothing)
	case container:
		// what containers say of other servers is about the network inside the cluster
		base := path.Base(place)
		ofMachines := strings.HasPrefix(base, "etcd") || strings.HasPrefix(base, "machine-config-")
		if row.About != nil && !ofMachines && about != aboutEtcd {
			return false
		}
		if machineOf(place) != "" && !f.waitsForMachines() {
			return false
		}
	}
	return row.explains(f.Service, f.Stage)
}
