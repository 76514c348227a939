//go:build e2e

package apiserver

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const plain = `apiVersion: v1
baseDomain: example.com
metadata: {name: demo}
networking: {machineNetwork: [{cidr: 192.168.1.0/24}]}
platform: {none: {}}
pullSecret: '{"auths":{"registry.example.com":{"auth":"bWU6c2VjcmV0"}}}'
`

const elliptic256 = plain + `featureSet: TechPreviewNoUpgrade
pki: {signerCertificates: {key: {algorithm: ECDSA, ecdsa: {curve: P256}}}}
`

// TestRSA starts an API server with what we make by default, which then goes away for
// two minutes.
func TestRSA(t *testing.T) { //nolint:tparallel // each step builds on the one before it
	t.Parallel()
	c := newControlPlane(t, "aggregator-client", "aggregator-ca-bundle", plain)
	checkControlPlane(t, c)
	t.Run("outage", func(t *testing.T) { playOutage(t, c) })
}

// TestECDSA does the same with keys of the other kind, and then plays an
// installation on it.
func TestECDSA(t *testing.T) { //nolint:tparallel // each step builds on the one before it
	t.Parallel()
	c := newControlPlane(t, "apiserver-proxy", "aggregator-ca", elliptic256, "--leaf-key", "ecdsa-p256")
	checkControlPlane(t, c)
	c.install()
	t.Run("bootstrap", func(t *testing.T) { playBootstrap(t, c) })
	t.Run("install", func(t *testing.T) { playInstall(t, c) })
	t.Run("status", func(t *testing.T) { checkStatus(t, c) })
	t.Run("add-nodes", func(t *testing.T) { checkAddNodes(t, c) })
}

func checkControlPlane(t *testing.T, c *controlPlane) {
	t.Run("kubeconfigs", func(t *testing.T) { checkKubeconfigs(t, c) })
	t.Run("tokens", func(t *testing.T) { checkTokens(t, c) })
	t.Run("aggregator", func(t *testing.T) { checkAggregator(t, c) })
	t.Run("konnectivity", func(t *testing.T) { checkKonnectivity(t, c) })
	t.Run("kubelet", func(t *testing.T) { checkKubelet(t, c) })
	t.Run("approve-csrs", func(t *testing.T) { checkApproval(t, c) })
}

// wants runs a wait and compares the exit code and what was said.
func (c *controlPlane) wants(t *testing.T, code int, says []string, args ...string) string {
	t.Helper()
	got, out, stderr := c.okd(append([]string{"wait-for"}, args...)...)
	if got != code {
		t.Errorf("wait-for %v ended with %d, want %d", args, got, code)
	}
	for _, s := range says {
		if !strings.Contains(stderr+out, s) {
			t.Errorf("wait-for %v does not say %q", args, s)
		}
	}
	return out
}

// after does something while a wait is under way.
func after(d time.Duration, do func()) (done func()) {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		time.Sleep(d)
		do()
	}()
	return func() { <-finished }
}

func playBootstrap(t *testing.T, c *controlPlane) {
	master := object{"node-role.kubernetes.io/master": "", "node-role.kubernetes.io/control-plane": ""}
	c.wants(t, 5, []string{
		"API v", "no machine of the control plane has joined", "gather bootstrap", "the bootstrap is not complete",
	}, "bootstrap-complete", "--timeout", "3s")
	c.node("master-0", "192.168.1.20", true, master)
	c.wants(t, 5, []string{"1 machines of the control plane have joined, and 1 are ready"}, "bootstrap-complete", "--timeout", "3s")
	c.bootstrapped()
	c.etcd("EtcdBootstrapMemberRemoved=False: the bootstrap member is still there")
	c.wants(t, 5, []string{"etcd still has its member on the bootstrap host (the bootstrap member is still there)", "leave the bootstrap host up"}, "bootstrap-complete", "--timeout", "3s")

	// the API goes away for a while, as it does when the bootstrap host leaves
	wait := after(2*time.Second, func() {
		c.api.stop()
		time.Sleep(5 * time.Second)
		c.start()
		c.etcd("EtcdBootstrapMemberRemoved=True")
	})
	out := c.wants(t, 0, []string{
		"refuses the connection", "It is now safe to remove the bootstrap resources",
		"port 22623 of api-int.demo.example.com", "master-0 (192.168.1.20)", "Time elapsed: ",
	},
		"bootstrap-complete", "--timeout", "5m", "-o", "json")
	wait()
	var last struct {
		SchemaVersion int      `json:"schemaVersion"`
		Type          string   `json:"type"`
		Steps         []string `json:"steps"`
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		if err := json.Unmarshal([]byte(line), &last); err != nil || last.SchemaVersion != 1 {
			t.Errorf("a line of the stream is %q: %v", line, err)
		}
	}
	if last.Type != "done" || len(last.Steps) < 2 {
		t.Errorf("the last event is %+v", last)
	}

	// resumed, it knows at once
	c.wants(t, 0, []string{"It is now safe"}, "bootstrap-complete")

	// the kubeconfig of another run of the same cluster
	other := makeAssets(t, elliptic256, "--leaf-key", "ecdsa-p256")
	code, _, stderr := okd(t, "wait-for", "bootstrap-complete", "--dir", other, "--api-address", "127.0.0.1:"+c.port, "--api-timeout", "3s")
	if code != 5 || !strings.Contains(stderr, "the API of another cluster") {
		t.Errorf("with another cluster's kubeconfig it ended with %d", code)
	}
	code, _, stderr = okd(t, "wait-for", "bootstrap-complete", "--dir", c.assets,
		"--api-address", "127.0.0.1:"+freePort(t), "--api-timeout", "3s")
	if code != 5 || !strings.Contains(stderr, "refuses the connection") {
		t.Errorf("without an API it ended with %d", code)
	}
}

func playInstall(t *testing.T, c *controlPlane) {
	good := []string{"Available=True", "Progressing=False", "Degraded=False"}
	ready := []string{"Available=True", "Failing=False", "Progressing=False"}
	c.version("Available=False", "Failing=False", "Progressing=True: Working towards 4.22.0-okd-scos.5: 620 of 903 done (68% complete)")
	c.operator("dns", long(), good...)
	c.operator("authentication", time.Now(), "Available=False: the route does not answer", "Progressing=True", "Degraded=False")
	c.wants(t, 6, []string{
		"620 of 903 done", "operator authentication: not available, progressing: the route does not answer",
		"the installation is not complete",
	}, "install-complete", "--timeout", "3s")

	c.version("Available=False", "Failing=True: Cluster operator authentication is degraded", "Progressing=True")
	c.operator("authentication", time.Now(), "Available=False: the route does not answer", "Progressing=False", "Degraded=True: OAuthServerDegraded")
	c.wants(t, 6, []string{"Cluster operator authentication is degraded", "OAuthServerDegraded"}, "install-complete", "--timeout", "3s")

	// the version is there, and one operator flaps
	c.version(ready...)
	c.operator("authentication", long(), good...)
	stop := make(chan struct{})
	flapped := after(0, func() {
		for i := 0; ; i++ {
			status := []string{"Progressing=False", "Progressing=True: restarting"}[i%2]
			c.operator("console", time.Now(), "Available=True", "Degraded=False", status)
			select {
			case <-stop:
				return
			case <-time.After(1500 * time.Millisecond):
			}
		}
	})
	c.wants(t, 7, []string{"these operators do not settle: console", "not all of its operators have settled"}, "install-complete", "--timeout", "8s")
	close(stop)
	flapped()

	// healthy, with the API away in the middle
	c.operator("console", long(), good...)
	c.version("Available=False", "Failing=False", "Progressing=True: Working towards 4.22.0-okd-scos.5: 900 of 903 done (99% complete)")
	ca := pemOf(t, filepath.Join(c.host, "tls", "journal-gatewayd.crt"))
	c.admin.put(managed, object{"metadata": object{"name": "default-ingress-cert"}, "data": object{"ca-bundle.crt": string(ca)}})
	c.console()
	wait := after(2*time.Second, func() {
		c.api.stop()
		time.Sleep(3 * time.Second)
		c.start()
		c.version(ready...)
	})
	c.wants(t, 0, []string{"Install complete!", "export KUBECONFIG=" + filepath.Join(c.assets, "auth", "kubeconfig"),
		"https://console-openshift-console.apps.demo.example.com",
		`user: "kubeadmin"`, "the authority of the cluster's ingress was added"}, "install-complete", "--timeout", "5m")
	wait()
	password, err := os.ReadFile(filepath.Join(c.assets, "auth", "kubeadmin-password"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, stderr := c.okd("wait-for", "install-complete", "--show-password")
	written, err := os.ReadFile(filepath.Join(c.assets, ".openshift_install.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stderr, `and password: "`+string(password)+`"`) || bytes.Contains(written, password) {
		t.Error("the password is not shown, or it is in the log file")
	}
	// the kubeconfig still logs in, and create makes the same one
	newClient(t, filepath.Join(c.assets, "auth", "kubeconfig"), c.port).must("GET", "/version", nil)
	if code, _, stderr := okd(t, "create", "ignition-configs", "--dir", c.assets); code != 0 || !strings.Contains(stderr, "up to date") {
		t.Errorf("create after wait-for ended with %d", code)
	}
}

func pemOf(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	return pem.EncodeToMemory(block)
}

func checkStatus(t *testing.T, c *controlPlane) {
	code, out, _ := c.okd("status", "--cluster", "-o", "json")
	var report struct {
		Phase      string `json:"phase"`
		Version    string `json:"version"`
		NextExpiry *struct {
			What string `json:"what"`
		} `json:"nextExpiry"`
		Nodes, Operators []any
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 {
		t.Fatalf("%d, %v", code, err)
	}
	if report.Phase != "the cluster is complete" || report.Version != "4.22.0-okd-scos.5" ||
		report.NextExpiry == nil || len(report.Operators) != 3 || len(report.Nodes) != 2 {
		t.Errorf("%+v", report)
	}
}

// checkAddNodes plays the machine config server with its certificate out of
// bootstrap.ign.
func checkAddNodes(t *testing.T, c *controlPlane) {
	server := filepath.Join(c.host, "tls", "machine-config-server")
	pair, err := tls.LoadX509KeyPair(server+".crt", server+".key")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/config/worker" || !strings.Contains(r.Header.Get("Accept"), "application/vnd.coreos.ignition+json") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, `{"ignition":{"version":"3.4.0"},"storage":{}}`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	defer s.Close()
	root, err := os.ReadFile(filepath.Join(c.host, "tls", "root-ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(root) {
		t.Fatal("there is no root CA")
	}
	c.admin.put(serverCAs, object{"metadata": object{"name": "machine-config-server-ca"}, "data": object{"ca-bundle.crt": string(root)}})
	before, err := os.ReadFile(filepath.Join(c.assets, "worker.ign"))
	if err != nil {
		t.Fatal(err)
	}
	more := t.TempDir()
	kubeconfig := filepath.Join(c.assets, "auth", "kubeconfig")
	args := []string{"add-nodes", "--dir", more, "--kubeconfig", kubeconfig, "--api-address", "127.0.0.1:" + c.port, "--nodes", "worker-1"}
	code, _, stderr := okd(t, append(args, "--server-address", s.Listener.Addr().String())...)
	if code != 0 || !strings.Contains(stderr, "offers a config of 45 bytes, Ignition 3.4.0") ||
		!strings.Contains(stderr, "approve-csrs --kubeconfig "+kubeconfig+" --nodes worker-1 --watch") {
		t.Errorf("add-nodes ended with %d", code)
	}
	if got, err := os.ReadFile(filepath.Join(more, "worker.ign")); err != nil || !bytes.Equal(got, before) {
		t.Errorf("worker.ign is another one than that of the installation, with the same authority: %v\n%s\n%s", err, got, before)
	}
	code, _, stderr = okd(t, append(args, "--server-address", "127.0.0.1:"+freePort(t))...)
	if code != 0 || !strings.Contains(stderr, "the machine config server was not reached") || !strings.Contains(stderr, "up to date") {
		t.Errorf("add-nodes without a machine config server ended with %d", code)
	}
}
