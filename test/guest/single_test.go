//go:build e2e

package guest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/bootkube"
)

// installationDisk appears late, as a disk may that has a name by its id.
const installationDisk = "/dev/okd-test-disk"

// A single node of 5.0 runs from memory, makes of what it holds the config of the node,
// and writes itself to its disk. Started from there, it hands over to the cluster.
func singleNode(t *testing.T, k kit) {
	h := newHost(t, k, "5.0", "5.0.0-0.okd-scos-2026-08-01-020304", "1.36.1", live)
	h.login(3 * time.Minute)
	h.registry.pushRelease(t, h.payload)
	h.await("the host waits for its disk", 8*time.Minute, "grep 'waiting for the disk "+installationDisk+"' /etc/motd.d/60_install-to-disk", show)
	h.overlaid()
	if text := h.sh("findmnt --noheadings --output FSTYPE,SIZE --mountpoint /var/ostreecontainer; ls /var/ostreecontainer"); strings.Join(strings.Fields(text), " ") != "tmpfs 5G checkout" {
		t.Errorf("the memory for the node image holds %q", text)
	}
	h.sh("mknod %s b 7 200", installationDisk)
	h.await("the node is installed to the disk", 2*time.Minute, "[[ -e /opt/openshift/.install-to-disk.done ]]; grep --line-regexp MODE=reboot /run/systemd/shutdown/scheduled", show)
	h.sh("shutdown -c") // a slow machine needs longer than the minute for what follows
	if text := h.read("/etc/motd.d/60_install-to-disk"); !strings.Contains(text, "the node is installed") {
		t.Errorf("people are not told that it is done:\n%s", text)
	}
	h.noComplaints()
	h.once(nil)
	h.liveRecords()
	h.nothingFailed()
	packed := h.sh("cat /opt/openshift/log-bundle-bootstrap.tar.gz")
	files := unpackBundle(h, packed, "log-bundle-bootstrap/")
	for _, name := range []string{
		"gather.log", "bootstrap/services/bootkube.json", "bootstrap/journals/bootkube.log",
		"rendered-assets/openshift/manifests/cluster-config.yaml",
	} {
		if _, ok := files[name]; !ok {
			t.Errorf("the log bundle that goes with the node has no %s", name)
		}
	}
	h.noSecrets(files)

	h.install(k, h.sh("cat %s/installed.ign", bootkube.FakesDir))
	h.handedOver()
}

// install ends the live host, and starts the machine from a disk for which Ignition has
// been given the config that coreos-installer was.
func (h *host) install(k kit, config string) {
	h.t.Helper()
	_, _ = h.try("sudo systemctl poweroff")
	select {
	case <-h.ended:
	case <-time.After(3 * time.Minute * time.Duration(h.slow)): // systemd gives a service 90 s
		h.t.Fatal("the live host does not go down")
	}
	h.client.Close()
	h.system = node
	file := filepath.Join(h.t.TempDir(), "installed.ign")
	write(h.t, file, []byte(config), 0o600)
	root := h.newRoot(h.t, k, newAuthority(h.t), file)
	for name, want := range map[string]os.FileMode{
		"etc/kubernetes/bootstrap-secrets":                   0o700 | os.ModeDir,
		"etc/kubernetes/bootstrap-secrets/kubeconfig":        0o600,
		"var/lib/etcd/member":                                0o700 | os.ModeDir,
		"var/usrlocal/bin/bootstrap-in-place-post-reboot.sh": 0o555, "var/log/log-bundle-bootstrap.tar.gz": 0o600,
	} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || info.Mode() != want {
			h.t.Errorf("the installed node has /%s: %v, %v, want %v", name, info, err, want)
		}
	}
	h.machine = newMachine(h.t, root, h.key, nil)
}

// handedOver waits until the node is a cluster of its own, although its last script is
// killed in between, and looks what is left.
func (h *host) handedOver() {
	t := h.t
	h.login(3 * time.Minute)
	h.await("the node waits for its operators", 2*time.Minute, "journalctl --unit=bootkube.service | grep 'waiting for the operator of the API server'", show)
	h.sh("systemctl kill --signal=KILL bootkube.service")
	h.await("the node is a cluster", 4*time.Minute, "journalctl --unit=bootkube.service | grep 'this single node is installed'; [[ $(systemctl is-active bootkube.service) == inactive ]]", show)
	h.sh("! systemctl is-enabled bootkube.service")
	h.sh("! ls -d /etc/kubernetes/bootstrap-* /opt/openshift /usr/local/lib/okd-install /usr/local/bin/installer-gather.sh /usr/local/bin/redact-secrets.sh /var/log/log-bundle-bootstrap.tar.gz")
	h.sh("ls /etc/kubernetes/manifests/etcd-pod.yaml; ! grep --recursive bootstrap-kube- /etc/kubernetes/manifests")
	raw, err := os.ReadFile(filepath.Join(h.dir, "auth/kubeconfig"))
	must(t, err)
	ask := func(words string) string {
		h.t.Helper()
		return h.sh("cat >/run/kubeconfig <<'END'\n%s\nEND\noc --kubeconfig=/run/kubeconfig %s", raw, words)
	}
	if status := ask("get configmap bootstrap --namespace=kube-system --output=jsonpath='{.data.status}'"); status != "complete" {
		t.Errorf("the ConfigMap bootstrap says %q", status)
	}
	if version := ask("get clusterversion version --output=json"); strings.Contains(version, `"overrides"`) {
		t.Errorf("the overrides of ClusterVersion are still there: %s", version)
	}
	if leases := ask("get leases --all-namespaces --output=custom-columns=NAME:.metadata.name"); leases != "" {
		t.Errorf("leases of the bootstrap are left: %s", leases)
	}
	if ready := ask("get nodes --output='jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].status}'"); ready != "True" {
		t.Errorf("the node is Ready: %q", ready)
	}
	h.noComplaints()
	h.nothingFailed()
}

// liveRecords are those of a host that installs itself: the API is gone when its names
// are checked, and the disk was busy at first.
func (h *host) liveRecords() {
	h.t.Helper()
	for _, service := range []string{"approve-csr", "bootkube", "crio-configure", "install-to-disk", "release-image"} {
		var list []record
		if err := json.Unmarshal([]byte(h.read("/var/log/openshift/"+service+".json")), &list); err != nil {
			h.t.Errorf("%s.json: %v", service, err)
			continue
		}
		if last := list[len(list)-1]; last.Phase != "service end" || last.Result != "success" {
			h.t.Errorf("the last record of %s is %+v", service, last)
		}
		done, failed := h.checkRecords(service, list)
		var names []string
		for _, r := range failed {
			names = append(names, r.Stage)
		}
		switch service {
		case "bootkube":
			for _, stage := range []string{
				"cmdbootline-nto-bootstrap", //nolint:misspell // as it is known
				"cb-bootstrap", "stop-etcd", "master-ignition",
			} {
				if done[stage] != 1 {
					h.t.Errorf("the stage %s was finished %d times, want once", stage, done[stage])
				}
			}
			if want := []string{"check-api-url", "check-api-int-url"}; !slices.Equal(names, want) {
				h.t.Errorf("the failed stages are %v, want %v", names, want)
			}
		case "install-to-disk":
			if want := []string{"coreos-installer"}; !slices.Equal(names, want) || done["coreos-installer"] != 1 {
				h.t.Errorf("the failed stages are %v, want %v; finished are %v", names, want, done)
			}
		}
	}
}
