package asset

import (
	"path"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
)

// This file holds what is special about manifests/ and openshift/: they are made
// once, and are the user's from then on.

// manifests makes or takes the manifests and checks them. Folders that were
// made from something else than what there is now are not used in silence.
func (c *creation) manifests() (Files, error) {
	origin, err := Get(c.run, c.graph.Origin)
	if err != nil {
		return nil, err
	}
	if c.haveThem && !c.Overwrite {
		if err := c.checkOrigin(origin); err != nil {
			return nil, err
		}
	}
	if c.haveThem && c.Overwrite {
		if err := c.setFoldersAside(); err != nil {
			return nil, err
		}
	}
	if !c.haveThem || c.Overwrite {
		c.state.ManifestsFrom = nil
		if c.Target == TargetManifests {
			c.state.ManifestsFrom = origin
		}
	}
	checked, err := Get(c.run, c.graph.Checked)
	c.say(&c.report.Notes, checked.Notes)
	c.say(&c.report.Warnings, checked.Warnings)
	if err != nil {
		return nil, err
	}
	if err := c.warnAboutScheduling(checked.Scheduling); err != nil {
		return nil, err
	}
	for name := range c.state.Consumed {
		if c.Overwrite && manifests.IsManifest(name) {
			delete(c.state.Consumed, name)
		}
	}
	return checked.Files, nil
}

// warnAboutScheduling names the case in which workloads have nowhere to go:
// neither the control plane nor a worker that the install-config knows.
func (c *creation) warnAboutScheduling(s manifests.Scheduling) error {
	loaded, err := Get(c.run, c.graph.InstallConfig)
	if err != nil || s.ControlPlane || loaded.Config.ComputeReplicas() > 0 {
		return err
	}
	c.say(&c.report.Warnings, diag.Problems{{
		Position: s.Position, Path: "spec.mastersSchedulable",
		Detail: "no machine takes workloads: the control plane is closed to them, and install-config.yaml has no workers; the installation completes only when workers have joined",
		Hint:   "boot two machines or more with worker.ign; or set it to true",
	}})
	return nil
}

// checkOrigin compares the folders on disk with the install-config.
func (c *creation) checkOrigin(origin map[string]string) error {
	problem := diag.Problem{
		Position: diag.Position{File: c.Dir},
		Hint:     "run the command with --overwrite: it moves the folders aside and makes them anew; or put back what they were made from",
	}
	if c.before.ManifestsFrom == nil {
		problem.Detail = "there are files in manifests/ or openshift/, but no okd-install run in this directory has made them, so they would not fit the certificates and IDs that are made now"
		return diag.Problems{problem}
	}
	if changed := installconfig.Changed(c.before.ManifestsFrom, origin); len(changed) > 0 {
		problem.Detail = "manifests/ and openshift/ were made before these changed: " + strings.Join(changed, ", ")
		return diag.Problems{problem}
	}
	return nil
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

// setFoldersAside moves the user's folders out of the way, unless they hold
// just what is made now.
func (c *creation) setFoldersAside() error {
	made, err := Get(c.run, c.graph.Generated)
	if err != nil {
		return err
	}
	if sameFiles(c.folders, made) {
		return nil
	}
	for _, folder := range []string{manifests.Dir, manifests.OpenshiftDir} {
		if c.dir.Exists(folder) {
			c.moveAside(folder)
		}
	}
	// what was consumed is in no folder any more: it is written there
	for name, data := range consumedManifests(c.before) {
		if !c.dir.Exists(path.Dir(name)) {
			c.change.Write[path.Join(c.asideFolder(), name)] = data
		}
	}
	return nil
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
