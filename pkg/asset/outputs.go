package asset

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/tls"
)

// Files that identify a cluster or let people into it.
const (
	kubeconfigFile = "auth/kubeconfig"
	passwordFile   = "auth/kubeadmin-password"
	metadataFile   = "metadata.json"
)

// This file holds the last steps before the Ignition configs are written: are
// they good now, and is anything in their way?

func (c *creation) makeIgnitionConfigs(target graph.Node[Files]) error {
	if err := c.checkStateIsThere(); err != nil {
		return err
	}
	if _, err := c.manifests(); err != nil {
		return err
	}
	files, err := graph.Get(c.run, target)
	if err != nil {
		return err
	}
	kept, err := c.keepKubeconfig(files)
	if err != nil {
		return err
	}
	files = kept.in(files)
	c.tellKubeconfig(kept)
	if err := c.tellEditedPointers(); err != nil {
		return err
	}
	if err := c.tellDeadline(); err != nil {
		return err
	}
	if err := c.protectOutputs(files, kept); err != nil {
		return err
	}
	if err := c.setLeftoversAside(files); err != nil {
		return err
	}
	if err := c.tellDelivery(files[ignition.BootstrapFile]); err != nil {
		return err
	}
	c.writeOutputs(files)
	if c.madeAgain {
		return c.consume(installconfig.FileName) // the folders are moved aside
	}
	return c.consume(append([]string{installconfig.FileName}, slices.Sorted(maps.Keys(c.folders))...)...)
}

// tellDeadline says until when the machines have to boot.
func (c *creation) tellDeadline() error {
	certs, err := graph.Get(c.run, c.graph.Certificates)
	if err != nil {
		return err
	}
	deadline, err := c.checkCertificates(certs)
	c.report.Deadline = &deadline
	return err
}

// writeOutputs adds the files to the change. What the user has edited stays the
// user's, also at the next run.
func (c *creation) writeOutputs(files Files) {
	c.report.Files = slices.Sorted(maps.Keys(files))
	maps.Copy(c.change.Write, files)
	for name, data := range files {
		c.state.Written[name] = sum(data)
	}
	for role, data := range c.edited {
		if name := pointerFile(role); sum(files[name]) == sum(data) {
			delete(c.state.Written, name)
		}
	}
}

// tellKubeconfig remembers the kubeconfig as it is made, and warns if it leads elsewhere.
func (c *creation) tellKubeconfig(k keptKubeconfig) {
	if k.made != "" {
		c.state.Kubeconfig = k.made
	}
	if k.elsewhere != "" {
		c.warn("%s leads to %s, which is not where okd-install pointed it: it is kept as you changed it", kubeconfigFile, k.elsewhere)
	}
}

// tellEditedPointers says what follows from an edit of a <role>.ign.
func (c *creation) tellEditedPointers() error {
	edited, err := graph.Get(c.run, c.graph.EditedPointers)
	if err != nil {
		return err
	}
	for _, name := range edited.LeftOut {
		c.warn("%s does not match: it is left out", name)
	}
	for _, role := range slices.Sorted(maps.Keys(c.edited)) {
		if _, ok := edited.MachineConfigs[manifests.InstallerIgnitionFile(role)]; ok {
			c.warn("%s was modified: it is kept as it is, and the additions go to all %s machines of the cluster as MachineConfig 99-installer-ignition-%s",
				pointerFile(role), role, role)
		}
	}
	return nil
}

// checkCertificates refuses to write certificates that are not valid now: the
// clock was set back since they were made, or the user brought old ones.
func (o opened) checkCertificates(certs map[string]tls.Pair) (Deadline, error) {
	verdict := tls.Check(certs, o.Now)
	var early []tls.Finding
	var expired []string
	for _, f := range verdict.Certificates {
		switch f.State {
		case tls.NotYetValid:
			early = append(early, f)
		case tls.Expired:
			expired = append(expired, f.Name)
		}
	}
	var problems diag.Problems
	if len(early) > 0 {
		problems = append(problems, tooEarly(early, o.Now))
	}
	if len(expired) > 0 {
		problems = append(problems, diag.Problem{
			Detail: fmt.Sprintf("it is %s, and these certificates have expired: %s",
				o.Now.UTC().Format(diag.ToTheMinute), diag.And(diag.Few(expired, few))),
			Hint: "replace them in tls/, or remove them there to have them made",
		})
	}
	return Deadline{Recommended: verdict.BootBy, Latest: verdict.BootAtLatest}, problems.Err()
}

// tooEarly is the problem of certificates that are not valid yet. Those that live for
// a day can be issued again; others belong to the cluster.
func tooEarly(certs []tls.Finding, now time.Time) diag.Problem {
	var names []string
	from, onlyShort := now, true
	for _, f := range certs {
		row, _ := tls.Lookup(f.Name)
		names, onlyShort = append(names, f.Name), onlyShort && row.Short()
		if f.NotBefore.After(from) {
			from = f.NotBefore
		}
	}
	p := diag.Problem{
		Detail: fmt.Sprintf("this machine's clock says %s, but certificates of this directory are valid only from %s on: %s",
			now.UTC().Format(diag.ToTheMinute), from.Format(diag.ToTheMinute), diag.And(diag.Few(names, few))),
		Hint: "set the clock; if it was wrong when they were made and is correct now, start again in an empty directory with a " +
			"copy of install-config.yaml",
	}
	if onlyShort {
		p.Hint = "set the clock; if it was wrong when they were issued and is correct now, add --reissue"
	}
	return p
}

// few is how many names a message lists.
const few = 4

// checkStateIsThere stops where an earlier run has left its result but what it
// remembered is gone: everything would be made again, for another cluster.
func (o opened) checkStateIsThere() error {
	if o.before.exists() || o.Overwrite {
		return nil
	}
	var there []string
	for _, name := range append([]string{ignition.BootstrapFile, ignition.InPlaceFile, kubeconfigFile, metadataFile}, pointerFiles()...) {
		if o.dir.Exists(name) && !o.dir.IsLink(name) {
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return nil
	}
	if o.dir.Exists(EstablishedStateFile) {
		return diag.Problems{{
			Position: diag.Position{File: o.Dir},
			Detail: fmt.Sprintf("there is the result of the established installer (%s), whose cluster cannot be continued here: another one would be made now",
				strings.Join(there, ", ")),
			Hint: "use an empty directory with a copy of the install-config; or --overwrite, which moves the old result aside",
		}}
	}
	return diag.Problems{{
		Position: diag.Position{File: o.Dir},
		Detail: fmt.Sprintf("there is the result of an earlier run (%s) but no %s, so another cluster would be made now",
			strings.Join(there, ", "), assetdir.StateFile),
		Hint: "put that file back; or for a new cluster use an empty directory, or --overwrite, which moves the old result aside",
	}}
}

// What makes a result another cluster's.
const (
	otherID         = "the cluster ID would be another one"
	otherKubeconfig = kubeconfigFile + " would have other keys or another address"
)

// anotherCluster tells why the result would be another cluster's than the one
// that is in the directory: an administrator who holds the kubeconfig that was
// made before would be locked out. It is empty if it would not.
func (s settled) anotherCluster(files Files, k keptKubeconfig) (string, error) {
	if _, made := files[kubeconfigFile]; !made {
		return "", nil
	}
	old, ok, err := s.dir.ReadFile(metadataFile)
	if err != nil {
		return "", err
	}
	id, err := graph.Get(s.run, s.graph.Identity)
	if err != nil {
		return "", err
	}
	if ok && sum(old) == s.before.Written[metadataFile] && !strings.Contains(string(old), id.UUID) {
		return otherID, nil
	}
	old, ok, err = s.dir.ReadFile(kubeconfigFile)
	if err != nil || !ok {
		return "", err
	}
	if s.before.Kubeconfig != "" && s.before.Kubeconfig != k.made {
		return otherKubeconfig, nil
	}
	if s.before.Kubeconfig == "" && sum(old) == s.before.Written[kubeconfigFile] && sum(old) != sum(files[kubeconfigFile]) {
		return otherKubeconfig, nil
	}
	return "", nil
}

// setLeftoversAside moves aside what an earlier run has written and this result
// does not have any more, so that nothing of two results stands together.
func (c *creation) setLeftoversAside(files Files) error {
	for _, name := range append(pointerFiles(), passwordFile) {
		if _, made := files[name]; made || c.before.Written[name] == "" || name != passwordFile && !c.target().allRoles {
			continue
		}
		if c.dir.Exists(name) {
			c.moveAside(name)
		}
		delete(c.state.Written, name)
	}
	return nil
}

// protectOutputs stops before it writes over a file that somebody else has
// changed or put there, or over the result for another cluster. With overwrite
// what is in the way is moved aside. Links are refused when the files are
// committed.
func (c *creation) protectOutputs(files Files, kept keptKubeconfig) error {
	another, err := c.anotherCluster(files, kept)
	if err != nil {
		return err
	}
	if another != "" && !c.Overwrite {
		return refuseAnother(c.Dir, another)
	}
	var problems diag.Problems
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, ok, err := c.dir.ReadFile(name)
		switch {
		case err != nil:
			return err
		case !ok, c.dir.IsLink(name), sum(data) == sum(files[name]), sum(data) == c.before.Written[name] && another == "":
			continue
		case c.Overwrite, name == kubeconfigFile && kept.addedTo, c.DiscardManifests && slices.Contains(pointerFiles(), name):
			c.moveAside(name)
			continue
		}
		problems = append(problems, writtenOver(name, c.before.Written[name]))
	}
	return problems.Err()
}

// writtenOver is that a file would be, which somebody else made or changed since
// its content had the sum that was written, if any was.
func writtenOver(name, written string) diag.Problem {
	p := diag.Problem{
		Position: diag.Position{File: name}, Detail: "the file was changed since okd-install wrote it, and would be overwritten",
		Hint: "move it away, or run the command with --overwrite, which moves it aside",
	}
	if written == "" {
		p.Detail = "okd-install did not make the file in this directory, and would overwrite it"
	}
	return p
}

func refuseAnother(dir, why string) error {
	return diag.Problems{{
		Position: diag.Position{File: dir},
		Detail:   "install-config.yaml or tls/ changed so much that this would be another cluster: " + why,
		Hint:     "use an empty directory for another cluster; or --overwrite, which moves the old result aside; or put back what was changed",
	}}
}

// moveAside plans to move a file or folder out of the way.
func (c *creation) moveAside(name string) {
	c.change.Aside[name] = path.Join(c.asideFolder(), name)
}

// asideFolder is the folder for what was in the way of this run.
func (c *creation) asideFolder() string {
	for n := 1; c.report.Aside == ""; n++ {
		name := "replaced-" + c.Now.UTC().Format("20060102T150405Z")
		if n > 1 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		if !c.dir.Exists(name) {
			c.report.Aside = name
		}
	}
	return c.report.Aside
}
