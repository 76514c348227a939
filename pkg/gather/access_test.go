package gather

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Endpoint{
		"10.0.0.5":                 {"core", "10.0.0.5", 22},
		"me@host.example.com:2222": {"me", "host.example.com", 2222},
		"2001:db8::1":              {"core", "2001:db8::1", 22},
		"[2001:db8::1]":            {"core", "2001:db8::1", 22},
		"me@[2001:db8::1]:23":      {"me", "2001:db8::1", 23},
		"fe80::1%eth0":             {"core", "fe80::1%eth0", 22},
		"[::1]:2222":               {"core", "::1", 2222},
		"::1":                      {"core", "::1", 22},
		"[fe80::1%eth0]:23":        {"core", "fe80::1%eth0", 23},
	} {
		got, err := ParseEndpoint(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if again, err := ParseEndpoint(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s, which is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{
		"", "@", "me@", "@host", "host:", "host:0", "host:65536", "host:x", "-oProxyCommand=x", "a b", "a;b", "$(x)",
		"x@y@z", "[::1", "::1]:5", "host/x", "fe80::1%../x", "fe80::1%a;b", "[fe80::1%$(x)]:22", "me@[::1]:", "[]:22",
		"[]", "host\n", "1:2:3",
	} {
		if got, err := ParseEndpoint(text); err == nil || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("me@[2001:db8::1]:23")
	f.Add("host:22")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseEndpoint(text)
		if err != nil {
			return
		}
		if again, err := ParseEndpoint(e.String()); err != nil || again != e {
			t.Errorf("%q is %+v, written as %q, read as %+v, %v", text, e, e, again, err)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	good, _, _ := newKey(t)
	locked := Key{Name: "locked.key", PEM: lockedKey(t)}
	public := Key{Name: "id.pub", PEM: []byte("ssh-ed25519 AAAA me")}
	a := newAccess(t.TempDir(), nil, good, locked, public, Key{Name: "junk", PEM: []byte("junk")})
	err := a.prepare(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"locked.key: the key is protected by a passphrase", "ssh-add locked.key", "id.pub: this is a public key",
		"give the private one, id", "junk: this is not an SSH private key",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	locked.Found = true
	l := &log{}
	err = newAccess(t.TempDir(), l, locked).prepare(t.Context())
	if err == nil ||
		!strings.Contains(err.Error(), "there is no SSH key to log in with") || !strings.Contains(l.String(), "locked.key is not used") {
		t.Errorf("%v\n%s", err, l)
	}
	a = newAccess(t.TempDir(), l, good)
	a.AgentSocket = filepath.Join(t.TempDir(), "nothing")
	if err := a.prepare(t.Context()); err != nil ||
		!strings.Contains(l.String(), "the SSH agent is not used: SSH_AUTH_SOCK does not lead to an agent") {
		t.Errorf("%v\n%s", err, l)
	}
}

// An agent that takes the connection and says nothing is given up.
func TestSilentAgent(t *testing.T) {
	t.Parallel()
	good, _, _ := newKey(t)
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Skipf("there are no such sockets here: %v", err)
	}
	defer func() { _ = listener.Close() }()
	for _, timeout := range []time.Duration{1, 50 * time.Millisecond, time.Hour} { // 1: it is not even reached
		l := &log{}
		a := newAccess(t.TempDir(), l, good)
		a.AgentSocket, a.Timeout = socket, timeout
		ctx, cancel := context.WithCancel(t.Context())
		if timeout == time.Hour {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		if err := a.prepare(ctx); err != nil || len(a.keys) != 1 || !strings.Contains(l.String(), "the SSH agent is not used: it does not answer") {
			t.Errorf("%v\n%s", err, l)
		}
		cancel()
	}
}

func lockedKey(t *testing.T) []byte {
	t.Helper()
	key, _, _ := newKey(t)
	raw, err := ssh.ParseRawPrivateKey(key.PEM)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(raw, "", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	return pemText(block.Type, block.Bytes)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().(*net.TCPAddr).Port
	_ = closed.Close()
	talks := listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n"+strings.Repeat("\xff", 64)) })
	hangs := listen(t, func(c net.Conn) { _ = c.Close() })
	silent := listen(t, func(net.Conn) {})
	jump := newServer(t, public, nil)
	local := func(port int) Endpoint { return Endpoint{"core", "127.0.0.1", port} }
	for _, test := range []struct {
		to   Endpoint
		jump []Endpoint
		want string
	}{
		{local(gone), nil, ": connection refused"},
		{local(gone), []Endpoint{jump.endpoint}, " from 127.0.0.1: connect failed"},
		{local(22), []Endpoint{local(gone)}, "while connecting to 127.0.0.1: "},
		{local(talks), nil, "check that the port is that of an SSH server"},
		{local(hangs), nil, "the host closes the connection before the login"},
		{local(silent), nil, "does not answer within 1 s"},
		{Endpoint{"core", "no-such-host.invalid", 22}, nil, "no-such-host.invalid"},
	} {
		a := newAccess(t.TempDir(), nil, key)
		a.Jump, a.Timeout = test.jump, time.Second
		_, err := a.connect(t.Context(), test.to)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%s: %v, want %q", test.to, err, test.want)
		}
	}
}

func listen(t *testing.T, serve func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			go serve(c)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func TestKnownHosts(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	s := newServer(t, public, func(string, io.Reader, io.Writer) int { return 0 })
	dir, l := t.TempDir(), &log{}
	try := func(strict bool) error {
		a := newAccess(dir, l, key)
		a.Strict = strict
		c, err := a.connect(t.Context(), s.endpoint)
		_ = c.Close()
		return err
	}
	name := filepath.Join(dir, KnownHostsFile)
	if err := try(true); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("no file: %v", err)
	}
	if err := try(false); err != nil || strings.Count(l.String(), "is new, and is remembered") != 1 {
		t.Fatalf("%v\n%s", err, l)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := try(false); err != nil || strings.Count(l.String(), "is new") != 1 {
		t.Errorf("again: %v\n%s", err, l)
	}
	if err := try(true); err != nil {
		t.Errorf("strict: %v", err)
	}
	text, _ := os.ReadFile(name)
	_, other, _ := newKey(t)
	host, _, _ := strings.Cut(string(text), " ")
	line := func(s string) {
		if err := os.WriteFile(name, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	line("# kept by hand\n" + host + " " + string(ssh.MarshalAuthorizedKey(other)))
	if err := try(false); err == nil || !strings.Contains(err.Error(), "the host presents another key than before") ||
		!strings.Contains(err.Error(), KnownHostsFile+":2 has ssh-ed25519 "+ssh.FingerprintSHA256(other)) {
		t.Errorf("changed: %v", err)
	}
	line("@revoked " + string(text))
	if err := try(false); err == nil || !strings.Contains(err.Error(), "is marked as revoked in") {
		t.Errorf("revoked: %v", err)
	}
	line("nonsense\n")
	if err := try(false); err == nil || !strings.Contains(err.Error(), "the known hosts cannot be read") {
		t.Errorf("nonsense: %v", err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := try(false); err == nil {
		t.Error("a folder is taken for a file")
	}
}

// What is no record of a service is left out.
func TestServiceRecords(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	s := newServer(t, public, func(_ string, _ io.Reader, out io.Writer) int {
		_, _ = out.Write(plainTar(t, map[string]string{
			"./bootkube.json": "[1]", "./.bootkube.x": "no", "./../evil.json": "no", "./release-image.json": "[2]",
		}))
		return 0
	})
	records, err := ServiceRecords(t.Context(), newAccess(t.TempDir(), nil, key), s.endpoint)
	if err != nil || len(records) != 2 || string(records["bootkube"]) != "[1]" || string(records["release-image"]) != "[2]" {
		t.Errorf("%q %v", records, err)
	}
	empty := newServer(t, public, func(string, io.Reader, io.Writer) int { return 1 })
	_, err = ServiceRecords(t.Context(), newAccess(t.TempDir(), nil, key), empty.endpoint)
	if err == nil || !strings.Contains(err.Error(), "there are no service records on it") {
		t.Errorf("%v", err)
	}
}
