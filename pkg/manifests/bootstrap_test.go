package manifests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// entries are those of spec.overrides of the ClusterVersion in files, each as
// "group kind namespace/name".
func entries(t *testing.T, files map[string][]byte) (out []string) {
	t.Helper()
	var v struct {
		Spec struct {
			ClusterID string
			Overrides []struct {
				Group, Kind, Namespace, Name string
				Unmanaged                    bool
			}
		}
	}
	if err := yaml.Unmarshal(files[clusterVersionFile], &v); err != nil {
		t.Fatal(err)
	}
	if v.Spec.ClusterID == "" {
		t.Error("the rest of the spec is gone")
	}
	for _, o := range v.Spec.Overrides {
		name := o.Group + " " + o.Kind + " " + o.Namespace + "/" + o.Name
		if !o.Unmanaged {
			name += " managed"
		}
		out = append(out, name)
	}
	return out
}

func boot(t *testing.T, files map[string][]byte, options BootstrapOptions) map[string][]byte {
	t.Helper()
	out, err := Read(files).BootstrapFiles(options)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBootstrapFiles(t *testing.T) {
	t.Parallel()
	c := full()
	files := filesOf(t, c)
	files["openshift/99_zz.yaml"] = []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: z}\n")
	files["manifests/notes.txt"] = []byte("left out")
	out := boot(t, files, BootstrapOptions{})
	want := []string{
		" ConfigMap kube-system/cluster-config-v1",
		"config.openshift.io DNS /cluster",
		"config.openshift.io Infrastructure /cluster",
		"config.openshift.io Ingress /cluster",
		"config.openshift.io Network /cluster",
		"config.openshift.io PKI /cluster",
		"config.openshift.io Proxy /cluster",
		"config.openshift.io Scheduler /cluster",
		"config.openshift.io ImageDigestMirrorSet /image-digest-mirror",
		" Secret kube-system/kube-cloud-cfg",
		" ConfigMap kube-system/root-ca",
		" ConfigMap openshift-machine-config-operator/machine-config-server-ca",
		" Secret openshift-machine-config-operator/machine-config-server-ca",
		" Secret openshift-machine-config-operator/machine-config-server-tls",
		" Secret openshift-config/pull-secret",
		"config.openshift.io FeatureGate /cluster",
		" Secret kube-system/kubeadmin",
		" Secret openshift-machine-api/arbiter-user-data-managed",
		"apps Deployment z/x",
		" ConfigMap openshift-config/openshift-install-manifests",
	}
	if got := entries(t, out); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := string(out[overridesPatchFile]); got != `{"spec":{"overrides":null}}` {
		t.Errorf("the patch is %s", got)
	}
	for path, data := range files {
		switch got, there := out[path]; {
		case path == clusterVersionFile:
		case path == "manifests/notes.txt":
			if there {
				t.Errorf("%s is carried", path)
			}
		case !bytes.Equal(got, data):
			t.Errorf("%s has changed", path)
		}
	}
}

// The user's own overrides hold from the first minute, behind the installer's,
// and are what stays in the end.
func TestBootstrapFilesKeepsTheUsersOverrides(t *testing.T) {
	t.Parallel()
	files := filesOf(t, minimal())
	own := []byte("  overrides:\n" +
		"  - {group: apps, kind: Deployment, namespace: openshift-monitoring, name: x, unmanaged: true}\n" +
		"  - {group: config.openshift.io, kind: Proxy, name: cluster, unmanaged: false}\n")
	files[clusterVersionFile] = append(slices.Clone(files[clusterVersionFile]), own...)
	out := boot(t, files, BootstrapOptions{})
	got := entries(t, out)
	if last := got[len(got)-1]; last != "apps Deployment openshift-monitoring/x" {
		t.Errorf("the last override is %s", last)
	}
	// The API refuses a list with one object in it twice.
	seen := map[string]bool{}
	for _, e := range got {
		if seen[e] || e == "config.openshift.io Proxy /cluster managed" {
			t.Errorf("%s is there twice", e)
		}
		seen[e] = true
	}
	want := `{"spec":{"overrides":[{"group":"apps","kind":"Deployment","name":"x","namespace":"openshift-monitoring","unmanaged":true},` +
		`{"group":"config.openshift.io","kind":"Proxy","name":"cluster","unmanaged":false}]}}`
	if got := string(out[overridesPatchFile]); got != want {
		t.Errorf("the patch is %s", got)
	}
}

// An empty list is no list: only null takes the bootstrap's overrides back.
func TestBootstrapFilesOfAnEmptyList(t *testing.T) {
	t.Parallel()
	files := filesOf(t, minimal())
	files[clusterVersionFile] = append(slices.Clone(files[clusterVersionFile]), "  overrides: []\n"...)
	if got := string(boot(t, files, BootstrapOptions{})[overridesPatchFile]); got != `{"spec":{"overrides":null}}` {
		t.Errorf("the patch is %s", got)
	}
}

func TestBootstrapFilesWithoutTheImagePolicy(t *testing.T) {
	t.Parallel()
	out := boot(t, filesOf(t, minimal()), BootstrapOptions{DisableImagePolicy: true})
	got := entries(t, out)
	if last := got[len(got)-1]; last != "config.openshift.io ClusterImagePolicy /openshift" {
		t.Errorf("the last override is %s", last)
	}
	var patch struct {
		Spec struct{ Overrides []map[string]any }
	}
	if err := json.Unmarshal(out[overridesPatchFile], &patch); err != nil || len(patch.Spec.Overrides) != 1 ||
		patch.Spec.Overrides[0]["kind"] != "ClusterImagePolicy" {
		t.Errorf("the patch is %s", out[overridesPatchFile])
	}
}

func TestBootstrapFilesOfDeletedFiles(t *testing.T) {
	t.Parallel()
	files := filesOf(t, minimal())
	delete(files, schedulerFile)
	delete(files, clusterConfigFile)
	out := boot(t, files, BootstrapOptions{})
	for _, e := range entries(t, out) {
		if e == "config.openshift.io Scheduler /cluster" || e == " ConfigMap kube-system/cluster-config-v1" {
			t.Errorf("%s is overridden, but gone", e)
		}
	}
	delete(files, clusterVersionFile)
	out = boot(t, files, BootstrapOptions{})
	if _, there := out[clusterVersionFile]; there || len(out) != len(files)+1 {
		t.Errorf("got %q", slices.Sorted(maps.Keys(out)))
	}
}

func TestBootstrapFilesRefusesWhatCheckRefuses(t *testing.T) {
	t.Parallel()
	files := filesOf(t, minimal())
	files["manifests/a.yaml"] = []byte("just text\n")
	_, err := Read(files).BootstrapFiles(BootstrapOptions{})
	_, want := Read(files).Check(newest)
	if err == nil || want == nil || err.Error() != want.Error() {
		t.Errorf("got %v, want %v", err, want)
	}
}

// cluster-bootstrap creates the first object of a file only, so each gets a file
// of its own, under a name that no other file has in either folder.
func TestBootstrapFilesTakesFilesApart(t *testing.T) {
	t.Parallel()
	const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: default}\n"
	one, two, three := fmt.Sprintf(object, "one"), fmt.Sprintf(object, "two"), fmt.Sprintf(object, "three")
	for name, c := range map[string]struct {
		file string
		want map[string]string
	}{
		"one object":        {"# c\n---\n" + one + "---\n# nothing\n", map[string]string{"a.yaml": "# c\n---\n" + one + "---\n# nothing\n"}},
		"two":               {one + "---\n" + two, map[string]string{"a.yaml": one, "a-object-2.yaml": "---\n" + two}},
		"three":             {"# c\n---\n" + one + "---\n---\n" + two + "...\n---\n" + three, map[string]string{"a.yaml": "# c\n---\n" + one, "a-object-2.yaml": "---\n" + two, "a-3.yaml": "---\n" + three}},
		"DOS":               {strings.ReplaceAll(one+"---\n"+two, "\n", "\r\n"), map[string]string{"a.yaml": strings.ReplaceAll(one, "\n", "\r\n")}},
		"on the marks line": {one + "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: two, namespace: default}}\n", map[string]string{"a-object-2.yaml": "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: two, namespace: default}}\n"}},
		"dashes in text":    {one + "data:\n  x: |\n    ---\n    y\n---\n" + two, map[string]string{"a.yaml": one + "data:\n  x: |\n    ---\n    y\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := filesOf(t, minimal())
			files["openshift/a.yaml"] = []byte(c.file)
			// the name that would come first is taken, in the other folder
			files["manifests/a-2.yaml"] = []byte(fmt.Sprintf(object, "other"))
			if _, err := Read(files).Check(newest); err != nil {
				t.Fatal(err)
			}
			out := boot(t, files, BootstrapOptions{})
			for name, want := range c.want {
				if got := string(out["openshift/"+name]); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestEmptyDocumentInFront holds that the bootstrap host sees the object first,
// where a template has left an empty document above it.
func TestEmptyDocumentInFront(t *testing.T) {
	t.Parallel()
	files := filesOf(t, minimal())
	files["openshift/60-chart.yaml"] = []byte("---\n# Source: none\n---\n# Source: one\nkind: Place\napiVersion: example.com/v1\nmetadata: {name: one}\n")
	host := boot(t, files, BootstrapOptions{})
	roots, problem := parse("", host["openshift/60-chart.yaml"])
	if problem != nil || len(roots) != 1 || yamlfile.IsNull(roots[0]) {
		t.Errorf("got %q", host["openshift/60-chart.yaml"])
	}
}

// Of both kinds of mirrors the deprecated one counts, as it does for the payload's own
// renderers.
func TestMirrorsFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		files []string
		want  string
	}{
		{nil, ""},
		{[]string{"manifests/a.yaml"}, ""},
		{[]string{digestSourcesFile}, digestSourcesFile},
		{[]string{contentSourcesFile}, contentSourcesFile},
		{[]string{digestSourcesFile, contentSourcesFile}, contentSourcesFile},
	} {
		files := map[string][]byte{}
		for _, f := range c.files {
			files[f] = nil
		}
		if got := MirrorsFile(files); got != c.want {
			t.Errorf("%v: %q", c.files, got)
		}
	}
}

// The passwords of machines are for root alone, whatever number or ending a user gives
// the file.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	want := []string{"openshift/99_openshift-etcd_fencing-credentials-secrets-*"}
	if got := SecretFiles(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
