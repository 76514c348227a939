package hosttools

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/test/needs"
)

// inPlace runs the last part of bootkube on a single node, with the verbs of
// bootkube in their simplest form.
func (h *host) inPlace() (string, error) {
	h.t.Helper()
	return h.run("-c", `set -euo pipefail; shopt -s inherit_errexit
SERVICE_NAME=bootkube
stage() { [[ ! -e $1.done ]] && MARKER=$1.done; }
finish() { touch "$MARKER"; }
container() { podman "$@"; }
source "$1"
source "$2"`, "test", h.path("/usr/local/lib/okd-install/status.sh"), h.path("/usr/local/bin/bootstrap-in-place.sh"))
}

func TestBootstrapInPlace(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write("/etc/kubernetes/manifests/etcd-member-pod.yaml", "kind: Pod\n", 0o600)
	h.fake("crictl", "if times running 2; then echo c0ffee; fi")
	h.fake("curl", `
if times curl 1; then exit 7; fi
echo '{"ignition":{"version":"3.2.0"}}' >original-master.ign.new`)
	h.fake("podman", `echo '{}' >master.ign`)
	h.write("/usr/local/bin/installer-gather.sh", "#!/bin/bash\necho \"gather $* $TAR_FILE\" >>'"+h.path("/calls")+"'\nexit 1\n", 0o755)
	out, err := h.inPlace()
	if err != nil {
		t.Fatal(err, out)
	}
	h.want(`
crictl ps --name ^etcd --state Running --quiet
sleep 10
crictl ps --name ^etcd --state Running --quiet
sleep 10
crictl ps --name ^etcd --state Running --quiet
curl --silent --show-error --fail --output original-master.ign.new --header Accept: application/vnd.coreos.ignition+json;version=3.2.0 http://localhost:22624/config/master
sleep 5
curl --silent --show-error --fail --output original-master.ign.new --header Accept: application/vnd.coreos.ignition+json;version=3.2.0 http://localhost:22624/config/master
gather --id bootstrap log-bundle-bootstrap.tar.gz
podman bootstrap-in-place cluster-bootstrap --privileged --volume /opt/openshift:/assets:z --volume /usr/local/bin:/assets/bin --volume /usr/local/lib/okd-install:/assets/lib --volume /var/lib/etcd:/assets/etcd-data --volume /etc/kubernetes:/assets/kubernetes -- bootstrap-in-place --asset-dir /assets --input /assets/bootstrap-in-place/master-update.fcc --output /assets/master.ign
`, "agetty")
	if h.exists("/etc/kubernetes/manifests/etcd-member-pod.yaml") || !h.exists("/etc/kubernetes/etcd-member-pod.yaml") {
		t.Error("the pod of etcd is not where the node's config takes it from")
	}
	// no log bundle is no reason to stop, but the node's config names it
	if files := bundle(t, h.path("/opt/openshift/log-bundle-bootstrap.tar.gz")); len(files) != 0 {
		t.Errorf("the empty bundle holds %v", files)
	}
	for _, name := range []string{"master.ign", "original-master.ign"} {
		if info, err := os.Stat(h.path("/opt/openshift/" + name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	h.write("/calls", "", 0o644)
	if out, err := h.inPlace(); err != nil {
		t.Fatal(err, out)
	}
	h.want("", "agetty")
}

// Everything that the node's config takes from this host is made by somebody:
// it is a file of ours, or what a stage of bootkube leaves.
func TestMasterUpdate(t *testing.T) {
	t.Parallel()
	text, err := data.Bootstrap.ReadFile("bootstrap/files/opt/openshift/bootstrap-in-place/master-update.fcc")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Variant, Version string
		Ignition         struct {
			Config struct{ Merge []struct{ Local string } }
		}
		Storage struct {
			Trees []struct{ Local, Path string }
			Files []struct {
				Path     string
				Mode     int
				Contents struct{ Local string }
			}
			Directories []struct {
				Path string
				Mode int
			}
		}
		Systemd struct {
			Units []struct {
				Name     string
				Enabled  bool
				Contents string
			}
		}
	}
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		t.Fatal(err)
	}
	if config.Variant != "fcos" || config.Version != "1.1.0" {
		t.Errorf("variant %s %s", config.Variant, config.Version)
	}
	made := []string{
		"original-master.ign", "log-bundle-bootstrap.tar.gz", // bootstrap-in-place.sh
		"kubernetes/etcd-member-pod.yaml", "kubernetes/bootstrap-configs", "etcd-data", "tls",
		"etcd-bootstrap/etc-kubernetes/static-pod-resources/etcd-member",
		"bootstrap-manifests/kube-apiserver-pod.yaml", "bootstrap-manifests/kube-controller-manager-pod.yaml", "bootstrap-manifests/kube-scheduler-pod.yaml",
		"auth/kubeconfig-loopback", "original_cvo_overrides.patch", // okd-install
	}
	locals := []string{config.Ignition.Config.Merge[0].Local}
	for _, tree := range config.Storage.Trees {
		locals = append(locals, strings.TrimSuffix(tree.Local, "/"))
	}
	for _, f := range config.Storage.Files {
		locals = append(locals, f.Contents.Local)
		if strings.HasSuffix(f.Path, ".sh") && strings.HasPrefix(f.Path, "/usr/local/bin/") && f.Mode != 0o555 {
			t.Errorf("%s has mode %#o", f.Path, f.Mode)
		}
	}
	for _, local := range locals {
		ours := strings.NewReplacer("bin/", "usr/local/bin/", "lib/", "usr/local/lib/okd-install/").Replace(local)
		if strings.HasPrefix(local, "bootstrap-in-place/") {
			ours = path.Join("opt/openshift", local)
		}
		if _, err := data.Bootstrap.ReadFile("bootstrap/files/" + ours); err != nil && !slices.Contains(made, local) {
			t.Errorf("nothing makes %s", local)
		}
	}
	// what the scripts of the installed node call is there
	for _, f := range config.Storage.Files {
		if !strings.HasSuffix(f.Contents.Local, ".sh") {
			continue
		}
		name := strings.NewReplacer("bin/", "usr/local/bin/", "lib/", "usr/local/lib/okd-install/").Replace(f.Contents.Local)
		if strings.HasPrefix(f.Contents.Local, "bootstrap-in-place/") {
			name = "opt/openshift/" + f.Contents.Local
		}
		script, err := data.Bootstrap.ReadFile("bootstrap/files/" + name)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, called := range regexp.MustCompile(`/usr/local/(?:bin|lib/okd-install)/[a-z-]+\.sh`).FindAllString(string(script), -1) {
			if !slices.ContainsFunc(config.Storage.Files, func(f struct {
				Path     string
				Mode     int
				Contents struct{ Local string }
			}) bool {
				return f.Path == called
			}) {
				t.Errorf("%s needs %s, which the installed node has not", f.Path, called)
			}
		}
	}
	// trees are readable for all, so what holds keys is closed
	for _, tree := range config.Storage.Trees {
		closed := slices.ContainsFunc(config.Storage.Directories, func(d struct {
			Path string
			Mode int
		}) bool {
			return d.Path == tree.Path && d.Mode == 0o700
		})
		if !closed && tree.Path != "/etc/kubernetes/bootstrap-configs" {
			t.Errorf("%s is open", tree.Path)
		}
	}
	if u := config.Systemd.Units[0]; u.Name != "bootkube.service" || !u.Enabled ||
		!strings.Contains(u.Contents, "ConditionPathExists=/etc/kubernetes/bootstrap-secrets/kubeconfig") {
		t.Errorf("unit %+v", u)
	}
}

func TestInstallToDisk(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.env = []string{"SERVICE_NAME=install-to-disk"}
	// a file stands for the disk
	script := strings.ReplaceAll(h.read("/usr/local/bin/install-to-disk.sh"), "-b ${INSTALLATION_DISK}", "-e ${INSTALLATION_DISK}")
	h.write("/usr/local/bin/install-to-disk.sh", script, 0o755)
	h.write("/etc/okd-install/environment", "INSTALLATION_DISK='"+h.path("/disk")+"'\n", 0o600)
	h.fake("sleep", `if times done 2; then touch /opt/openshift/.bootkube.done; else touch /run/../disk; fi`)
	h.fake("coreos-installer", "! times installer 1")
	run := func() (string, error) { return h.run(h.path("/usr/local/bin/install-to-disk.sh")) }
	if out, err := run(); err == nil {
		t.Fatal("the failure of coreos-installer passes unnoticed", out)
	}
	if out, err := run(); err != nil {
		t.Fatal(err, out)
	}
	h.want(`
sleep 5
sleep 10
sleep 10
coreos-installer install -n -i /opt/openshift/master.ign /disk
coreos-installer install -n -i /opt/openshift/master.ign /disk
shutdown --reboot +1 The node is installed to its disk, and is started from there.
`, "agetty", "journalctl")
	if !h.exists("/opt/openshift/.install-to-disk.done") {
		t.Error("there is no marker")
	}
}

// After the reboot: the run is killed in the middle, and the next goes on.
func TestPostReboot(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write("/opt/openshift/original_cvo_overrides.patch", `{"spec":{"overrides":null}}`, 0o644)
	h.write("/etc/kubernetes/manifests/kube-apiserver-pod.yaml", "name: bootstrap-kube-apiserver\n", 0o600)
	h.write("/etc/kubernetes/bootstrap-secrets/kubeconfig", "", 0o600)
	for _, name := range []string{"post-reboot", "handover"} {
		h.write("/usr/local/bin/bootstrap-in-place-"+name+".sh", h.read("/opt/openshift/bootstrap-in-place/bootstrap-in-place-"+name+".sh"), 0o755)
	}
	h.fake("oc", `
case "$*" in
    *'get csr') ! times api 2 ;;
    *'create configmap'*) echo 'kind: ConfigMap' ;;
    *'get csr '*) if times csr 1; then printf 'csr-a csr-b '; fi ;;
    *'get nodes '*) if times node 1; then echo False; else echo True; fi ;;
    *'get pods '*) echo True ;;
    *'get clusterversion '*) if times version 1; then echo False; else echo True; fi ;;
    *'get clusteroperators '*) echo 'console dns ' ;;
    *'patch '*) ! times patch 1 ;;
esac`)
	h.fake("systemctl", `
if [[ $* == 'restart kubelet.service' ]]; then
    if times kubelet 1; then kill -KILL "$PPID"; fi
    echo 'name: kube-apiserver' >/etc/kubernetes/manifests/kube-apiserver-pod.yaml
fi`)
	run := func() (string, error) { return h.run(h.path("/usr/local/bin/bootstrap-in-place-post-reboot.sh")) }
	if out, err := run(); err == nil {
		t.Fatal("it was not killed", out)
	}
	h.want(`
oc --request-timeout=20s get csr
sleep 5
oc --request-timeout=20s get csr
sleep 5
oc --request-timeout=20s get csr
oc --request-timeout=20s create configmap bootstrap --namespace=kube-system --from-literal=status=complete --dry-run=client --output=yaml
oc --request-timeout=20s apply --filename=-
oc --request-timeout=20s delete --ignore-not-found --namespace=openshift-cluster-version lease version
oc --request-timeout=20s delete --ignore-not-found --namespace=openshift-cluster-version configmap version
oc --request-timeout=20s delete --ignore-not-found --namespace=kube-system lease cluster-policy-controller-lock
oc --request-timeout=20s delete --ignore-not-found --namespace=kube-system configmap cluster-policy-controller-lock
oc --request-timeout=20s patch clusterversion.config.openshift.io version --type=merge --patch-file=/opt/openshift/original_cvo_overrides.patch
sleep 10
oc --request-timeout=20s patch clusterversion.config.openshift.io version --type=merge --patch-file=/opt/openshift/original_cvo_overrides.patch
oc --request-timeout=20s get csr --output=go-template={{range .items}}{{if not .status.certificate}}{{.metadata.name}} {{end}}{{end}}
oc --request-timeout=20s adm certificate approve csr-a csr-b
oc --request-timeout=20s get nodes --selector=node-role.kubernetes.io/master --output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}
sleep 10
oc --request-timeout=20s get csr --output=go-template={{range .items}}{{if not .status.certificate}}{{.metadata.name}} {{end}}{{end}}
oc --request-timeout=20s get nodes --selector=node-role.kubernetes.io/master --output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}
oc --request-timeout=20s get pods --namespace=openshift-kube-apiserver-operator --selector=app=kube-apiserver-operator --output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}
systemctl daemon-reload
systemctl restart kubelet.service
`)
	h.write("/calls", "", 0o644)
	out, err := run()
	if err != nil || !strings.Contains(out, "operators that are not available yet: console dns") {
		t.Fatal(err, out)
	}
	calls := strings.Join(h.calls(), "\n")
	for _, again := range []string{"delete", "approve"} {
		if strings.Contains(calls, again) {
			t.Errorf("done again: %s\n%s", again, calls)
		}
	}
	if !strings.HasSuffix(calls, "systemctl disable bootkube.service") || strings.Count(calls, "restart kubelet.service") != 2 {
		t.Errorf("the end: %s", calls)
	}
	for _, gone := range []string{"/opt/openshift", "/etc/kubernetes/bootstrap-secrets", "/usr/local/bin/installer-gather.sh"} {
		if h.exists(gone) {
			t.Errorf("%s is left", gone)
		}
	}
}

// systemd itself reads the units that are files of the host, not of Ignition's
// list: every setting is known, every command is there.
func TestUnitFilesWithSystemd(t *testing.T) {
	t.Parallel()
	verify := needs.Program(t, "systemd-analyze")
	h := newHost(t)
	const folder = "bootstrap/files/etc/systemd/system"
	entries, err := data.Bootstrap.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		text, err := data.Bootstrap.ReadFile(folder + "/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		name := entry.Name()
		if name == "var-ostree-container.mount" {
			name = `var-ostree\x2dcontainer.mount`
			if err := os.Remove(h.path("/etc/systemd/system/" + entry.Name())); err != nil {
				t.Fatal(err)
			}
		}
		h.write("/etc/systemd/system/"+name, string(text), 0o644)
		units = append(units, h.path("/etc/systemd/system/"+name))
	}
	for _, target := range []string{
		"network", "multi-user", "basic", "sysinit", "shutdown", "getty", "umount", "local-fs", "local-fs-pre", "swap",
	} {
		h.write("/usr/lib/systemd/system/"+target+".target", "[Unit]\nDescription="+target+"\n", 0o644)
	}
	for _, slice := range []string{"-", "system"} {
		h.write("/usr/lib/systemd/system/"+slice+".slice", "[Unit]\nDescription=slice\n", 0o644)
	}
	for _, service := range []string{"sshd", "NetworkManager", "systemd-user-sessions"} {
		h.write("/usr/lib/systemd/system/"+service+".service", "[Service]\nExecStart=/usr/bin/true\n", 0o644)
	}
	for _, command := range []string{"true", "chcon", "systemctl"} {
		h.write("/usr/bin/"+command, "#!/bin/sh\n", 0o755)
	}
	args := append([]string{"verify", "--man=no", "--root=" + h.root}, units...)
	out, err := exec.CommandContext(t.Context(), verify, args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
