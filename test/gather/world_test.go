//go:build e2e && linux

// Package gather runs `okd-install gather bootstrap` against real sshds: a desk, a
// bootstrap host, two machines of the control plane that only the bootstrap host
// reaches, and another machine to jump over. Each is a network namespace with mounts of
// its own, in which Debian's sshd runs and the scripts of the bootstrap host stand.
//
// The tests need root, the binary in OKD_INSTALL, and the packages openssh-server,
// openssh-client, iproute2 and jq.
package gather

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/test/needs"
)

var okd string

func TestMain(m *testing.M) {
	okd = os.Getenv("OKD_INSTALL")
	if info, err := os.Stat(okd); err != nil || info.IsDir() {
		fmt.Fprintf(os.Stderr, "set OKD_INSTALL to the okd-install binary to test; it is %q\n", okd)
		os.Exit(2)
	}
	okd, _ = filepath.Abs(okd)
	os.Exit(m.Run())
}

// need looks for what a world is made with.
func need(t *testing.T) {
	t.Helper()
	needs.Root(t, "to make network namespaces")
	needs.Programs(t, "sshd", "ssh-keygen", "ssh-agent", "ip", "jq", "unshare")
	if out, err := exec.Command("unshare", "--net", "--mount", "true").CombinedOutput(); err != nil {
		needs.Missing(t, "no namespaces can be made here: %v: %s", err, out)
	}
}

// world is a desk and some machines.
type world struct {
	t      *testing.T
	prefix string
	// dir is the asset directory on the desk, key the user's private key.
	dir, key string
	env      []string
	machines map[string]*machine
}

// machine is a host with an sshd.
type machine struct {
	w       *world
	name    string
	root    string // its folders, as seen from outside
	process *exec.Cmd
}

var worlds atomic.Int32

// addresses say which machine is on which network: the desk's or the cluster's.
var addresses = map[string][]string{
	"desk": {"desks 10.99.1.1/24", "desks fd99:1::1/64"},
	"boot": {"desks 10.99.1.5/24", "desks fd99:1::5/64", "nodes 10.99.2.5/24", "nodes fd99:2::5/64"},
	"m1":   {"nodes 10.99.2.11/24", "nodes fd99:2::11/64"},
	"m2":   {"nodes 10.99.2.12/24", "nodes fd99:2::12/64"},
	"jump": {"desks 10.99.1.9/24", "nodes 10.99.2.9/24"},
}

func newWorld(t *testing.T) *world {
	need(t)
	t.Parallel()
	w := &world{t: t, prefix: fmt.Sprintf("okdg%d-%d-", os.Getpid()%100000, worlds.Add(1)), dir: t.TempDir(), machines: map[string]*machine{}}
	w.key = filepath.Join(t.TempDir(), "user")
	w.do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", w.key)
	w.do("ip", "netns", "add", w.prefix+"net")
	t.Cleanup(func() { w.undo("ip", "netns", "del", w.prefix+"net") })
	for _, bridge := range []string{"desks", "nodes"} {
		w.do("ip", "-n", w.prefix+"net", "link", "add", bridge, "type", "bridge", "forward_delay", "0")
		w.do("ip", "-n", w.prefix+"net", "link", "set", bridge, "up")
	}
	for name, places := range addresses {
		w.plug(name, places)
	}
	w.makeAssets()
	for name := range addresses {
		if name != "desk" {
			w.boot(name)
		}
	}
	return w
}

func (w *world) do(args ...string) string {
	w.t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (w *world) undo(args ...string) { _ = exec.Command(args[0], args[1:]...).Run() }

// plug makes the namespace of a machine and its cables.
func (w *world) plug(name string, places []string) {
	ns := w.prefix + name
	w.do("ip", "netns", "add", ns)
	w.t.Cleanup(func() { w.undo("ip", "netns", "del", ns) })
	w.do("ip", "-n", ns, "link", "set", "lo", "up")
	have := map[string]bool{}
	for _, place := range places {
		bridge, address, _ := strings.Cut(place, " ")
		if !have[bridge] {
			have[bridge] = true
			port := name + "-" + bridge
			w.do("ip", "link", "add", bridge, "netns", ns, "type", "veth", "peer", "name", port, "netns", w.prefix+"net")
			w.do("ip", "-n", w.prefix+"net", "link", "set", port, "master", bridge, "up")
			w.do("ip", "-n", ns, "link", "set", bridge, "up")
		}
		args := []string{"ip", "-n", ns, "address", "add", address, "dev", bridge}
		if strings.Contains(address, ":") {
			args = append(args, "nodad")
		}
		w.do(args...)
	}
}

// makeAssets fills the asset directory, so that there is a key for the bootstrap host.
func (w *world) makeAssets() {
	config, err := os.ReadFile("../../cmd/okd-install/testdata/fast.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "install-config.yaml"), config, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.do(okd, "create", "ignition-configs", "--dir", w.dir, "--leaf-key", "ecdsa-p256", "--log-level", "error")
}

// authorized are the keys that the bootstrap host knows from its Ignition config.
func (w *world) authorized() string {
	out := w.do("jq", "-r", ".passwd.users[0].sshAuthorizedKeys[]", filepath.Join(w.dir, "bootstrap.ign"))
	if len(strings.Fields(out)) < 2 {
		w.t.Fatalf("bootstrap.ign authorizes %q", out)
	}
	return out
}

// boot starts a machine.
func (w *world) boot(name string) {
	m := &machine{w: w, name: name, root: w.t.TempDir()}
	w.machines[name] = m
	user, err := os.ReadFile(w.key + ".pub")
	if err != nil {
		w.t.Fatal(err)
	}
	keys := string(user)
	if name == "boot" {
		keys = w.authorized() // the user's own key comes with sshKey, which this config has not
	}
	m.write("ssh/authorized_keys", keys)
	m.write("ssh/sshd_config", "Port 22\nPort 2222\nHostKey /etc/ssh/host\nAuthorizedKeysFile /etc/ssh/authorized_keys\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\nUseDNS no\nPidFile none\nLogLevel VERBOSE\n")
	m.newHostKey()
	// core may do everything, as with the sudo of CoreOS
	m.write("passwd", "root:x:0:0:root:/root:/bin/bash\ncore:x:0:0:core:/home/core:/bin/bash\nsshd:x:106:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n")
	m.write("shadow", "root:*:19000::::::\ncore:*:19000::::::\nsshd:*:19000::::::\n")
	for _, folder := range []string{"home/core", "run/sshd", "log", "opt", "tmp", "local/bin", "local/lib"} {
		if err := os.MkdirAll(filepath.Join(m.root, folder), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	m.scripts()
	m.start()
}

func (m *machine) write(name, text string) {
	m.w.t.Helper()
	path := filepath.Join(m.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		m.w.t.Fatal(err)
	}
}

func (m *machine) tool(name, text string) {
	m.write("local/bin/"+name, "#!/bin/bash\n"+text+"\n")
	if err := os.Chmod(filepath.Join(m.root, "local/bin", name), 0o755); err != nil {
		m.w.t.Fatal(err)
	}
}

func (m *machine) newHostKey() {
	key := filepath.Join(m.root, "ssh", "host")
	_ = os.Remove(key)
	m.w.do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
}

// scripts puts on the machine what CoreOS and bootstrap.ign bring.
func (m *machine) scripts() {
	t := m.w.t
	m.tool("sudo", `exec "$@"`)
	m.tool("journalctl", `echo "Mar 02 08:00:00 `+m.name+` x[1]: journal of $*"`)
	m.tool("systemctl", `true`)
	if m.name != "boot" {
		return
	}
	err := fs.WalkDir(data.Bootstrap, "bootstrap/files/usr/local", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(data.Bootstrap, name)
		if err != nil {
			return err
		}
		place := filepath.Join(m.root, "local", strings.TrimPrefix(name, "bootstrap/files/usr/local/"))
		return errors.Join(os.MkdirAll(filepath.Dir(place), 0o755), os.WriteFile(place, text, 0o755))
	})
	if err != nil {
		t.Fatal(err)
	}
	m.tool("oc", `case "$*" in
*openapi*) head -c 100000 /dev/urandom | base64 ;;
*node-role*) printf '10.99.2.11\n10.99.2.12\n' ;;
*) echo '{"items":[]}' ;;
esac`)
	// when this file is there, what is fetched comes slowly
	m.tool("tail", `if [[ -e /home/core/slow ]]; then
    /usr/bin/tail "$@" | while head -c 200000 >/tmp/piece; [[ -s /tmp/piece ]]; do cat /tmp/piece; sleep 0.05; done
else
    exec /usr/bin/tail "$@"
fi`)
	m.write("opt/openshift/auth/kubeconfig", "none\n")
	m.write("log/openshift/release-image.json", `[{"timestamp":"2026-03-02T08:00:00Z","phase":"service start"},{"timestamp":"2026-03-02T08:01:00Z","phase":"service end","result":"success"}]`)
	m.write("log/openshift/bootkube.json", `[{"timestamp":"2026-03-02T08:02:00Z","phase":"service start"},
 {"timestamp":"2026-03-02T08:03:00Z","phase":"stage start","stage":"mco-bootstrap"},
 {"timestamp":"2026-03-02T08:04:00Z","phase":"stage end","stage":"mco-bootstrap","result":"failure","errorMessage":"write /x: no space left on device"},
 {"timestamp":"2026-03-02T08:04:01Z","phase":"service end","result":"failure"}]`)
	m.write("log/bootstrap-control-plane/etcd.log", "password is hidden\n-----BEGIN EC PRIVATE KEY-----\ncanarycanary\n-----END EC PRIVATE KEY-----\nafter\n")
}

// start runs sshd in the machine's namespaces.
func (m *machine) start() {
	t := m.w.t
	script := strings.Join([]string{
		`set -e`, `mount --make-rprivate /`, `cd "$ROOT"`,
		`mount --bind ssh /etc/ssh`, `mount --bind passwd /etc/passwd`, `mount --bind shadow /etc/shadow`,
		`mount --bind run /run`, `mount --bind home /home`, `mount --bind log /var/log`, `mount --bind opt /opt`,
		`mount --bind local/bin /usr/local/bin`, `mount --bind local/lib /usr/local/lib`, `mount --bind tmp /tmp`,
		`cd /`, `exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config`,
	}, "\n")
	log, err := os.Create(filepath.Join(m.root, "sshd.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	m.process = exec.Command("ip", "netns", "exec", m.w.prefix+m.name, "unshare", "--mount", "bash", "-c", script)
	m.process.Env = []string{"ROOT=" + m.root, "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	m.process.Stdout, m.process.Stderr = log, log
	m.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := m.process.Start(); err != nil {
		t.Fatal(err)
	}
	p := m.process
	t.Cleanup(func() {
		for _, pid := range append(m.children(), p.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = p.Wait()
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(log.Name())
		if bytes.Count(text, []byte("Server listening")) >= 4 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("sshd of %s does not start: %s", m.name, text)
		}
	}
}

// children are all processes below sshd: the sessions and what they run.
func (m *machine) children() []int {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		text, _ := os.ReadFile(stat)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if _, rest, ok := strings.Cut(string(text), ") "); ok {
			parents[pid], _ = strconv.Atoi(strings.Fields(rest)[1])
		}
	}
	var all []int
	for pid := range parents {
		for up := parents[pid]; up > 1; up = parents[up] {
			if up == m.process.Process.Pid {
				all = append(all, pid)
				break
			}
		}
	}
	return all
}

// outcome is a run of okd-install on the desk.
type outcome struct {
	code           int
	stdout, stderr string
}

// begin starts okd-install on the desk.
func (w *world) begin(args ...string) (*exec.Cmd, func() outcome) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 60*time.Second)
	args = append([]string{"netns", "exec", w.prefix + "desk", okd, "gather", "bootstrap", "--dir", w.dir}, args...)
	cmd := exec.CommandContext(ctx, "ip", args...)
	cmd.Env = append(append(os.Environ(), "SSH_AUTH_SOCK=", "HOME=/nonexistent"), w.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	return cmd, func() outcome {
		defer cancel()
		err := cmd.Wait()
		if ctx.Err() != nil {
			w.t.Errorf("gather hangs:\n%s", stderr.String())
		}
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			w.t.Fatal(err)
		}
		return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
}

func (w *world) gather(args ...string) outcome {
	w.t.Helper()
	_, wait := w.begin(args...)
	return wait()
}
