package manifests

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// overridesPatchFile is what the bootstrap host gives the running cluster at
// the end, to have the overrides taken back. It stands beside manifests/.
const overridesPatchFile = "original_cvo_overrides.patch"

// BootstrapOptions are choices about what the bootstrap host is given.
type BootstrapOptions struct {
	// DisableImagePolicy keeps the cluster-version operator from applying the
	// release's own image policy, so that unsigned images can be installed. It
	// needs a release of 4.21 or later.
	DisableImagePolicy bool
}

// notOverridden holds the prefixes of the files, in openshift/, whose objects
// the cluster-version operator never has a say in: those about machines.
var notOverridden = []string{
	"99_openshift-cluster-api_",
	"99_openshift-machine-api_",
	"99_openshift-machineconfig_",
	fencingPrefix,
	"99_openshift-installer-ignition_",
}

// BootstrapFiles are the manifests as bootstrap.ign carries them, by their path
// below /opt/openshift. While the cluster comes up, the cluster-version
// operator must not replace the installer's objects with its own defaults, so
// the ClusterVersion lists them all as unmanaged. overridesPatchFile restores
// what the user wrote there. Files that IsManifest does not know are left out.
// Each object of a file that holds several becomes a file of its own, since
// cluster-bootstrap creates the first object of a file only.
//
// A ClusterVersion that the user deleted stays deleted. The error is that of
// Check for the files concerned.
func (s Set) BootstrapFiles(options BootstrapOptions) (map[string][]byte, error) {
	docs, files := s.docs, s.files
	if err := s.problems.Err(); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, p := range places(docs, files) {
		out[p.name] = p.content(files)
	}
	var own []any
	if i := slices.IndexFunc(docs, func(d *document) bool { return d.path == clusterVersionFile && d.number == 1 }); i >= 0 {
		version := docs[i]
		if problems := checkClusterVersion(version); len(problems) > 0 {
			return nil, problems.Err()
		}
		own, _ = overrides(version.object)
		data, err := overridden(version, unmanaged(docs), withPolicy(own, options))
		if err != nil {
			return nil, err
		}
		out[clusterVersionFile] = data
	}
	// An absent list must be null: only that deletes the list in a merge patch.
	patch, err := json.Marshal(object{"spec": object{"overrides": withPolicy(own, options)}})
	if err != nil {
		return nil, err
	}
	out[overridesPatchFile] = patch
	return out, nil
}

// override is an entry of spec.overrides.
func override(id identity) object {
	return object{"group": id.group, "kind": id.kind, "namespace": id.namespace, "name": id.name, "unmanaged": true}
}

// arbiterUserData is the one file about machines that the established installer
// counts among the others.
const arbiterUserData = "99_openshift-cluster-api_arbiter-user-data-secret.yaml"

// unmanaged lists every object of the manifests, in the order of their files.
func unmanaged(docs []*document) (entries []any) {
	for _, d := range docs {
		machine := path.Dir(d.path) == OpenshiftDir && path.Base(d.path) != arbiterUserData &&
			slices.ContainsFunc(notOverridden, func(prefix string) bool {
				return strings.HasPrefix(path.Base(d.path), prefix)
			})
		if (d.path != clusterVersionFile || d.number > 1) && !machine {
			entries = append(entries, override(d.identity()))
		}
	}
	return entries
}

// withPolicy adds the release's image policy to the user's own overrides if it
// is to stay out of the cluster for good.
func withPolicy(own []any, options BootstrapOptions) []any {
	if !options.DisableImagePolicy {
		return own
	}
	policy := override(identity{configGroup, "ClusterImagePolicy", "", "openshift"})
	return distinct(append(slices.Clone(own), policy))
}

// overridden is a ClusterVersion with the installer's overrides first and the
// user's behind them. The API takes each object once only, so of two entries
// for one object the first stays.
func overridden(d *document, entries, own []any) ([]byte, error) {
	spec, _ := d.object["spec"].(object)
	changed := object{}
	for k, v := range spec {
		changed[k] = v
	}
	changed["overrides"] = distinct(append(slices.Clone(entries), own...))
	whole := object{}
	for k, v := range d.object {
		whole[k] = v
	}
	whole["spec"] = changed
	return yaml.Marshal(whole)
}

// distinct keeps the first entry for each object.
func distinct(entries []any) []any {
	seen := map[identity]bool{}
	out := make([]any, 0, len(entries))
	for _, e := range entries {
		o, _ := e.(object)
		text := func(key string) string { s, _ := o[key].(string); return s }
		id := identity{text("group"), text("kind"), text("namespace"), text("name")}
		if !seen[id] {
			seen[id] = true
			out = append(out, e)
		}
	}
	return out
}
