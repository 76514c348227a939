package bootkube

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/data"
)

const assets = "/opt/openshift"

// Everything below /opt/openshift that an operator is told to read, or that is
// copied, is either in bootstrap.ign or made by an earlier step. The scripts may
// name nothing else, except what only some clusters have.
func TestInputsAreMade(t *testing.T) {
	ends := []string{lines[0], lines[len(lines)-1], previewLine} // between them they have all stages
	eachLine(t, ends, func(t *testing.T, line string) {
		h := newReleaseHost(t, line, func(s *Setup) { s.Copies = true; quickly(s) })
		known := map[string]bool{}
		know := func(name string) {
			for ; !known[name] && name != "/"; name = path.Dir(name) {
				known[name] = true
			}
		}
		for _, name := range ignFiles(t, payloadFor(t, line).ign) {
			know(name)
		}
		for _, name := range filledIn {
			know(name)
		}
		h.mustRun("release-image.service")
		h.mustRun("bootkube.service")
		raw, err := os.ReadFile(h.path(fakesDir + "/" + traceFile))
		h.must(err)
		seen := map[string]bool{}
		for event := range strings.Lines(string(raw)) {
			what, name, _ := strings.Cut(strings.TrimSpace(event), " ")
			seen[name] = true
			if what == "read" && strings.HasPrefix(name, assets) && !known[name] {
				t.Errorf("%s is read, and nothing before made it", name)
			}
			know(name)
		}
		if len(seen) < 60 {
			t.Errorf("only %d files and folders were seen", len(seen))
		}
		for name := range namedInScripts(t) {
			if !seen[assets+name] && !slices.Contains(notHere, name) && (line == previewLine || !strings.Contains(name, "konnectivity")) {
				t.Errorf("a script names /assets%s, which no run has seen", name)
			}
		}
	})
}

// filledIn are folders that no operator makes, but a script out of files of
// bootstrap.ign.
var filledIn = []string{assets + "/konnectivity-server-bootstrap", assets + "/konnectivity-agent-manifest"}

// notHere are paths that this cluster does not have: those of a cloud, those of
// a single node, and the file that is there only if the user wrote it.
var notHere = []string{
	"/auth/kubeconfig", // of wait-for-ceo, whose flag stands apart
	"/auth-api-bootstrap/manifests",
	"/bootstrap-in-place/master-update.fcc", "/bin", "/lib", "/etcd-data", "/kubernetes", "/master.ign",
	"/cmdbootline-nto-bootstrap", //nolint:misspell // the node tuning operator's short name
	"/config-bootstrap/cloud-provider-config-generated.yaml", "/manifests/cloud-provider-config.yaml", "/tls/cloud-ca-cert.pem",
	"/manifests/cluster-authentication-02-config.yaml", "/manifests/99_feature-gate.yaml", "/manifests/cvo-overrides.yaml",
}

func ignFiles(t *testing.T, ign []byte) (names []string) {
	t.Helper()
	var config types.Config
	if err := json.Unmarshal(ign, &config); err != nil {
		t.Fatal(err)
	}
	for _, f := range config.Storage.Files {
		names = append(names, f.Path)
	}
	return names
}

var assetPath = regexp.MustCompile(`/assets(/[\w./-]+)`)

// namedInScripts are the paths below /assets that the scripts name.
func namedInScripts(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := fs.WalkDir(data.Bootstrap, "bootstrap/files/usr/local", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := data.Bootstrap.ReadFile(name)
		for _, found := range assetPath.FindAllStringSubmatch(string(raw), -1) {
			names[strings.TrimRight(found[1], "./")] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A copy that a kill cuts off leaves half a file, and a folder of manifests with
// such a file stops every renderer after it.
func TestKilledWhileCopying(t *testing.T) {
	t.Parallel()
	const line = "5.0"
	clean := newReleaseHost(t, line, quickly)
	clean.mustRun("release-image.service")
	clean.mustRun("bootkube.service")
	h := newReleaseHost(t, line, func(s *Setup) { quickly(s); s.Copies = true })
	h.mustRun("release-image.service")
	var faults []Fault
	for _, from := range []string{
		"openshift", "api-bootstrap/manifests", "auth-api-bootstrap/manifests", "cvo-bootstrap/bootstrap", "cvo-bootstrap/manifests",
		"etcd-bootstrap/manifests", "etcd-bootstrap/tls", "kube-apiserver-bootstrap/manifests", "kube-controller-manager-bootstrap/manifests",
		"kube-scheduler-bootstrap/bootstrap-manifests", "ingress-operator-manifests", "mco-bootstrap/bootstrap/manifests", "mco-bootstrap/manifests",
		"auth/kubeconfig-kubelet", "cco-bootstrap/manifests",
	} {
		faults = append(faults, Fault{Match: " " + from + " ", Middle: true})
	}
	h.killedBy(t, faults)
	h.sameAs(t, clean)
}
