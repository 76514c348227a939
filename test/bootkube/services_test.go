package bootkube

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/ignition"
)

// Without DNS and without a load balancer the checks of the API's URLs fail. They
// are recorded, stop nothing, and are made again at the next start.
func TestBrokenURLsStopNothing(t *testing.T) {
	t.Parallel()
	checks := []string{"resolve-api-url", "resolve-api-int-url", "check-api-url", "check-api-int-url"}
	h := newReleaseHost(t, "4.20", func(s *Setup) { quickly(s); s.BrokenAPI = true })
	h.mustRun("release-image.service")
	h.mustRun("bootkube.service")
	var failed []string
	for _, r := range h.records("bootkube") {
		if r.Result == "failure" {
			failed = append(failed, r.Stage)
		}
	}
	if !slices.Equal(failed, checks) {
		t.Errorf("failures recorded: %v, want %v", failed, checks)
	}
	if !h.exists("/opt/openshift/.bootkube.done") {
		t.Error("bootkube is not done")
	}
	setup := h.setup
	setup.BrokenAPI = false
	h.prepare(setup)
	h.must(removeFile(h.path("/opt/openshift/.bootkube.done")))
	done := byStage(h.mustRun("bootkube.service").calls)
	for stage := range done {
		if !slices.Contains(checks, stage) {
			t.Errorf("%s is run again", stage)
		}
	}
	var again []string
	for _, r := range h.records("bootkube")[len(h.records("bootkube"))-10:] {
		if r.Phase == "stage end" && r.Result == "success" {
			again = append(again, r.Stage)
		}
	}
	if !slices.Equal(again, checks) {
		t.Errorf("made again: %v, want %v", again, checks)
	}
}

// Builds of one line of etcd's operator differ: those that know two more flags
// get them, and the table's other builds must not.
func TestEtcdFlagsAreAskedFor(t *testing.T) {
	t.Parallel()
	const render = "cluster-etcd-operator render"
	h := newReleaseHost(t, "5.0", func(s *Setup) {
		quickly(s)
		s.MoreFlags = map[string]map[string]Flag{render: {
			"rendered-manifest-files": {Type: "stringSlice", RequiredBy: "validate"}, "payload-version": {Type: "string", RequiredBy: "validate"},
		}}
	})
	h.mustRun("release-image.service")
	r := h.mustRun("bootkube.service")
	for _, want := range []string{"--rendered-manifest-files=/assets/manifests", "--payload-version=" + h.setup.Version} {
		if !slices.ContainsFunc(r.calls, func(c madeCall) bool {
			return strings.Contains(c.String(), "--name etcd-render ") && slices.Contains(c.Words, want)
		}) {
			t.Errorf("etcd render is not given %s", want)
		}
	}
}

// approve-csr approves what is pending until bootkube is done, and ends.
func TestApprovesRequests(t *testing.T) {
	t.Parallel()
	h := newReleaseHost(t, "4.22", quickly)
	h.must(touch(h.path(fakesDir + "/once-mark-api")))
	r := h.mustRun("approve-csr.service")
	for _, name := range []string{"csr-aaaaa", "csr-bbbbb"} {
		if !h.marked("approved-" + name) {
			t.Errorf("%s is not approved", name)
		}
	}
	approvals := 0
	for _, c := range r.calls {
		if slices.Contains(c.Words, "approve") {
			approvals++
		}
		if c.Words[0] == "oc" && !strings.Contains(c.String(), "kubeconfig-loopback") {
			t.Errorf("%s does not go to this host's own API", c)
		}
	}
	if approvals != 1 {
		t.Errorf("%d approvals for two requests, want one call for both", approvals)
	}
	if last := h.records("approve-csr"); last[len(last)-1].Result != "success" {
		t.Errorf("the last record is %+v", last[len(last)-1])
	}
}

// cluster-bootstrap fails with the API up: what the API knows is kept for the
// log bundle before the next attempt.
func TestGathersWhenClusterBootstrapFails(t *testing.T) {
	t.Parallel()
	h := newReleaseHost(t, "4.22", quickly)
	h.mustRun("release-image.service")
	h.fault(Fault{Match: "--name cluster-bootstrap", Code: 1})
	h.must(touch(h.path(fakesDir + "/once-mark-api")))
	r := h.run("bootkube.service")
	if r.code != 1 {
		t.Errorf("exit %d, want cluster-bootstrap's own", r.code)
	}
	asked := 0
	for _, c := range r.calls {
		if c.Words[0] == "oc" && slices.Contains(c.Words, "get") {
			asked++
		}
	}
	if asked < 20 {
		t.Errorf("the API is asked for %d things only", asked)
	}
	h.mustRun("bootkube.service")
}

// The release image is fetched until it comes; the console says so meanwhile.
func TestReleaseImageComesLate(t *testing.T) {
	t.Parallel()
	h := newReleaseHost(t, "4.18", quickly)
	h.fault(Fault{Match: "podman pull", Code: 125})
	r := h.mustRun("release-image.service")
	pulls := 0
	for _, c := range r.calls {
		if strings.HasPrefix(c.String(), "podman pull") {
			pulls++
		}
	}
	if pulls != 2 {
		t.Errorf("%d pulls, want a second after the first failed", pulls)
	}
	if h.exists("/etc/issue.d/50_release-image.issue") {
		t.Error("the notice on the console stays")
	}
}

// What bootkube requires is not started again by systemd, so it does not give up.
func TestPauseImageIsAskedForUntilItComes(t *testing.T) {
	t.Parallel()
	h := newReleaseHost(t, "4.22", quickly)
	h.mustRun("release-image.service")
	faults := []Fault{{Match: " image pod", Code: 125}, {Match: " image pod", Code: 126}}
	h.fault(faults...)
	h.mustRun("crio-configure.service")
	h.hit(t, faults)
	if raw, err := os.ReadFile(h.path("/etc/crio/crio.conf.d/50-bootstrap-override.conf")); err != nil ||
		!strings.Contains(string(raw), "scos-content@sha256:") {
		t.Errorf("CRI-O has no pause image: %v\n%s", err, raw)
	}
	if h.exists("/etc/issue.d/60_crio-configure.issue") {
		t.Error("the notice on the console stays")
	}
	described := []Fault{{Match: "podman image inspect", After: true, Code: 125}}
	h.fault(described...)
	h.mustRun("release-image.service")
	h.hit(t, described)
}

// With mirrors oc is told where they are.
func TestMirrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ manifest, flag string }{
		{"manifests/image-digest-mirror-set.yaml", "--idms-file=manifests/image-digest-mirror-set.yaml"},
		{"manifests/image-content-source-policy.yaml", "--icsp-file=manifests/image-content-source-policy.yaml"},
	} {
		h := newReleaseHost(t, "4.19", quickly)
		h.append(ignition.EnvironmentFile, "MIRRORS_MANIFEST='"+row.manifest+"'\n")
		h.append("/opt/openshift/"+row.manifest, "apiVersion: config.openshift.io/v1\nkind: Mirrors\nmetadata:\n  name: mirrors\n")
		h.mustRun("release-image.service")
		// the rest is as without mirrors
		h.fault(Fault{Match: "--name api-render", Code: 1})
		r := h.run("bootkube.service")
		asked := 0
		for _, c := range r.calls {
			if strings.HasPrefix(c.String(), "oc adm release info") {
				asked++
				if !slices.Contains(c.Words, row.flag) {
					t.Errorf("%s lacks %s", c, row.flag)
				}
			}
		}
		if asked != 2 {
			t.Errorf("oc was asked %d times, want twice", asked)
		}
	}
}

func (h *host) append(name, text string) {
	h.t.Helper()
	f, err := os.OpenFile(h.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	h.must(err)
	_, err = f.WriteString(text)
	h.must(err)
	h.must(f.Close())
}
