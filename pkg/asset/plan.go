package asset

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

// Planned is what a run of Create would do.
type Planned struct {
	SchemaVersion int    `json:"schemaVersion"`
	Target        string `json:"target"`
	// UpToDate tells that the run would write nothing.
	UpToDate bool `json:"upToDate"`
	// Changes are the files that would be written, with their differences to what
	// is there. What is in an Ignition config follows its name after a colon.
	Changes []inspect.Change `json:"changes"`
	// MovedAside maps files and folders that are in the way to where they go.
	MovedAside map[string]string `json:"movedAside,omitempty"`
	// Removed are inputs that would be consumed.
	Removed []string `json:"removed,omitempty"`
	// Makes are remembered values that would be made, and now were made only for
	// this plan: keys, certificates and the like will be others when it is carried out.
	Makes    []string `json:"makes,omitempty"`
	Notes    Told     `json:"notes,omitempty"`
	Warnings Told     `json:"warnings,omitempty"`
	// BootBy is until when machines should boot from the result, BootAtLatest
	// until when they must; zero where the target has nothing to boot from.
	BootBy       time.Time            `json:"bootBy,omitzero"`
	BootAtLatest time.Time            `json:"bootAtLatest,omitzero"`
	Lock         *assetdir.LockStatus `json:"lock,omitempty"`
}

// Told are findings that stand in data as text, one each: so scripts know them.
type Told diag.Problems

// MarshalJSON gives the texts.
func (t Told) MarshalJSON() ([]byte, error) {
	texts := make([]string, len(t))
	for i, p := range t {
		texts[i] = p.Error()
	}
	return json.Marshal(texts)
}

// Plan tells what Create would do with the same request. It takes no lock and
// writes nothing; its errors are those of Create.
func Plan(ctx context.Context, req Request, showSecrets bool) (Planned, error) {
	p := Planned{SchemaVersion: 1, Target: req.Target, Changes: []inspect.Change{}, Lock: assetdir.LookAtLock(req.Dir)}
	dir, err := look(req.Dir)
	if err != nil {
		return p, err
	}
	defer func() { _ = dir.Close() }()
	c := newCreation()
	if err = c.begin(ctx, dir, req); err == nil {
		err = dir.Closed(req.AllowShared)
	}
	if err == nil {
		err = c.tellConfig()
	}
	if err == nil {
		err = c.make()
	}
	p.Notes, p.Warnings = Told(c.report.Notes), Told(c.report.Warnings)
	if d := c.report.Deadline; d != nil {
		p.BootBy, p.BootAtLatest = d.Recommended, d.Latest
	}
	if err != nil {
		return p, err
	}
	p.MovedAside, p.Removed = c.change.Aside, c.change.Remove
	for _, name := range slices.Sorted(maps.Keys(c.run.Kept)) {
		if c.before.Kept[name].Inputs != c.run.Kept[name].Inputs || string(c.before.Kept[name].Value) != string(c.run.Kept[name].Value) {
			p.Makes = append(p.Makes, name)
		}
	}
	compare := inspect.Comparison{Now: req.Now, ShowSecrets: showSecrets}
	delete(c.change.Write, assetdir.StateFile) // nobody's to read; Makes says what is new in it
	for _, name := range slices.Sorted(maps.Keys(c.change.Write)) {
		changes, err := c.planFile(&compare, name, c.change.Write[name])
		if err != nil {
			return p, err
		}
		p.Changes = append(p.Changes, changes...)
	}
	p.UpToDate = len(p.Changes)+len(p.MovedAside)+len(p.Removed) == 0
	return p, nil
}

// planFile tells how a file that would be written differs from what is there.
func (c *creation) planFile(compare *inspect.Comparison, name string, data []byte) ([]inspect.Change, error) {
	same, err := c.dir.Holds(name, data)
	if err != nil || same && !c.change.MovesAside(name) {
		return nil, err
	}
	old, there, err := c.dir.ReadFile(name)
	if err != nil {
		return nil, err
	}
	change := inspect.Change{Path: name, Kind: inspect.File, How: inspect.Changed}
	if !there || c.change.MovesAside(name) {
		change.How, old = inspect.Added, nil
	}
	if isIgnition(name) {
		return planIgnition(compare, change, old, data), nil
	}
	was := Files{}
	if change.How == inspect.Changed {
		was[name] = old
	}
	if changes := compare.Files(was, Files{name: data}); len(changes) > 0 {
		return changes, nil
	}
	change.Details = []string{"mode 0600: nobody but you should read it"}
	return []inspect.Change{change}, nil
}

// planIgnition lists what changes within a config; of a new one it says how much
// is in it.
func planIgnition(compare *inspect.Comparison, change inspect.Change, old, data []byte) []inspect.Change {
	now, err := inspect.Read(change.Path, data)
	if err != nil {
		change.Details = []string{err.Error()}
		return []inspect.Change{change}
	}
	was, err := inspect.Read(change.Path, old)
	if err != nil || change.How == inspect.Added {
		change.Details = []string{
			fmt.Sprintf("Ignition config of spec %s: %d bytes, %d files and settings", now.Version, len(data), len(now.Entries)),
		}
		return []inspect.Change{change}
	}
	inside := compare.Configs(was, now)
	change.Details = []string{fmt.Sprintf("%d of its %d files and settings differ", len(inside), len(now.Entries))}
	for i := range inside {
		inside[i].Path = change.Path + ":" + inside[i].Path
	}
	return slices.Concat([]inspect.Change{change}, inside)
}
