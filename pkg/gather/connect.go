package gather

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Access is how hosts are reached.
type Access struct {
	// Keys are tried in their order, then those of the agent at AgentSocket, if it is set.
	Keys        []Key
	AgentSocket string
	// KnownHosts is the file that remembers the hosts' keys. With Strict, hosts that it
	// does not list are refused.
	KnownHosts string
	Strict     bool
	// Jump are hosts to go through, the nearest first.
	Jump []Endpoint
	// Timeout is how long a host may be silent: while it is dialled, and at any time later.
	Timeout time.Duration
	// Window is the time in which a host must send 64 KiB of a file; 5 minutes if zero.
	Window time.Duration
	// Dial makes the connections that go through no other machine; nil for the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Log may be nil.
	Log Log

	once  sync.Once
	keys  []named
	err   error
	hosts *knownHosts
}

// keysPerLogin is how many keys are offered at a time: sshd hangs up after the sixth.
const keysPerLogin = 5

func (a *Access) debug(format string, args ...any) {
	if a.Log != nil {
		a.Log.Debug(fmt.Sprintf(format, args...))
	}
}

func (a *Access) info(format string, args ...any) {
	if a.Log != nil {
		a.Log.Info(fmt.Sprintf(format, args...))
	}
}

func (a *Access) warn(format string, args ...any) {
	if a.Log != nil {
		a.Log.Warn(fmt.Sprintf(format, args...))
	}
}

// prepare reads the keys, once.
func (a *Access) prepare(ctx context.Context) error {
	a.once.Do(func() {
		if a.Timeout <= 0 {
			a.Timeout = 30 * time.Second
		}
		a.hosts = &knownHosts{file: a.KnownHosts, strict: a.Strict, log: a.info}
		a.keys, a.err = a.signers(ctx)
	})
	return a.err
}

// connection is a login on a host.
type connection struct {
	*ssh.Client
	endpoint Endpoint
	access   *Access
	stalled  atomic.Bool
	// below are the connections that this one goes through, and what ends with it.
	below []io.Closer
	end   context.CancelFunc
}

// connect logs in on a host, through the jump hosts.
func (a *Access) connect(ctx context.Context, e Endpoint) (*connection, error) {
	if err := a.prepare(ctx); err != nil {
		return nil, err
	}
	var through *connection
	for _, j := range a.Jump {
		next, err := a.login(ctx, j, through)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("while connecting to %s: %w", e, err), through.Close())
		}
		if through != nil {
			next.below = append(next.below, through)
		}
		through = next
	}
	c, err := a.login(ctx, e, through)
	if err != nil {
		return nil, errors.Join(err, through.Close())
	}
	if through != nil {
		c.below = append(c.below, through)
	}
	return c, nil
}

// through logs in on a host by way of another one, which stays connected.
func (c *connection) through(ctx context.Context, e Endpoint) (*connection, error) {
	return c.access.login(ctx, e, c)
}

// login offers the keys a few at a time, each time on a new connection.
func (a *Access) login(ctx context.Context, e Endpoint, through *connection) (*connection, error) {
	for batch := range slices.Chunk(a.keys, keysPerLogin) {
		c, err := a.attempt(ctx, e, through, batch)
		if err == nil || !refusedKeys(err) {
			return c, err
		}
		a.debug("%s: %v", e, err)
	}
	var names []string
	for _, k := range a.keys {
		if !slices.Contains(names, k.name) {
			names = append(names, k.name)
		}
	}
	return nil, problemOf(e, fmt.Sprintf("the host rejected all keys for user %s: %s", e.User, strings.Join(names, ", ")),
		"give the private key that belongs to sshKey in install-config.yaml with --key, or load it into an SSH agent: ssh-add FILE")
}

func refusedKeys(err error) bool {
	return strings.Contains(err.Error(), "unable to authenticate") || strings.Contains(err.Error(), "Too many authentication failures")
}

// attempt makes one connection and offers some keys on it.
func (a *Access) attempt(ctx context.Context, e Endpoint, through *connection, keys []named) (*connection, error) {
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	conn, err := a.dial(limited, e, through)
	if err != nil {
		return nil, a.unreachable(ctx, e, through, err)
	}
	stop := context.AfterFunc(limited, func() { _ = conn.Close() }) // ends the handshake
	var signers []ssh.Signer
	for _, k := range keys {
		signers = append(signers, k.Signer)
	}
	var distrust error
	config := &ssh.ClientConfig{
		User: e.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(signers...)}, HostKeyAlgorithms: a.hosts.algorithms(e),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			distrust = a.hosts.check(e, key)
			return distrust
		},
	}
	client, channels, requests, err := ssh.NewClientConn(conn, e.address(), config)
	if !stop() && err == nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		_ = conn.Close() // it is of no use
		switch {
		case distrust != nil:
			return nil, distrust
		case refusedKeys(err):
			return nil, err
		}
		return nil, a.unreachable(ctx, e, through, handshakeError(limited, err))
	}
	c := &connection{Client: ssh.NewClient(client, channels, requests), endpoint: e, access: a}
	alive, end := context.WithCancel(ctx)
	c.end = end
	context.AfterFunc(alive, func() { _ = c.Client.Close() })
	go c.keepAlive(alive, conn)
	return c, nil
}

func handshakeError(limited context.Context, err error) error {
	if limited.Err() != nil {
		return limited.Err()
	}
	return err
}

func (a *Access) dial(ctx context.Context, e Endpoint, through *connection) (*watched, error) {
	dial := (&net.Dialer{}).DialContext
	switch {
	case through != nil:
		dial = through.DialContext
	case a.Dial != nil:
		dial = a.Dial
	}
	conn, err := dial(ctx, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	w := &watched{Conn: conn}
	w.heard.Store(time.Now().UnixNano())
	return w, nil
}

// watched is a connection that knows when the other side was last heard.
type watched struct {
	net.Conn
	heard atomic.Int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.heard.Store(time.Now().UnixNano())
	return n, err
}

func (w *watched) silence() time.Duration { return time.Since(time.Unix(0, w.heard.Load())) }

// unreachable says why there is no connection to a host.
func (a *Access) unreachable(ctx context.Context, e Endpoint, through *connection, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	where := ""
	if through != nil {
		where = " from " + through.endpoint.Host
		if through.stalled.Load() {
			return through.stall()
		}
	}
	var name *net.DNSError
	var refused *ssh.OpenChannelError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return problemOf(e, "the name is not found in DNS", "give the host's address, or correct the name")
	case errors.As(err, &refused) && refused.Reason == ssh.Prohibited:
		return problemOf(e, through.endpoint.Host+" does not forward connections", "set AllowTcpForwarding there, or connect by another route")
	case errors.As(err, &refused):
		return problemOf(e, fmt.Sprintf("cannot connect to port %d%s: %s", e.Port, where, diag.Plain(refused.Message)),
			"check that the machine is up and that this is its address")
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return problemOf(e, fmt.Sprintf("port %d does not answer%s within %s", e.Port, where, seconds(a.Timeout)),
			"check that the machine is up and that the port is open from here; --jump USER@HOST connects through another machine")
	case errors.Is(err, io.EOF) || strings.Contains(err.Error(), "connection reset"):
		return problemOf(e, "the host closes the connection before the login",
			"it may be starting, or its sshd may refuse logins for the moment: look at its console")
	case strings.HasPrefix(err.Error(), "ssh:"):
		said := diag.Plain(strings.TrimPrefix(err.Error(), "ssh: "))
		return problemOf(e, fmt.Sprintf("the server at port %d does not answer as an SSH server: %s", e.Port, said),
			"check that the port is that of an SSH server")
	default:
		return problemOf(e, fmt.Sprintf("cannot connect to port %d%s: %v", e.Port, where, reason(err)),
			"check that the machine is up and that this is its address; a machine that was just started needs a minute")
	}
}

// keepAlive asks the host from time to time whether it is there. One that says nothing
// at all is given up, so that nobody waits for ever; one that is busy sending is not.
func (c *connection) keepAlive(ctx context.Context, conn *watched) {
	answered := make(chan error, 1)
	asked := false
	for {
		if !asked {
			asked = true
			go func() {
				_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
				answered <- err
			}()
		}
		select {
		case <-ctx.Done():
			return
		case err := <-answered:
			if asked = false; err != nil {
				return // whoever uses the connection is told as well
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(c.access.Timeout / 3):
			}
		case <-time.After(c.access.Timeout / 10):
			if conn.silence() > c.access.Timeout {
				c.stalled.Store(true)
				c.end()
				return
			}
		}
	}
}

// stall is the error of a connection that has gone silent.
func (c *connection) stall() error {
	return problemOf(c.endpoint, "the connection stalled: no data arrived for "+seconds(c.access.Timeout),
		"check that the machine is still up, then run the same command again: it continues from here")
}

// Close ends the connection and those that it goes through.
func (c *connection) Close() error {
	if c == nil {
		return nil
	}
	c.end()
	_ = c.Client.Close() // it may be broken, or closed already
	for _, b := range c.below {
		_ = b.Close()
	}
	return nil
}

// command runs a command on the host. What it prints goes to out as it comes; in may be
// nil. The error says what it printed last on stderr.
func (c *connection) command(ctx context.Context, command string, in io.Reader, out io.Writer, line func(string)) error {
	session, err := c.NewSession()
	if err != nil {
		return c.broken(ctx, err)
	}
	defer func() { _ = session.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	said := &lines{tell: line}
	session.Stdin, session.Stderr = in, said
	stdout, err := session.StdoutPipe()
	if err != nil {
		return c.broken(ctx, err)
	}
	if err := session.Start(command); err != nil {
		return c.broken(ctx, err)
	}
	if _, err := io.Copy(out, stdout); err != nil {
		return c.broken(ctx, err)
	}
	var failed *ssh.ExitError
	switch err := session.Wait(); {
	case errors.As(err, &failed):
		return &commandError{host: c.endpoint, code: failed.ExitStatus(), said: said.last()}
	case err != nil:
		return c.broken(ctx, err)
	}
	return nil
}

// brokenError is a connection that ended before its time, which another one may mend.
type brokenError struct{ error }

func (b brokenError) Unwrap() error { return b.error }

func isBroken(err error) bool {
	var b brokenError
	return errors.As(err, &b)
}

// broken is why a connection ended.
func (c *connection) broken(ctx context.Context, err error) error {
	var o ours
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &o):
		return o.error
	case c.stalled.Load():
		return brokenError{c.stall()}
	}
	return brokenError{problemOf(c.endpoint, "the connection was lost", "run the same command again: it continues from here")}
}

// commandError is a command that failed on the host.
type commandError struct {
	host Endpoint
	code int
	said string
}

func (e *commandError) Error() string {
	text := fmt.Sprintf("%s: the command ended with code %d", e.host, e.code)
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}
