package asset

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/platform"
)

func testAuthority(t testing.TB, name string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

// runningDir is a directory in which create ignition-configs has run.
func runningDir(t *testing.T) (dir string, create func() Report, update Update) {
	t.Helper()
	dir = t.TempDir()
	config, err := os.ReadFile("../../cmd/okd-install/testdata/fast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	create = func() Report {
		t.Helper()
		r, err := Create(t.Context(), Request{Dir: dir, Target: targetIgnitionConfigs, LeafKey: "ecdsa-p256", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	create()
	return dir, create, Update{Dir: dir, Command: "test", Now: now}
}

func readAll(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What wait-for adds to the kubeconfig stays there, and the directory still
// knows the file as its own: a later create changes nothing and does not stop.
func TestIngressCAStays(t *testing.T) {
	t.Parallel()
	dir, create, update := runningDir(t)
	name := filepath.Join(dir, "auth", "kubeconfig")
	before := readAll(t, name)
	first, second := testAuthority(t, "ingress-operator@1"), testAuthority(t, "ingress-operator@2")
	for _, step := range []struct {
		ca    []byte
		added bool
	}{{first, true}, {first, false}, {slices.Concat(first, second), true}} {
		added, err := AddIngressCA(t.Context(), update, step.ca)
		if err != nil || added != step.added {
			t.Fatalf("added %v, %v; want %v", added, err, step.added)
		}
	}
	after := readAll(t, name)
	var config struct {
		Clusters []struct {
			Cluster struct {
				Authority []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
	}
	if err := yaml.Unmarshal(after, &config); err != nil {
		t.Fatal(err)
	}
	got := config.Clusters[0].Cluster.Authority
	if !bytes.HasSuffix(got, slices.Concat(first, second)) || bytes.Count(got, first) != 1 || len(got) <= len(first)+len(second) {
		t.Errorf("the authorities are not added once, behind the API's:\n%s", got)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has mode %v, %v", info.Mode(), err)
	}
	if r := create(); len(r.Written) != 0 {
		t.Errorf("create wrote %v again", r.Written)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	create()
	if !bytes.Equal(readAll(t, name), after) || bytes.Equal(before, after) {
		t.Error("the kubeconfig that create made again is not the one with the ingress CA")
	}
}

func TestIngressCAOfAForeignDirectory(t *testing.T) {
	t.Parallel()
	dir, _, update := runningDir(t)
	name := filepath.Join(dir, "auth", "kubeconfig")
	if err := os.Remove(filepath.Join(dir, assetdir.StateFile)); err != nil {
		t.Fatal(err)
	}
	added, err := AddIngressCA(t.Context(), update, testAuthority(t, "ingress"))
	if err != nil || !added {
		t.Fatal(added, err)
	}
	if _, err := os.Stat(filepath.Join(dir, assetdir.StateFile)); err == nil {
		t.Error("a state file was made in a directory that has none")
	}
	for content, want := range map[string]string{"clusters: 7\n": "this is not a kubeconfig", "": "this file, to which the cluster"} {
		if content == "" {
			err = os.Remove(name)
		} else {
			err = os.WriteFile(name, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := AddIngressCA(t.Context(), update, testAuthority(t, "ingress")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", content, err, want)
		}
	}
}

func TestWriteFiles(t *testing.T) {
	t.Parallel()
	dir, _, update := runningDir(t)
	fresh := Files{"worker.ign": []byte("{}\n")}
	written, aside, err := WriteFiles(t.Context(), update, fresh)
	if err != nil || !slices.Equal(written, []string{"worker.ign"}) || aside != "" {
		t.Fatal(written, aside, err)
	}
	if written, _, err := WriteFiles(t.Context(), update, fresh); err != nil || len(written) != 0 {
		t.Errorf("the second time it wrote %v, %v", written, err)
	}
	mine := []byte("mine")
	if err := os.WriteFile(filepath.Join(dir, "worker.ign"), mine, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := WriteFiles(t.Context(), update, fresh); err == nil || !strings.Contains(err.Error(), "would be overwritten") {
		t.Errorf("a user's file was not protected: %v", err)
	}
	if got := readAll(t, filepath.Join(dir, "worker.ign")); !bytes.Equal(got, mine) {
		t.Errorf("it is %q now", got)
	}
	update.Overwrite = true
	written, aside, err = WriteFiles(t.Context(), update, fresh)
	if err != nil || len(written) != 1 || aside == "" {
		t.Fatal(written, aside, err)
	}
	if got := readAll(t, filepath.Join(dir, aside, "worker.ign")); !bytes.Equal(got, mine) {
		t.Errorf("aside is %q", got)
	}
}

func TestReadRunning(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	usual := platform.Limits{Bootstrap: 45 * minute, Install: 40 * minute}
	for config, want := range map[string]RunningCluster{
		"metadata: {name: a}\nbaseDomain: example.com\nplatform: {none: {}}\n": {Platform: "none", Domain: "a.example.com", Limits: usual},
		"platform: {baremetal: {apiVIP: 10.0.0.5, ingressVIP: 10.0.0.7, hosts: [{name: m0}, {name: w0}, {role: worker}]}}\n": {
			Platform: "baremetal", Declared: platform.Declared{
				Hosts: []string{"m0", "w0"}, APIVIPs: []string{"10.0.0.5"}, IngressVIPs: []string{"10.0.0.7"},
			},
			Limits: platform.Limits{Bootstrap: 60 * minute, Install: 60 * minute}},
		"platform: {vsphere: {apiVIPs: [10.0.0.5, 'fd00::5'], ingressVIPs: [10.0.0.7]}}\n": {
			Platform: "vsphere", Declared: platform.Declared{APIVIPs: []string{"10.0.0.5", "fd00::5"}, IngressVIPs: []string{"10.0.0.7"}},
			Limits: platform.Limits{Bootstrap: 60 * minute, Install: 40 * minute}},
		// what a block does not have is not read out of it
		"platform: {none: {apiVIP: 10.0.0.5, hosts: [{name: m0}]}}\n": {Platform: "none", Limits: usual},
		"platform: {vsphere: {apiVIPs: 7}}\n":                         {Platform: "vsphere", Limits: platform.Limits{Bootstrap: 60 * minute, Install: 40 * minute}},
		"platform: 7\n":                                               {Limits: usual}, "": {Limits: usual},
	} {
		dir := t.TempDir()
		if config != "" {
			if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := ReadRunning(dir); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v, want %+v", config, got, err, want)
		}
	}
	if _, err := ReadRunning(filepath.Join(t.TempDir(), "elsewhere")); err == nil {
		t.Error("a directory that does not exist is no error")
	}
}
