package asset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/manifests"
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
var whyChanges = []struct{ field, old, new string }{
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

// makeConfig makes the Ignition configs of an install-config, with what a state
// file remembers, and returns one of them and the state.
func makeConfig(t *testing.T, config, state string) (inspect.Config, string) {
	t.Helper()
	files := map[string]string{"install-config.yaml": config}
	if state != "" {
		files[assetdir.StateFile] = state
	}
	return makeConfigAs(t, files, Request{LeafKey: "ecdsa-p256", Overwrite: true})
}

// makeConfigAs does so for a request, in a directory that has the files.
func makeConfigAs(t *testing.T, files map[string]string, r Request) (inspect.Config, string) {
	t.Helper()
	dir := filled(t, files)
	r.Dir, r.Target, r.Command, r.Now = dir, TargetIgnitionConfigs, "test", goldenNow
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
	return c, tree(t, dir)[assetdir.StateFile]
}

// TestExplanationsAreTrue changes one field of the install-config after the
// other: what is different then in bootstrap.ign must depend on that field, by
// what why says, and each field that why names must make a difference.
func TestExplanationsAreTrue(t *testing.T) {
	t.Parallel()
	before, state := makeConfig(t, whyConfig, "")
	says := func(c inspect.Config, e inspect.Entry) []string {
		why, err := Explain(ignition.BootstrapFile, c, e)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(why.Is, "somebody has added") || why.Is == "" || why.Way[len(why.Way)-1] != ignition.BootstrapFile {
			t.Errorf("%s: %+v", e.Path, why)
		}
		return why.Fields
	}
	differs := map[string]map[string]bool{}
	for _, change := range whyChanges {
		if !strings.Contains(whyConfig, change.old) {
			t.Fatalf("%q is not in the config", change.old)
		}
		after, _ := makeConfig(t, strings.Replace(whyConfig, change.old, change.new, 1), state)
		compare := inspect.Comparison{Now: goldenNow}
		for _, c := range compare.Configs(before, after) {
			if differs[c.Path] == nil {
				differs[c.Path] = map[string]bool{}
			}
			differs[c.Path][change.field] = true
			e, err := after.Find(ignition.BootstrapFile, c.Path)
			if err != nil {
				continue // gone in this one
			}
			if fields := says(after, e); !slices.Contains(fields, change.field) && !slices.Contains(fields, "all") {
				t.Errorf("%s changes with %s, but why names only %v", c.Path, change.field, fields)
			}
		}
	}
	// a leaf's fields are those of its whole set, and few of them are in it
	vague := func(p string) bool {
		return strings.HasPrefix(p, "/opt/openshift/tls/") || strings.HasPrefix(p, "/opt/openshift/auth/") ||
			strings.Contains(p, "user-data-secret") || strings.Contains(p, "machine-config-server") || strings.Contains(p, "root-ca")
	}
	tried := map[string]bool{}
	for _, change := range whyChanges {
		tried[change.field] = true
	}
	for _, e := range before.Entries {
		for _, field := range says(before, e) {
			if tried[field] && !vague(e.Path) && !differs[e.Path][field] && !neverAlone[e.Path+" "+field] {
				t.Errorf("why says that %s depends on %s, but it does not change with it", e.Path, field)
			}
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
	"/opt/openshift/manifests/cvo-overrides.yaml metadata.name":                  true,
}

// The tables name nodes that exist.
func TestOriginsNameNodes(t *testing.T) {
	t.Parallel()
	nodes := nodesByName()
	rows := append(slices.Clone(origins), staticOrigin)
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
