//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// Answers that are pasted all at once arrive one by one.
// It may be a terminal that never says where its cursor is.
func TestWizardTakesWhatIsTypedAhead(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"TEST_MUTE_TERMINAL=0", muteTerminal} {
		t.Run(env, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c := atTerminal(t, dir, []string{"OKD_INSTALL_RELEASE=4.22", env}, "create", "install-config", "--dir", "c", "--platform", "none")
			c.expect("Name of the cluster")
			c.send("okd" + enter + "example.com" + enter + "192.168.1.0/24" + enter + strings.Repeat(enter, 9))
			c.expect("Write it")
			c.send(enter)
			c.expect("Install-Config created in: c")
			c.exits(0)
		})
	}
}

// Without colour there is none; and a terminal that can do nothing gets no codes.
func TestWizardWithoutColour(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env   string
		codes *regexp.Regexp
	}{
		"NO_COLOR":   {"NO_COLOR=1", colours},
		"dumb":       {"TERM=dumb", regexp.MustCompile("\x1b")},
		"ACCESSIBLE": {"ACCESSIBLE=1", regexp.MustCompile("\x1b\\[[0-9]*[ABCDGKJf]")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tty := atTerminal(t, dir, []string{c.env}, "create", "install-config", "--dir", "c")
			tty.expect("Where will the cluster run")
			tty.send(enter)
			tty.expect("OKD release")
			tty.send(ctrlC)
			tty.expect("--answers")
			tty.exits(cli.ExitInterrupted)
			if found := c.codes.FindString(tty.raw()); found != "" {
				t.Errorf("there is %q in\n%q", found, tty.raw())
			}
		})
	}
	dir := t.TempDir()
	tty := atTerminal(t, dir, nil, "create", "install-config", "--dir", "c")
	tty.expect("Where will")
	tty.send(ctrlC)
	tty.exits(cli.ExitInterrupted)
	if !colours.MatchString(tty.raw()) {
		t.Errorf("there is no colour by default, so that the test above means nothing")
	}
}

// A secret that is typed is neither shown nor kept.
func TestWizardKeepsNoSecret(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		dir := t.TempDir()
		args := []string{"create", "install-config", "--dir", "c", "--platform", "none", "--release", "4.22",
			"--cluster-name", "okd", "--base-domain", "example.com", "--machine-network", "192.168.1.0/24",
			"--service-network", "172.30.0.0/16", "--cluster-network", "10.128.0.0/14", "--host-prefix", "23",
			"--control-plane", "3", "--workers", "2", "--ssh-key", "none"}
		paste := down + down + enter
		if plain {
			args, paste = append(args, "--plain"), "3"+enter
		}
		c := atTerminal(t, dir, nil, args...)
		c.expect("Pull secret")
		c.send(paste)
		c.expect("Pull secret, on one line")
		c.send(`{"auths":{"mirror.example.com":{"auth":"dTpodW50ZXIy"}}}` + enter)
		c.expect("Proxy for http")
		c.send(ctrlC)
		c.expect("not kept, because they are secret: pullSecret")
		c.exits(cli.ExitInterrupted)
		data, err := os.ReadFile(filepath.Join(dir, "c", answersFile))
		if err != nil || strings.Contains(string(data), "dTpodW50ZXIy") || strings.Contains(c.raw(), "dTpodW50ZXIy") {
			t.Errorf("the secret is shown or kept (%v):\n%s\n%s", err, data, c.raw())
		}
	}
}

// A signal, which is not the key Ctrl-C, ends the questions in the same way and
// leaves the terminal as it was.
func TestWizardEndsWithASignal(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--plain"}} {
		dir := t.TempDir()
		c := atTerminal(t, dir, nil, append([]string{"create", "install-config", "--dir", "c", "--platform", "none"}, args...)...)
		c.expect("OKD release")
		if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		c.expect("your answers so far are in c/" + answersFile)
		c.exits(cli.ExitInterrupted)
	}
}

// The input may end: Ctrl-D where lines are read.
func TestWizardInputEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := atTerminal(t, dir, nil, "create", "install-config", "--dir", "c", "--plain")
	c.expect("Where will the cluster run")
	c.send("\x04")
	c.expect("the input ended")
	c.exits(cli.ExitFailure)
}

// A new key pair is made on request, and is there at the next run.
func TestWizardMakesAKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := atTerminal(t, dir, nil, "create", "install-config", "--dir", "c", "--plain")
	for _, s := range []step{
		{label: "Where will"}, {label: "OKD release"}, {label: "Name", plain: "okd"}, {label: "Base domain", plain: "example.com"},
		{label: "Network of the machines", plain: "192.168.1.0/24"}, {label: "services"}, {label: "pods"}, {label: "Part of it"},
		{label: "control plane machines", plain: "1"}, {label: "workers"}, {label: "installs itself", plain: "/dev/vda"},
		{label: "SSH key", plain: "2", said: "The new private key is"},
	} {
		c.take(s, true)
	}
	c.expect("Pull secret")
	c.send(ctrlC)
	c.exits(cli.ExitInterrupted)
	info, err := os.Stat(filepath.Join(dir, "c", newKeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	inDir(t, dir, "okd-install create install-config --dir c --answers c/"+answersFile+" && grep -q core@okd c/install-config.yaml"+
		" && okd-install create single-node-ignition-config --dir c")
}
