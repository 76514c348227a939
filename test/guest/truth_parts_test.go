//go:build e2e && truth

package guest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/needs"
)

// programsModule names the versions of the programs that are built.
const programsModule = "../truth/programs"

// kubernetes is what the image of this line says that it holds.
const kubernetes = "1.35.1"

// truthPrograms are built from their sources, by the names of their files.
var truthPrograms = map[string]string{
	"etcd":                    "go.etcd.io/etcd/server/v3",
	"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
	"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
	"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
	"kubectl":                 "k8s.io/kubernetes/cmd/kubectl",
	"kubelet":                 "k8s.io/kubernetes/cmd/kubelet",
}

// buildPrograms builds the programs, and returns the folder that they are in.
func buildPrograms(t *testing.T) string {
	t.Helper()
	return buildModule(t, programsModule, kubernetes, "-X k8s.io/component-base/version.gitVersion=v"+kubernetes, truthPrograms)
}

// buildModule builds programs of a module once for each content of its go.sum, Go and
// salt, and returns the folder that they are in.
func buildModule(t *testing.T, module, salt, flags string, programs map[string]string) string {
	t.Helper()
	needs.Program(t, "go")
	sums, err := os.ReadFile(filepath.Join(module, "go.sum"))
	must(t, err)
	version := run(t, module, "go", "env", "GOVERSION")
	cache, err := os.UserCacheDir()
	must(t, err)
	hash := sha256.Sum256(append(sums, version+salt...))
	dir := filepath.Join(cache, "okd-install-test", "truth-"+hex.EncodeToString(hash[:6]))
	must(t, os.MkdirAll(dir, 0o755))
	for name, pkg := range programs {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			continue
		}
		began := time.Now()
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w "+flags, "-o", file+".new", pkg)
		cmd.Dir = module
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
		if out, err := cmd.CombinedOutput(); err != nil {
			needs.Missing(t, "%s cannot be built: %v\n%s", pkg, err, tail(string(out), 20))
		}
		must(t, os.Rename(file+".new", file))
		took(t, "building "+pkg, began)
	}
	return dir
}

// aroundUnit makes what a kubelet expects of a machine and a namespace does not have.
const aroundUnit = `[Unit]
Description=What a kubelet expects of a machine
DefaultDependencies=no
After=local-fs.target
Before=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=60s
ExecStart=/usr/lib/okd-test/around
`

// The kubelet writes to settings of the kernel, which is that of the machine that runs
// the test: it gets files to write to.
const around = `#!/bin/bash
set -euo pipefail
until ip link show truth0 >/dev/null 2>&1; do sleep 0.1; done
ip address add "$(</etc/okd-test/address)/24" dev truth0
ip link set truth0 up
ip route add default via ` + gateway + ` dev truth0
[[ -e /dev/kmsg ]] || mknod --mode=600 /dev/kmsg c 1 3
mkdir -p /run/okd-test/sysctl
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
    file=/run/okd-test/sysctl/${setting//\//.}
    cat "/proc/sys/${setting}" >"${file}"
    mount --bind "${file}" "/proc/sys/${setting}"
done
for folder in /var/lib/containerd /var/lib/kubelet; do
    mkdir -p "${folder}"
    if [[ $(stat --file-system --format=%T "${folder}") == overlayfs ]]; then
        mount -t tmpfs memory "${folder}"
    fi
done
`

// containerdUnit has containerd come up where the host expects CRI-O.
const containerdUnit = `[Unit]
Description=containerd, in the place of CRI-O
[Service]
Type=notify
ExecStartPre=/usr/lib/okd-test/configure-containerd
ExecStart=/usr/bin/containerd --config /run/okd-test/containerd.toml
KillMode=process
`

// configureContainerd takes the pause image from where crio-configure has put it.
const configureContainerd = `#!/bin/bash
set -euo pipefail
pause=$(sed -n 's/^pause_image = "\(.*\)"$/\1/p' /etc/crio/crio.conf.d/*)
[[ -n ${pause} ]]
mkdir -p /run/crio /run/okd-test
cat >/run/okd-test/containerd.toml <<END
version = 2
[grpc]
address = "/run/crio/crio.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pause}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "/usr/lib/okd-test/runc"
SystemdCgroup = false
END
`

// runc is told of no limits that the control groups of this machine cannot hold.
const runc = `#!/bin/bash
set -euo pipefail
PATH=/usr/sbin:/usr/bin
bundle= create=
previous=
for word in "$@"; do
    [[ ${previous} == --bundle ]] && bundle=${word}
    [[ ${word} == create ]] && create=yes
    previous=${word}
done
if [[ -n ${create} && -n ${bundle} ]] && ! grep --quiet --word-regexp memory /sys/fs/cgroup/cgroup.controllers; then
    jq 'del(.linux.resources.memory, .linux.resources.cpu, .linux.resources.pids, .linux.resources.blockIO,
        .linux.resources.hugepageLimits, .linux.resources.unified, .process.oomScoreAdj, .process.rlimits)' \
        "${bundle}/config.json" >"${bundle}/config.json.new"
    mv "${bundle}/config.json.new" "${bundle}/config.json"
fi
exec runc "$@"
`

// kubeletWrapper adds to the flags that kubelet.sh gives what a namespace needs.
const kubeletWrapper = `#!/bin/bash
exec /usr/lib/okd-test/kubelet "$@" --cgroups-per-qos=false --enforce-node-allocatable= --fail-swap-on=false \
    --local-storage-capacity-isolation=false
`

// contentName is the repository of the images as containerd asks the registry for it:
// what registries.conf of the host maps is CRI-O's to read.
var contentName = strings.TrimPrefix(contentSpec, "quay.io/")

func registryHosts() string {
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
	return fmt.Sprintf(`server = "https://quay.io"
[host."https://%s:%d"]
capabilities = ["pull", "resolve"]
[host."https://%s:%d".header]
authorization = "Basic %s"
`, registryHost, registryPort, registryHost, registryPort, auth)
}

// idle are the units that do not start: the test does what they would do.
var idle = []string{"bootkube.service", "progress.service", "approve-csr.service"}

// truthParts are the real programs of a host.
func truthParts(t *testing.T, dir string, standin []byte, n *network) parts {
	t.Helper()
	program := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		return raw
	}
	holds := func(names ...string) image {
		var entries []entry
		for _, name := range names {
			entries = append(entries, entry{name: "usr/bin/" + name, content: program(name), mode: 0o755})
		}
		return newImage(t, "", nil, newLayer(t, entries...))
	}
	return parts{
		wire: n.wire,
		images: map[string]image{
			"etcd":                    holds("etcd"),
			"hyperkube":               holds("kube-apiserver", "kube-controller-manager", "kube-scheduler"),
			"machine-config-operator": machineConfigImage(t, standin),
			"pod": newImage(t, "/usr/bin/pod", []string{"STANDIN_IMAGE=pod"},
				newLayer(t, entry{name: "usr/bin/pod", content: standin, mode: 0o755})),
		},
		node: []entry{
			{name: "usr/bin/kubelet", content: []byte(kubeletWrapper), mode: 0o755},
			{name: "usr/lib/okd-test/kubelet", content: program("kubelet"), mode: 0o755},
			{name: "usr/bin/oc", content: []byte(ocWrapper), mode: 0o755},
			{name: "usr/lib/okd-test/kubectl", content: program("kubectl"), mode: 0o755},
			{name: "usr/lib/okd-test/runc", content: []byte(runc), mode: 0o755},
			{name: "usr/lib/okd-test/configure-containerd", content: []byte(configureContainerd), mode: 0o755},
			{name: "usr/lib/systemd/system/crio.service", content: []byte(containerdUnit), mode: 0o644},
		},
		furnish: func(root string) {
			at := func(name string) string { return filepath.Join(root, name) }
			n.furnish(t, root, "bootstrap", address)
			write(t, at("usr/lib/okd-test/around"), []byte(around), 0o755)
			write(t, at("usr/lib/systemd/system/okd-test-around.service"), []byte(aroundUnit), 0o644)
			wants := at("usr/lib/systemd/system/sysinit.target.wants/okd-test-around.service")
			must(t, os.Symlink("../okd-test-around.service", wants))
			write(t, at("etc/NetworkManager/conf.d/okd-test.conf"), []byte("[keyfile]\nunmanaged-devices=interface-name:truth*\n"), 0o644)
			write(t, at("etc/containerd/certs.d/quay.io/hosts.toml"), []byte(registryHosts()), 0o600)
			must(t, os.RemoveAll(at("etc/systemd/system/multi-user.target.wants/containerd.service")))
			must(t, os.Symlink("/dev/null", at("etc/systemd/system/containerd.service")))
			for _, unit := range idle {
				write(t, at("etc/systemd/system/"+unit+".d/50-okd-test.conf"),
					[]byte("[Unit]\nConditionPathExists=/etc/okd-test/no-such-file\n"), 0o644)
			}
		},
	}
}
