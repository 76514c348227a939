package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// object is an object of the API as it is on the wire.
type object = map[string]any

// clock is a clock that sleeping sets forward: hours of waiting take no time.
type clock struct {
	mu  sync.Mutex
	now time.Time
	// then is called after each sleep, to move the cluster on.
	then func(since time.Duration)
	from time.Time
}

func newClock() *clock {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return &clock{now: start, from: start}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(d)
	since := c.now.Sub(c.from)
	c.mu.Unlock()
	if c.then != nil {
		c.then(since)
	}
	return ctx.Err()
}

// pki is an authority with a certificate of its own for the API, and one for the
// administrator.
type pki struct {
	caPEM          []byte
	ca             *x509.Certificate
	caKey          *ecdsa.PrivateKey
	server         tls.Certificate
	client, keyPEM []byte
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newPKI(t testing.TB, signer string, from, until time.Time, names ...string) *pki {
	t.Helper()
	p := &pki{caKey: newKey(t)}
	p.ca = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: signer, OrganizationalUnit: []string{"openshift"}},
		NotBefore: from, NotAfter: from.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, p.ca, p.ca, p.caKey.Public(), p.caKey)
	if err != nil {
		t.Fatal(err)
	}
	p.caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	p.server = p.leaf(t, "kube-apiserver", x509.ExtKeyUsageServerAuth, from, until, names...)
	admin := p.leaf(t, "system:admin", x509.ExtKeyUsageClientAuth, from, from.AddDate(10, 0, 0))
	der, err := x509.MarshalPKCS8PrivateKey(admin.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	p.client = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: admin.Certificate[0]})
	p.keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return p
}

// leaf is a certificate of the authority.
func (p *pki) leaf(t testing.TB, cn string, use x509.ExtKeyUsage, from, until time.Time, names ...string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	cert := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: cn}, NotBefore: from, NotAfter: until,
		DNSNames: names, ExtKeyUsage: []x509.ExtKeyUsage{use}, KeyUsage: x509.KeyUsageDigitalSignature}
	raw, err := x509.CreateCertificate(rand.Reader, cert, p.ca, key.Public(), p.caKey)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// kubeconfig writes the administrator's kubeconfig.
func (p *pki) kubeconfig(server string) []byte {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `current-context: admin
clusters: [{name: demo, cluster: {server: %q, certificate-authority-data: %s}}]
contexts: [{name: admin, context: {cluster: demo, user: admin}}]
users: [{name: admin, user: {client-certificate-data: %s, client-key-data: %s}}]
`, server, b64(p.caPEM), b64(p.client), b64(p.keyPEM))
}

// fakeAPI is an API server that holds what a test puts there.
type fakeAPI struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string]object
	puts    []string
	// cached is what an API server has in memory that has fallen behind: it answers
	// with it when it is asked for something that need not be new.
	cached map[string]object
	// read is called after each object that was read.
	read  func(path string)
	down  bool
	skew  time.Duration
	clock *clock
	pki   *pki
}

const fakeServer = "https://api.demo.example.com:6443"

func newFakeAPI(t testing.TB, c *clock) *fakeAPI {
	t.Helper()
	f := &fakeAPI{objects: map[string]object{pathVersion: {"gitVersion": "v1.35.3"}}, clock: c,
		pki: newPKI(t, "kube-apiserver-lb-signer", c.Now().Add(-time.Hour), c.Now().Add(30*24*time.Hour), "api.demo.example.com")}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.TLS = &tls.Config{Certificates: []tls.Certificate{f.pki.server}, ClientAuth: tls.RequestClientCert}
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func (f *fakeAPI) set(path string, o object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o == nil {
		delete(f.objects, path)
		return
	}
	f.objects[path] = o
}

func (f *fakeAPI) setDown(down bool) {
	f.mu.Lock()
	f.down = down
	f.mu.Unlock()
	if down {
		f.CloseClientConnections()
	}
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down { // on a connection that was there before
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Date", f.clock.Now().Add(f.skew).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPut {
		body, _ := io.ReadAll(r.Body)
		f.puts = append(f.puts, r.URL.Path+" "+string(body))
		_, _ = w.Write(body)
		return
	}
	o, ok := f.objects[r.URL.Path]
	if old, behind := f.cached[r.URL.Path]; behind && r.URL.Query().Get("resourceVersion") == "0" {
		o = old
	}
	if f.read != nil {
		defer f.read(r.URL.Path)
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		o = object{"kind": "Status", "reason": "NotFound", "message": "not found", "code": 404}
	}
	_ = json.NewEncoder(w).Encode(o)
}

// client connects to the fake by the API's name; while it is down, nothing listens.
func (f *fakeAPI) client(t testing.TB) *Client {
	t.Helper()
	k, err := ParseKubeconfig("auth/kubeconfig", f.pki.kubeconfig(fakeServer), nil)
	if err != nil {
		t.Fatal(err)
	}
	closed := sync.OnceValue(func() string { return closedPort(t) })
	c, err := NewClient(k, Options{Now: f.clock.Now, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		f.mu.Lock()
		down := f.down
		f.mu.Unlock()
		address := f.Listener.Addr().String()
		if down {
			address = closed()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// closedPort is an address that refuses connections.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return "127.0.0.1:1"
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// conditions writes a status: conditions("Available=True", "Failing=False: why").
func conditions(at time.Time, said ...string) []object {
	var out []object
	for _, s := range said {
		head, message, _ := strings.Cut(s, ": ")
		kind, status, _ := strings.Cut(head, "=")
		out = append(out, object{"type": kind, "status": status, "message": message, "lastTransitionTime": at.UTC().Format(time.RFC3339)})
	}
	return out
}

func withConditions(name string, at time.Time, said ...string) object {
	return object{"metadata": object{"name": name}, "status": object{"conditions": conditions(at, said...)}}
}

func items(objects ...object) object { return object{"items": objects} }

func testNode(name string, ready bool, ips ...string) object {
	status := "False: the network is not ready"
	if ready {
		status = "True"
	}
	labels := object{}
	if strings.HasPrefix(name, "master") {
		labels["node-role.kubernetes.io/master"] = ""
	}
	addresses := []object{{"type": "Hostname", "address": name}}
	for _, ip := range ips {
		addresses = append(addresses, object{"type": "InternalIP", "address": ip})
	}
	n := withConditions(name, time.Time{}, "Ready="+status)
	n["metadata"] = object{"name": name, "labels": labels, "creationTimestamp": "2026-03-02T07:59:00Z"}
	n["status"].(object)["addresses"] = addresses
	return n
}

// newWait is a wait whose events are kept.
func newWait(c *Client, k *clock) (*Wait, *[]Event) {
	var events []Event
	w := &Wait{Client: c, Now: k.Now, Sleep: k.Sleep, Interval: 2 * time.Second}
	w.Tell = func(e Event) { events = append(events, e) }
	return w, &events
}
