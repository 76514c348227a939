package bootkube

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// eachLine runs a test for each of some release lines, all at the same time.
func eachLine(t *testing.T, lines []string, f func(t *testing.T, line string)) {
	t.Helper()
	t.Parallel()
	for _, line := range lines {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			f(t, line)
		})
	}
}

// The whole of a bootstrap host's life, unit after unit. The calls are golden.
func TestWholeRun(t *testing.T) {
	eachLine(t, lines, func(t *testing.T, line string) {
		h := newReleaseHost(t, line, nil)
		var golden strings.Builder
		for _, unit := range []string{
			"release-image.service", "crio-configure.service", "kubelet.service", "bootkube.service", "progress.service",
		} {
			r := h.run(unit)
			if r.code != 0 {
				t.Fatalf("%s: exit %d\n%s", unit, r.code, r.output)
			}
			golden.WriteString("# " + unit + "\n" + render(h.setup.readable(r.calls)) + "\n")
		}
		checkGolden(t, line+".txt", golden.String())
		if !h.exists("/opt/openshift/.bootkube.done") {
			t.Error("bootkube ends without .bootkube.done")
		}
		if !h.marked("overrides") {
			t.Error("the user's overrides of ClusterVersion are not restored")
		}
		if !h.marked("complete") {
			t.Error("the ConfigMap kube-system/bootstrap is not there")
		}
		if h.exists("/etc/kubernetes/manifests/machineconfigoperator-bootstrap-pod.yaml") {
			t.Error("the bootstrap host still serves machine configs")
		}
		h.checkRecords(t)
		h.checkStages(t, line)

		// what is done is done: neither unit has anything left to do
		for _, unit := range []string{"bootkube.service", "progress.service"} {
			r := h.run(unit)
			if r.code != 0 {
				t.Errorf("%s, again: exit %d\n%s", unit, r.code, r.output)
			}
			for _, call := range r.calls {
				if unit == "bootkube.service" || changes(call) {
					t.Errorf("%s, again: calls %s", unit, call.String())
				}
			}
		}
		// also without the file for which systemd looks: nothing is done twice
		h.must(os.Remove(h.path("/opt/openshift/.bootkube.done")))
		r := h.run("bootkube.service")
		if r.code != 0 {
			t.Errorf("bootkube.service, a third time: exit %d\n%s", r.code, r.output)
		}
		for _, call := range r.calls {
			if changes(call) {
				t.Errorf("bootkube.service, a third time: calls %s", call.String())
			}
		}
	})
}

func (h *host) marked(name string) bool { return h.exists(fakesDir + "/once-mark-" + name) }

// changes reports whether a call does more than ask.
func changes(made madeCall) bool {
	line, call := made.String(), made.Words
	switch {
	case strings.HasPrefix(line, "podman image inspect"), strings.HasPrefix(line, "podman inspect"),
		strings.HasPrefix(line, "podman image exists"):
		return false
	case call[0] == "podman" && len(call) > 2 && call[len(call)-2] == "image":
		return false
	case slices.Contains(call, "configmap"): // as often as one likes, see bootstrapConfigMap
		return false
	case call[0] == "oc" && (slices.Contains(call, "get") || slices.Contains(call, "info")),
		call[0] == "getent", call[0] == "dig", call[0] == "ip":
		return false
	}
	return true
}

func (h *host) records(service string) (records []record) {
	h.t.Helper()
	raw, err := os.ReadFile(h.path("/var/log/openshift/" + service + ".json"))
	h.must(err)
	if err := json.Unmarshal(raw, &records); err != nil {
		h.t.Fatalf("%s.json: %v\n%s", service, err, raw)
	}
	return records
}

var phases = []string{
	"service start", "service end", "stage start", "stage end",
	"pre-command start", "pre-command end", "post-command start", "post-command end",
}

// checkRecords holds the records of all services against their format, and those
// of a host that is done against the rule of the log bundle's analysis: started
// at least once, and at last ended with success.
func (h *host) checkRecords(t *testing.T) {
	t.Helper()
	for _, service := range []string{"release-image", "crio-configure", "bootkube", "progress"} {
		records := h.records(service)
		open := ""
		starts := 0
		for i, r := range records {
			if _, err := time.Parse("2006-01-02T15:04:05Z", r.Timestamp); err != nil {
				t.Errorf("%s.json[%d]: %v", service, i, err)
			}
			if !slices.Contains(phases, r.Phase) {
				t.Errorf("%s.json[%d]: unknown phase %q", service, i, r.Phase)
			}
			if (r.Result != "") != strings.HasSuffix(r.Phase, " end") || (r.Stage != "") != strings.HasPrefix(r.Phase, "stage ") {
				t.Errorf("%s.json[%d]: %+v", service, i, r)
			}
			if (r.Result == "failure") != (r.ErrorLine != "") {
				t.Errorf("%s.json[%d]: a failure, and no other, has its line: %+v", service, i, r)
			}
			switch r.Phase {
			case "service start":
				starts++
				open = "" // whatever was open was killed
			case "stage start":
				if open != "" {
					t.Errorf("%s.json[%d]: %s begins while %s is open", service, i, r.Stage, open)
				}
				open = r.Stage
			case "stage end":
				if open != r.Stage {
					t.Errorf("%s.json[%d]: %s ends, but %q is open", service, i, r.Stage, open)
				}
				open = ""
			}
		}
		if starts == 0 {
			t.Errorf("%s.json has no start", service)
			continue
		}
		if last := records[len(records)-1]; last.Phase != "service end" || last.Result != "success" {
			t.Errorf("%s.json ends with %+v", service, last)
		}
	}
}

// stagesOf lists the stages of a line in their order: the names are known to
// whoever reads a log bundle.
func stagesOf(line string) []string {
	all := []string{
		"openshift-manifests", "api-bootstrap", "auth-api-bootstrap", "config-bootstrap", "cvo-bootstrap", "etcd-bootstrap",
		"kube-apiserver-bootstrap", "kube-controller-manager-bootstrap", "kube-scheduler-bootstrap", "ingress-operator-bootstrap",
		"node-tuning-bootstrap", "mco-bootstrap", "resolve-api-url", "resolve-api-int-url", "cco-bootstrap", "wait-for-etcd", "cb-bootstrap",
		"cvo-overrides", "wait-for-ceo", "check-api-url", "check-api-int-url",
	}
	if line == previewLine {
		all = slices.Insert(all, slices.Index(all, "kube-apiserver-bootstrap"), "konnectivity-certs", "konnectivity-server-bootstrap")
		all = slices.Insert(all, slices.Index(all, "cb-bootstrap"), "konnectivity-agent-manifest")
		all = append(all, "konnectivity-cleanup")
	}
	if slices.Contains([]string{"4.16", "4.17", "4.18"}, line) {
		all = slices.DeleteFunc(all, func(s string) bool { return s == "auth-api-bootstrap" })
	}
	return all
}

// checkStages wants each stage to have succeeded once, in order.
func (h *host) checkStages(t *testing.T, line string) {
	t.Helper()
	var got []string
	for _, r := range h.records("bootkube") {
		if r.Phase == "stage end" && r.Result == "success" {
			got = append(got, r.Stage)
		}
	}
	if want := stagesOf(line); !slices.Equal(got, want) {
		t.Errorf("stages\n got %v\nwant %v", got, want)
	}
}

func (h *host) mustRun(unit string) result {
	h.t.Helper()
	r := h.run(unit)
	if r.code != 0 {
		h.t.Fatalf("%s: exit %d\n%s", unit, r.code, r.output)
	}
	return r
}
