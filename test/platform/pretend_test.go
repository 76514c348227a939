//go:build e2e

// Package platform tries how a platform is added: it builds okd-install with one more,
// and makes a cluster on it.
package platform

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// root is the top of the repository.
const root = "../.."

// What a platform takes: a block, a folder and a row. Nothing else is laid over the
// source, so that a build which knows the platform everywhere has found it there.
func overlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	table := read(t, filepath.Join(top, "pkg/platform/table.go"))
	row := strings.Replace(table, "\tnone.Row,\n", "\tnone.Row,\n\tpretend.Row,\n", 1)
	row = strings.Replace(row, "import (\n", "import (\n\t\"github.com/okd-project/okd-install/pkg/platform/pretend\"\n", 1)
	if strings.Count(row, "pretend") != 2 {
		t.Fatal("the table has another form than this test knows")
	}
	replace := map[string]string{
		filepath.Join(top, "pkg/installconfig/platform/pretend.go"): put("block.go", read(t, "testdata/block.go.txt")),
		filepath.Join(top, "pkg/platform/pretend/pretend.go"):       put("folder.go", read(t, "testdata/folder.go.txt")),
		filepath.Join(top, "pkg/platform/table.go"):                 put("table.go", row),
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	return put("overlay.json", string(text))
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const config = `apiVersion: v1
metadata:
  name: demo
baseDomain: example.com
platform:
  pretend:
    apiVIP: 192.168.1.5
    token: hush-hush
networking:
  machineNetwork:
  - cidr: 192.168.1.0/24
`

func TestPretendedPlatform(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "okd-install")
	build := exec.Command("go", "build", "-buildvcs=false", "-overlay", overlay(t), "-o", binary, "./cmd/okd-install")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir := t.TempDir()
	put := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(config)
	// run runs the program in the directory; the exit code has to be the one that is wanted
	run := func(code int, args ...string) string {
		t.Helper()
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	says := func(text string, wanted ...string) {
		t.Helper()
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in:\n%s", want, text)
			}
		}
	}
	file := func(name string) string { return read(t, filepath.Join(dir, filepath.FromSlash(name))) }

	// what may stand in the install-config
	says(run(0, "explain", "platform"), "pretend")
	says(run(0, "explain", "platform.pretend.apiVIP"), "Address at which the cluster serves its API")
	says(run(0, "schema"), `"pretend"`, `"apiVIP"`)
	says(run(0, "create", "install-config", "--help"), "none or external or pretend", "--api-vip ", "external, pretend: Name of the provider")
	asked := run(0, "create", "install-config", "--dir", "asked", "--platform", "pretend", "--api-vip", "192.168.1.7",
		"--cluster-name", "demo", "--base-domain", "example.com", "--machine-network", "192.168.1.0/24")
	if text := file("asked/install-config.yaml"); !strings.Contains(text, "pretend:\n    apiVIP: 192.168.1.7") {
		t.Errorf("%s\n%s", asked, text)
	}
	put(strings.Replace(config, "192.168.1.5", "192.168.1.255", 1))
	says(run(3, "validate"), "platform.pretend.apiVIP", "is no address of a host")
	put(strings.Replace(config, "apiVIP", "apiVip", 1))
	says(run(0, "validate"), "apiVIP")
	put(config)

	// what is made of it
	run(0, "create", "manifests")
	infrastructure := file("manifests/cluster-infrastructure-02-config.yml")
	says(infrastructure, "platform: Pretend", "type: Pretend", "apiServerInternalIP: 192.168.1.5",
		"name: cloud-provider-config", "key: config")
	says(file("manifests/cloud-provider-config.yaml"), "[Pretend]")
	says(file("openshift/99_pretend-machine.yaml"), "kind: Machine", "name: demo-")
	says(file("openshift/99_openshift-cluster-api_worker-user-data-secret.yaml"), "name: worker-user-data-managed")
	if text := file("manifests/cluster-config.yaml"); strings.Contains(text, "hush-hush") || !strings.Contains(text, "apiVIP: 192.168.1.5") {
		t.Errorf("the cluster keeps\n%s", text)
	}
	made := run(0, "create", "ignition-configs")
	says(made, "names the pretended address", "--platform qemu --format qcow2.gz")
	says(file("metadata.json"), `"pretend":{"pretended":"demo-`)
	says(file("master.ign"), "https://192.168.1.5:22623/config/master")
	says(run(0, "ignition", "cat", "bootstrap.ign", "/etc/pretend.conf"), "pretend on ")
	says(run(0, "ignition", "cat", "bootstrap.ign", "/etc/okd-install/environment"), "PRETEND_VIP='192.168.1.5'")
	says(run(0, "ignition", "cat", "bootstrap.ign", "pretend.service"), "ExecStart=/usr/bin/true")
	says(run(0, "ignition", "cat", "bootstrap.ign", "/opt/openshift/manifests/machine-config-server-tls-secret.yaml"),
		"192.168.1.5,api-int.demo.example.com")
	says(run(0, "ignition", "why", "bootstrap.ign", "/etc/pretend.conf"), "what the pretended cloud wants")
	says(run(0, "ignition", "why", "bootstrap.ign", "pretend.service"), "the pretended cloud's service")
	says(run(0, "ignition", "why", "bootstrap.ign", "/opt/openshift/openshift/99_pretend-machine.yaml"), "a pretended machine")
	before := file("bootstrap.ign")
	if run(0, "create", "ignition-configs"); file("bootstrap.ign") != before {
		t.Error("a second run makes another bootstrap.ign")
	}

	// and what becomes of it
	address := api(t,
		run(0, "ignition", "cat", "bootstrap.ign", "/opt/openshift/tls/kube-apiserver-lb-server.crt"),
		run(0, "ignition", "cat", "bootstrap.ign", "/opt/openshift/tls/kube-apiserver-lb-server.key"))
	began := time.Now()
	run(5, "wait-for", "bootstrap-complete", "--api-address", address)
	if took := time.Since(began); took < 5*time.Second || took > time.Minute {
		t.Errorf("the wait for a bootstrap without progress took %v; the row's limit is 5s", took)
	}
	says(run(1, "approve-csrs", "--dry-run", "--api-address", address), "declared by install-config.yaml: pretended-0")
	says(run(0, "status"), "platform pretend")
	says(run(0, "destroy", "cluster"), "tell the pretended cloud")
}

// api is the address of an API server with that certificate. Nothing is in the cluster.
func api(t *testing.T, cert, key string) string {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/version" {
			_, _ = w.Write([]byte(`{"gitVersion":"v1.35.3"}`))
			return
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"kind":"Status","reason":"NotFound","message":"not found","code":404}`))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
