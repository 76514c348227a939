package asset

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
)

// This file holds what is special about manifests/ and openshift/: they are made
// once, and are the user's from then on. What the user edited, added or deleted
// there is never left out of a result without being named and asked for.

// manifests makes or takes the manifests and checks them. Folders that were
// made from something else than what there is now are not used in silence.
func (c *creation) manifests() (Files, error) {
	origin, err := graph.Get(c.run, c.graph.Origin)
	if err != nil {
		return nil, err
	}
	made, err := graph.Get(c.run, c.graph.Generated)
	if err != nil && !c.haveThem {
		return nil, err
	}
	if c.haveThem {
		if err := c.settleFolders(origin, made); err != nil {
			return nil, err
		}
	} else if c.target().folders == foldersWritten {
		c.recordManifests(origin, made)
	}
	checked, err := graph.Get(c.run, c.graph.Checked)
	say(&c.report.Notes, checked.Notes)
	say(&c.report.Warnings, checked.Warnings)
	if err != nil {
		return nil, err
	}
	if err := c.warnAboutScheduling(checked.Scheduling); err != nil {
		return nil, err
	}
	// what was consumed is remembered only as long as it stands nowhere else
	if c.onDisk || c.madeAgain || c.target().folders == foldersWritten {
		for name := range consumedManifests(c.before) {
			delete(c.state.Consumed, name)
		}
	}
	return checked.Files, nil
}

// stillTrue leaves out what the user's manifests contradict: where workloads run
// without workers. warnAboutScheduling says what holds in its place.
func (o opened) stillTrue(warnings diag.Problems) diag.Problems {
	isIt := func(p diag.Problem) bool { return p.Detail == installconfig.NoWorkers }
	if !o.haveThem || o.Overwrite || !slices.ContainsFunc(warnings, isIt) || manifests.Read(o.folders).Scheduling().ControlPlane {
		return warnings
	}
	return slices.DeleteFunc(slices.Clone(warnings), isIt)
}

// warnAboutScheduling names the case in which workloads have nowhere to go:
// neither the control plane nor a worker that the install-config knows.
func (c *creation) warnAboutScheduling(s manifests.Scheduling) error {
	loaded, err := graph.Get(c.run, c.graph.InstallConfig)
	if err != nil || s.ControlPlane || loaded.Config.ComputeReplicas() > 0 {
		return err
	}
	say(&c.report.Warnings, diag.Problems{{
		Position: s.Position, Path: "spec.mastersSchedulable",
		Detail: "no machine takes workloads: the control plane is closed to them, and install-config.yaml has no workers; the installation completes only when workers have joined",
		Hint:   "boot at least two machines with worker.ign, or set it to true",
	}})
	return nil
}

// settleFolders decides whether the folders count or are made again.
func (c *creation) settleFolders(origin map[string]string, made Files) error {
	if sameFiles(c.folders, made) && len(c.shadowed()) == 0 {
		c.recordManifests(origin, made)
		return nil
	}
	problem := c.misfit(origin)
	if problem == nil && !c.DiscardManifests {
		if c.state.ManifestsMade == nil {
			c.state.ManifestsMade = sums(made) // of a run that did not take them down yet
		}
		if c.Overwrite && c.target().folders == foldersWritten {
			c.report.Notes = append(c.report.Notes, diag.Problem{
				Detail: "manifests/ and openshift/ match install-config.yaml and stay as they are: --discard-manifests makes them again",
			})
		}
		return nil
	}
	lost := c.lostManifests(made)
	if !c.DiscardManifests && (!c.Overwrite || len(lost) > 0) {
		return refuseFolders(*problem, lost)
	}
	for _, f := range lost {
		c.warn("%s %s", f.Path, map[FileState]string{
			edited: "was edited: it is made again without that", added: "was added: it is left out", deleted: "was deleted: it is back",
			foreign: "differs from what is made here: it is left out", consumed: "was consumed: it is left out",
		}[f.State])
	}
	c.madeAgain, c.run.OnDisk = true, nil
	c.setFoldersAside()
	if c.target().folders == foldersWritten {
		c.recordManifests(origin, made)
	}
	return nil
}

// recordManifests takes down what the folders hold, as they are made, and what
// that was made from.
func (c *creation) recordManifests(origin map[string]string, made Files) {
	c.state.ManifestsFrom, c.state.ManifestsMade = origin, sums(made)
}

// misfit says why the folders are not used as they are, or is nil.
func (o opened) misfit(origin map[string]string) *diag.Problem {
	problem := &diag.Problem{Position: diag.Position{File: o.Dir}, Hint: "put back what they were made from"}
	if len(o.shadowed()) > 0 {
		problem.Detail = "an earlier run has consumed manifests/ and openshift/, and only what is there now would be used"
		problem.Hint = "move it away and run create manifests, which writes the consumed files back"
		return problem
	}
	if o.before.ManifestsFrom == nil {
		problem.Detail = "there are files in manifests/ or openshift/, but no okd-install run in this directory made them, so " +
			"they would not match the certificates and IDs that are made now"
		problem.Hint = "move them away"
		return problem
	}
	if changed := o.changedOrigin(origin); len(changed) > 0 {
		problem.Detail = "manifests/ and openshift/ were made before these changed: " + strings.Join(changed, ", ")
		return problem
	}
	return nil
}

// changedOrigin names what is not as it was when the folders were made.
func (o opened) changedOrigin(origin map[string]string) []string {
	was := o.before.ManifestsFrom
	if _, known := was[releaseLine]; !known {
		was = maps.Clone(was) // of a run that did not take it down yet
		was[releaseLine] = origin[releaseLine]
	}
	return installconfig.Changed(was, origin)
}

// refuseFolders names the manifests of the user's that would be left out.
func refuseFolders(problem diag.Problem, lost []FileStatus) error {
	if len(lost) == 0 {
		problem.Hint = "run the command with --overwrite, which moves the folders aside and makes them again; or " + problem.Hint
		return diag.Problems{problem}
	}
	problem.Hint += "; or use --discard-manifests, which moves the folders aside and makes them again without the changes named here"
	problems := diag.Problems{problem}
	for _, f := range lost {
		problems = append(problems, diag.Problem{Position: problem.Position, Path: f.Path, Detail: map[FileState]string{
			edited:   "was edited, and would be made again without the edit",
			added:    "was added, and would be left out",
			deleted:  "was deleted, and would be back",
			foreign:  "differs from what would be made here, and would be left out",
			consumed: "was consumed, and would be left out",
		}[f.State]})
	}
	return problems
}

// ownManifests are those that the user edited, added or deleted since they were
// made, in the order of their names. Where nothing tells how they were made, they
// are compared with what is made now; nil if that is not known either.
func (o opened) ownManifests(made Files) []FileStatus {
	base, known := o.before.ManifestsMade, o.before.ManifestsFrom != nil
	if base == nil || !known {
		base = sums(made)
		if base[manifests.StampFile] != "" && o.folders[manifests.StampFile] != nil {
			base[manifests.StampFile] = sum(o.folders[manifests.StampFile]) // another version wrote it
		}
	}
	var own []FileStatus
	for name, data := range o.folders {
		state := edited
		switch was, there := base[name]; {
		case was == sum(data):
			continue
		case !known:
			state = foreign
		case !there:
			state = added
		}
		own = append(own, FileStatus{Path: name, State: state})
	}
	for name := range base {
		if _, there := o.folders[name]; !there && known {
			own = append(own, FileStatus{Path: name, State: deleted})
		}
	}
	slices.SortFunc(own, func(a, b FileStatus) int { return strings.Compare(a.Path, b.Path) })
	return own
}

// lostManifests are those of ownManifests that would not be in a result with the
// manifests as they are made, and what was consumed and is in no folder any more.
func (o opened) lostManifests(made Files) []FileStatus {
	lost := slices.DeleteFunc(o.ownManifests(made), func(f FileStatus) bool {
		data, has := made[f.Path]
		if f.State == deleted {
			return made != nil && !has || slices.Contains(o.shadowed(), f.Path)
		}
		return has && string(data) == string(o.folders[f.Path])
	})
	for _, name := range o.shadowed() {
		lost = append(lost, FileStatus{Path: name, State: consumed})
	}
	return lost
}

// consumedManifests are the manifests that an earlier run removed at the
// user's wish.
func consumedManifests(s State) Files {
	files := Files{}
	for name, data := range s.Consumed {
		if manifests.IsManifest(name) {
			files[name] = data
		}
	}
	return files
}

// shadowed are the consumed manifests that would be forgotten, because there are
// folders again that do not have them.
func (o opened) shadowed() []string {
	if !o.onDisk {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(consumedManifests(o.before))), func(name string) bool {
		_, there := o.folders[name]
		return there
	})
}

// setFoldersAside moves the user's folders out of the way. What was consumed is in
// no folder any more: it is written there.
func (c *creation) setFoldersAside() {
	for _, folder := range []string{manifests.Dir, manifests.OpenshiftDir} {
		if c.dir.Exists(folder) {
			c.moveAside(folder)
		}
	}
	for name, data := range consumedManifests(c.before) {
		if c.onDisk {
			name = path.Join("consumed", name)
		}
		c.change.Write[path.Join(c.asideFolder(), name)] = data
	}
}

// sums are the SHA-256 of files by their names.
func sums(files Files) map[string]string {
	out := make(map[string]string, len(files))
	for name, data := range files {
		out[name] = sum(data)
	}
	return out
}

func sameFiles(a, b Files) bool {
	if len(a) != len(b) {
		return false
	}
	for name, data := range a {
		if other, ok := b[name]; !ok || string(other) != string(data) {
			return false
		}
	}
	return true
}
