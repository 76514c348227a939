//go:build e2e && unix

// Package e2e runs the okd-install binary as a user would, and worse: it kills
// it, runs two at once, and takes away its disk, its permissions and its
// streams. After each of these the asset directory must hold what was there
// before or the whole new result, and the user's input.
//
// The tests need the binary in OKD_INSTALL, which make e2e sets, and neither a
// terminal nor a network. Some need root and are skipped without it. Random
// instants come from a seed that is printed; OKD_E2E_SEED sets another.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/folder"
)

// okd is the binary under test.
var okd string

// seed is where the random instants start from.
var seed int64 = 20261122

// patience is the longest that any run may take before it counts as hanging.
const patience = 90 * time.Second

func TestMain(m *testing.M) {
	if dir := os.Getenv(finishDir); dir != "" {
		os.Exit(openAndClose(dir))
	}
	okd = os.Getenv("OKD_INSTALL")
	if info, err := os.Stat(okd); err != nil || info.IsDir() {
		fmt.Fprintf(os.Stderr, "set OKD_INSTALL to the okd-install binary to test; it is %q\n", okd)
		os.Exit(2)
	}
	okd, _ = filepath.Abs(okd)
	if s := os.Getenv("OKD_E2E_SEED"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			fmt.Fprintf(os.Stderr, "OKD_E2E_SEED: %v\n", err)
			os.Exit(2)
		}
		seed = n
	}
	fmt.Printf("seed %d\n", seed)
	for _, name := range os.Environ() {
		// what the caller's shell says must not decide what is tested
		if name, _, _ := strings.Cut(name, "="); strings.HasPrefix(name, "OPENSHIFT_INSTALL_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// chance is a source of random numbers of its own for each test, the same at
// each run.
func chance(t *testing.T) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(t.Name()))
	return rand.New(rand.NewSource(seed ^ int64(h.Sum64())))
}

const configHead = `apiVersion: v1
baseDomain: example.com
metadata:
  name: demo
platform:
  none: {}
networking:
  machineNetwork:
  - cidr: 192.168.1.0/24
`

// configs are install-configs by the kind of their authorities' keys. Elliptic
// curves make a run some twenty times faster, and all but the keys the same.
var configs = map[string]string{
	"rsa": configHead,
	"ecdsa": configHead + `featureSet: TechPreviewNoUpgrade
pki:
  signerCertificates:
    key:
      algorithm: ECDSA
      ecdsa:
        curve: P256
`,
}

const (
	configFile = "install-config.yaml"
	logFile    = ".openshift_install.log"
	lockFile   = ".okd_install.lock"
	stateFile  = ".okd_install_state.json"
	stageDir   = ".okd_install_commit"
	journal    = stageDir + "/journal.json"
)

var (
	manifests   = []string{"create", "manifests", "--leaf-key", "ecdsa-p256"}
	ignition    = []string{"create", "ignition-configs", "--leaf-key", "ecdsa-p256"}
	checkConfig = []string{"create", "install-config"}
)

// assetDir makes a directory that holds only an install-config.
func assetDir(t *testing.T, config string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cluster")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	folder.Put(t, dir, configFile, config)
	return dir
}

func get(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// outcome is what a run of the binary left.
type outcome struct {
	args           []string
	code           int
	signal         syscall.Signal
	stdout, stderr string
	took           time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("okd-install %s: exit %d, signal %d\n--- stdout\n%s--- stderr\n%s", strings.Join(o.args, " "), o.code, o.signal, o.stdout, o.stderr)
}

// setting changes the surroundings of a run.
type setting func(*exec.Cmd)

// under runs the binary from a shell that first executes a line: a umask, a
// redirection.
func under(shell string) setting {
	return func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", shell, c.Path}, c.Args[1:]...)
		c.Path = "/bin/sh"
	}
}

// as runs the binary as another user.
func as(id uint32) setting {
	return func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
}

func env(vars ...string) setting {
	return func(c *exec.Cmd) { c.Env = vars }
}

func in(dir string) setting {
	return func(c *exec.Cmd) { c.Dir = dir }
}

func binary(path string) setting {
	return func(c *exec.Cmd) { c.Path = path }
}

// child prepares a run in an asset directory; dir is empty for commands that
// need none.
func child(dir string, args []string, settings ...setting) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	if dir != "" {
		args = append(slices.Clone(args), "--dir", dir)
	}
	c := exec.Command(okd, args...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	for _, set := range settings {
		set(c)
	}
	return c, &stdout, &stderr
}

// run runs the binary and waits for its end.
func run(t *testing.T, dir string, args []string, settings ...setting) outcome {
	t.Helper()
	c, stdout, stderr := child(dir, args, settings...)
	start := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case err := <-ended:
		return end(t, args, c, err, stdout, stderr, time.Since(start))
	case <-ctx.Done():
		_ = c.Process.Kill()
		t.Fatalf("okd-install %s hangs: it is still there after %s; so far it has said\n%s", strings.Join(args, " "), patience, stderr)
		return outcome{}
	}
}

func end(t *testing.T, args []string, c *exec.Cmd, err error, stdout, stderr *bytes.Buffer, took time.Duration) outcome {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{args: args, code: c.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), took: took}
	if status, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		o.signal = status.Signal()
	}
	return o
}

// must runs the binary and expects that it succeeds.
func must(t *testing.T, dir string, args []string, settings ...setting) outcome {
	t.Helper()
	o := run(t, dir, args, settings...)
	if o.code != 0 {
		t.Fatalf("want success, got %s", o)
	}
	return o
}

// refused expects an error for people: the exit code, what it is about, a next
// step, and nothing of Go.
func refused(t *testing.T, o outcome, code int, about ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("want exit %d, got %s", code, o)
		return
	}
	for _, want := range append(about, "hint: ") {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("stderr does not say %q: %s", want, o)
		}
	}
	spoken(t, o)
}

// spoken expects that no text of the Go runtime or of a library came out.
func spoken(t *testing.T, o outcome) {
	t.Helper()
	for _, bad := range []string{"panic", "goroutine ", "runtime error", "failed to", "Failed to", "%!", "<nil>"} {
		if strings.Contains(o.stdout+o.stderr, bad) {
			t.Errorf("%q is not a word for users: %s", bad, o)
		}
	}
}

// tree reads the files of a directory by their paths. The log and the lock
// are no part of a result, and the staging folder is looked at on its own.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, p)
		switch {
		case err != nil || relErr != nil:
			return errors.Join(err, relErr)
		case rel == stageDir:
			return filepath.SkipDir
		case e.IsDir() || rel == logFile || rel == lockFile:
			return nil
		case !e.Type().IsRegular():
			got[rel] = e.Type().String()
			return nil
		}
		data, err := os.ReadFile(p)
		got[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func names(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

// difference says in which files two trees differ, without their contents.
func difference(got, want map[string]string) string {
	var lines []string
	for _, name := range names(got) {
		if w, ok := want[name]; !ok {
			lines = append(lines, "+"+name)
		} else if w != got[name] {
			lines = append(lines, "~"+name)
		}
	}
	for _, name := range names(want) {
		if _, ok := got[name]; !ok {
			lines = append(lines, "-"+name)
		}
	}
	return strings.Join(lines, " ")
}

func exists(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// copyTree fills a new directory with files.
func copyTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
