//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// What the wizard leaves in the asset directory beside the config.
const (
	schemaFile  = ".install-config.schema.json"
	answersFile = "install-config-answers.yaml"
	newKeyFile  = "ssh-key"
)

// console is okd-install at a terminal of 80 columns and 24 lines.
type console struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	mu   sync.Mutex
	all  bytes.Buffer
	seen int // in the text without escape codes
	done chan error
}

// muteTerminal in the environment makes the console one that does not say where
// its cursor is.
const muteTerminal = "TEST_MUTE_TERMINAL=1"

var (
	escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]|\x1b[78]|\r")
	colours = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// atTerminal starts okd-install in a directory, with a home that has one key.
func atTerminal(t *testing.T, dir string, env []string, args ...string) *console {
	t.Helper()
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo me@desk\n"
	for name, text := range map[string]string{"id.pub": key, "broken.pub": "not a key\n"} {
		if err := os.WriteFile(filepath.Join(home, ".ssh", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &console{t: t, cmd: exec.CommandContext(t.Context(), "okd-install", args...), done: make(chan error, 1)}
	c.cmd.Dir = dir
	c.cmd.Env = append(append(os.Environ(), "HOME="+home, "TERM=xterm", "NO_COLOR=", "ACCESSIBLE=", "TEST_LEAF_KEY=ecdsa-p256"), env...)
	tty, err := pty.StartWithSize(c.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	c.tty = tty
	t.Cleanup(func() { _ = tty.Close(); _ = c.cmd.Process.Kill() })
	go c.read()
	return c
}

// read keeps what comes, and answers as a terminal does when it is asked where
// its cursor is.
func (c *console) read() {
	block := make([]byte, 4096)
	for {
		n, err := c.tty.Read(block)
		c.mu.Lock()
		c.all.Write(block[:n])
		c.mu.Unlock()
		for range bytes.Count(block[:n], []byte("\x1b[6n")) {
			if slices.Contains(c.cmd.Env, muteTerminal) {
				break
			}
			_, _ = c.tty.WriteString("\x1b[12;40R")
		}
		if err != nil { // the other side is closed
			c.done <- c.cmd.Wait()
			return
		}
	}
}

func (c *console) raw() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.String()
}

// text is what was shown, in words: without escape codes and line ends.
func (c *console) text() string {
	return strings.Join(strings.Fields(escapes.ReplaceAllString(c.raw(), "")), " ")
}

// expect waits until the text appears, after what was expected before.
func (c *console) expect(want string) {
	c.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text := c.text()
		if i := strings.Index(text[min(c.seen, len(text)):], want); i >= 0 {
			c.seen += i + len(want)
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("%q does not appear in\n%s", want, text)
		}
	}
}

// type sends keys, once the program had time to listen for them.
func (c *console) send(keys string) {
	c.t.Helper()
	time.Sleep(20 * time.Millisecond)
	if _, err := c.tty.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// exits waits for the end, which must have the code.
func (c *console) exits(want cli.Exit) {
	c.t.Helper()
	select {
	case err := <-c.done:
		var got cli.Exit
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			got = cli.Exit(ended.ExitCode())
		}
		if got != want {
			c.t.Fatalf("ends with %d, want %d:\n%s", got, want, c.text())
		}
	case <-time.After(60 * time.Second):
		c.t.Fatalf("does not end:\n%s", c.text())
	}
}

const (
	enter = "\r"
	down  = "\x1b[B"
	wipe  = "\x15" // Ctrl-U
	ctrlC = "\x03"
)

// step is one question: what is on the screen, what is typed, and what is said
// then. A step that is only for lines has nothing drawn.
type step struct{ label, drawn, plain, said string }

// stepsOf are the answers for one platform, wrong ones included. Drawn are the
// keys where lists are moved in, plain the line where options have numbers.
func stepsOf(platform string) []step {
	var own []step
	first := step{"Where will the cluster run", enter, "", ""}
	switch platform {
	case "none":
	case "external":
		first.drawn, first.plain = down+enter, "2"
		own = []step{
			{"Name of the provider", "oci" + enter, "oci", ""},
			{"Cloud controller manager", down + enter, "2", ""},
		}
	default:
		return nil
	}
	steps := []step{
		first,
		{"OKD release", "", "17", "number from 1 to"},
		{"OKD release", enter, "1", ""},
		{"Name of the cluster", "OKD" + enter, "OKD", "has upper case letters"},
		{"Name of the cluster", "okd" + enter, "okd", ""},
		{"Base domain", "example..com" + enter, "example..com", "has a dot too many"},
		{"Base domain", "example.com" + enter, "example.com", ""},
	}
	steps = append(steps, own...)
	return append(steps, []step{
		{"Network of the machines", "10.128.0.7/16" + enter, "10.128.0.7/16", "is the address of a host"},
		{"Network of the machines", "10.128.0.0/16" + enter, "10.128.0.0/16", ""},
		{"Network of the services", "10.128.3.0/24" + enter, "10.128.3.0/24", "overlaps 10.128.0.0/16"},
		{"Network of the services", enter, "", ""},
		{"Network of the pods", "10.128.0.0/14" + enter, "10.128.0.0/14", "overlaps"},
		{"Network of the pods", enter, "", ""}, // not the usual one, which is taken
		{"Part of it for each machine", "8" + enter, "8", "more addresses than the whole network"},
		{"Part of it for each machine", enter, "", ""},
		{"Number of control plane machines", "0" + enter, "0", "needs a control plane"},
		{"Number of control plane machines", "2" + enter, "2", "no quorum"},
		{"A third vote", enter, "1", ""},
		{"Number of workers", "many" + enter, "many", "is not a whole number"},
		{"Number of workers", "0" + enter, "0", "ingress routers"},
		{"SSH key", enter, "1", ""},
		{"Pull secret", enter, "", ""},
		{"Proxy for http", "proxy.example.com:3128" + enter, "proxy.example.com:3128", "has no scheme"},
		{"Proxy for http", "http://u:hunter2@proxy.example.com:3128" + enter, "http://u:hunter2@proxy.example.com:3128", ""},
		{"Proxy for https", enter, "", ""},
		{"Reached without the proxy", "*.corp" + enter, "*.corp", "only works alone"},
		{"Reached without the proxy", ".corp" + enter, ".corp", ""},
		{"Mirror", "mirror.example.com:5000/okd:latest" + enter, "mirror.example.com:5000/okd:latest", "holds a tag"},
		{"Mirror", enter, "", ""},
		{"File with certificates", "nowhere.pem" + enter, "nowhere.pem", "no such file"},
		{"File with certificates", enter, "", ""},
	}...)
}

// go through a step as it is done in one of the two ways.
func (c *console) take(s step, plain bool) {
	c.t.Helper()
	keys := s.drawn
	if plain {
		keys = s.plain + enter
	}
	if keys == "" {
		return
	}
	c.expect(s.label)
	c.send(keys)
	if s.said != "" {
		c.expect(s.said)
	}
}

// Every platform, drawn and line by line, with wrong answers: what comes out is
// what was answered, and makes Ignition configs.
func TestWizardForEveryPlatform(t *testing.T) {
	t.Parallel()
	for _, name := range platform.Names() {
		for _, plain := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " plain"}[plain], func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				steps := stepsOf(name)
				if steps == nil {
					t.Fatalf("this test does not know what is asked on platform %s", name)
				}
				args := []string{"create", "install-config", "--dir", "c"}
				if plain {
					args = append(args, "--plain")
				}
				c := atTerminal(t, dir, nil, args...)
				for _, s := range steps {
					c.take(s, plain)
				}
				c.expect("This is c/install-config.yaml:")
				c.expect("api-int.okd.example.com")
				c.expect("80 and 443 to the control plane")
				c.take(step{label: "Write it", drawn: enter}, plain)
				c.expect("Install-Config created in: c")
				c.exits(0)
				if plain && strings.Contains(c.raw(), "\x1b[") {
					t.Errorf("there are escape codes in\n%q", c.raw())
				}
				shown := strings.ReplaceAll(c.text(), "http://u:hunter2@proxy.example.com:3128", "") // as it was typed
				if strings.Contains(shown, "hunter2") {
					t.Errorf("a password is shown:\n%s", c.text())
				}
				checkResult(t, filepath.Join(dir, "c"), name)
				inDir(t, dir, "okd-install validate --dir c && okd-install create ignition-configs --dir c")
			})
		}
	}
}

// checkResult reads what the steps have made.
func checkResult(t *testing.T, dir, name string) {
	t.Helper()
	for _, file := range []string{installconfig.FileName, schemaFile} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, installconfig.FileName))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := installconfig.Load(installconfig.FileName, data, installconfig.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := loaded.Config
	got := []string{
		c.Metadata.Name, c.BaseDomain, c.Platform.Name, c.Networking.MachineNetwork[0].CIDR, c.Networking.ClusterNetwork[0].CIDR,
		c.Networking.ServiceNetwork[0], fmt.Sprint(*c.ControlPlane.Replicas, *c.Arbiter.Replicas, c.ComputeReplicas()),
		c.SSHKeys()[0][:11], c.Proxy.HTTPSProxy, c.Proxy.NoProxy, c.PullSecret,
	}
	want := []string{
		"okd", "example.com", name, "10.128.0.0/16", "10.64.0.0/14", "172.30.0.0/16",
		"2 1 0", "ssh-ed25519", "http://u:hunter2@proxy.example.com:3128", ".corp", installconfig.PublicPullSecret,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if e, ok := c.Platform.Config.(*platform.External); ok && (e.PlatformName != "oci" || e.CloudControllerManager != "External") {
		t.Errorf("got %+v", e)
	}
	if !strings.HasPrefix(string(data), "# yaml-language-server: $schema="+schemaFile+"\n") {
		t.Errorf("there is no modeline in\n%s", data)
	}
}

// Ctrl-C at any question: the code is 8, what was answered is kept but for
// secrets, and goes into the config with --answers.
func TestWizardInterrupted(t *testing.T) {
	t.Parallel()
	var good []step // without wrong answers
	for _, s := range stepsOf("external") {
		if s.said == "" || s.label == "Number of workers" && s.plain == "0" || s.label == "Number of control plane machines" && s.plain == "2" {
			good = append(good, s)
		}
	}
	for _, plain := range []bool{false, true} {
		for n := range len(good) + 1 {
			if plain && n%4 != 0 {
				continue // it differs in how it reads, not in what it asks
			}
			t.Run(fmt.Sprint(n, plain), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				args := []string{"create", "install-config", "--dir", "my cluster"}
				if plain {
					args = append(args, "--plain")
				}
				c := atTerminal(t, dir, nil, args...)
				for _, s := range good[:n] {
					c.take(s, plain)
				}
				if n < len(good) {
					c.expect(good[n].label)
				} else {
					c.expect("Write it")
				}
				c.send(ctrlC)
				c.expect("no install-config was written")
				c.exits(cli.ExitInterrupted)
				kept := filepath.Join(dir, "my cluster", answersFile)
				if n == 0 {
					if _, err := os.Stat(filepath.Join(dir, "my cluster")); err == nil {
						t.Error("there is a directory, although nothing was answered")
					}
					return
				}
				info, err := os.Stat(kept)
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Fatalf("%v, %v", info, err)
				}
				data, err := os.ReadFile(kept)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(data), "hunter2") {
					t.Errorf("a password is in\n%s", data)
				}
				answers := map[string]string{}
				var fields map[string]any
				err = yaml.Unmarshal(data, &fields)
				for key, answer := range fields {
					answers[key] = fmt.Sprint(answer)
				}
				if err != nil || n < 14 && len(answers) != n {
					t.Errorf("%d answers of %d are kept: %v\n%s", len(answers), n, err, data)
				}
				// with what is missing it can be finished without a terminal
				line := "okd-install create install-config --dir 'my cluster' --answers 'my cluster/" + answersFile + "'"
				for key, flag := range map[string]string{
					"clusterName": "--cluster-name okd", "baseDomain": "--base-domain example.com",
					"machineNetwork": "--machine-network 10.128.0.0/16",
				} {
					if answers[key] == "" {
						line += " " + flag
					}
				}
				if answers["noProxy"] != "" { // the proxy itself holds a password
					line += " --http-proxy http://u:x@proxy.example.com:3128"
				}
				if answers["controlPlane"] == "2" && answers["arbiter"] == "" {
					line += " --arbiter 1"
				}
				inDir(t, dir, line)
			})
		}
	}
}
