package bootkube

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stageCalls say how the call that does the work of a stage can be told from
// others. Stages that wait instead of failing are in patientStages.
var stageCalls = []struct{ stage, match string }{
	{"api-bootstrap", "--name api-render"},
	{"auth-api-bootstrap", "--name auth-api-render"},
	{"config-bootstrap", "--name config-render"},
	{"cvo-bootstrap", "--name cvo-render"},
	{"etcd-bootstrap", "--name etcd-render"},
	{"konnectivity-certs", "-out konnectivity-certs/agent.crt"},
	{"konnectivity-server-bootstrap", " image apiserver-network-proxy"},
	{"kube-apiserver-bootstrap", "--name kube-apiserver-render"},
	{"kube-controller-manager-bootstrap", "--name kube-controller-render"},
	{"kube-scheduler-bootstrap", "--name kube-scheduler-render"},
	{"ingress-operator-bootstrap", "--name ingress-render"},
	{"node-tuning-bootstrap", "--name node-tuning-render"},
	{"mco-bootstrap", "--name mco-render"},
	{"cco-bootstrap", "--name cco-render"},
	{"konnectivity-agent-manifest", " konnectivity-agent-manifest manifests.taking"},
	{"cb-bootstrap", "--name cluster-bootstrap"},
	{"wait-for-ceo", "--name wait-for-ceo"},
}

var patientStages = []struct{ stage, match string }{
	{"resolve-api-url", "dig +short api.demo.example.com"},
	{"resolve-api-int-url", "dig +short api-int.demo.example.com"},
	{"wait-for-etcd", "--name etcdctl"},
	{"cvo-overrides", "oc patch clusterversion"},
	{"check-api-url", "https://api.demo.example.com:6443"},
	{"check-api-int-url", "https://api-int.demo.example.com:6443"},
	{"konnectivity-cleanup", "oc delete namespace"},
}

// Everything goes wrong once. First each stage fails: the next start must take up
// the stage that failed, and go through to the one that fails next. Then, on
// another host, the host is killed in the middle of each stage: while the
// operator writes, and when it has just ended. In the end both hosts must be as
// if nothing had happened.
func TestResume(t *testing.T) { //nolint:tparallel // eachLine makes it parallel
	all := append(slices.Clone(lines), previewLine)
	if testing.Short() {
		all = []string{"4.22"} // the default; make e2e takes the others
	}
	eachLine(t, all, func(t *testing.T, line string) {
		clean := newReleaseHost(t, line, quickly)
		clean.mustRun("release-image.service")
		undisturbed := clean.mustRun("bootkube.service")
		t.Run("failed", func(t *testing.T) { eachStageFails(t, line, clean, byStage(undisturbed.calls)) })
		t.Run("killed", func(t *testing.T) { killedInEachStage(t, line, clean) })
	})
}

func eachStageFails(t *testing.T, line string, clean *host, want map[string][]string) {
	h := newReleaseHost(t, line, quickly)
	h.mustRun("release-image.service")
	var faults []Fault
	var failing []string
	for _, s := range stageCalls {
		if slices.Contains(stagesOf(line), s.stage) {
			faults = append(faults, Fault{Match: s.match, Code: 77})
			failing = append(failing, s.stage)
		}
	}
	// what is waited for fails too, and is asked for again in the same run; what is
	// checked is asked for once in a run, see TestBrokenURLsStopNothing
	for _, s := range patientStages {
		if !strings.HasPrefix(s.stage, "check-") && slices.Contains(stagesOf(line), s.stage) {
			faults = append(faults, Fault{Match: s.match, Code: 7})
		}
	}
	h.fault(faults...)
	first := "openshift-manifests"
	for _, stage := range failing {
		r := h.run("bootkube.service")
		if r.code == 0 {
			t.Fatalf("the stage %s fails, and bootkube ends well\n%s", stage, r.output)
		}
		h.failedIn(t, stage)
		h.stagesRun(t, line, r, want, first, stage)
		first = stage
	}
	r := h.mustRun("bootkube.service")
	h.stagesRun(t, line, r, want, first, "")
	h.hit(t, faults)
	h.sameAs(t, clean)
}

// hit wants every fault to have happened.
func (h *host) hit(t *testing.T, faults []Fault) {
	t.Helper()
	for i, f := range faults {
		if !h.exists(fmt.Sprintf("%s/fault-%d", fakesDir, i)) {
			t.Errorf("no call matched %+v", f)
		}
	}
}

func killedInEachStage(t *testing.T, line string, clean *host) {
	h := newReleaseHost(t, line, quickly)
	h.mustRun("release-image.service")
	var faults []Fault
	for _, s := range stageCalls {
		if slices.Contains(stagesOf(line), s.stage) {
			faults = append(faults, Fault{Match: s.match, Middle: true}, Fault{Match: s.match, After: true})
		}
	}
	for _, s := range patientStages {
		if slices.Contains(stagesOf(line), s.stage) {
			faults = append(faults, Fault{Match: s.match, After: true})
		}
	}
	h.killedBy(t, faults)
	h.sameAs(t, clean)
}

// quickly leaves out what takes long and has nothing to do with stages: the look
// at the dates of all certificates, and the real jq.
func quickly(s *Setup) {
	s.Quick = true
	if !s.Konnectivity {
		s.Without = []string{"openssl"}
	}
}

// failedIn wants the last records to tell that the stage failed, and why.
func (h *host) failedIn(t *testing.T, stage string) {
	t.Helper()
	records := h.records("bootkube")
	if len(records) < 2 {
		t.Fatalf("there are %d records", len(records))
	}
	end, service := records[len(records)-2], records[len(records)-1]
	if end.Phase != "stage end" || end.Result != "failure" || end.Stage != stage || end.ErrorMessage == "" {
		t.Errorf("the stage %s failed, and its record says %+v", stage, end)
	}
	if service.Phase != "service end" || service.Result != "failure" {
		t.Errorf("the stage %s failed, and the last record is %+v", stage, service)
	}
}

// byStage groups the calls that change something by the stage in which they
// were made. How often something was asked until it came does not count.
func byStage(calls []madeCall) map[string][]string {
	out := map[string][]string{}
	for _, call := range calls {
		stage, line := call.Stage, call.String()
		if stage == "" || !changes(call) || strings.HasPrefix(line, "podman rm ") || slices.Contains(out[stage], line) {
			continue
		}
		out[stage] = append(out[stage], line)
	}
	return out
}

// stagesRun wants a run to have done the stages from first up to last, whole but
// for the last one, and nothing else.
func (h *host) stagesRun(t *testing.T, line string, r result, want map[string][]string, first, last string) {
	t.Helper()
	all := stagesOf(line)
	from, to := slices.Index(all, first), len(all)
	if last != "" {
		to = slices.Index(all, last)
	}
	got := byStage(r.calls)
	for i, stage := range all {
		switch {
		case i < from || i > to:
			if len(got[stage]) > 0 {
				t.Errorf("after %s failed, %s is run:\n%s", first, stage, strings.Join(got[stage], "\n"))
			}
		case i < to:
			if !slices.Equal(got[stage], want[stage]) {
				t.Errorf("after %s failed, %s does\n%s\nand not\n%s", first, stage, strings.Join(got[stage], "\n"), strings.Join(want[stage], "\n"))
			}
		case len(got[stage]) > len(want[stage]) || !slices.Equal(got[stage], want[stage][:len(got[stage])]):
			t.Errorf("%s fails after\n%s\nwhich is not how it begins:\n%s", stage, strings.Join(got[stage], "\n"), strings.Join(want[stage], "\n"))
		}
	}
}

// killedBy starts bootkube until none of the faults is left, which kill it.
func (h *host) killedBy(t *testing.T, faults []Fault) {
	t.Helper()
	h.fault(faults...)
	for range faults {
		r := h.run("bootkube.service")
		if !r.killed {
			if r.code != 0 {
				records := h.records("bootkube")
				t.Fatalf("after a kill bootkube cannot go on: exit %d, %+v\n%s", r.code, records[max(0, len(records)-2):], tail(r.output, 30))
			}
			break
		}
	}
	h.hit(t, faults)
	r := h.run("bootkube.service")
	if r.code != 0 || r.killed {
		t.Fatalf("bootkube does not end well after the last kill: exit %d\n%s", r.code, tail(r.output, 30))
	}
}

func tail(text string, n int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

// sameAs wants a host to hold the same files as another one.
func (h *host) sameAs(t *testing.T, clean *host) {
	t.Helper()
	for _, dir := range []string{"/opt/openshift", "/etc/kubernetes", "/etc/mcc", "/etc/mcs", "/etc/ssl/mcs"} {
		got, want := h.files(dir), clean.files(dir)
		for _, name := range got {
			if !slices.Contains(want, name) {
				t.Errorf("%s is left over", name)
			}
		}
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Errorf("%s is missing", name)
				continue
			}
			a, errA := os.ReadFile(h.path(name))
			b, errB := os.ReadFile(clean.path(name))
			if errA != nil || errB != nil || !bytes.Equal(a, b) && !ofAuthority(name) {
				t.Errorf("%s differs from what an undisturbed run leaves", name)
			}
		}
	}
}

// ofAuthority reports whether a file names the authority of etcd, which is another
// one after each render, or that of konnectivity.
func ofAuthority(name string) bool {
	return strings.Contains(name, "/konnectivity/") || strings.HasSuffix(name, "/konnectivity-agent-certs-secret.yaml") ||
		strings.Contains(name, "etcd-member/") || strings.HasPrefix(filepath.Base(name), "etcd-ca-bundle") ||
		strings.HasPrefix(filepath.Base(name), "etcd-client.")
}
