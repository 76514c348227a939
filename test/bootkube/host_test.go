package bootkube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/needs"
)

// covered are the folders of the machine that a host has for itself.
var covered = []string{"/etc", "/home", "/opt", "/root", "/tmp", "/usr/local", "/var", "/run"}

// wrapped are programs whose fakes call the real ones.
var wrapped = []string{"cp", "jq", "openssl"}

// host is a bootstrap host: a folder that is laid over the file system for the
// time of a unit's run.
type host struct {
	t     *testing.T
	root  string
	setup Setup
}

// newHost applies a bootstrap.ign to an empty folder.
func newHost(t *testing.T, ign []byte, setup Setup) *host {
	t.Helper()
	needNamespaces(t)
	h := &host{t: t, root: t.TempDir(), setup: setup}
	for _, dir := range covered {
		h.must(os.MkdirAll(h.path(dir), 0o755))
	}
	h.must(os.MkdirAll(h.path(fakesDir+"/bin"), 0o755))
	for name := range fakes {
		if name != hostName && (name != "cp" || setup.Copies) && (name != "jq" || setup.Quick) && (name != "openssl" || setup.Konnectivity) {
			program := fakesDir + "/program"
			if slices.Contains([]string{"agetty", "restorecon", "sync"}, name) {
				program = "true" // of the same folder, and faster
			}
			h.must(os.Symlink(program, h.path(fakesDir+"/bin/"+name)))
		}
	}
	h.must(os.WriteFile(h.path(fakesDir+"/program"), nil, 0o755))
	for _, name := range wrapped {
		if h.exists(fakesDir + "/bin/" + name) {
			needs.Program(t, name)
			h.must(os.WriteFile(h.path(fakesDir+"/real-"+name), nil, 0o755))
		}
	}
	// the real one is in a folder that comes before /usr/bin
	h.must(os.MkdirAll(h.path("/usr/local/sbin"), 0o755))
	h.must(os.Symlink(fakesDir+"/program", h.path("/usr/local/sbin/ip")))
	table, err := os.ReadFile("testdata/operators.yaml")
	h.must(err)
	h.must(os.WriteFile(h.path(fakesDir+"/operators.yaml"), table, 0o644))
	h.must(os.MkdirAll(h.path("/var/tmp"), 0o1777))
	h.must(os.MkdirAll(h.path("/etc/alternatives"), 0o755))
	for _, name := range []string{"passwd", "group", "nsswitch.conf", "ld.so.cache"} {
		if data, err := os.ReadFile("/etc/" + name); err == nil {
			h.must(os.WriteFile(h.path("/etc/"+name), data, 0o644))
		}
	}
	// awk and others are links by way of this folder on some systems
	links, _ := filepath.Glob("/etc/alternatives/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			h.must(os.Symlink(target, h.path(link)))
		}
	}
	for _, name := range setup.Without {
		// this is how an overlay says that a file is gone
		h.must(syscall.Mknod(h.path(fakesDir+"/bin/"+name), syscall.S_IFCHR, 0))
	}
	h.must(apply(ign, h.root))
	h.prepare(setup)
	return h
}

// prepare tells the fakes what to play from now on.
func (h *host) prepare(setup Setup) {
	h.t.Helper()
	h.setup = setup
	raw, err := json.Marshal(setup)
	h.must(err)
	h.must(os.WriteFile(h.path(fakesDir+"/"+setupFile), raw, 0o644))
	marks, _ := filepath.Glob(h.path(fakesDir + "/fault-*"))
	for _, mark := range marks {
		h.must(os.Remove(mark))
	}
}

// fault runs on with other faults.
func (h *host) fault(faults ...Fault) {
	h.t.Helper()
	setup := h.setup
	setup.Faults = faults
	h.prepare(setup)
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

func (h *host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// needNamespaces ends a test where a process cannot have namespaces of its own.
func needNamespaces(t *testing.T) {
	t.Helper()
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if err := cmd.Run(); err != nil {
		needs.Missing(t, "the host of this test needs namespaces of its own, which takes root: %v", err)
	}
	needs.Program(t, "jq")
}

const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC

// result is what a run of a unit left.
type result struct {
	unit   string
	code   int
	killed bool
	output string
	calls  []madeCall
}

// program is the binary that plays the fakes: this one, or where the race detector is
// in it, one without. The fakes are many and short, and each would start five times
// as slowly; they have nothing to race with.
func program(t *testing.T) string {
	t.Helper()
	path, err := plainProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var plainProgram = sync.OnceValues(func() (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return os.Executable()
	}
	path := filepath.Join(scratch, "bootkube.test")
	build := exec.Command("go", "test", "-c", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the binary of the fakes: %w\n%s", err, out)
	}
	return path, nil
})

// run runs a unit of the host as systemd does, once.
func (h *host) run(unit string) result {
	h.t.Helper()
	before := len(h.calls())
	self := program(h.t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, h.root, self, unit)
	cmd.Args[0] = hostName
	cmd.Env = []string{"LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	h.must(cmd.Start())
	done := make(chan struct{})
	killed := make(chan bool, 1)
	go func() {
		defer close(killed)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				if _, err := os.Stat(h.path(fakesDir + "/" + killFile)); err == nil {
					_ = cmd.Process.Kill()
					killed <- true
					return
				}
			}
		}
	}()
	began := time.Now()
	err := cmd.Wait()
	h.t.Logf("%s took %v, of the processor %v", unit, time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	close(done)
	r := result{unit: unit, killed: <-killed, output: output.String(), calls: h.calls()[before:]}
	_ = os.Remove(h.path(fakesDir + "/" + killFile))
	if ctx.Err() != nil {
		h.t.Fatalf("%s hangs; its last calls:\n%s\n%s", unit, render(r.calls[max(0, len(r.calls)-5):]), r.output)
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		r.code = failed.ExitCode()
	} else {
		h.must(err)
	}
	h.complaints(r)
	return r
}

// complaints fails the test if a fake has complained, or a program was missing.
func (h *host) complaints(r result) {
	h.t.Helper()
	name := h.path(fakesDir + "/" + complaintsFile)
	if raw, err := os.ReadFile(name); err == nil {
		h.t.Errorf("%s did what it must not:\n%s", r.unit, raw)
		h.must(os.Remove(name))
	}
	for line := range strings.Lines(r.output) {
		if strings.Contains(line, "command not found") || strings.Contains(line, "unbound variable") {
			h.t.Errorf("%s: %s", r.unit, line)
		}
	}
}

// calls are all calls on the host so far.
func (h *host) calls() (calls []madeCall) {
	h.t.Helper()
	raw, err := os.ReadFile(h.path(fakesDir + "/" + callsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	h.must(err)
	for line := range strings.Lines(string(raw)) {
		var c madeCall
		h.must(json.Unmarshal([]byte(line), &c))
		calls = append(calls, c)
	}
	return calls
}

// files lists the files below a folder of the host, sorted.
func (h *host) files(dir string) (names []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.path(dir), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(h.root, name)
			names = append(names, "/"+rel)
		}
		return err
	})
	h.must(err)
	slices.Sort(names)
	return names
}

func (h *host) exists(name string) bool {
	_, err := os.Lstat(h.path(name))
	return err == nil
}

// enterHost is the first process of a host: it lays the folder of the host over
// the file system, starts the unit, and ends with its exit code.
func enterHost(c *call) int {
	root, program, unit := c.args[0], c.args[1], c.args[2]
	if err := mountHost(root, program); err != nil {
		fmt.Fprintln(os.Stderr, hostName+":", err)
		return 125
	}
	code, err := startUnit(unit)
	if err != nil {
		fmt.Fprintln(os.Stderr, hostName+":", err)
		return 125
	}
	return code
}

func mountHost(root, program string) error {
	if err := syscall.Sethostname([]byte("bootstrap")); err != nil {
		return err
	}
	type step struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}
	steps := []step{
		{"", "/", "", syscall.MS_REC | syscall.MS_PRIVATE, ""},
		{program, root + fakesDir + "/program", "", syscall.MS_BIND, ""},
	}
	for _, name := range wrapped {
		if _, err := os.Stat(root + fakesDir + "/real-" + name); err != nil {
			continue
		}
		steps = append(steps, step{"/usr/bin/" + name, root + fakesDir + "/real-" + name, "", syscall.MS_BIND, ""})
	}
	steps = append(steps,
		// absolute paths such as /usr/bin/podman reach the fakes too
		step{"overlay", "/usr/bin", "overlay", 0, "lowerdir=" + root + fakesDir + "/bin:/usr/bin"},
		step{"proc", "/proc", "proc", 0, ""})
	for _, dir := range covered {
		if dir != "/tmp" { // root itself is there
			steps = append(steps, step{root + dir, dir, "", syscall.MS_BIND | syscall.MS_REC, ""})
		}
	}
	steps = append(steps, step{root + "/tmp", "/tmp", "", syscall.MS_BIND, ""})
	for _, s := range steps {
		if err := syscall.Mount(s.source, s.target, s.kind, s.flags, s.data); err != nil {
			return fmt.Errorf("mount %s: %w", s.target, err)
		}
	}
	return nil
}
