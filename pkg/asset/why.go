package asset

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform"
	"github.com/okd-project/okd-install/pkg/tls"
)

// Why tells where something in an Ignition config comes from.
type Why struct {
	SchemaVersion int    `json:"schemaVersion"`
	File          string `json:"file"`
	Path          string `json:"path"`
	// Is says in words what it is.
	Is string `json:"is"`
	// Way are the nodes of the graph that it went through, the last of which is
	// the config itself.
	Way []string `json:"way"`
	// Fields are those of the install-config that it depends on; "all" is that
	// the whole of it does.
	Fields []string `json:"fields"`
	// MadeFrom is the graph behind it, down to the install-config.
	MadeFrom []graph.Ingredient `json:"madeFrom"`
}

// Explain tells where the entry of a config comes from, if okd-install made the
// config.
func Explain(file string, config inspect.Config, e inspect.Entry) (Why, error) {
	w := Why{SchemaVersion: 1, File: file, Path: e.Path, Fields: []string{}, MadeFrom: []graph.Ingredient{}}
	whole, made := maker(config)
	if !made {
		return w, diag.Problem{
			Position: diag.Position{File: file}, Detail: "okd-install did not make this config, so the origin of its content is not known",
			Hint: "ignition ls and ignition cat work on any config",
		}
	}
	o, ok := platformOrigin(config, e)
	if !ok {
		o = originOf(whole, e)
	}
	w.Is, w.Way = o.is, append(slices.Clone(o.way), whole)
	fields := map[string]bool{}
	for _, f := range o.fields {
		fields[f] = true
	}
	w.MadeFrom = graph.WhatFrom(o.nodes, nodeSays, wholeGraph()...)
	viewedFields(w.MadeFrom, fields)
	w.Fields = append(w.Fields, slices.Sorted(maps.Keys(fields))...)
	return w, nil
}

// maker is the node that made a config, by what is in it.
func maker(c inspect.Config) (node string, made bool) {
	for _, e := range c.Entries {
		if e.Path == ignition.EnvironmentFile {
			if strings.Contains(string(e.Data()), "BOOTSTRAP_IN_PLACE='true'") {
				return ignition.InPlaceFile, true
			}
			return ignition.BootstrapFile, true
		}
		for _, url := range e.Remote() {
			if e.Kind == inspect.Source && strings.Contains(url, ":22623/config/") && slices.Contains(ignition.Roles, path.Base(url)) {
				return "pointer-configs", true
			}
		}
	}
	return "", false
}

// nodeSays says in words what a node is, where its name does not.
func nodeSays(node string) string {
	if row, ok := tls.Lookup(node); ok {
		return row.Purpose
	}
	return nodeWords[node]
}

// viewedFields collects the fields of the install-config that nodes look at.
func viewedFields(nodes []graph.Ingredient, fields map[string]bool) {
	for _, n := range nodes {
		for _, f := range viewFields[n.Name] {
			fields[f] = true
		}
		viewedFields(n.MadeFrom, fields)
	}
}

// platformOrigin explains what the platform adds to the bootstrap host, which is the
// one that the config's own Infrastructure object names.
func platformOrigin(config inspect.Config, e inspect.Entry) (origin, bool) {
	for _, other := range config.Entries {
		if other.Path != hostAssets+manifests.InfrastructureFile {
			continue
		}
		var object struct {
			Status struct {
				PlatformStatus struct{ Type string } `json:"platformStatus"`
			} `json:"status"`
		}
		if yaml.Unmarshal(other.Data(), &object) != nil {
			return origin{}, false
		}
		found, ok := platform.OriginOf(object.Status.PlatformStatus.Type, e.Path)
		o := origin{is: found.Is, nodes: []string{"platform"}, fields: found.Fields}
		if name, below := strings.CutPrefix(e.Path, hostAssets); below && manifests.IsManifest(name) {
			o.way = byManifests
		}
		return o, ok
	}
	return origin{}, false
}

// hostAssets is where the bootstrap host has what the asset directory has.
const hostAssets = "/opt/openshift/"

// originOf finds the row of an entry.
func originOf(whole string, e inspect.Entry) origin {
	if whole == "pointer-configs" {
		return pointerOrigin(e)
	}
	if name, ok := strings.CutPrefix(e.Path, hostAssets); ok {
		if row, ok := manifests.Find(name); ok {
			return manifestOrigin(row)
		}
		if o, ok := hostOrigin(name); ok && (strings.HasPrefix(name, "tls/") || strings.HasPrefix(name, "auth/")) {
			return o
		}
	}
	for _, row := range origins {
		if ok, err := path.Match(row.pattern, e.Path); ok && err == nil && (row.of == "" || row.of == whole) {
			return row
		}
	}
	if e.Kind == inspect.Unit || e.Kind == inspect.Dropin || e.Kind == inspect.File && strings.HasPrefix(e.Path, "/") {
		return conditionOrigins[ignition.ConditionOf(e.Path)]
	}
	return origin{is: "not from okd-install: somebody added it"}
}

// hostOrigin explains the certificates, keys and kubeconfigs of the bootstrap
// host, by the tables that they are made from.
func hostOrigin(name string) (origin, bool) {
	o := origin{way: []string{"bootstrap-host-tls"}}
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	for _, k := range tls.Kubeconfigs {
		if k.Host && k.File == name {
			o.is = "the kubeconfig that " + k.Purpose
			o.nodes = append([]string{"cluster-names"}, k.Certificates()...)
			return o, true
		}
	}
	half := map[string]string{".crt": "certificate", ".key": "private key", ".pub": "public key"}[path.Ext(name)]
	if row, ok := tls.Lookup(base); ok {
		o.is = fmt.Sprintf("the %s of %s, which %s", half, row.Name, row.Purpose)
		o.nodes = []string{row.Name}
		return o, true
	}
	if row, ok := tls.LookupBundle(base); ok {
		o.is, o.nodes = "a bundle of authorities, which "+row.Purpose, row.Authorities
		return o, true
	}
	for _, row := range tls.KeyPairs {
		if row.Name == base {
			o.is = fmt.Sprintf("the %s of %s, which %s", half, row.Name, row.Purpose)
			o.nodes = []string{row.Name}
			return o, true
		}
	}
	return o, false
}

// pointerOrigin explains what is in <role>.ign.
func pointerOrigin(e inspect.Entry) origin {
	switch {
	case e.Kind == inspect.Source && strings.Contains(strings.Join(e.Remote(), " "), ":22623/config/"):
		return origin{is: "where the machine fetches its config from: the cluster's machine config server", nodes: []string{"cluster-names"}}
	case e.Kind == inspect.Authority:
		return origin{is: "the authority by which the machine knows that server", nodes: []string{"root-ca"}}
	}
	return origin{
		is:    "not from okd-install: somebody added it, and create ignition-configs makes a MachineConfig of it",
		nodes: []string{"pointer-edits"},
	}
}
