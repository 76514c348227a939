package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestExplain meets each trouble on the way to the API for real, as far as the
// loopback has it.
func TestExplain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	const name = "api.demo.example.com"
	ours := newPKI(t, "kube-apiserver-lb-signer", now.Add(-time.Hour), now.Add(time.Hour), name)
	theirs := newPKI(t, "kube-apiserver-lb-signer", now.Add(-time.Hour), now.Add(time.Hour), name)
	proxy := newPKI(t, "Corporate Inspection CA", now.Add(-time.Hour), now.Add(time.Hour), name)
	expired := *ours
	other := *ours
	// the same authority, other leaves
	expired.server = ours.leaf(t, "kube-apiserver", x509.ExtKeyUsageServerAuth, now.Add(-48*time.Hour), now.Add(-24*time.Hour), name)
	other.server = ours.leaf(t, "kube-apiserver", x509.ExtKeyUsageServerAuth, now.Add(-time.Hour), now.Add(time.Hour), "registry.example.com")
	answer := func(code int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	ok := answer(200, "application/json", "{}")
	const js = "application/json"
	for what, c := range map[string]struct {
		// address is what is dialled; else a TLS server with the certificate and the handler
		address string
		dialErr error
		listen  func(net.Conn)
		cert    *tls.Certificate
		handler http.HandlerFunc
		proxy   bool
		kind    string
		says    []string
	}{
		"no name":     {dialErr: &net.DNSError{Name: name, Err: "no such host", IsNotFound: true}, kind: CauseName, says: []string{"api.demo.example.com does not resolve", "--api-address"}},
		"no resolver": {dialErr: &net.DNSError{Name: name, Err: "server misbehaving", IsTemporary: true}, kind: causeResolver},
		"no answer": {dialErr: &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}, kind: causeSilence,
			says: []string{"does not answer", "firewall"}},
		"refused": {address: closedPort(t), kind: causeRefused, says: []string{"api.demo.example.com:6443 (127.0.0.1:", "nothing listens"}},
		"no backend": {listen: func(c net.Conn) { _ = c.Close() }, kind: causeNoBackend,
			says: []string{"accepts the connection and closes it again", "bootstrap host"}},
		"reset": {listen: func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }, kind: causeNoBackend},
		"plain text": {listen: func(c net.Conn) {
			_, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.9\r\n"))
			_, _ = io.Copy(io.Discard, c) // until the other side has read it, and gives up
			_ = c.Close()
		}, kind: CauseNotTLS},
		"plain HTTP": {listen: func(c net.Conn) {
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_, _ = io.Copy(io.Discard, c) // until the other side has read it, and gives up
			_ = c.Close()
		}, kind: CauseNotTLS},
		"another cluster":    {cert: &theirs.server, handler: ok, kind: CauseOtherCluster, says: []string{"the API of another cluster", "kube-apiserver-lb-signer", "earlier run"}},
		"intercepted":        {cert: &proxy.server, handler: ok, kind: CauseIntercepted, says: []string{"Corporate Inspection CA", "pass TCP through"}},
		"expired":            {cert: &expired.server, handler: ok, kind: CauseExpired, says: []string{"expired at", "create ignition-configs"}},
		"other name":         {cert: &other.server, handler: ok, kind: CauseHostname, says: []string{"registry.example.com"}},
		"unknown client":     {cert: &ours.server, handler: answer(401, js, `{"kind":"Status","reason":"Unauthorized","message":"Unauthorized"}`), kind: CauseClient},
		"forbidden":          {cert: &ours.server, handler: answer(403, js, `{"kind":"Status","reason":"Forbidden","message":"no"}`), kind: CauseForbidden},
		"not ready":          {cert: &ours.server, handler: answer(503, js, `{"kind":"Status","reason":"ServiceUnavailable","message":"apiserver not ready"}`), kind: causeStarting},
		"etcd away":          {cert: &ours.server, handler: answer(500, js, `{"kind":"Status","reason":"InternalError","message":"etcdserver: no leader"}`), kind: causeStarting, says: []string{"etcdserver: no leader"}},
		"a web server":       {cert: &ours.server, handler: answer(200, "text/html", "<html>"), kind: CauseNotAPI},
		"a web server's 404": {cert: &ours.server, handler: answer(404, "text/html", "<html>"), kind: CauseNotAPI},
		"a redirect":         {cert: &ours.server, handler: answer(302, "text/html", ""), kind: CauseNotAPI},
		"a proxy":            {proxy: true, kind: CauseProxy, says: []string{"NO_PROXY"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			address := c.address
			switch {
			case c.listen != nil:
				address = listen(t, c.listen)
			case c.handler != nil:
				s := httptest.NewUnstartedServer(c.handler)
				s.Config.ErrorLog = log.New(io.Discard, "", 0)
				s.TLS = &tls.Config{Certificates: []tls.Certificate{*c.cert}}
				s.StartTLS()
				t.Cleanup(s.Close)
				address = s.Listener.Addr().String()
			}
			k, err := ParseKubeconfig("auth/kubeconfig", ours.kubeconfig(fakeServer), nil)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Now: func() time.Time { return now }, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				if c.dialErr != nil {
					return nil, c.dialErr
				}
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}}
			if c.proxy {
				closed := closedPort(t)
				o.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse("http://" + closed) }
				o.Dial = nil
			}
			client, err := NewClient(k, o)
			if err != nil {
				t.Fatal(err)
			}
			var out object
			err = client.get(t.Context(), pathVersion, &out)
			if err == nil {
				t.Fatal("there was no error")
			}
			cause := k.Explain(err, now)
			if cause.Kind != c.kind {
				t.Errorf("the kind is %s, want %s: %s (%v)", cause.Kind, c.kind, cause.Detail, err)
			}
			text := cause.Detail + "\n" + cause.Hint
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("%q does not say %q", text, s)
				}
			}
		})
	}
}

func listen(t *testing.T, do func(net.Conn)) string {
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
			go do(c)
		}
	}()
	return l.Addr().String()
}

// A clock that is wrong shows in the certificates before anything else.
func TestExplainClock(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	client := f.client(t)
	for at, want := range map[time.Time]string{
		k.from.AddDate(-1, 0, 0): CauseClock, k.from.AddDate(0, 2, 0): CauseExpired, k.from.AddDate(11, 0, 0): CauseClient,
	} {
		k.now = at
		err := client.get(t.Context(), pathVersion, nil)
		if err == nil {
			t.Fatal("there was no error")
		}
		if got := client.Kubeconfig.Explain(err, at); got.Kind != want {
			t.Errorf("at %v it is %s, want %s: %v", at, got.Kind, want, err)
		}
	}
}

func TestRequestsCarryNoTokenAway(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	data := strings.Replace(string(f.pki.kubeconfig(fakeServer)), "users: [{name: admin, user: {", "users: [{name: admin, user: {token: sesame, ", 1)
	config, err := ParseKubeconfig("k", []byte(data), nil)
	if err != nil || config.Token != "sesame" {
		t.Fatal(config.Token, err)
	}
	client, err := NewClient(config, Options{Now: k.Now, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, closedPort(t))
	}})
	if err != nil {
		t.Fatal(err)
	}
	cause := config.Explain(client.get(t.Context(), pathVersion, nil), k.Now())
	if strings.Contains(cause.Detail+cause.Hint, "sesame") {
		t.Errorf("the token is in %q", cause.Detail)
	}
}

func TestParseKubeconfig(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	good := string(f.pki.kubeconfig(fakeServer))
	for what, c := range map[string]struct{ old, new, want string }{
		"good":           {"", "", ""},
		"not YAML":       {good, "\t{", "this is not a kubeconfig"},
		"nothing":        {good, "", "current-context: is missing"},
		"no context":     {"current-context: admin", "current-context: me", `there is no context "me"`},
		"no user":        {"user: admin}", "user: me}", "names a cluster or a user that is not there"},
		"http":           {"https://", "http://", "is not the https URL"},
		"insecure":       {"server: ", "insecure-skip-tls-verify: true, server: ", "insecure-skip-tls-verify"},
		"no authority":   {"certificate-authority-data: L", "certificate-authority-data: 'aGVsbG8=' #", "holds no certificate"},
		"cut authority":  {"certificate-authority-data: L", "certificate-authority-data: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIK' #", "holds no certificate: in line 1 of its text, -----BEGIN CERTIFICATE----- has no -----END"},
		"a program":      {"user: {client", "user: {exec: {command: aws}, client", "logs in by means of a program"},
		"a password":     {"user: {client", "user: {username: me, client", "no longer accept passwords"},
		"only half":      {"client-key-data:", "key-data:", "without its key"},
		"a file":         {"user: {client-certificate-data:", "user: {client-certificate: x, data:", "names a file instead"},
		"another's key":  {"client-key-data: L", "client-key-data: 'aGVsbG8=' #", "does not match"},
		"an empty token": {"user: {client-certificate-data", "user: {a", "without its certificate"},
	} {
		data := strings.Replace(good, c.old, c.new, 1)
		if strings.Contains(c.new, "#") { // the rest of the line is a comment: close the braces
			data = strings.Replace(data, "#", "}}]\n#", 1)
		}
		_, err := ParseKubeconfig("auth/kubeconfig", []byte(data), nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "LS0tLS") {
			t.Errorf("%s: the error holds a key: %v", what, err)
		}
	}
}

func FuzzParseKubeconfig(f *testing.F) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	p := newPKI(f, "signer", now, now.Add(time.Hour), "api.demo.example.com")
	f.Add(p.kubeconfig(fakeServer))
	f.Add([]byte("current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\nclusters: [{name: b, cluster: {server: 'https://[::1]:6443'}}]\nusers: [{name: c, user: {token: t}}]\n"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParseKubeconfig("k", data, nil)
		if err != nil {
			return
		}
		if k.Server == nil || k.Server.Scheme != "https" || k.host() == "" || k.Client == nil && k.Token == "" {
			t.Errorf("%q gives %+v", data, k)
		}
		k.certificates()
		_ = k.domain()
	})
}
