//go:build e2e

package guest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// machine is a guest: a virtual machine, or a namespace with a systemd of its
// own. It reaches nothing outside, and is reached by its ssh and its registry.
type machine struct {
	t       *testing.T
	console string
	key     ed25519.PrivateKey
	client  *ssh.Client
	// dial connects to a port of the guest's loopback.
	dial func(port int) (net.Conn, error)
	// wire connects a namespace, by its first process, with a network; nil is for none.
	wire func(pid int) error
	// ended is closed when the guest ends for good.
	ended <-chan struct{}
	// slow is how many times longer everything may take than one host alone takes on a
	// machine that is idle.
	slow int
}

// The kinds of guests. OKD_GUEST chooses one; otherwise it is a virtual machine
// where the processor helps with that, and a namespace elsewhere: without that
// help a virtual machine takes a quarter of an hour.
const (
	virtual   = "virtual"
	emulated  = "emulated"
	namespace = "namespace"
)

// shared is for the processors that several hosts share, with the tests of other packages.
const shared = 2

// kind is the kind of the guests here.
func kind(t *testing.T) string {
	t.Helper()
	switch chosen := os.Getenv("OKD_GUEST"); chosen {
	case "":
	case virtual, emulated, namespace:
		return chosen
	default:
		t.Fatalf("OKD_GUEST is %q, not %s, %s or %s", chosen, virtual, emulated, namespace)
	}
	flags, err := os.ReadFile("/proc/cpuinfo")
	must(t, err)
	kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil || !regexp.MustCompile(`(?m)^flags.* (vmx|svm)\b`).Match(flags) {
		return namespace
	}
	kvm.Close()
	return virtual
}

// newMachine starts a guest of a kind from its root, on the network that wire connects it
// with, if there is one.
func newMachine(t *testing.T, root string, key ed25519.PrivateKey, wire func(pid int) error) *machine {
	t.Helper()
	m := &machine{t: t, console: filepath.Join(t.TempDir(), "console.log"), key: key, slow: shared, wire: wire}
	if dir := os.Getenv("OKD_GUEST_KEEP"); dir != "" {
		m.console = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-console.log")
	}
	switch k := kind(t); k {
	case namespace:
		m.startNamespace(root)
	default:
		if k == emulated {
			m.slow = 12
		}
		m.startQEMU(root, k)
	}
	t.Cleanup(func() {
		if t.Failed() {
			raw, _ := os.ReadFile(m.console)
			t.Logf("the guest's last words:\n%s", tail(string(raw), 40))
		}
	})
	return m
}

// newKey is a key pair of the user who installs.
func newKey(t *testing.T) (ed25519.PrivateKey, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	public, err := ssh.NewPublicKey(private.Public())
	must(t, err)
	return private, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
}

// login waits until core can log in with the key of the install-config, which
// Ignition has put there.
func (m *machine) login(patience time.Duration) {
	m.t.Helper()
	defer took(m.t, "until core can log in", time.Now())
	signer, err := ssh.NewSignerFromKey(m.key)
	must(m.t, err)
	config := &ssh.ClientConfig{
		User: "core", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: 10 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	}
	end := time.Now().Add(patience * time.Duration(m.slow))
	for {
		client, err := m.newClient(config)
		if err == nil {
			m.client = client
			return
		}
		if time.Now().After(end) {
			m.t.Fatalf("nobody can log in to the guest: %v", err)
		}
		select {
		case <-m.ended:
			m.t.Fatal("the guest has ended")
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// newClient gives up on a server that takes the connection and says nothing, as
// the forwarder of a port does while the guest boots.
func (m *machine) newClient(config *ssh.ClientConfig) (*ssh.Client, error) {
	conn, err := m.dial(22)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(config.Timeout))
	c, channels, requests, err := ssh.NewClientConn(conn, "bootstrap", config)
	if err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return ssh.NewClient(c, channels, requests), nil
}

// forwardAgent lends the key to programs on the guest that log in elsewhere.
func (m *machine) forwardAgent() {
	m.t.Helper()
	keys := agent.NewKeyring()
	must(m.t, keys.Add(agent.AddedKey{PrivateKey: m.key}))
	must(m.t, agent.ForwardToAgent(m.client, keys))
}

// try runs a command of the shell as core.
func (m *machine) try(command string) (output string, err error) {
	return m.session(command, nil, false)
}

func (m *machine) session(command string, input []byte, withAgent bool) (string, error) {
	session, err := m.client.NewSession()
	if err != nil {
		return "", err
	}
	defer session.Close()
	if withAgent {
		if err := agent.RequestAgentForwarding(session); err != nil {
			return "", err
		}
	}
	var out, complaints bytes.Buffer
	session.Stdout, session.Stderr, session.Stdin = &out, &complaints, bytes.NewReader(input)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute*time.Duration(m.slow))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { session.Close() })
	defer stop()
	if err := session.Run(command); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s%s", command, err, tail(out.String(), 20), tail(complaints.String(), 20))
	}
	return out.String(), nil
}

// sh runs a command of the shell as root, which must succeed.
func (m *machine) sh(format string, args ...any) string {
	m.t.Helper()
	out, err := m.session("sudo bash -euo pipefail", fmt.Appendf(nil, format, args...), false)
	if err != nil {
		m.t.Fatalf("%s\n%v", fmt.Sprintf(format, args...), err)
	}
	return out
}

// read reads a file of the guest.
func (m *machine) read(name string) string {
	m.t.Helper()
	return m.sh("cat '%s'", name)
}

// await waits until a command of the shell succeeds as root. What it says at the
// end is returned; if it never succeeds, show tells why.
func (m *machine) await(what string, patience time.Duration, command, show string) string {
	m.t.Helper()
	defer took(m.t, what, time.Now())
	end := time.Now().Add(patience * time.Duration(m.slow))
	for {
		out, err := m.session("sudo bash -euo pipefail", []byte(command), false)
		if err == nil {
			return out
		}
		var exit *ssh.ExitError
		if !errors.As(err, &exit) {
			m.t.Fatalf("%s: the guest is gone: %v", what, err)
		}
		if time.Now().After(end) {
			why, _ := m.session("sudo bash", []byte(show), false)
			m.t.Fatalf("%s does not come to pass in %v:\n%s", what, patience*time.Duration(m.slow), tail(why, 80))
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// reboot has systemd end the guest and start it again.
func (m *machine) reboot(patience time.Duration) {
	m.t.Helper()
	before := m.sh("cat /proc/sys/kernel/random/boot_id")
	_, _ = m.try("sudo systemctl reboot")
	m.gone(patience)
	m.login(patience)
	if after := m.sh("cat /proc/sys/kernel/random/boot_id"); after == before {
		m.t.Fatal("the guest has not rebooted")
	}
}

// gone waits until the guest has hung up.
func (m *machine) gone(patience time.Duration) {
	m.t.Helper()
	hungUp := make(chan struct{})
	go func() { _ = m.client.Wait(); close(hungUp) }()
	select {
	case <-hungUp:
	case <-time.After(patience * time.Duration(m.slow)):
		m.t.Fatal("the guest does not go down")
	}
	m.client.Close()
}
