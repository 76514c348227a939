//go:build e2e && unix

// Package wizard runs okd-install create install-config in tmux, at 80 columns
// and 24 lines, and keeps what a person sees there: the screens are in
// testdata/*.txt, written with -update. What comes out goes through create
// ignition-configs.
//
// The tests need the binary in OKD_INSTALL, which make e2e sets, and tmux; without
// tmux they are skipped, but fail in CI.
package wizard

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/needs"
	"github.com/okd-project/okd-install/test/page"
)

var update = flag.Bool("update", false, "rewrite the screens in testdata")

// terminal is a tmux server of its own with one window.
type terminal struct {
	t      *testing.T
	socket string
	shots  strings.Builder
}

func window(t *testing.T) *terminal {
	t.Helper()
	needs.Program(t, "tmux")
	term := &terminal{t: t, socket: fmt.Sprintf("okd-wizard-%d-%s", os.Getpid(), t.Name())}
	t.Cleanup(func() { _ = exec.Command("tmux", "-L", term.socket, "kill-server").Run() })
	return term
}

func open(t *testing.T, dir string, args ...string) *terminal {
	t.Helper()
	term := window(t)
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo me@desk\n"
	if err := os.WriteFile(filepath.Join(home, ".ssh", "id_ed25519.pub"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	term.run(fmt.Sprintf("cd '%s'; HOME='%s' '%s' %s", dir, home, binary(t), strings.Join(args, " ")))
	return term
}

// run starts a script in the window. What stays open afterwards shows the last screen.
func (c *terminal) run(script string) {
	c.t.Helper()
	c.tmux("-f", os.DevNull, "new-session", "-d", "-x", "80", "-y", "24", "-s", "w", "sh", "-c",
		"trap : INT; "+script+"; echo exit code $?; cat")
}

func binary(t *testing.T) string {
	t.Helper()
	name := os.Getenv("OKD_INSTALL")
	if name == "" {
		t.Fatal("OKD_INSTALL does not name the binary: run make e2e")
	}
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (c *terminal) tmux(args ...string) string {
	c.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", c.socket}, args...)...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// screen is what is to be seen.
func (c *terminal) screen() string {
	c.t.Helper()
	return strings.TrimRight(c.tmux("capture-pane", "-p", "-t", "w"), "\n") + "\n"
}

// keys are typed, when the last line on the screen that has something on it is
// the one that is waited for.
func (c *terminal) keys(waitFor string, keys ...string) {
	c.t.Helper()
	c.wait(waitFor)
	c.tmux(append([]string{"send-keys", "-t", "w"}, keys...)...)
}

func (c *terminal) wait(want string) {
	c.t.Helper()
	c.waitLong(want, 30*time.Second)
}

func (c *terminal) waitLong(want string, patience time.Duration) {
	c.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(c.screen(), want); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("%q does not appear on\n%s", want, c.screen())
		}
	}
}

// tag is the build of a release, which changes with the catalogue.
var tag = regexp.MustCompile(`okd-scos\.\d+`)

// shot keeps the screen, as soon as it has settled with the text on it. A busy
// machine draws in steps with pauses between them, so one that was not expected
// gets more time.
func (c *terminal) shot(title, want string) {
	c.t.Helper()
	c.wait(want)
	last, shot := "", ""
	end := time.Now().Add(20 * time.Second)
	for same := 0; same < 4 || !*update && !kept(c.t, shot) && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		now := c.screen()
		if same++; now != last {
			last, same = now, 0
			shot = "== " + title + "\n" + tag.ReplaceAllString(last, "okd-scos.N")
		}
	}
	for line := range strings.Lines(last) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			c.t.Errorf("%s has a line of %d columns", title, n)
		}
	}
	c.shots.WriteString(shot)
}

// kept reports whether a screen is one of those in testdata, to its end.
func kept(t *testing.T, shot string) bool {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(name string) bool {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text)+"== ", shot+"== ")
	})
}

// golden compares the screens with those that were kept.
func (c *terminal) golden(name string) {
	c.t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(c.shots.String()), 0o644); err != nil {
			c.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	if got := c.shots.String(); got != string(want) {
		c.t.Errorf("the screens differ from %s:\n%s", file, got)
	}
}

// makes goes on with the result, as the person would.
func makes(t *testing.T, dir string) {
	t.Helper()
	for _, args := range [][]string{{"validate"}, {"create", "ignition-configs", "--leaf-key", "ecdsa-p256"}} {
		out, err := exec.Command(binary(t), append(args, "--dir", filepath.Join(dir, "mycluster"))...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for _, name := range []string{"bootstrap.ign", "master.ign", "worker.ign", "auth/kubeconfig"} {
		if _, err := os.Stat(filepath.Join(dir, "mycluster", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestDrawn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := open(t, dir, "create", "install-config", "--dir", "mycluster")
	c.shot("the first question", "integration (platform external)")
	c.keys("Where will", "?")
	c.shot("and its explanation", "the machines are yours to provide")
	c.keys("Where will", "Enter")
	c.shot("the releases", "4.17")
	c.keys("the default)", "Enter")
	c.keys("Name of the cluster", "My cluster", "Enter")
	c.shot("a name that cannot be", "write my-cluster\n? Name of the cluster: [? for help, < back]")
	c.keys("Name of the cluster", "okd", "Enter")
	c.keys("Base domain:", "example.com", "Enter")
	c.keys("Network of the machines:", "172.30.5.0/24", "Enter")
	c.shot("services elsewhere, as the machines are there", "Network of the services: [? for help, < back] (172.22.0.0/16)")
	c.keys("Network of the services:", "Enter")
	c.keys("Network of the pods:", "Enter")
	c.keys("Part of it", "Enter")
	c.keys("Number of control plane machines:", "2", "Enter")
	c.shot("two machines", "make it a single node")
	c.keys("A third vote", "Down", "Enter")
	c.keys("Number of workers:", "<", "Enter")
	c.shot("back to the question before, with its answer", "Number of control plane machines: [? for help, < back] (3)")
	c.keys("machines: [? for help, < back] (3)", "Enter")
	c.keys("Number of workers:", "0", "Enter")
	c.shot("no workers", "none: nobody can log in")
	c.keys("SSH key", "Enter")
	c.keys("OKD's public one", "Enter")
	c.keys("Proxy for http:", "Enter")
	c.keys("Mirror of OKD's images:", "Enter")
	c.shot("before it is written", "no, keep only my answers")
	c.keys("Write it", "Down", "Enter")
	c.shot("an answer to change", "Which answer")
	c.keys("Which answer", "<", "Enter")
	c.wait("no, keep only my answers")
	c.keys("Write it", "Enter")
	c.shot("the end", "exit code 0")
	c.golden("drawn.txt")
	makes(t, dir)
}

func TestPlain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := open(t, dir, "create", "install-config", "--dir", "mycluster", "--plain")
	c.keys("Where will the cluster run", "?", "Enter")
	c.keys("yours to provide", "2", "Enter")
	c.keys("OKD release", "Enter")
	c.keys("Name of the cluster", "okd", "Enter")
	c.keys("Base domain", "example.com", "Enter")
	c.shot("questions in lines", "Name of the provider")
	c.keys("Name of the provider", "oci", "Enter")
	c.keys("Cloud controller manager", "2", "Enter")
	c.keys("Network of the machines", "192.168.1.0/24", "Enter")
	c.keys("Network of the services", "Enter")
	c.keys("Network of the pods", "C-c")
	c.shot("stopped", "exit code 8")
	c.golden("plain.txt")
	answers := filepath.Join(dir, "mycluster", "install-config-answers.yaml")
	cluster := filepath.Join(dir, "mycluster")
	out, err := exec.Command(binary(t), "create", "install-config", "--dir", cluster, "--answers", answers).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	makes(t, dir)
}

// What stands under "Use it" in the README can be pasted from a fresh clone, and asks for
// the config. The home of whoever runs the test is used, with Go's caches in it.
func TestReadme(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "git", "make", "bash")
	clone := filepath.Join(t.TempDir(), "okd-install")
	settings := filepath.Join(t.TempDir(), "gitconfig")
	if err := os.WriteFile(settings, []byte("[safe]\n\tdirectory = *\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git := exec.Command("git", "clone", "-q", "../..", clone)
	git.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+settings) // the checkout may be another user's
	if out, err := git.CombinedOutput(); err != nil {
		needs.Missing(t, "there is nothing to clone: %v\n%s", err, out)
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, use, _ := strings.Cut(string(text), "\n## Use it\n")
	blocks := page.Blocks(use)
	if len(blocks) == 0 {
		t.Fatal("the README does not say how to use it")
	}
	file := filepath.Join(clone, "pasted")
	if err := os.WriteFile(file, []byte("set -e\n"+blocks[0].Text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := window(t)
	c.run(fmt.Sprintf("cd '%s'; bash ./pasted", clone))
	c.waitLong("Where will the cluster run", 10*time.Minute)
	c.keys("Where will", "Enter")
	c.keys("OKD release", "Enter")
	c.keys("Name of the cluster", "okd", "Enter")
	c.keys("Base domain:", "example.com", "Enter")
	c.keys("Network of the machines:", "192.168.1.0/24", "Enter")
	c.keys("Network of the services:", "Enter")
	c.keys("Network of the pods:", "Enter")
	c.keys("Part of it", "Enter")
	c.keys("Number of control plane machines:", "Enter")
	c.keys("Number of workers:", "Enter")
	c.keys("SSH key", "Enter")
	c.keys("OKD's public one", "Enter")
	c.keys("Proxy for http:", "Enter")
	c.keys("Mirror of OKD's images:", "Enter")
	c.keys("no, keep only my answers", "Enter")
	c.wait("exit code 0")
	makes(t, clone)
}
