package asset

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/test/folder"
)

// whyConfig has every field that the tables of origins name and that can be
// changed alone.
const whyConfig = killConfig + `proxy:
  httpProxy: http://proxy.example.com:3128
  noProxy: .internal
compute:
- name: worker
  replicas: 2
sshKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMDm7EIYjPyMMBCmjEr+DpiKlpIXaj2FVqqgHSsCHKJa a@b
pullSecret: '{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}'
imageDigestSources:
- source: quay.io/okd/other
  mirrors: [mirror.example.com/okd]
`

// whyChanges change one field each.
var whyChanges = []whyChange{
	{"baseDomain", "baseDomain: example.com", "baseDomain: example.org"},
	{"metadata.name", "name: demo", "name: demi"},
	{"networking.machineNetwork", "192.168.1.0/24", "192.168.2.0/24"},
	{"networking.serviceNetwork", "networking:\n", "networking:\n  serviceNetwork: [172.31.0.0/16]\n"},
	{"networking.clusterNetwork", "networking:\n", "networking:\n  clusterNetwork: [{cidr: 10.64.0.0/14, hostPrefix: 24}]\n"},
	{"pki", "P256", "P384"},
	{"proxy", ".internal", ".intranet"},
	{"sshKey", "a@b", "c@d"},
	{"pullSecret", `"fake"`, `"fike"`},
	{"imageDigestSources", "mirror.example.com", "mirror2.example.com"},
	{"featureSet", "TechPreviewNoUpgrade", "DevPreviewNoUpgrade"},
	{"compute", "replicas: 2", "replicas: 0"},
	{"controlPlane", "proxy:\n", "controlPlane:\n  name: master\n  replicas: 5\nproxy:\n"},
	{"cpuPartitioningMode", "proxy:\n", "cpuPartitioningMode: AllNodes\nproxy:\n"},
}

// makeConfigAs makes the Ignition configs in a directory that has the files, and
// returns bootstrap.ign and the state.
func makeConfigAs(t *testing.T, files map[string]string, r Request) (inspect.Config, string) {
	t.Helper()
	dir := folder.Filled(t, files)
	r.Dir, r.Target, r.Command, r.Now = dir, targetIgnitionConfigs, "test", goldenNow
	if _, err := Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, ignition.BootstrapFile))
	if err != nil {
		t.Fatal(err)
	}
	c, err := inspect.Read(ignition.BootstrapFile, raw)
	if err != nil {
		t.Fatal(err)
	}
	return c, folder.Tree(t, dir)[assetdir.StateFile]
}

// whyChange changes one field of an install-config.
type whyChange struct{ field, old, new string }

// customFeatures turns konnectivity on by itself.
const customFeatures = "CustomNoUpgrade\nfeatureGates: [ConfigurablePKI=true, ClusterAPIMachineManagement=true]"

// explained are the clusters whose explanations are tried.
var explained = []struct {
	name, release, config string
	changes               []whyChange
}{
	{"4.22", "4.22", whyConfig, whyChanges},
	{"5.0 with konnectivity", "5.0", whyConfig, append([]whyChange{
		{"featureSet", "TechPreviewNoUpgrade", "CustomNoUpgrade\nfeatureGates: [ConfigurablePKI=true]"},
	}, whyChanges...)},
	{"5.0 with konnectivity by its gate", "5.0", strings.Replace(whyConfig, "TechPreviewNoUpgrade", customFeatures, 1), []whyChange{
		{"featureGates", "ClusterAPIMachineManagement=true", "ClusterAPIMachineManagement=false"},
	}},
	{"5.0 without", "5.0", strings.Replace(whyConfig, "TechPreviewNoUpgrade", "CustomNoUpgrade\nfeatureGates: [ConfigurablePKI=true]", 1),
		[]whyChange{{"featureSet", "CustomNoUpgrade\nfeatureGates: [ConfigurablePKI=true]", "TechPreviewNoUpgrade"}}},
}

// explanations collects what changes with which field, and what why says of it.
type explanations struct{ differs, says map[string]map[string]bool }

func note(in map[string]map[string]bool, path string, fields ...string) {
	if in[path] == nil {
		in[path] = map[string]bool{}
	}
	for _, f := range fields {
		in[path][f] = true
	}
}

// fields are those that why says an entry of a config depends on.
func (x explanations) fields(t *testing.T, c inspect.Config, e inspect.Entry) []string {
	t.Helper()
	why, err := Explain(ignition.BootstrapFile, c, e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(why.Is, "somebody has added") || why.Is == "" || why.Way[len(why.Way)-1] != ignition.BootstrapFile {
		t.Errorf("%s: %+v", e.Path, why)
	}
	note(x.says, e.Path, why.Fields...)
	return why.Fields
}

// try makes a change: what is different then, there or gone must depend on the field.
func (x explanations) try(t *testing.T, before, after inspect.Config, field string) {
	t.Helper()
	compare := inspect.Comparison{Now: goldenNow}
	for _, c := range compare.Configs(before, after) {
		note(x.differs, c.Path, field)
		for _, config := range []inspect.Config{before, after} {
			e, err := config.Find(ignition.BootstrapFile, c.Path)
			if err != nil {
				continue // only in the other one
			}
			if fields := x.fields(t, config, e); !slices.Contains(fields, field) && !slices.Contains(fields, "all") {
				t.Errorf("%s changes with %s, but why names only %v", c.Path, field, fields)
			}
		}
	}
}

// TestExplanationsAreTrue changes one field of the install-config after the
// other: what is different then in bootstrap.ign must depend on that field, by
// what why says, and each field that why names must make a difference.
func TestExplanationsAreTrue(t *testing.T) { //nolint:tparallel // the runs collect in the same maps
	t.Parallel()
	x, tried := explanations{map[string]map[string]bool{}, map[string]map[string]bool{}}, map[string]bool{}
	for _, cluster := range explained {
		t.Run(cluster.name, func(t *testing.T) {
			request := Request{LeafKey: "ecdsa-p256", Overwrite: true, Release: cluster.release}
			files := map[string]string{installconfig.FileName: cluster.config}
			before, state := makeConfigAs(t, files, request)
			files[assetdir.StateFile] = state
			for _, change := range cluster.changes {
				if !strings.Contains(cluster.config, change.old) {
					t.Fatalf("%q is not in the config", change.old)
				}
				tried[change.field] = true
				files[installconfig.FileName] = strings.Replace(cluster.config, change.old, change.new, 1)
				after, _ := makeConfigAs(t, files, request)
				x.try(t, before, after, change.field)
			}
			for _, e := range before.Entries {
				x.fields(t, before, e)
			}
		})
	}
	// a leaf's fields are those of its whole set, and few of them are in it
	vague := func(p string) bool {
		return strings.HasPrefix(p, "/opt/openshift/tls/") || strings.HasPrefix(p, "/opt/openshift/auth/") ||
			strings.Contains(p, "user-data-secret") || strings.Contains(p, "machine-config-server") || strings.Contains(p, "root-ca")
	}
	for path, fields := range x.says {
		for field := range fields {
			if tried[field] && !vague(path) && !x.differs[path][field] && !neverAlone[path+" "+field] {
				t.Errorf("why says that %s depends on %s, but it does not change with it", path, field)
			}
		}
	}
	for _, path := range []string{"/opt/openshift/konnectivity-namespace.yaml", "/usr/local/lib/okd-install/konnectivity.sh"} {
		if !x.differs[path]["featureSet"] || !x.differs[path]["featureGates"] {
			t.Errorf("no change of the features brings %s", path)
		}
	}
}

// neverAlone are dependencies that this one change does not show.
var neverAlone = map[string]bool{
	"/etc/okd-install/environment networking.serviceNetwork":                     true, // only whether it is IPv6
	"/opt/openshift/manifests/cluster-infrastructure-02-config.yml controlPlane": true, // only whether it is one
	"/opt/openshift/manifests/cluster-infrastructure-02-config.yml compute":      true, // only whether it is one
	"/opt/openshift/manifests/cluster-ingress-02-config.yml controlPlane":        true, // only whether it is one
	"/opt/openshift/manifests/cluster-pki-02-config.yaml featureSet":             true, // only whether the gate is on
	"/opt/openshift/manifests/cluster-pki-02-config.yaml featureGates":           true, // only whether the gate is on
	"/opt/openshift/manifests/cvo-overrides.yaml metadata.name":                  true,
}

// The tables name nodes that exist.
func TestOriginsNameNodes(t *testing.T) {
	t.Parallel()
	nodes := nodesByName()
	rows := slices.AppendSeq(slices.Clone(origins), maps.Values(conditionOrigins))
	for _, row := range manifests.Table {
		o := manifestOrigin(row)
		o.pattern = row.File
		rows = append(rows, o)
	}
	for _, row := range rows {
		for _, name := range append(slices.Clone(row.nodes), row.way...) {
			if nodes[name].Name == "" {
				t.Errorf("%s: there is no node %q", row.pattern, name)
			}
		}
	}
	for _, table := range []map[string]string{nodeWords} {
		for name := range table {
			if nodes[name].Name == "" {
				t.Errorf("there is no node %q", name)
			}
		}
	}
	for name := range viewFields {
		if nodes[name].Name == "" {
			t.Errorf("there is no node %q", name)
		}
	}
}

func TestExplainRefusesOthers(t *testing.T) {
	t.Parallel()
	c, err := inspect.Read("x.ign", []byte(`{"ignition":{"version":"3.2.0","config":{"merge":[{"source":"https://elsewhere/config"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Explain("x.ign", c, c.Entries[0]); err == nil || !strings.Contains(err.Error(), "okd-install did not make this config") {
		t.Errorf("got %v", err)
	}
}
