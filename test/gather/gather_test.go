//go:build e2e && linux

package gather

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bundle returns the files of the only bundle, by their names below its folder.
func (w *world) bundle() map[string]string {
	w.t.Helper()
	names, _ := filepath.Glob(filepath.Join(w.dir, "log-bundle-*.tar.gz"))
	if len(names) != 1 {
		w.t.Fatalf("bundles: %v", names)
	}
	f, err := os.Open(names[0])
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		w.t.Errorf("mode %v, %v", info.Mode(), err)
	}
	zipped, err := gzip.NewReader(f)
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(zipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			w.t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			w.t.Fatal(err)
		}
		top, name, _ := strings.Cut(h.Name, "/")
		if top+".tar.gz" != filepath.Base(names[0]) {
			w.t.Errorf("%s in %s", h.Name, names[0])
		}
		files[name] = string(text)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, ".log-bundle*")); left != nil {
		w.t.Errorf("left behind: %v", left)
	}
	return files
}

// holds checks that the run went well and the bundle has what the machines know.
func (w *world) holds(o outcome, masters ...string) map[string]string {
	w.t.Helper()
	if o.code != 0 {
		w.t.Fatalf("exit code %d:\n%s", o.code, o.stderr)
	}
	files := w.bundle()
	if !strings.Contains(files["bootstrap/journals/bootkube.log"], "boot x[1]: journal of") ||
		!strings.Contains(files["bootstrap/services/bootkube.json"], "mco-bootstrap") {
		w.t.Errorf("the bootstrap host is missing in %d files:\n%s", len(files), o.stderr)
	}
	for _, m := range masters {
		if !strings.Contains(files["control-plane/"+m+"/journals/kubelet.log"], " x[1]: journal of") {
			w.t.Errorf("%s is missing:\n%s", m, o.stderr)
		}
		if !strings.Contains(files["okd-install-gather.txt"], "control-plane "+m+": collected") {
			w.t.Errorf("the story of %s: %s", m, files["okd-install-gather.txt"])
		}
	}
	return files
}

func has(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

// big gives the bootstrap host so much to tell that it takes its time.
func (w *world) big(mib int) {
	noise := make([]byte, mib<<20)
	random, err := os.Open("/dev/urandom")
	if err != nil {
		w.t.Fatal(err)
	}
	defer random.Close()
	if _, err := io.ReadFull(random, noise); err != nil {
		w.t.Fatal(err)
	}
	w.machines["boot"].write("log/bootstrap-control-plane/noise.log", string(noise))
}

func (w *world) slow(on bool) {
	if on {
		w.machines["boot"].write("home/core/slow", "yes")
	} else if err := os.Remove(filepath.Join(w.machines["boot"].root, "home/core/slow")); err != nil {
		w.t.Fatal(err)
	}
}

// fetched waits until so much of the bundle is on the desk.
func (w *world) fetched(bytes int64) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		info, err := os.Stat(filepath.Join(w.dir, ".log-bundle-partial", "bootstrap.tar.gz"))
		if err == nil && info.Size() >= bytes {
			return
		}
		if time.Now().After(end) {
			w.t.Fatal("nothing is fetched")
		}
	}
}

func TestPlain(t *testing.T) {
	w := newWorld(t)
	o := w.gather("--bootstrap", "10.99.1.5", "--master", "10.99.2.11", "--master", "10.99.2.12", "--key", w.key)
	files := w.holds(o, "10.99.2.11", "10.99.2.12")
	has(t, o.stdout, "stage mco-bootstrap of bootkube: failed since Mon 2 Mar 2026 08:04:00 UTC",
		"likely cause: the disk is full", "bootstrap/services/bootkube.json:3: write /x: no space left on device")
	has(t, o.stderr, "level=info msg=10.99.1.5: its ssh-ed25519 key SHA256:", "level=error msg=stage mco-bootstrap of bootkube failed: the disk is full", "log-bundle-")
	if got := files["bootstrap/containers/etcd.log"]; got != "password is hidden\nREDACTED\nafter\n" {
		t.Errorf("secrets are not taken out: %q", got)
	}
	if known, err := os.ReadFile(filepath.Join(w.dir, ".okd_install_known_hosts")); err != nil || strings.Count(string(known), "\n") != 3 {
		t.Errorf("known hosts: %s %v", known, err)
	}
	if left, _ := filepath.Glob(filepath.Join(w.machines["boot"].root, "home/core/log-bundle*")); left != nil {
		t.Errorf("the host still has %v", left)
	}
	for _, name := range []string{"boot", "m1"} {
		if left, _ := filepath.Glob(filepath.Join(w.machines[name].root, "tmp/artifacts-2*")); left != nil {
			t.Errorf("%s still has %v", name, left)
		}
	}
	log, err := os.ReadFile(filepath.Join(w.dir, ".openshift_install.log"))
	if err != nil || strings.Contains(string(log), "--master 10.99") || !strings.Contains(string(log), "--key REDACTED") {
		t.Errorf("the log names hosts: %.500s %v", log, err)
	}
	// once more, with hosts that are known
	names, _ := filepath.Glob(filepath.Join(w.dir, "log-bundle-*"))
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	o = w.gather("--bootstrap", "10.99.1.5", "--master", "10.99.2.11", "--key", w.key, "--skipAnalysis")
	w.holds(o, "10.99.2.11")
	if strings.Contains(o.stderr, "is new") || o.stdout != "" {
		t.Errorf("the second run: %s %s", o.stderr, o.stdout)
	}
}

// The keys of an agent, more than sshd takes at a time, and the machines that the API knows.
func TestAgent(t *testing.T) {
	w := newWorld(t)
	socket := filepath.Join(t.TempDir(), "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Process.Kill(); _ = agent.Wait() })
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil || time.Now().After(end) {
			break
		}
	}
	keys := t.TempDir()
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		w.do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(keys, name))
		w.do("env", "SSH_AUTH_SOCK="+socket, "ssh-add", "-q", filepath.Join(keys, name))
	}
	w.do("env", "SSH_AUTH_SOCK="+socket, "ssh-add", "-q", w.key)
	w.env = []string{"SSH_AUTH_SOCK=" + socket}
	w.holds(w.gather("--bootstrap", "10.99.1.5"), "10.99.2.11", "10.99.2.12")
}

// The bootstrap host is on a network that the desk does not reach.
func TestJump(t *testing.T) {
	w := newWorld(t)
	o := w.gather("--bootstrap", "10.99.2.5", "--master", "10.99.2.11", "--key", w.key, "--timeout", "2s")
	if o.code != 1 {
		t.Fatalf("without a jump host: %d %s", o.code, o.stderr)
	}
	has(t, o.stderr, "10.99.2.5: cannot connect to port 22: network is unreachable", "nothing could be collected")
	w.holds(w.gather("--bootstrap", "10.99.2.5", "--master", "10.99.2.11", "--key", w.key, "--jump", "core@10.99.1.9:2222"), "10.99.2.11")
}

func TestIPv6(t *testing.T) {
	w := newWorld(t)
	w.holds(w.gather("--bootstrap", "[fd99:1::5]:2222", "--master", "fd99:2::11", "--master", "[fd99:2::12]", "--key", w.key),
		"fd99:2::11", "fd99:2::12")
}

// A session that stops in the middle of a transfer is given up, and another one goes on.
func TestStalledSession(t *testing.T) {
	w := newWorld(t)
	w.big(6)
	w.slow(true)
	_, wait := w.begin("--bootstrap", "10.99.1.5", "--master", "10.99.2.11", "--key", w.key, "--timeout", "2s")
	w.fetched(1 << 20)
	for _, pid := range w.machines["boot"].children() {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	o := wait()
	files := w.holds(o, "10.99.2.11")
	has(t, o.stderr, "level=warning msg=10.99.1.5: the connection stalled: no data arrived for 2 s", "connecting again", "continuing at")
	if len(files["bootstrap/containers/noise.log"]) == 0 {
		t.Error("the log is missing")
	}
}

// The whole host goes away, and comes back for the next run.
func TestNetworkGone(t *testing.T) {
	w := newWorld(t)
	w.big(6)
	w.slow(true)
	_, wait := w.begin("--bootstrap", "10.99.1.5", "--master", "10.99.2.11", "--key", w.key, "--timeout", "2s")
	w.fetched(1 << 20)
	w.do("ip", "-n", w.prefix+"net", "link", "set", "boot-desks", "down")
	o := wait()
	if o.code != 1 {
		t.Fatalf("exit code %d:\n%s", o.code, o.stderr)
	}
	has(t, o.stderr, "the connection stalled", "10.99.1.5: port 22 does not answer within 2 s",
		"run the same command again within 30 minutes to continue")
	w.do("ip", "-n", w.prefix+"net", "link", "set", "boot-desks", "up")
	w.slow(false)
	for _, name := range globs(t, filepath.Join(w.dir, "log-bundle-*")) { // of the master alone
		_ = os.Remove(name)
	}
	// what the host collects now would not be what it collected then
	w.machines["boot"].tool("installer-gather.sh", "echo 'asked again'; exit 9")
	o = w.gather("--bootstrap", "10.99.1.5", "--master", "10.99.2.11", "--key", w.key)
	w.holds(o, "10.99.2.11")
	has(t, o.stderr, "continuing what was begun at", "10.99.1.5: continuing at")
}

func globs(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestInterrupted(t *testing.T) {
	w := newWorld(t)
	w.big(6)
	w.slow(true)
	cmd, wait := w.begin("--bootstrap", "10.99.1.5", "--key", w.key)
	w.fetched(1 << 20)
	_ = cmd.Process.Signal(os.Interrupt)
	o := wait()
	if o.code != 8 || len(globs(t, filepath.Join(w.dir, "log-bundle-*"))) != 0 {
		t.Fatalf("exit code %d:\n%s", o.code, o.stderr)
	}
	has(t, o.stderr, "Received interrupt signal", "run the same command again to go on")
	w.slow(false)
	o = w.gather("--bootstrap", "10.99.1.5", "--key", w.key)
	w.holds(o)
	has(t, o.stderr, "continuing at")
}

// A host that shows another key than before is not talked to.
func TestChangedHostKey(t *testing.T) {
	w := newWorld(t)
	w.holds(w.gather("--bootstrap", "10.99.1.5", "--master", "10.99.2.11", "--key", w.key), "10.99.2.11")
	before := globs(t, filepath.Join(w.dir, "log-bundle-*"))[0]
	boot := w.machines["boot"]
	boot.newHostKey()
	o := w.gather("--bootstrap", "10.99.1.5", "--key", w.key)
	if o.code != 1 {
		t.Errorf("exit code %d", o.code)
	}
	has(t, o.stderr, "10.99.1.5: the host presents another key than before: now ssh-ed25519 SHA256:",
		".okd_install_known_hosts:1 has ssh-ed25519 SHA256:", "if the machine has been reinstalled since, remove that line")
	if got := globs(t, filepath.Join(w.dir, "log-bundle-*")); len(got) != 1 || got[0] != before {
		t.Errorf("bundles: %v", got)
	}
	// a file of the user's own that does not know the machine
	own := filepath.Join(t.TempDir(), "known")
	if err := os.WriteFile(own, []byte("# nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o = w.gather("--bootstrap", "10.99.1.5", "--key", w.key, "--known-hosts", own)
	if o.code != 1 {
		t.Errorf("exit code %d", o.code)
	}
	has(t, o.stderr, own+" does not list this host, which presents the ssh-ed25519 key SHA256:")
	public, err := os.ReadFile(filepath.Join(boot.root, "ssh", "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(own, []byte("10.99.1.5 "+string(public)), 0o600)
	if err := os.Remove(before); err != nil {
		t.Fatal(err)
	}
	o = w.gather("--bootstrap", "10.99.1.5", "--key", w.key, "--known-hosts", own)
	w.holds(o)
}

// The desk's disk is full in the middle, and has room again for the next run.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	w.big(6)
	full := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", full).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(full, syscall.MNT_DETACH) })
	w.do("cp", "-a", w.dir+"/.", full)
	w.dir = full
	o := w.gather("--bootstrap", "10.99.1.5", "--key", w.key)
	if o.code != 1 || len(globs(t, filepath.Join(full, "log-bundle-*"))) != 0 {
		t.Fatalf("exit code %d:\n%s", o.code, o.stderr)
	}
	has(t, o.stderr, "the log bundle of 10.99.1.5 takes ", " are free on the disk", "free space on that disk")
	// enough for what is fetched, not for the bundle made from it
	w.do("mount", "-o", "remount,size=12m", full)
	o = w.gather("--bootstrap", "10.99.1.5", "--key", w.key)
	if o.code != 1 || len(globs(t, filepath.Join(full, "log-bundle-*"))) != 0 {
		t.Fatalf("exit code %d:\n%s", o.code, o.stderr)
	}
	has(t, o.stderr, "the log bundle cannot be written: ", "free space on that disk")
	w.do("mount", "-o", "remount,size=64m", full)
	o = w.gather("--bootstrap", "10.99.1.5", "--key", w.key)
	w.holds(o)
}

// Machines that are not there are named, and the rest is collected.
func TestDown(t *testing.T) {
	w := newWorld(t)
	o := w.gather("--bootstrap", "10.99.1.77", "--master", "10.99.1.9", "--key", w.key, "--timeout", "5s")
	if o.code != 1 {
		t.Errorf("exit code %d:\n%s", o.code, o.stderr)
	}
	has(t, o.stderr, "10.99.1.77: cannot connect to port 22: ", "1 of 2 machines are missing", "the bootstrap host could not be collected")
	files := w.bundle()
	if !strings.Contains(files["control-plane/10.99.1.9/journals/kubelet.log"], "jump x[1]") {
		t.Errorf("%d files", len(files))
	}
	_ = os.Remove(globs(t, filepath.Join(w.dir, "log-bundle-*"))[0])
	o = w.gather("--bootstrap", "10.99.1.5", "--master", "10.99.2.99", "--master", "10.99.2.12", "--key", w.key, "--timeout", "5s")
	files = w.holds(o, "10.99.2.12")
	has(t, o.stderr, "10.99.2.99: cannot connect to port 22 from 10.99.1.5")
	has(t, files["okd-install-gather.txt"], "control-plane 10.99.2.99: not collected: 10.99.2.99: cannot connect to port 22")
	// a key that nobody knows
	_ = os.Remove(globs(t, filepath.Join(w.dir, "log-bundle-*"))[0])
	other := filepath.Join(t.TempDir(), "other")
	w.do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other)
	o = w.gather("--bootstrap", "10.99.1.5", "--master", "10.99.2.12", "--key", other)
	w.holds(o)
	has(t, o.stderr, "10.99.2.12: the host rejected all keys for user core: the key that was made for the bootstrap host, "+other)
}
