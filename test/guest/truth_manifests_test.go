//go:build e2e && truth

package guest

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vincent-petithory/dataurl"
)

// copies are the folders of the host in which bootkube.sh works without the pods that run.
const copies = "/run/okd-test/bootkube"

// manifestSteps has bootkube.sh gather the manifests, and our cluster-bootstrap create them.
func manifestSteps(t *testing.T, h *host, r *truthReport, all definitionFiles) {
	var gathered []manifest
	var admin *asker
	r.step(t, h, "bootkube.sh gathers the manifests", func(t *testing.T) { gathered = gather(t, h) })
	if len(gathered) == 0 {
		return
	}
	raw, err := os.ReadFile(filepath.Join(h.dir, "auth", "kubeconfig"))
	must(t, err)
	r.step(t, h, "manifests as cluster-bootstrap creates them", func(t *testing.T) {
		admin = h.newAsker(kubeconfigClient(t, string(raw)))
		createGathered(t, h, admin, all, gathered)
	})
	r.version("manifests of this host",
		fmt.Sprintf("%d objects of %d kinds: %s", len(gathered), len(kindsOf(gathered)), strings.Join(kindNames(gathered), ", ")))
	r.step(t, h, "manifests that are refused", func(t *testing.T) {
		admin = h.newAsker(kubeconfigClient(t, string(raw)))
		refusedManifests(t, h, admin)
	})
	r.step(t, h, "manifests of other clusters", func(t *testing.T) {
		admin = h.newAsker(kubeconfigClient(t, string(raw)))
		tryVariants(t, admin, r, all)
	})
}

// gather runs bootkube.sh on copies of its folders until the last operator has written, and
// returns what cluster-bootstrap finds in manifests/.
func gather(t *testing.T, h *host) []manifest {
	h.sh(`mkdir -p %[1]s
cp --archive /opt/openshift %[1]s/openshift
cp --archive /etc/kubernetes %[1]s/kubernetes
rm --force %[1]s/kubernetes/manifests/* %[1]s/openshift/{.bootkube,*}.done
systemd-run --quiet --collect --unit=okd-test-bootkube --property=PrivateMounts=yes \
    --property=BindPaths=%[1]s/openshift:/opt/openshift --property=BindPaths=%[1]s/kubernetes:/etc/kubernetes \
    --property=WorkingDirectory=/opt/openshift /usr/local/bin/bootkube.sh`, copies)
	h.await("the last operator has written its manifests", 8*time.Minute, "[[ -e "+copies+"/openshift/cco-bootstrap.done ]]",
		"journalctl --no-pager -u okd-test-bootkube | tail -60; cat /run/fakes/complaints")
	h.sh("systemctl stop okd-test-bootkube")
	encoded := h.sh("tar --create --directory=%s/openshift manifests | base64 --wrap=0", copies)
	packed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	must(t, err)
	var all []manifest
	has := map[string]manifest{}
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if header.Typeflag != tar.TypeReg {
			continue
		}
		raw, err := io.ReadAll(r)
		must(t, err)
		m := newManifest(t, path.Base(header.Name), raw)
		all = append(all, m)
		has[m.file] = m
	}
	for _, ours := range readIgnition(t, filepath.Join(h.dir, h.config)) {
		m, ok := has[ours.file]
		if !ok {
			t.Errorf("%s is in bootstrap.ign and not in manifests/", ours.file)
			continue
		}
		for _, d := range differences("", ours.object, m.object) {
			t.Errorf("%s was changed on the way: %s", ours.file, d)
		}
	}
	return all
}

// readIgnition reads the manifests that a bootstrap config brings, as they are in manifests/
// once bootkube.sh has put both folders together.
func readIgnition(t *testing.T, name string) []manifest {
	t.Helper()
	raw, err := os.ReadFile(name)
	must(t, err)
	var config struct {
		Storage struct {
			Files []struct {
				Path     string
				Contents struct{ Source string }
			}
		}
	}
	must(t, json.Unmarshal(raw, &config))
	files := map[string]manifest{}
	for _, folder := range []string{"/opt/openshift/manifests", "/opt/openshift/openshift"} {
		for _, f := range config.Storage.Files {
			if path.Dir(f.Path) != folder {
				continue
			}
			content, err := dataurl.DecodeString(f.Contents.Source)
			must(t, err)
			files[path.Base(f.Path)] = newManifest(t, path.Base(f.Path), content.Data)
		}
	}
	if len(files) < 15 {
		t.Fatalf("%s brings %d manifests only", name, len(files))
	}
	var all []manifest
	for _, file := range slices.Sorted(maps.Keys(files)) {
		all = append(all, files[file])
	}
	return all
}

func kindsOf(all []manifest) (kinds []groupKind) {
	for _, m := range all {
		if !slices.Contains(kinds, m.of()) {
			kinds = append(kinds, m.of())
		}
	}
	return kinds
}

func kindNames(all []manifest) (names []string) {
	for _, k := range kindsOf(all) {
		names = append(names, k.kind)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// payloadNamespaces are those of our objects that the manifests of the release make: the
// cluster-version operator creates them while cluster-bootstrap tries again and again.
var payloadNamespaces = []string{
	"openshift-config", "openshift-config-managed", "openshift-machine-api", "openshift-machine-config-operator",
}

// bootstrapCommand runs cluster-bootstrap as bootkube.sh does, on a folder of assets, and
// without pods to wait for.
func (h *host) bootstrapCommand(assets, flags string) string {
	return fmt.Sprintf(`podman run --quiet --net=host --rm --log-driver=k8s-file --name cluster-bootstrap --replace \
    --volume %[1]s/openshift:/assets:z --volume %[1]s/kubernetes:/etc/kubernetes:z '%[2]s' start \
    --tear-down-early=false --asset-dir=/assets --required-pods= %[3]s`, assets, h.imageOf("cluster-bootstrap"), flags)
}

// twice is the file of an object that another file holds as well.
const twice = "authorization.openshift.io_rolebindingrestrictions.yaml"

// createGathered creates the manifests on a server that knows none of OpenShift's kinds yet.
func createGathered(t *testing.T, h *host, admin *asker, all definitionFiles, gathered []manifest) {
	for _, k := range kindsOfAdmission {
		admin.undefine(k.plural + "." + k.group)
	}
	admin.undefine("infrastructures.config.openshift.io") // the node was let in by it
	h.sh(`cat >%[1]s/start <<'END'
code=0
%[2]s >%[1]s/said 2>&1 || code=$?
echo "${code}" >%[1]s/code
END
systemd-run --quiet --collect --unit=okd-test-cluster-bootstrap bash %[1]s/start`, copies, h.bootstrapCommand(copies, ""))
	const said = "cat " + copies + "/said"
	h.await("cluster-bootstrap asks for what the release brings", time.Minute, fmt.Sprintf(
		`grep --quiet 'create machineconfigs.*could not find the requested resource' %[1]s/said
grep --quiet 'namespaces "openshift-config" not found' %[1]s/said`, copies), said)
	// what the cluster-version operator does
	for _, name := range payloadNamespaces {
		made := map[string]any{"metadata": map[string]any{"name": name}}
		if code, said := admin.try("POST", "/api/v1/namespaces", made); code != 201 && code != 409 {
			t.Fatalf("the namespace %s: %d: %s", name, code, said)
		}
	}
	var missing []groupKind
	for _, k := range kindsOf(gathered) {
		defines := func(m manifest) bool {
			spec, _ := m.object["spec"].(map[string]any)
			names, _ := spec["names"].(map[string]any)
			return m.of().kind == "CustomResourceDefinition" && spec["group"] == k.group && names["kind"] == k.kind
		}
		if !slices.ContainsFunc(gathered, defines) {
			missing = append(missing, k)
		}
	}
	if undefined := admin.define(all, "Default", missing); len(undefined) > 0 {
		t.Errorf("nobody has a definition of %v", undefined)
	}
	h.await("all manifests are created", 5*time.Minute, "ls "+copies+"/code", said)
	log := h.read(copies + "/said")
	if code := strings.TrimSpace(h.read(copies + "/code")); code != "0" {
		t.Errorf("cluster-bootstrap ends with %s:\n%s", code, tail(log, 20))
	}
	for _, m := range gathered {
		said := "Created"
		if m.file == twice {
			said = "Skipped"
		}
		if !strings.Contains(log, fmt.Sprintf("%s %q", said, m.file)) {
			t.Errorf("cluster-bootstrap does not say that it has %s %s", strings.ToLower(said), m)
		}
		for _, c := range admin.has(m) {
			t.Error(c)
		}
	}
	for _, name := range []string{"bootstrap-success", "bootstrap-finished"} {
		admin.must(200, "GET", "/api/v1/namespaces/kube-system/events/"+name, nil)
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, "Warning: ") && !strings.Contains(line, `unknown field \"spec.`+emptyField+`\"`) {
			t.Errorf("the server warns: %s", line)
		}
	}
}

// refused are manifests that must not come through, with what cluster-bootstrap says.
var refused = []struct{ file, text, reason string }{
	{"bad-value.yaml", `apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: bad-value}
spec:
  imageDigestMirrors:
  - {source: quay.io/okd/scos-release, mirrors: [mirror.example.com/okd], mirrorSourcePolicy: Sometimes}
`, `Unsupported value: "Sometimes"`},
	{"no-kind.yaml", "apiVersion: gates.example.com/v1\nkind: Gate\nmetadata: {name: cluster}\n", "unable to get REST mapping"},
}

// unknownField is a manifest that cluster-bootstrap creates without what the server does not
// know, as the original does, since it does not ask for strict validation.
const unknownField = `apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: unknown-field}
spec:
  imageDigestMirrors:
  - {source: quay.io/okd/scos-release, mirrorz: [mirror.example.com/okd]}
`

func refusedManifests(t *testing.T, h *host, admin *asker) {
	const assets = "/run/okd-test/refused"
	h.sh(`mkdir -p %[1]s/openshift/{auth,tls,bootstrap-manifests,manifests} %[1]s/kubernetes/manifests
cp /opt/openshift/auth/kubeconfig-loopback %[1]s/openshift/auth/`, assets)
	for _, r := range refused {
		h.put(assets+"/openshift/manifests/"+r.file, []byte(r.text), "600")
	}
	h.put(assets+"/openshift/manifests/unknown-field.yaml", []byte(unknownField), "600")
	log := h.sh("code=0; %s 2>&1 || code=$?; echo \"ends with ${code}\"", h.bootstrapCommand(assets, "--assets-create-timeout=20s"))
	if !strings.Contains(log, "ends with 1\n") || !strings.Contains(log, "Error: timed out creating manifests") {
		t.Errorf("cluster-bootstrap does not end as it should:\n%s", tail(log, 20))
	}
	for _, r := range refused {
		if !slices.ContainsFunc(strings.Split(log, "\n"), func(line string) bool {
			return strings.Contains(line, `"`+r.file+`"`) && strings.Contains(line, r.reason)
		}) {
			t.Errorf("cluster-bootstrap does not say %q of %s:\n%s", r.reason, r.file, tail(log, 20))
		}
	}
	m := newManifest(t, "unknown-field.yaml", []byte(unknownField))
	if got := strings.Join(admin.has(m), "\n"); !strings.Contains(got, "mirrorz has 0 entries, want 1") {
		t.Errorf("the unknown field is not left out: %s", got)
	}
	admin.remove(m)
	if got := strings.Join(admin.create(m), "\n"); !strings.Contains(got, `unknown field "spec.imageDigestMirrors[0].mirrorz"`) {
		t.Errorf("strict validation says of the unknown field: %q", got)
	}
	if !strings.Contains(log, `Warning: unknown field \"spec.imageDigestMirrors[0].mirrorz\"`) {
		t.Errorf("cluster-bootstrap does not pass the server's warning on:\n%s", tail(log, 20))
	}
}
