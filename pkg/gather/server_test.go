package gather

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// server is a small SSH server that answers commands from a table and passes connections
// on. The end-to-end tests have real ones.
type server struct {
	t        *testing.T
	endpoint Endpoint
	listener net.Listener
	config   *ssh.ServerConfig
	// answer writes what a command prints and returns its exit code.
	answer func(command string, stdin io.Reader, out io.Writer) int

	mu       sync.Mutex
	commands []string
}

func newKey(t *testing.T) (Key, ssh.PublicKey, ssh.Signer) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return Key{Name: "test.key", PEM: pem.EncodeToMemory(block)}, signer.PublicKey(), signer
}

func newServer(t *testing.T, allowed ssh.PublicKey, answer func(string, io.Reader, io.Writer) int) *server {
	t.Helper()
	_, _, host := newKey(t)
	s := &server{t: t, answer: answer}
	s.config = &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if bytes.Equal(key.Marshal(), allowed.Marshal()) {
			return &ssh.Permissions{}, nil
		}
		return nil, fmt.Errorf("unknown key")
	}}
	s.config.AddHostKey(host)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.listener.Close() })
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	number, _ := strconv.Atoi(port)
	s.endpoint = Endpoint{User: "core", Host: "127.0.0.1", Port: number}
	go func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *server) serve(conn net.Conn) {
	server, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		_ = conn.Close()
		return
	}
	defer server.Close()
	go func() {
		for r := range requests {
			_ = r.Reply(false, nil) // a keepalive wants any answer
		}
	}()
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			go s.session(c, conn)
		case "direct-tcpip":
			go s.pass(c)
		default:
			_ = c.Reject(ssh.UnknownChannelType, "no")
		}
	}
}

// hangUp is the exit code of a command that cuts the connection.
const hangUp = -1

func (s *server) session(c ssh.NewChannel, conn net.Conn) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		var exec struct{ Command string }
		_ = ssh.Unmarshal(r.Payload, &exec)
		s.mu.Lock()
		s.commands = append(s.commands, exec.Command)
		s.mu.Unlock()
		code := s.answer(exec.Command, channel, channel)
		if code == hangUp {
			_ = conn.(*net.TCPConn).CloseWrite() // what was written arrives before it
			return
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
		return
	}
}

func (s *server) pass(c ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(c.ExtraData(), &to)
	onward, err := net.DialTimeout("tcp", net.JoinHostPort(to.Host, fmt.Sprint(to.Port)), time.Second)
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, "connect failed")
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(onward, channel); _ = onward.Close() }()
	_, _ = io.Copy(channel, onward)
	_ = channel.Close()
}

// ran counts the commands that hold a text.
func (s *server) ran(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.commands {
		if strings.Contains(c, text) {
			n++
		}
	}
	return n
}

// log keeps what is told.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) add(level string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.text, append([]any{level}, args...)...)
}

func (l *log) Debug(args ...any) { l.add("debug", args...) }
func (l *log) Info(args ...any)  { l.add("info", args...) }
func (l *log) Warn(args ...any)  { l.add("warn", args...) }

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newAccess(dir string, l Log, keys ...Key) *Access {
	return &Access{Keys: keys, KnownHosts: filepath.Join(dir, KnownHostsFile), Timeout: 2 * time.Second, Log: l}
}

func pemText(kind string, data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}

func plainTar(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, text)
	}
	_ = w.Close()
	return b.Bytes()
}
