//go:build e2e && truth

package guest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// truthReport is what a person can attach to a bug: what ran, in which versions, how
// long it took and what was a stand-in.
type truthReport struct {
	began    time.Time
	versions []string
	steps    []string
}

// standins are said in the report, and in docs/testing.md.
var standins = []string{
	"the operators of the release: the test writes the pods and configs of etcd and the control plane in its own words, makes " +
		"the authority of etcd and the key that signs tokens, and copies files as bootkube.sh and cluster-bootstrap do; " +
		"bootkube does not start, progress and approve-csr when it is their turn",
	"the machine-config operator and its controller: the test writes what the server serves in its own words; the server and " +
		"Ignition are of the versions that the table says, not of the line, and Ignition works on the root of a machine before " +
		"its boot, not in an initramfs",
	"the manifests of the operators: namespaces and definitions are as they should be, all others are ConfigMaps under the " +
		"names of their files; bootkube.sh gathers them on copies of its folders, as far as the last operator",
	"cluster-bootstrap: what creates manifests is its own code, package create of library-go; the rest is the test's, and waits for no pods",
	"the cluster-version operator: the test makes the namespaces of our objects and the definitions that no operator brings to " +
		"the bootstrap host",
	"CRI-O: containerd is on its socket, with a config of its own; the pause image is the one that crio-configure names, the mirror and its password are not read from the host's files",
	"the images: each holds one program, built from the sources of the release line; the pause program is the test's",
	"the kubelet has four flags more than ours where the kernel is shared, so that it manages no control groups and no swap",
	"the system: Debian, not CoreOS; oc is kubectl of the same source; crictl, rpm, ostree's pull are stand-ins as in the " +
		"other tests of the guest",
	"the node: its unit, config and kubeconfig are put there by the test, and a file in the place of a network plugin; " +
		"Infrastructure is ours, its kind has no schema",
	"the end of the bootstrap: .bootkube.done, two API servers and etcd that has left are written by the test",
	"the network: a bridge in a namespace, with dnsmasq and haproxy for DNS and the load balancer",
}

func (r *truthReport) version(what, version string) {
	r.versions = append(r.versions, fmt.Sprintf("| %s | %s |", what, strings.ReplaceAll(strings.TrimSpace(version), "\n", "; ")))
}

// step runs a part of the test, with the host belonging to it meanwhile.
func (r *truthReport) step(t *testing.T, h *host, name string, part func(t *testing.T)) (ok bool) {
	t.Helper()
	began, ran := time.Now(), false
	ok = t.Run(name, func(t *testing.T) {
		ran = true
		before := h.t
		h.t = t
		defer func() { h.t = before }()
		part(t)
	})
	result := "passed"
	switch {
	case !ran: // go test -run TestTruth/... has left it out
		return ok
	case !ok:
		result = "FAILED"
	}
	r.steps = append(r.steps, fmt.Sprintf("| %s | %s | %.0f s |", name, result, time.Since(began).Seconds()))
	return ok
}

// base is a step that all after it build on.
func (r *truthReport) base(t *testing.T, h *host, name string, part func(t *testing.T)) {
	t.Helper()
	if !r.step(t, h, name, part) {
		t.FailNow()
	}
}

// write writes the report to the file that OKD_TRUTH_REPORT names, also when the test
// has failed.
func (r *truthReport) write(t *testing.T) {
	t.Helper()
	name := os.Getenv("OKD_TRUTH_REPORT")
	if name == "" {
		return
	}
	result := "passed"
	if t.Failed() {
		result = "FAILED"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# make truth: %s\n\n%s, %.1f minutes\n\n## What ran\n\n| step | result | time |\n|---|---|---|\n%s\n",
		result, r.began.UTC().Format(time.RFC3339), time.Since(r.began).Minutes(), strings.Join(r.steps, "\n"))
	fmt.Fprintf(&b, "\n## Versions\n\n| what | version |\n|---|---|\n%s\n\n## What was a stand-in\n\n- %s\n",
		strings.Join(r.versions, "\n"), strings.Join(standins, "\n- "))
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
}
