package asset

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// Condition sums up an asset directory in a word.
type Condition string

// The conditions, in the order in which a directory goes through them, and then
// those in which something is to be done.
const (
	// Empty has no install-config.yaml.
	Empty Condition = "empty"
	// Configured has one, and nothing made of it.
	Configured Condition = "configured"
	// Manifested has manifests, and no Ignition configs.
	Manifested Condition = "manifests"
	// Ready can be booted from.
	Ready Condition = "ready"
	// Aging can be booted from, but less than 12 hours are left.
	Aging Condition = "aging"
	// Expired cannot be booted from any more.
	Expired Condition = "expired"
	// Stale holds Ignition configs that were made from something else than
	// what is there now.
	Stale Condition = "stale"
	// Blocked is where the next run would stop and say why.
	Blocked Condition = "blocked"
	// Unfinished is where a run was stopped in the middle of its writing.
	Unfinished Condition = "unfinished"
)

// Status is what there is to know about an asset directory.
type Status struct {
	SchemaVersion int             `json:"schemaVersion"`
	Dir           string          `json:"dir"`
	Condition     Condition       `json:"condition"`
	Cluster       *ClusterSummary `json:"cluster,omitempty"`
	Release       *ReleaseSummary `json:"release,omitempty"`
	// Lock is what the lock file says; absent if nobody works there.
	Lock *assetdir.LockStatus `json:"lock,omitempty"`
	// Unfinished names what a stopped run has still to move into place.
	Unfinished []string `json:"unfinished,omitempty"`
	// Files are those of the directory: first those that count, in the order of the steps.
	Files []FileStatus `json:"files"`
	// BootBy and BootAtLatest say until when machines should boot, and must.
	BootBy       time.Time `json:"bootBy,omitzero"`
	BootAtLatest time.Time `json:"bootAtLatest,omitzero"`
	// Problems are why the next run would stop.
	Problems []diag.Problem `json:"problems,omitempty"`
	// Omitted is how many more there are.
	Omitted int `json:"omitted,omitempty"`
	// Next is what to do now, the first thing first.
	Next []Step `json:"next"`
}

// ClusterSummary names the cluster that the directory is for.
type ClusterSummary struct {
	Name     string `json:"name"`
	Domain   string `json:"domain"`
	Platform string `json:"platform,omitempty"`
	InfraID  string `json:"infraID,omitempty"`
}

// ReleaseSummary names the release that the directory is for.
type ReleaseSummary struct {
	Version string `json:"version,omitempty"`
	Line    string `json:"line"`
	Image   string `json:"image"`
	// Remembered tells that an earlier run settled it; otherwise it is the default.
	Remembered bool `json:"remembered"`
}

// FileState says what happened to a file since okd-install has seen it.
type FileState string

// The states of files.
const (
	yours   FileState = "yours"
	asMade  FileState = "as made"
	edited  FileState = "edited"
	added   FileState = "added"
	deleted FileState = "deleted"
	// outOfDate was made from something else than what is there now.
	outOfDate FileState = "outdated"
	// foreign was not made by okd-install in this directory.
	foreign FileState = "not made here"
	// consumed was removed by --consume-inputs and is remembered.
	consumed FileState = "consumed"
	// bookkeeping is what okd-install writes for itself.
	bookkeeping FileState = "okd-install's own"
	// other has no part in what is made.
	other FileState = "other"
)

// FileStatus is a file of the directory, or a folder and what is special in it.
type FileStatus struct {
	Path  string    `json:"path"`
	State FileState `json:"state"`
	// Detail is one more line about it.
	Detail string `json:"detail,omitempty"`
}

// Step is something to do.
type Step struct {
	// Command is the words behind okd-install; empty where the step is not ours.
	Command string `json:"command,omitempty"`
	Why     string `json:"why"`
}

// GetStatus looks at an asset directory. It takes no lock and writes nothing. An
// error is that the directory itself cannot be read; whatever is wrong with what
// is in it, is part of the status.
func GetStatus(ctx context.Context, req Request) (Status, error) {
	s := Status{SchemaVersion: 1, Dir: req.Dir, Files: []FileStatus{}, Next: []Step{}, Lock: assetdir.LookAtLock(req.Dir)}
	if s.Lock != nil && !s.Lock.Held {
		s.Lock = nil // left by a process that is gone: it locks nothing
	}
	dir, err := assetdir.Look(req.Dir, "name it with --dir")
	if err != nil {
		return s, err
	}
	defer func() { _ = dir.Close() }()
	s.problem(dir.Closed(req.AllowShared))
	if unfinished, err := dir.Unfinished(); unfinished != nil || err != nil {
		s.Unfinished, s.Condition = unfinished, Unfinished
		if s.problem(err); len(s.Problems) > 0 {
			s.Condition = Blocked
		}
		s.next(target(targetIgnitionConfigs))
		return s, nil
	}
	o, err := open(dir, req)
	c := settled{opened: o}
	if err == nil {
		c, err = settle(ctx, o)
	}
	if err != nil {
		s.problem(err)
		s.Condition = Blocked
		s.next(target(targetIgnitionConfigs))
		return s, nil
	}
	c.run.Frozen = true // what is remembered counts, and nothing is made that would be
	s.summary(c)
	if err := s.files(c); err != nil {
		return s, err
	}
	s.deadline(c)
	s.conclude(c)
	s.next(c.usualTarget())
	return s, nil
}

// problem adds what an error says, each thing once.
func (s *Status) problem(err error) {
	var invalid *installconfig.InvalidError
	var many diag.Problems
	var one diag.Problem
	switch {
	case err == nil:
	case errors.As(err, &invalid):
		many = invalid.Problems
	case errors.As(err, &many):
	case errors.As(err, &one):
		many = diag.Problems{one}
	default:
		many = diag.Problems{{Detail: err.Error()}}
	}
	for _, p := range many {
		if !slices.Contains(s.Problems, p) {
			s.Problems = append(s.Problems, p)
		}
	}
	told, more := diag.Problems(s.Problems).First()
	s.Problems, s.Omitted = told, s.Omitted+more
}

// summary says what cluster and release the directory is for.
func (s *Status) summary(c settled) {
	r := c.release
	s.Release = &ReleaseSummary{
		Version:    r.Version,
		Line:       r.Line,
		Image:      r.Image,
		Remembered: c.before.Release != "" || c.before.ReleaseImage != "",
	}
	if !s.has(c, installconfig.FileName) {
		return
	}
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil {
		s.problem(err)
		return
	}
	config := loaded.Config
	s.Cluster = &ClusterSummary{Name: config.Metadata.Name, Domain: config.ClusterDomain(), Platform: config.Platform.Name}
	if id, err := graph.Get(c.run, c.graph.Identity); err == nil {
		s.Cluster.InfraID = id.InfraID
	}
}

// has reports whether an input is there, or was consumed.
func (s *Status) has(c settled, name string) bool {
	return c.dir.Exists(name) || c.before.Consumed[name] != nil
}

// deadline says until when the machines must boot, of the certificates that are there.
func (s *Status) deadline(c settled) {
	certs, err := ListCertificates(c.Dir, c.Now)
	if err == nil {
		s.BootBy, s.BootAtLatest = certs.BootBy, certs.BootAtLatest
	}
}

// conclude finds the word for it all.
func (s *Status) conclude(c settled) {
	outdated := false
	for _, f := range s.Files {
		outdated = outdated || f.State == outOfDate
	}
	made := !s.BootAtLatest.IsZero()
	switch {
	case !s.has(c, installconfig.FileName):
		s.Condition = Empty
	case len(s.Problems) > 0:
		s.Condition = Blocked
	case outdated:
		s.Condition = Stale
	case made && c.Now.After(s.BootAtLatest):
		s.Condition = Expired
	case made && c.Now.After(s.BootBy):
		s.Condition = Aging
	case made:
		s.Condition = Ready
	case c.haveThem:
		s.Condition = Manifested
	default:
		s.Condition = Configured
	}
}

// usualTarget is what machines boot from here: the config of a single node that
// installs itself, unless there is one of a bootstrap host already.
func (s settled) usualTarget() Target {
	loaded, err := graph.Get(s.run, s.graph.InstallConfig)
	if err == nil && loaded.Config.BootstrapInPlace != nil && s.before.Written[ignition.BootstrapFile] == "" {
		return target(targetSingleNode)
	}
	return target(targetIgnitionConfigs)
}

// next says what to do now, where machines boot from the target.
func (s *Status) next(t Target) {
	add := func(command, why string) { s.Next = append(s.Next, Step{command, why}) }
	if s.Lock != nil {
		add("", "wait until "+s.Lock.String()+" has finished")
	}
	create, plan := t.step().Command, "plan"
	if !t.Usual {
		plan += " " + t.Name
	}
	switch s.Condition {
	case Empty:
		config := target(targetInstallConfig).step()
		if HasEstablishedConfig(s.Dir) {
			add(config.Command+" --from-state", "restores the install-config that the established installer has consumed here")
		}
		add(config.Command, config.Why+"; or write one into the directory yourself")
	case Configured:
		s.Next = append(s.Next, t.step())
		add(target(targetManifests).step().Command, "before that, if you want to look at the manifests or change them")
	case Manifested:
		add(create, t.does+", with the manifests as they are")
	case Ready:
		add("", t.boot+" by "+s.BootBy.Local().Format(momentFormat))
		s.Next = append(s.Next, t.wait)
	case Aging:
		add("", "boot the machines now, if they have not booted yet; the deadline is "+s.BootAtLatest.Local().Format(momentFormat))
		add(create, "issues new 24-hour certificates, if the machines cannot boot now")
	case Expired:
		add(create, "issues new 24-hour certificates; the rest of the cluster stays the same")
	case Stale:
		add(plan, "shows what would change")
		add(create, "makes the files again from what is there now")
	case Unfinished:
		add(create, "finishes what an earlier run began to write, as any create command does")
	case Blocked:
		add("", "correct the problems that are listed: the next run would stop at them")
	}
}

const momentFormat = "Mon 2 Jan 2006 15:04 MST"
