package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

// fakeCluster stands in for a running cluster inside of the process under test.
// It serves with the certificates out of the bootstrap.ign of the asset
// directory, so that all that a command checks is checked. Its state is one of
// the words in states, from TEST_CLUSTER.
type fakeCluster struct {
	app   *cli.App
	state string
	mu    sync.Mutex
	files map[string][]byte
	put   map[string]bool
	// taint changes what the cluster answers; nil leaves it as it is.
	taint func([]byte) []byte
}

// attach has the app's connections and pauses end here. Where the clock stands
// still, a pause sets it forward instead of taking time.
func (f *fakeCluster) attach() {
	f.put = map[string]bool{}
	f.app.Dial = f.dial
	now, ahead := f.app.Now, time.Duration(0)
	f.app.Now = func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return now().Add(ahead)
	}
	f.app.Sleep = func(ctx context.Context, d time.Duration) error {
		f.mu.Lock()
		ahead += d
		f.mu.Unlock()
		return ctx.Err()
	}
}

func (f *fakeCluster) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, _ := net.SplitHostPort(address)
	switch f.state {
	case "interrupt": // somebody presses Ctrl-C while the API is silent
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(os.Interrupt)
		}
		if err != nil {
			return nil, err
		}
		<-ctx.Done()
		return nil, ctx.Err()
	case "no-name":
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	case "refused":
		return nil, &net.OpError{
			Op:   "dial",
			Net:  "tcp",
			Addr: &net.TCPAddr{IP: net.IPv4(192, 168, 1, 10), Port: 6443},
			Err:  os.NewSyscallError("connect", syscall.ECONNREFUSED),
		}
	}
	ours, theirs := net.Pipe()
	go f.serve(theirs, port)
	return ours, nil
}

// serve answers on one connection.
func (f *fakeCluster) serve(conn net.Conn, port string) {
	name := "kube-apiserver-lb-server"
	if port == "22623" {
		name = "machine-config-server"
	}
	pair, err := tls.X509KeyPair(f.file("tls/"+name+".crt"), f.file("tls/"+name+".key"))
	if err != nil {
		_ = conn.Close()
		return
	}
	s := &http.Server{Handler: f, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert} //nolint:gosec // both ends are ours
	_ = s.Serve(&oneConn{conn: tls.Server(conn, config)})
}

// oneConn is a listener that has one connection to give.
type oneConn struct{ conn net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	c := l.conn
	if l.conn = nil; c == nil {
		return nil, io.EOF
	}
	return c, nil
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// file is a file below /opt/openshift of the bootstrap.ign.
func (f *fakeCluster) file(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string][]byte{}
		raw, err := os.ReadFile(filepath.Join(f.app.Dir, "bootstrap.ign"))
		if err != nil {
			raw, _ = os.ReadFile(filepath.Join("mycluster", "bootstrap.ign"))
		}
		config, _ := inspect.Read("bootstrap.ign", raw)
		for _, file := range config.Entries {
			f.files[strings.TrimPrefix(file.Path, "/opt/openshift/")] = file.Data()
		}
	}
	return f.files[name]
}

type fakeObject = map[string]any

func (f *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", f.app.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPut {
		f.put[r.URL.Path] = true
		_, _ = io.Copy(w, r.Body)
		return
	}
	o, ok := f.objects()[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		o = fakeObject{"kind": "Status", "reason": "NotFound", "message": "not found"}
	}
	answer, _ := json.Marshal(o)
	if f.taint != nil {
		answer = f.taint(answer)
	}
	_, _ = w.Write(answer)
}

// states are what the objects differ in.
var states = []string{"complete", "bootstrap", "etcd", "stuck", "unstable", "no-name", "refused", "interrupt"}

// objects is what the cluster has, by path.
func (f *fakeCluster) objects() map[string]any {
	const config, core = "/apis/config.openshift.io/v1/", "/api/v1/"
	long := f.app.Now().Add(-3 * time.Hour).UTC().Format(time.RFC3339)
	status := func(said ...string) fakeObject {
		var list []fakeObject
		for _, s := range said {
			head, message, _ := strings.Cut(s, ": ")
			kind, value, _ := strings.Cut(head, "=")
			list = append(list, fakeObject{"type": kind, "status": value, "message": message, "lastTransitionTime": long})
		}
		return fakeObject{"conditions": list}
	}
	node := func(name, ip, role string) fakeObject {
		s := status("Ready=True")
		s["addresses"] = []fakeObject{{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}}
		return fakeObject{
			"metadata": fakeObject{"name": name, "creationTimestamp": long, "labels": fakeObject{"node-role.kubernetes.io/" + role: ""}},
			"status":   s,
		}
	}
	operators := []fakeObject{
		{"metadata": fakeObject{"name": "console"}, "status": status("Available=True", "Progressing=False", "Degraded=False")},
		{"metadata": fakeObject{"name": "dns"}, "status": status("Available=True", "Progressing=False", "Degraded=False")},
	}
	version := status("Available=True", "Failing=False", "Progressing=False")
	etcd, bootstrap := "True", "complete"
	switch f.state {
	case "bootstrap":
		bootstrap, etcd = "", "False"
	case "etcd":
		etcd = "False"
	case "stuck":
		version = status("Available=False", "Failing=True: Cluster operator console is not available", "Progressing=True")
		operators[0]["status"] = status("Available=False: RouteHealthAvailable: no answer", "Progressing=True",
			"Degraded=True: the route does not answer")
	case "unstable":
		operators[0]["status"] = status("Available=True", "Progressing=True: replica 1 of 2", "Degraded=False")
	}
	version["desired"] = fakeObject{"version": "4.22.0-okd-scos.10"}
	list := func(items ...fakeObject) fakeObject { return fakeObject{"items": items} }
	host := fakeObject{"host": "console-openshift-console.apps.demo.example.com"}
	admitted := []fakeObject{{"type": "Admitted", "status": "True"}}
	route := fakeObject{
		"spec":   host,
		"status": fakeObject{"ingress": []fakeObject{{"host": host["host"], "conditions": admitted}}},
	}
	machines := []fakeObject{node("master-0", "192.168.1.20", "master"), node("worker-0", "192.168.1.30", "worker"),
		node("worker-2", "192.168.1.32", "worker")}
	if f.put[requestsPath+"/csr-worker-1/approval"] { // it joins as soon as it may
		machines = append(machines, node("worker-1", "192.168.1.31", "worker"))
	}
	nodes := list(machines...)
	objects := map[string]any{
		"/version":                                     fakeObject{"gitVersion": "v1.35.3"},
		core + "nodes":                                 nodes,
		core + "secrets":                               list(),
		config + "clusterversions/version":             fakeObject{"status": version},
		config + "clusteroperators":                    list(operators...),
		config + "infrastructures/cluster":             fakeObject{"status": fakeObject{"apiServerInternalURI": "https://api-int.demo.example.com:6443"}},
		"/apis/operator.openshift.io/v1/etcds/cluster": fakeObject{"status": status("EtcdBootstrapMemberRemoved=" + etcd + ": 4 members")},
		"/apis/route.openshift.io/v1/namespaces/openshift-console/routes/console":                 route,
		core + "namespaces/kube-system/configmaps/bootstrap":                                      fakeObject{"data": fakeObject{"status": bootstrap}},
		core + "namespaces/openshift-config-managed/configmaps/default-ingress-cert":              fakeObject{"data": fakeObject{"ca-bundle.crt": string(f.file("tls/root-ca.crt"))}},
		core + "namespaces/openshift-machine-config-operator/configmaps/machine-config-server-ca": fakeObject{"data": fakeObject{"ca-bundle.crt": string(f.file("tls/root-ca.crt"))}},
		"/config/worker": fakeObject{"ignition": fakeObject{"version": "3.4.0"}},
	}
	f.addRequests(objects)
	return objects
}

const requestsPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

// addRequests adds a request of a machine that wants to join, and one of a
// machine that nobody has declared.
func (f *fakeCluster) addRequests(objects map[string]any) {
	const path = requestsPath
	var all []fakeObject
	for _, name := range []string{"worker-1", "worker-9"} {
		if f.put[path+"/csr-"+name+"/approval"] {
			continue
		}
		o := fakeObject{"metadata": fakeObject{"name": "csr-" + name, "resourceVersion": "1"}, "spec": fakeObject{
			"request": nodeRequest(name), "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
			"usages":   []string{"digital signature", "client auth"},
			"username": "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper",
			"groups":   []string{"system:serviceaccounts:openshift-machine-config-operator", "system:authenticated"}}}
		objects[path+"/csr-"+name] = o
		all = append(all, o)
	}
	objects[path] = fakeObject{"items": all}
}

// requests are made once a name: a cluster that is asked often would make hundreds.
var requests sync.Map

func nodeRequest(name string) []byte {
	if made, ok := requests.Load(name); ok {
		return made.([]byte)
	}
	made := newNodeRequest(name)
	requests.Store(name, made)
	return made
}

func newNodeRequest(name string) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	raw, err := x509.CreateCertificateRequest(rand.Reader,
		&x509.CertificateRequest{Subject: pkix.Name{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}}}, key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw})
}

// attachFakeCluster does so if the environment of a session asks for it.
func attachFakeCluster(a *cli.App) {
	state := os.Getenv("TEST_CLUSTER")
	if state == "" {
		return
	}
	if !slices.Contains(states, state) {
		panic("there is no state " + state)
	}
	(&fakeCluster{app: a, state: state}).attach()
}

// serviceRecords is what tar makes of the records of stoppedBundle.
func serviceRecords() []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for name, content := range stoppedBundle {
		if service, ok := strings.CutPrefix(name, "bootstrap/services/"); ok {
			if err := w.WriteHeader(&tar.Header{Name: "./" + service, Mode: 0o644, Size: int64(len(content))}); err != nil {
				panic(err)
			}
			_, _ = io.WriteString(w, content)
		}
	}
	_ = w.Close()
	return out.Bytes()
}

// sampleCluster makes what examples about running clusters name.
func sampleCluster(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "nodes.txt"), []byte("worker-0\nworker-2  192.168.1.32\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
}
