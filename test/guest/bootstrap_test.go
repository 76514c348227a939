//go:build e2e

package guest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/bootkube"
	"github.com/okd-project/okd-install/test/engine"
)

// show is what explains why something does not come to pass.
const show = `systemctl list-jobs --no-pager; systemctl --failed --no-pager; cat /etc/motd.d/* /run/fakes/complaints; ls /opt/openshift/*.done
journalctl -b --no-pager -u bootkube -u kubelet -u crio -u crio-configure -u progress -u 'node-image-*' -u 'release-image*' | tail -60`

// TestBootstrap brings hosts up side by side, with programs that are built once.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	guestTools(t)
	k := kit{ignition: engine.Build(t), standin: buildStandin(t), debian: debian(t)}
	for name, test := range map[string]func(*testing.T, kit){"overlay-4.22": overlay, "pivot-4.18": pivot, "single-node-5.0": singleNode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

// A host of 4.22 comes up, although its release is not in the registry yet, an
// operator fails, bootkube is killed in the middle of a stage and the host
// rebooted in the middle of another.
func overlay(t *testing.T, k kit) {
	const (
		fails = "cluster-ingress-operator render"
		kills = "cluster-kube-controller-manager-operator /usr/bin/cluster-kube-controller-manager-operator render"
		boots = "cloud-credential-operator render"
	)
	h := newHost(t, k, "4.22", "4.22.0-okd-scos.1", "1.35.3", coreos,
		bootkube.Fault{Match: kills}, bootkube.Fault{Match: fails, Code: 1}, bootkube.Fault{Match: boots})
	h.login(3 * time.Minute)

	// the registry lacks the release, and people are told what the host waits for
	h.await("the host says that it looks for the node image", time.Minute,
		"grep 'node-image-pull since .* looking for the node image in "+h.payload.setup.Release+
			"' /etc/motd.d/60_node-image-pull /etc/issue.d/60_node-image-pull.issue",
		show)
	h.registry.pushRelease(t, h.payload)

	// bootkube is killed while an operator runs; systemd starts it again
	h.stuck(kills, "kube-controller-manager-bootstrap")
	h.overlaid()
	before := h.sh("systemctl show --property=MainPID --value bootkube.service")
	h.sh("rm %s/%s; kill -KILL %s", bootkube.FakesDir, bootkube.KillFile, strings.TrimSpace(before))
	h.await("systemd starts bootkube again", time.Minute, `[[ $(systemctl show --property=NRestarts --value bootkube.service) -ge 1 ]]`, show)

	// the host is rebooted while another runs, and lays the node image over its system again
	h.stuck(boots, "cco-bootstrap")
	h.sh("rm %s/%s", bootkube.FakesDir, bootkube.KillFile)
	h.reboot(3 * time.Minute)
	h.completed()
	h.overlaid()

	h.once(map[string]int{fails: 2, kills: 2, boots: 2})
	h.records(true)
	h.nothingFailed()
	h.bundle()
}

// A host of 4.18 boots Fedora CoreOS, changes over to the node image by a reboot
// of its own, and goes on from there.
func pivot(t *testing.T, k kit) {
	h := newHost(t, k, "4.18", "4.18.0-okd-scos.1", "1.31.3", fedora)
	h.login(3 * time.Minute)
	h.await("the host says that the release image is not there", time.Minute,
		"grep 'the release image cannot be pulled' /etc/issue.d/50_release-image.issue", show)
	h.registry.pushRelease(t, h.payload)
	h.gone(5 * time.Minute)
	h.login(3 * time.Minute)
	h.completed()
	h.sh("! ls /etc/issue.d/50_release-image.issue")
	h.once(nil)
	h.records(false)
	h.nothingFailed()
}

// stuck waits until an operator hangs as the test wants it, and looks what the
// host tells people meanwhile.
func (h *host) stuck(match, stage string) {
	h.t.Helper()
	h.await("the stage "+stage, 5*time.Minute, fmt.Sprintf("grep --fixed-strings '%s' %s/%s", match, bootkube.FakesDir, bootkube.KillFile), show)
	for _, file := range []string{"/etc/motd.d/60_bootkube", "/etc/issue.d/60_bootkube.issue"} {
		if text := h.read(file); !strings.Contains(text, "bootkube: stage "+stage+" since ") || !strings.Contains(text, "journalctl") {
			h.t.Errorf("%s does not tell the stage %s:\n%s", file, stage, text)
		}
	}
	if h.sh("cat /etc/motd") == "" {
		h.t.Error("there is no message of the day")
	}
	for end := time.Now().Add(time.Minute * time.Duration(h.slow)); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		raw, err := os.ReadFile(h.console)
		must(h.t, err)
		if strings.Contains(string(raw), "bootkube: stage "+stage+" since ") {
			return
		}
	}
	h.t.Errorf("the console does not show the stage %s", stage)
}

// overlaid looks whether the node image is where it belongs, and what the host
// has changed for itself still there.
func (h *host) overlaid() {
	h.t.Helper()
	if got := h.sh("findmnt --noheadings --output OPTIONS --mountpoint /usr | tail -1"); !strings.HasPrefix(got, "ro") {
		h.t.Errorf("the node image is not over /usr: %q", got)
	}
	for file, want := range map[string]string{
		"/etc/okd-test/of-the-node-image": "the node image\n", "/etc/okd-test/changed-here": "this host\n",
		"/etc/hostname": "bootstrap\n",
	} {
		if got := h.read(file); got != want {
			h.t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
	h.sh("findmnt --mountpoint /usr/lib/modules; systemctl is-active node-image-finish.service multi-user.target")
}

// completed waits until the installer would see that the bootstrap is complete.
func (h *host) completed() {
	h.t.Helper()
	h.await("bootstrap complete", 6*time.Minute, `[[ -e /opt/openshift/.bootkube.done ]]
		oc --kubeconfig=/opt/openshift/auth/kubeconfig get configmap bootstrap --namespace=kube-system -o 'jsonpath={.data.status}' | grep --quiet --line-regexp complete
		for unit in progress bootkube approve-csr; do
			[[ $(systemctl show --property=ActiveState,Result --value $unit.service | sort | paste -sd,) == inactive,success ]]
		done`, show)
	h.noComplaints()
	if text := h.read("/etc/motd.d/60_progress"); !strings.Contains(text, "bootstrap complete") {
		h.t.Errorf("people are not told that it is done:\n%s", text)
	}
	version := h.sh("oc --kubeconfig=/opt/openshift/auth/kubeconfig get clusterversion version -o json")
	if strings.Contains(version, `"overrides"`) {
		h.t.Errorf("the overrides of ClusterVersion are still there: %s", version)
	}
	h.sh("[[ ! -e /etc/kubernetes/manifests/kube-apiserver-pod.yaml && ! -e /etc/kubernetes/manifests/machineconfigoperator-bootstrap-pod.yaml ]]")
}

// noComplaints wants no stand-in to have been asked for what no test allows.
func (h *host) noComplaints() {
	h.t.Helper()
	if complaints := h.sh("cat %s/%s 2>/dev/null || true", bootkube.FakesDir, bootkube.ComplaintsFile); complaints != "" {
		h.t.Errorf("the host did what it must not:\n%s", complaints)
	}
}

// once wants each command of an operator to have run once, but for those whose
// number is given.
func (h *host) once(more map[string]int) {
	h.t.Helper()
	table := operators(h.t)
	ran := map[string]int{}
	for line := range strings.Lines(h.read(bootkube.FakesDir + "/" + bootkube.CallsFile)) {
		var call struct{ Words []string }
		must(h.t, json.Unmarshal([]byte(line), &call))
		words := call.Words
		if slices.Contains(words, "--help") {
			continue
		}
		image := words[0]
		if image == "release" {
			image = ""
		}
		command, _, err := table.Find(h.payload.setup.Line, image, words[1:])
		if err != nil {
			h.t.Errorf("%v: %v", words, err)
			continue
		}
		ran[command.Name]++
		for match, n := range more {
			if strings.Contains(strings.Join(words, " "), match) {
				more[match] = n - 1
				ran[command.Name] = 1
			}
		}
	}
	for match, n := range more {
		if n != 0 {
			h.t.Errorf("%s ran %d times too few", match, n)
		}
	}
	for name := range table.Stages {
		_, known := table.Stage(h.payload.setup.Line, name)
		others := []string{"cluster-bootstrap bootstrap-in-place", "cluster-node-tuning-operator render-bootcmd-mc"}
		if h.system == live {
			others = []string{"cluster-etcd-operator wait-for-ceo"}
		}
		want := 1
		if others = append(others, "machine-config-controller bootstrap", "machine-config-server bootstrap"); !known || slices.Contains(others, name) {
			want = 0 // on another kind of host, or by the kubelet
		}
		if ran[name] != want {
			h.t.Errorf("%s ran %d times, want %d", name, ran[name], want)
		}
	}
}

// record is an entry of a service's records.
type record struct {
	Timestamp, Phase, Result, Stage, PreCommand, ErrorLine, ErrorMessage string
}

// records reads the records of each service: they must end well, and those of bootkube
// tell what has happened to it.
func (h *host) records(faults bool) {
	h.t.Helper()
	services := []string{"approve-csr", "bootkube", "crio-configure", "kubelet", "progress", "release-image"}
	if h.system == fedora {
		services = append(services, "release-image-pivot")
	}
	for _, service := range services {
		var list []record
		if err := json.Unmarshal([]byte(h.read("/var/log/openshift/"+service+".json")), &list); err != nil {
			h.t.Errorf("%s.json: %v", service, err)
			continue
		}
		last := list[len(list)-1]
		if service == "kubelet" { // it still runs
			if last.Phase != "service start" {
				h.t.Errorf("the last record of the kubelet is %+v", last)
			}
		} else if last.Phase != "service end" || last.Result != "success" {
			h.t.Errorf("the last record of %s is %+v", service, last)
		}
		done, failed := h.checkRecords(service, list)
		if service != "bootkube" {
			continue
		}
		for _, stage := range []string{
			"openshift-manifests", "etcd-bootstrap", "cb-bootstrap", "cvo-overrides", "wait-for-ceo", "check-api-url",
			"check-api-int-url",
		} {
			if done[stage] != 1 {
				h.t.Errorf("the stage %s was finished %d times, want once", stage, done[stage])
			}
		}
		if faults {
			// what the shutdown has stopped failed as well, if there was time to write that down
			failed = slices.DeleteFunc(failed, func(r record) bool { return r.Stage == "cco-bootstrap" })
			if len(failed) != 1 || failed[0].Stage != "ingress-operator-bootstrap" ||
				!strings.Contains(failed[0].ErrorMessage, "exit code 1") || failed[0].ErrorLine == "" {
				h.t.Errorf("the failed stages are %+v", failed)
			}
		}
		if !faults && len(failed) > 0 {
			h.t.Errorf("stages failed: %+v", failed)
		}
	}
}

// checkRecords counts the stages that were finished, and returns those that failed.
func (h *host) checkRecords(service string, list []record) (done map[string]int, failed []record) {
	done = map[string]int{}
	open := ""
	for _, r := range list {
		if _, err := time.Parse(time.RFC3339, r.Timestamp); err != nil {
			h.t.Errorf("%s: %v", service, err)
		}
		switch r.Phase {
		case "service start", "pre-command start":
			open = "" // what was killed has closed nothing
		case "stage start":
			if open != "" {
				h.t.Errorf("%s: the stage %s begins in the stage %s", service, r.Stage, open)
			}
			open = r.Stage
		case "stage end":
			if open != r.Stage {
				h.t.Errorf("%s: the stage %s ends in the stage %s", service, r.Stage, open)
			}
			open = ""
			if r.Result == "success" {
				done[r.Stage]++
			} else {
				failed = append(failed, r)
			}
		case "service end", "pre-command end":
		default:
			h.t.Errorf("%s: there is no phase %q", service, r.Phase)
		}
	}
	for stage, n := range done {
		if service == "bootkube" && n != 1 {
			h.t.Errorf("the stage %s was finished %d times", stage, n)
		}
	}
	return done, failed
}

// foreign are the units that fail on this Debian and are none of ours.
var foreign = map[string]string{}

// nothingFailed wants no unit to have failed.
func (h *host) nothingFailed() {
	h.t.Helper()
	for line := range strings.Lines(h.sh("systemctl list-units --state=failed --no-legend --plain")) {
		unit, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, ok := foreign[unit]; !ok {
			h.t.Errorf("the unit %s has failed:\n%s", unit, h.sh("systemctl status --no-pager --lines=20 '%s' || true", unit))
		}
	}
}
