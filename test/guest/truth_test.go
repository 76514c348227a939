//go:build e2e && truth

package guest

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/engine"
)

const showTruth = `systemctl --failed --no-pager; cat /etc/motd.d/* 2>/dev/null; ls -l /etc/kubernetes/manifests
ctr -a /run/crio/crio.sock -n k8s.io containers ls
tail -n 15 /var/log/pods/*/*/*.log
journalctl -b --no-pager -u kubelet -u crio -u crio-configure -u 'node-image-*' -u 'release-image*' -u okd-test-around | tail -60`

// TestTruth brings the first real parts of a control plane up on a bootstrap host: the
// kubelet by our kubelet.service and kubelet.sh, containerd, and etcd as a static pod.
func TestTruth(t *testing.T) {
	guestTools(t)
	t.Setenv("OKD_GUEST", namespace) // the network of the tests is one of these
	r := &truthReport{began: time.Now()}
	t.Cleanup(func() { r.write(t) })
	dir := buildPrograms(t)
	took(t, "the programs", r.began)
	standin := buildStandin(t)
	definitions, of := readDefinitions(t)
	r.version("definitions of OpenShift's kinds", "github.com/openshift/api "+of)
	k := kit{ignition: engine.Build(t), standin: standin, debian: debian(t, networkPackages...)}
	n := newNetwork(t, k.debian)
	k.parts = withManifests(t, truthParts(t, dir, standin, n), definitions)
	h := newHost(t, k, "4.22", "4.22.0-okd-scos.1", kubernetes, coreos)
	h.byName = n.dial

	r.base(t, h, "first boot", func(t *testing.T) {
		h.login(3 * time.Minute)
		for _, tag := range []string{"etcd", "hyperkube", "pod"} {
			must(t, h.registry.push(contentName, h.payload.content[tag]))
		}
		h.registry.pushRelease(t, h.payload)
		h.await("the kubelet says that it is ready", 6*time.Minute, "systemctl is-active kubelet.service", showTruth)
		h.overlaid()
		h.tellVersions(r, dir)
	})
	r.base(t, h, "kubelet", func(t *testing.T) { kubeletIsOurs(t, h) })
	r.base(t, h, "etcd", func(t *testing.T) { etcdRuns(t, h) })
	r.step(t, h, "kills", func(t *testing.T) { killsHeal(t, h) })
	r.step(t, h, "static pods come and go", func(t *testing.T) { podsComeAndGo(t, h) })
	r.step(t, h, "a mount that is not there", func(t *testing.T) { mountIsMissing(t, h) })
	apiSteps(t, h, r)
	r.step(t, h, "names", func(t *testing.T) { namesLead(t, h) })
	controllerSteps(t, h, r)
	machineConfigSteps(t, h, r, k, n)
	nodeSteps(t, h, r, k, n)
	manifestSteps(t, h, r, definitions)
	r.step(t, h, "nothing failed", func(*testing.T) { h.nothingFailed() })
}

// tellVersions asks the programs themselves.
func (h *host) tellVersions(r *truthReport, dir string) {
	h.t.Helper()
	for _, name := range []string{"kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"} {
		out, _ := exec.Command(dir+"/"+name, "--version").CombinedOutput()
		first, _, _ := strings.Cut(string(out), "\n")
		r.version(name, first)
	}
	r.version("source of all but etcd", run(h.t, programsModule, "go", "list", "-m", "-f", "{{.Replace}}", "k8s.io/kubernetes"))
	for what, command := range map[string]string{
		"containerd": "containerd --version", "runc": "PATH=$PATH:/usr/sbin runc --version | head -1", "podman": "podman --version", "systemd": "systemctl --version | head -1",
		"guest": ". /etc/os-release; echo $PRETTY_NAME in namespaces of the kernel $(uname -r)",
	} {
		r.version(what, h.sh("%s", command))
	}
	groups := strings.TrimSpace(h.sh("cat /sys/fs/cgroup/cgroup.controllers"))
	if groups == "" {
		groups = "no controllers: limits, oom scores and rlimits are taken out of what runc is given"
	}
	r.version("control groups", groups)
	r.version("okd-install", run(h.t, "", okdInstall(h.t), "version"))
}

// kubeletIsOurs looks whether the kubelet runs by the flags of kubelet.sh, on a socket
// where crio-configure has been heard.
func kubeletIsOurs(t *testing.T, h *host) {
	flags := h.sh(`tr '\0' '\n' </proc/$(pgrep --full ^/usr/lib/okd-test/kubelet)/cmdline`)
	for _, flag := range []string{
		"--anonymous-auth=false", "--container-runtime-endpoint=/var/run/crio/crio.sock", "--runtime-request-timeout=10m",
		"--pod-manifest-path=/etc/kubernetes/manifests", "--volume-plugin-dir=/etc/kubernetes/kubelet-plugins/volume/exec",
	} {
		if !strings.Contains(flags, flag+"\n") {
			t.Errorf("the kubelet runs without %s:\n%s", flag, flags)
		}
	}
	said := h.sh("journalctl -b --no-pager -u kubelet")
	if strings.Contains(said, "unknown flag") || strings.Contains(said, "Flag --pod-infra") {
		t.Errorf("the kubelet does not know a flag of ours:\n%s", tail(said, 20))
	}
	if config := h.sh("cat /run/okd-test/containerd.toml"); !strings.Contains(config, h.imageOf("pod")) {
		t.Errorf("containerd does not run by the pause image of the release %s:\n%s", h.imageOf("pod"), config)
	}
	if kubeletEnv := h.read("/etc/kubernetes/kubelet-pause-image-override"); !strings.Contains(kubeletEnv, h.imageOf("pod")) {
		t.Errorf("the kubelet is told another pause image: %s", kubeletEnv)
	}
}

// etcdRuns has etcd come up from its pod, and keeps something in it.
func etcdRuns(t *testing.T, h *host) {
	h.renderEtcd(t)
	c := h.etcdClient()
	h.until("etcd is healthy", 3*time.Minute, h.etcdIs(c))
	h.answers(c, "POST", "/v3/kv/put", `{"key":"a2V5","value":"dmFsdWU="}`, 200)
	h.sandboxes(t, 1)
	h.refusesStrangers(c)
}

// refusesStrangers wants etcd to let nobody in without a certificate of its authority.
func (h *host) refusesStrangers(c client) {
	h.t.Helper()
	if code, _, err := h.ask(c.anonymous(), "GET", "/health", ""); err == nil {
		h.t.Errorf("etcd answers a client without a certificate: %d", code)
	}
	stranger := c.as([]byte(h.tls("kube-apiserver-to-kubelet-client.crt")), []byte(h.tls("kube-apiserver-to-kubelet-client.key")))
	if _, _, err := h.ask(stranger, "GET", "/health", ""); err == nil {
		h.t.Error("etcd answers a client of another authority")
	}
}

// sandboxes counts the pods that containerd runs with the pause image of the release.
func (h *host) sandboxes(t *testing.T, want int) {
	t.Helper()
	out := h.sh("ctr -a /run/crio/crio.sock -n k8s.io containers ls | grep --count --fixed-strings '%s' || true", h.imageOf("pod"))
	if strings.TrimSpace(out) != fmt.Sprint(want) {
		t.Errorf("%s pods hold by the pause image of the release, want %d", strings.TrimSpace(out), want)
	}
}

const etcdProcess = "pgrep --full ^/usr/bin/etcd"

// killsHeal kills etcd, which the kubelet starts again with its data, and the kubelet,
// which systemd starts again while etcd goes on.
func killsHeal(t *testing.T, h *host) {
	c := h.etcdClient()
	first := h.sh(etcdProcess)
	h.sh("kill -KILL %s", strings.TrimSpace(first))
	another := fmt.Sprintf(`now=$(%s); [[ ${now} != %s ]]`, etcdProcess, strings.TrimSpace(first))
	h.await("the kubelet starts etcd again", 3*time.Minute, another, showTruth)
	h.until("etcd is healthy again", 2*time.Minute, h.etcdIs(c))
	if said := h.answers(c, "POST", "/v3/kv/range", `{"key":"a2V5"}`, 200); !strings.Contains(said, "dmFsdWU=") {
		t.Errorf("etcd has lost what it had: %s", said)
	}
	second := h.sh(etcdProcess)
	h.sh("kill -KILL $(pgrep --full ^/usr/lib/okd-test/kubelet)")
	h.await("systemd starts the kubelet again", time.Minute,
		`[[ $(systemctl show --property=NRestarts --value kubelet.service) -ge 1 ]] && systemctl is-active kubelet.service`, showTruth)
	if now := h.sh(etcdProcess); now != second {
		t.Errorf("etcd was started again with the kubelet: process %s, then %s", second, now)
	}
}

// podsComeAndGo takes the manifest away and puts it back.
func podsComeAndGo(_ *testing.T, h *host) {
	const pod = "/etc/kubernetes/manifests/etcd-member-pod.yaml"
	h.sh("mv %s /root/", pod)
	h.await("the kubelet stops etcd", 3*time.Minute,
		"if "+etcdProcess+"; then exit 1; fi; journalctl -b --no-pager -u kubelet | grep 'SyncLoop REMOVE.*openshift-etcd/etcd-member'", showTruth)
	h.sh("cp /root/etcd-member-pod.yaml %s", pod)
	h.until("etcd is healthy", 3*time.Minute, h.etcdIs(h.etcdClient()))
}

// mountIsMissing gives the kubelet a pod that wants a folder which is not there. It must
// not run, and the journal must tell which folder.
func mountIsMissing(t *testing.T, h *host) {
	const missing = "/etc/kubernetes/static-pod-resources/not-there"
	without := strings.NewReplacer("name: etcd-member", "name: without-mount", member, missing)
	pod := without.Replace(fmt.Sprintf(etcdPod, h.imageOf("etcd"), member))
	h.put("/etc/kubernetes/manifests/without-mount.yaml", []byte(pod), "600")
	h.await("the kubelet tells what is missing", 3*time.Minute,
		`journalctl -b --no-pager -u kubelet | grep 'hostPath type check failed: `+missing+` is not a directory'`, showTruth)
	time.Sleep(15 * time.Second) // the kubelet tries again meanwhile
	h.sh("[[ ! -e %s ]]; ! ls -d /var/log/pods/openshift-etcd_without-mount-*/etcd", missing)
	if got := strings.Fields(h.sh(etcdProcess)); len(got) != 1 {
		t.Errorf("the pod without its mount runs: processes %v", got)
	}
	h.sh("rm /etc/kubernetes/manifests/without-mount.yaml")
}
