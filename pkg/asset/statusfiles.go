package asset

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/tls"
)

// This file finds out what happened to each file of a directory since
// okd-install has seen it.

func (s *Status) add(path string, state FileState, detail string) {
	s.Files = append(s.Files, FileStatus{path, state, detail})
}

func (s *Status) files(c settled) error {
	if c.dir.Exists(installconfig.FileName) {
		s.add(installconfig.FileName, yours, "")
	} else if c.before.Consumed[installconfig.FileName] != nil {
		s.add(installconfig.FileName, consumed, "remembered, and used as if it were there")
	}
	if c.dir.Exists(EstablishedStateFile) {
		s.add(EstablishedStateFile, foreign, "written by the established installer: not used")
	}
	own, err := c.dir.ReadFolder(tlsDir)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		s.add(name, yours, "")
	}
	s.manifests(c)
	if err := s.outputs(c); err != nil {
		return err
	}
	return s.others(c)
}

// companions say what files are that have no part in what is made, by patterns of their
// names.
var companions = []struct {
	pattern string
	state   FileState
	is      string
}{
	{assetdir.StateFile, bookkeeping, "keys, passwords and the cluster's ID: keep it"},
	{".okd_install*", bookkeeping, ""},
	{".openshift_install.log", bookkeeping, "the log of all runs"},
	{"log-bundle-*.tar.gz", other, "a log bundle, which analyze reads"},
	{"replaced-*", other, "what a run has moved aside"},
	{"pivot-*", other, "for machines that install themselves"},
}

// others adds what else is in the directory, so that nothing in it is passed over.
func (s *Status) others(c settled) error {
	entries, err := c.dir.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		known := func(f FileStatus) bool {
			return slices.ContainsFunc(strings.Split(f.Path, ", "), func(p string) bool { first, _, _ := strings.Cut(p, "/"); return first == name })
		}
		if slices.ContainsFunc(s.Files, known) {
			continue
		}
		f := FileStatus{Path: name, State: other}
		for _, row := range companions {
			if ok, _ := path.Match(row.pattern, name); ok {
				f.State, f.Detail = row.state, row.is
				break
			}
		}
		if e.IsDir() {
			f.Path += "/"
		}
		s.Files = append(s.Files, f)
	}
	return nil
}

// manifests compares the folders with what they were made as, and what they were
// made from with what there is now.
func (s *Status) manifests(c settled) {
	if !c.haveThem {
		return
	}
	made, err := graph.Get(c.run, c.graph.Generated)
	if err != nil {
		made = nil
	}
	state, detail := yours, ""
	if !c.onDisk {
		state, detail = consumed, "remembered, and used as if they were there"
	}
	identical := sameFiles(c.folders, made) && len(c.shadowed()) == 0
	origin, err := c.originNow()
	if s.problem(err); err == nil && !identical {
		if c.before.ManifestsFrom != nil {
			if changed := c.changedOrigin(origin); len(changed) > 0 {
				state, detail = outOfDate, "made before these changed: "+strings.Join(changed, ", ")
			}
		}
		if problem := c.misfit(origin); problem != nil {
			s.problem(refuseFolders(*problem, c.lostManifests(made)))
		}
	}
	if c.before.ManifestsFrom == nil && !identical {
		s.add(folderNames(c.folders), foreign, detail)
		return
	}
	var own []FileStatus
	if made != nil || c.before.ManifestsMade != nil {
		own = c.ownManifests(made)
	}
	if state == yours && len(own) == 0 {
		state = asMade
	} else if state == yours {
		state, detail = edited, fmt.Sprintf("%d of %d files differ from what was made", len(own), len(c.folders))
	}
	s.add(folderNames(c.folders), state, detail)
	for _, f := range own {
		row, _ := manifests.Find(f.Path)
		s.add(f.Path, f.State, row.Is)
	}
	if _, err := graph.Get(c.run, c.graph.Checked); err != nil && state != outOfDate {
		s.problem(err)
	}
}

// originNow is what the manifests must agree with now. Where a remembered value
// would be made again, it is known only that it would be another.
func (s settled) originNow() (map[string]string, error) {
	origin, err := graph.Get(s.run, s.graph.Origin)
	var gone graph.NotRememberedError
	if !errors.As(err, &gone) {
		return origin, err
	}
	loaded, err := graph.Get(s.run, s.graph.InstallConfig)
	if err != nil {
		return nil, err
	}
	origin = installconfig.Fingerprints(loaded.Config)
	for name, fingerprint := range s.before.ManifestsFrom {
		if strings.HasPrefix(name, "(") {
			origin[name] = fingerprint
		}
	}
	if len(installconfig.Changed(s.before.ManifestsFrom, origin)) == 0 {
		origin["("+gone.Node+")"] = ""
	}
	return origin, nil
}

// folderNames names the folders that the files are in.
func folderNames(files Files) string {
	names := map[string]bool{}
	for name := range files {
		names[path.Dir(name)+"/"] = true
	}
	if len(names) == 0 {
		return manifests.Dir + "/"
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

// outputs compares what was written with what is there, and with what would be
// made now.
func (s *Status) outputs(c settled) error {
	made, kept, gone := s.remake(c)
	why := ""
	if gone != "" {
		why = gone + " would be made again, since what it is made from has changed"
	}
	another, err := c.refusedAsAnother(made, kept, gone)
	if err != nil {
		return err
	}
	if another != "" {
		s.problem(refuseAnother(c.Dir, another))
	}
	s.stops(c)
	for _, name := range outputs() {
		data, ok, err := c.dir.ReadFile(name)
		if err != nil {
			return err
		}
		written := c.before.Written[name]
		if ok && another == "" && c.inTheWay(name, data, made, kept) {
			s.problem(writtenOver(name, written))
		}
		switch {
		case !ok && written != "":
			s.add(name, deleted, "")
		case !ok:
		case written == "":
			s.add(name, foreign, "")
		case sum(data) != written && name == kubeconfigFile && made[name] != nil && !c.inTheWay(name, data, made, kept):
			s.add(name, edited, "kept: what you add there stays")
		case sum(data) != written:
			s.add(name, edited, "")
		case why != "" && name != ignition.BootstrapPointerFile:
			s.add(name, outOfDate, why)
		case made[name] != nil && sum(made[name]) != written:
			s.add(name, outOfDate, outdated(name, data, made[name]))
		case name == ignition.BootstrapPointerFile:
			s.add(name, asMade, c.pointsElsewhere(data))
		default:
			s.add(name, asMade, "")
		}
	}
	return nil
}

// stops adds what of the outputs as a whole the next run would stop at.
func (s *Status) stops(c settled) {
	s.problem(c.checkStateIsThere())
	var gone graph.NotRememberedError
	if _, err := graph.Get(c.run, c.graph.EditedPointers); err != nil && !errors.As(err, &gone) && len(c.edited) > 0 {
		s.problem(err)
	}
}

// inTheWay reports whether the next run would stop because it would write over a
// file of somebody else's. made is what it would write, as far as that is known.
func (s settled) inTheWay(name string, data []byte, made Files, kept keptKubeconfig) bool {
	if s.dir.IsLink(name) || name == kubeconfigFile && kept.addedTo {
		return false
	}
	if content, known := made[name]; known {
		return sum(data) != sum(content) && sum(data) != s.before.Written[name]
	}
	return s.before.exists() && s.before.Written[name] == "" &&
		slices.Contains([]string{s.usualTarget().first, kubeconfigFile, passwordFile, metadataFile}, name)
}

// refusedAsAnother tells why the next run would stop, because its result would be
// another cluster's; it is empty if it would not. gone is the remembered value
// that would be made again, if there is one.
func (s settled) refusedAsAnother(made Files, kept keptKubeconfig, gone string) (string, error) {
	if gone == "" {
		return s.anotherCluster(made, kept)
	}
	metadata, ok, err := s.dir.ReadFile(metadataFile)
	if err != nil {
		return "", err
	}
	if gone == s.graph.Identity.Name() && ok && sum(metadata) == s.before.Written[metadataFile] {
		return otherID, nil
	}
	kubeconfig, ok, err := s.dir.ReadFile(kubeconfigFile)
	if err != nil || !ok || sum(kubeconfig) != s.before.Written[kubeconfigFile] {
		return "", err
	}
	loaded, err := graph.Get(s.run, s.graph.InstallConfig)
	if err != nil {
		return "", err
	}
	row, _ := tls.Lookup(gone)
	if row.Name != "" && row.Authority() || !bytes.Contains(kubeconfig, []byte("https://api."+loaded.Config.ClusterDomain()+":")) {
		return otherKubeconfig, nil
	}
	return "", nil
}

// remake makes the results that are there again, from what is there now. gone
// names the remembered value that they would have to hold another one of.
func (s *Status) remake(c settled) (made Files, kept keptKubeconfig, gone string) {
	made = Files{}
	for _, t := range []struct {
		file string
		node graph.Node[Files]
	}{{ignition.BootstrapFile, c.graph.Ignition}, {ignition.InPlaceFile, c.graph.SingleNode}} {
		if c.before.Written[t.file] == "" {
			continue
		}
		files, err := graph.Get(c.run, t.node)
		var missing graph.NotRememberedError
		if errors.As(err, &missing) {
			return nil, kept, missing.Node
		}
		if err == nil {
			kept, err = c.keepKubeconfig(files)
		}
		if s.problem(err); err != nil {
			continue
		}
		for name, data := range kept.in(files) {
			if made[name] == nil {
				made[name] = data
			}
		}
	}
	return made, kept, ""
}

// outdated says what would be different in a file.
func outdated(name string, have, made []byte) string {
	if !isIgnition(name) {
		return "it would be written differently now"
	}
	was, err1 := inspect.Read(name, have)
	now, err2 := inspect.Read(name, made)
	if err1 != nil || err2 != nil {
		return "it would be written differently now"
	}
	var paths []string
	for _, change := range new(inspect.Comparison).Configs(was, now) {
		paths = append(paths, change.Path)
	}
	return "these would be different now: " + diag.And(diag.Few(paths, few))
}

// pointsElsewhere tells that the pointer names another bootstrap.ign than the
// one that is there.
func (o opened) pointsElsewhere(pointer []byte) string {
	bootstrap, ok, err := o.dir.ReadFile(ignition.BootstrapFile)
	hash := sha512.Sum512(bootstrap)
	if err != nil || !ok || bytes.Contains(pointer, []byte(hex.EncodeToString(hash[:]))) {
		return ""
	}
	return "names another " + ignition.BootstrapFile + ": run create bootstrap-pointer again"
}
