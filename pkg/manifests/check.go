package manifests

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// opened is a manifest that programs on the bootstrap host open by its name.
type opened struct {
	path string
	identity
	// without says what happens without it.
	without string
	// optional says that the user may delete the file: they are warned only.
	optional bool
	// check looks at what the reader takes from the file.
	check func(*document) diag.Problems
}

const configGroup = "config.openshift.io"

// openedByName lists the file names that are interfaces of the payload.
var openedByName = []opened{
	{path: featureGateFile, identity: identity{configGroup, "FeatureGate", "", "cluster"},
		without: "none of the renderers of the bootstrap host work", check: checkFeatureGate},
	{path: InfrastructureFile, identity: identity{configGroup, "Infrastructure", "", "cluster"},
		without: "the config, etcd, kube-apiserver and machine-config renderers stop", check: checkInfrastructure},
	{path: networkFile, identity: identity{configGroup, "Network", "", "cluster"},
		without: "the etcd, kube-apiserver, kube-controller-manager and machine-config renderers stop"},
	{path: dnsFile, identity: identity{configGroup, "DNS", "", "cluster"},
		without: "the machine-config renderer stops"},
	{path: proxyFile, identity: identity{configGroup, "Proxy", "", "cluster"},
		without: "the machine-config renderer stops"},
	{path: pullSecretFile, identity: identity{"", "Secret", "openshift-config", "pull-secret"},
		without: "the machine-config renderer stops"},
	{path: clusterVersionFile, identity: identity{configGroup, "ClusterVersion", "openshift-cluster-version", "version"},
		without: "the cluster-version operator crashes on the bootstrap host", check: checkClusterVersion},
	{path: clusterConfigFile, identity: identity{"", "ConfigMap", "kube-system", "cluster-config-v1"},
		without: "the etcd and machine-config renderers and cluster-bootstrap stop", optional: true, check: checkClusterConfig},
}

const remake = "put it back, or run `okd-install create manifests --discard-manifests`, which moves both folders aside and makes all files again"

// Findings is what Check says of manifests that can be used.
type Findings struct {
	// Notes say what becomes of a file, Warnings what probably is a mistake.
	Notes, Warnings diag.Problems
}

// Set is the manifests of an asset directory, each read once.
type Set struct {
	files map[string][]byte
	// docs are the objects that could be read, in the order of the files.
	docs []*document
	// problems are what is wrong with the others, warnings name files left out.
	problems, warnings diag.Problems
}

// Read reads manifests. files are those of the asset directory, by their path; those
// that IsManifest does not know are only named in a warning. What cannot be read is
// among what Check finds.
func Read(files map[string][]byte) Set {
	s := Set{files: files}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !IsManifest(name) {
			if strings.HasPrefix(name, Dir+"/") || strings.HasPrefix(name, OpenshiftDir+"/") {
				s.warnings = append(s.warnings, leftOut(name))
			}
			continue
		}
		found, wrong := read(name, files[name])
		s.docs, s.problems = append(s.docs, found...), append(s.problems, wrong...)
	}
	return s
}

// Check finds what the programs on the bootstrap host would stop at, an hour
// after the machines were booted, and what the API would refuse for ever. What
// the machine-config operator takes is that of the release. The error, if any, is
// diag.Problems and holds all of them.
func (s Set) Check(r release.Release) (Findings, error) {
	files, docs, problems, warnings := s.files, s.docs, slices.Clone(s.problems), slices.Clone(s.warnings)
	add := func(found, ignored diag.Problems) {
		problems, warnings = append(problems, found...), append(warnings, ignored...)
	}
	for _, d := range docs {
		add(d.contents(), nil)
		add(d.refusals())
		add(d.decoded())
	}
	add(operatorFindings(docs, r))
	add(twice(docs), nil)
	add(shadowed(files), nil)
	for _, o := range openedByName {
		if _, there := files[o.path]; !there {
			p := diag.Problem{Position: diag.Position{File: o.path}, Detail: "is gone, and without it " + o.without, Hint: remake}
			if o.optional {
				warnings = append(warnings, p)
			} else {
				problems = append(problems, p)
			}
			continue
		}
		if i := slices.IndexFunc(docs, func(d *document) bool { return d.path == o.path && d.number == 1 }); i >= 0 {
			add(o.examine(docs[i]), nil)
		}
	}
	return Findings{Notes: takenApart(docs, files), Warnings: warnings.Sorted()}, problems.Err()
}

func leftOut(name string) diag.Problem {
	p := diag.Problem{Position: diag.Position{File: name}}
	if dir := path.Dir(name); dir != Dir && dir != OpenshiftDir {
		p.Detail = "is left out: only files directly in manifests/ and openshift/ are installed"
		p.Hint = "move it up if it is meant for the cluster"
		return p
	}
	p.Detail = "is left out: only files that end in .yaml, .yml or .json are installed"
	p.Hint = "rename it if it is meant for the cluster"
	return p
}

// twice finds objects that two files give different content. Copies are fine.
func twice(docs []*document) (problems diag.Problems) {
	first := map[identity]*document{}
	for _, d := range docs {
		id := d.identity()
		if id.name == "" {
			continue // its name is made up
		}
		other, seen := first[id]
		if !seen {
			first[id] = d
			continue
		}
		if !d.same(other) {
			where, hint := "also in "+other.path, "keep the object in one of the two files"
			if other.path == d.path {
				where, hint = "already in this file", "keep one of the two"
			}
			problems = append(problems,
				d.refuse(d.field("metadata", "name"), "", fmt.Sprintf("%s is %s, with different content", id, where), hint)...)
		}
	}
	return problems
}

// shadowed finds files of one name in both folders: the bootstrap host copies
// openshift/ over manifests/.
func shadowed(files map[string][]byte) (problems diag.Problems) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		other := OpenshiftDir + "/" + path.Base(name)
		data, both := files[other]
		if path.Dir(name) != Dir || !both || !IsManifest(name) || string(data) == string(files[name]) {
			continue
		}
		problems = append(problems, diag.Problem{
			Position: diag.Position{File: other},
			Detail:   "has the name of " + name + ", which it would replace on the bootstrap host",
			Hint:     "rename one of them files",
		})
	}
	return problems
}

// examine looks at a file that is opened by name.
func (o opened) examine(d *document) diag.Problems {
	if got := d.identity(); got != o.identity {
		have, want := got.String(), o.identity.String()
		if have == want {
			have, want = have+" of group "+quoted(got.group), want+" of group "+quoted(o.group)
		}
		return d.refuse(d.field(), "", fmt.Sprintf("holds %s instead of %s, and without that %s", have, want, o.without),
			"put the "+o.kind+" back into this file, and other objects into files of their own")
	}
	if o.check == nil {
		return nil
	}
	return o.check(d)
}

func quoted(group string) string {
	return fmt.Sprintf("%q", group)
}

func checkFeatureGate(d *document) diag.Problems {
	if gates, _ := d.value("status", "featureGates").([]any); len(gates) > 1 {
		return d.refuse(d.field("status", "featureGates"), "status.featureGates",
			"lists more than one version, which the cluster-version operator refuses",
			"delete the list: the bootstrap host fills it in")
	}
	return nil
}

func checkInfrastructure(d *document) diag.Problems {
	if d.text("status", "platformStatus", "type") == "" {
		return d.refuse(d.field("status", "platformStatus"), "status.platformStatus.type",
			"is missing, and the etcd renderer decides by it", "put the platform's type back, such as None")
	}
	return nil
}

func checkClusterVersion(d *document) diag.Problems {
	if _, ok := d.object["spec"].(object); !ok && d.object["spec"] != nil {
		return d.refuse(d.field("spec"), "spec", "is not an object", "give the ClusterVersion a spec with fields such as channel")
	}
	if _, err := overrides(d.object); err != nil {
		return d.refuse(d.field("spec", "overrides"), "spec.overrides", err.Error(),
			"write a list of objects with kind, group, namespace, name and unmanaged")
	}
	return nil
}

// checkClusterConfig looks at the fields that are read on the bootstrap host.
// cluster-bootstrap crashes when there is no number of replicas.
func checkClusterConfig(d *document) diag.Problems {
	const field = "data.install-config"
	at := d.field("data", "install-config")
	text := d.text("data", "install-config")
	hint := "put the install-config back as it was"
	if strings.TrimSpace(text) == "" {
		return d.refuse(at, field, "is missing", hint)
	}
	inner := &document{path: d.path}
	if err := yaml.Unmarshal([]byte(text), &inner.object); err != nil || inner.object == nil {
		return d.refuse(at, field, "is not an install-config in YAML", hint)
	}
	if n, ok := inner.value("controlPlane", "replicas").(float64); !ok || n < 1 {
		return d.refuse(at, field, "has no number in controlPlane.replicas, and cluster-bootstrap crashes without it",
			"write the number of control plane machines there")
	}
	if nets, ok := inner.value("networking", "machineNetwork").([]any); !ok || len(nets) == 0 {
		return d.refuse(at, field, "has no networking.machineNetwork, by which the etcd renderer chooses its address",
			"list the networks of the machines there")
	}
	return nil
}

// overrides is the list in a ClusterVersion's spec.overrides; nil if the user
// gave none.
func overrides(clusterVersion object) ([]any, error) {
	spec, ok := clusterVersion["spec"].(object)
	if !ok || spec["overrides"] == nil {
		return nil, nil
	}
	entries, ok := spec["overrides"].([]any)
	if !ok {
		return nil, errors.New("is not a list")
	}
	for i, e := range entries {
		if o, ok := e.(object); !ok || o["kind"] == nil || o["name"] == nil {
			return nil, fmt.Errorf("entry %d has no kind and name", i+1)
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	return entries, nil
}
