package ignition

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2"
	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file below testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update makes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is made now; if the change is meant, run go test -update and review the diff\n%s",
			file, firstDifference(want, got))
	}
}

func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			return fmt.Sprintf("line %d\nwant %q\ngot  %q", i+1, w[i], slices.Concat(g, []string{""})[min(i, len(g))])
		}
	}
	return fmt.Sprintf("%d more lines", len(g)-len(w))
}

const (
	testRootCA = "-----BEGIN CERTIFICATE-----\nnot a real one\n-----END CERTIFICATE-----\n"
	testKey    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIPVEdyqnLUXYJG/bCPku/mw3JCImv4DSPTur29bAkJo test"
	testBoot   = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ==\n"
)

// smallHost has no more than what every host has.
func smallHost() Host {
	return Host{
		PullSecret:      `{"auths":{"fake":{"auth":"aWQ6cGFzcwo="}}}`,
		BootstrapSSHKey: testBoot,
		Environment: Environment{
			ReleaseImage:  "quay.io/okd/scos-release:4.22.0-okd-scos.10",
			ReleaseLine:   "4.22",
			ClusterDomain: "okd.example.com",
			NodeIPFamily:  "ipv4",
			OSImageStream: "centos-10",
		},
		Secrets: []string{"openshift/99_openshift-etcd_fencing-credentials-secrets-*"},
		OpenShift: map[string][]byte{
			"manifests/cluster-config.yaml":                                  []byte("kind: ConfigMap\n"),
			"openshift/99_openshift-etcd_fencing-credentials-secrets-0.yaml": []byte("kind: Secret\n"),
			"openshift/99_feature-gate.yaml":                                 []byte("kind: FeatureGate\n"),
			"tls/root-ca.crt":                                                []byte(testRootCA),
			"tls/aggregator-ca.key":                                          []byte("key\n"),
			"auth/kubeconfig-loopback":                                       []byte("kind: Config\n"),
			"original_cvo_overrides.patch":                                   []byte(`{"spec":{"overrides":null}}`),
		},
	}
}

// fullHost has everything that an install-config can ask for.
func fullHost() Host {
	h := smallHost()
	h.SSHKey = testKey
	h.FIPS = true
	h.TrustBundle = testRootCA
	h.Proxy = Proxy{
		HTTP:    "http://us%40er:pa'ss@proxy.corp:3128",
		HTTPS:   "http://us%40er:pa'ss@proxy.corp:3128",
		NoProxy: ".cluster.local,.corp,10.128.0.0/14,api-int.okd.example.com",
	}
	h.Mirrors = Mirrors([]installconfig.ImageDigestSource{
		{Source: "quay.io/okd/scos-release", Mirrors: []string{"mirror.corp:5000/okd/release"}},
		{
			Source:       "quay.io/okd/scos-content",
			Mirrors:      []string{"mirror.corp:5000/okd/content", "second.corp/okd"},
			SourcePolicy: "NeverContactSource",
		},
	}, nil)
	h.MirrorsManifest = "manifests/image-digest-mirror-set.yaml"
	h.OpenShift[h.MirrorsManifest] = []byte("kind: ImageDigestMirrorSet\n")
	h.Environment.BootstrapNodeIP = "192.168.1.10"
	h.Environment.ClusterProfile = "ibm-cloud-managed"
	h.Platform.Files = []File{
		{Path: "/etc/hostname", Data: []byte("okd-x7k2p-bootstrap\n"), Mode: 0o644},
		{Path: "/etc/motd", Data: []byte("replaced in its place\n"), Mode: 0o644},
	}
	return h
}

// What a bootstrap host gets, readable: each file with its mode, and in full if
// it is one that Go makes.
func TestBootstrapGolden(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]Host{"small": smallHost(), "full": fullHost()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := Bootstrap(host)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "bootstrap-"+name+".txt", describeConfig(t, raw))
		})
	}
}

func describeConfig(t *testing.T, raw []byte) []byte {
	t.Helper()
	config, rpt, err := v3_2.Parse(raw)
	if err != nil || len(rpt.Entries) > 0 {
		t.Fatalf("%v\n%s", err, rpt)
	}
	files := filesIn(t, raw)
	var b bytes.Buffer
	fmt.Fprintf(&b, "ignition %s\n\nusers\n", config.Ignition.Version)
	for _, u := range config.Passwd.Users {
		fmt.Fprintf(&b, "  %s\n", u.Name)
		for _, k := range u.SSHAuthorizedKeys {
			fmt.Fprintf(&b, "    %q\n", k)
		}
	}
	b.WriteString("\nfiles\n")
	generated := map[string]bool{}
	configuration, err := Host{}.configuration()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range configuration {
		generated[f.Path] = true
	}
	static := map[string]bool{}
	for _, f := range staticFiles {
		static[f.path] = f.path != "/etc/motd"
	}
	for _, f := range files {
		how := ""
		if f.Append {
			how = " appended"
		}
		if static[f.Path] {
			// the repository holds them as they are
			fmt.Fprintf(&b, "  %#o %s%s\n", f.Mode, f.Path, how)
			continue
		}
		fmt.Fprintf(&b, "  %#o %s, %d bytes%s, sha256 %.6x\n", f.Mode, f.Path, len(f.Data), how, sha256.Sum256(f.Data))
		if generated[f.Path] {
			for line := range strings.Lines(string(f.Data)) {
				b.WriteString("         | " + strings.TrimSuffix(line, "\n") + "\n")
			}
		}
	}
	b.WriteString("\nunits\n")
	for _, u := range config.Systemd.Units {
		fmt.Fprintf(&b, "  %s %s\n", u.Name, enabledWord(u))
		for _, d := range u.Dropins {
			fmt.Fprintf(&b, "    with %s\n", d.Name)
		}
	}
	return b.Bytes()
}

func enabledWord(u types.Unit) string {
	switch {
	case u.Enabled == nil:
		return "left as it is"
	case *u.Enabled:
		return "enabled"
	default:
		return "disabled"
	}
}

func TestPointerGolden(t *testing.T) {
	t.Parallel()
	for role, host := range map[string]string{"master": "api-int.okd.example.com", "worker": "192.168.1.5", "arbiter": "fd00::5"} {
		raw, err := Pointer(host, role, []byte(testRootCA))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, role+".ign", raw)
	}
}

// The bytes, not only their meaning, are an interface: first-boot scripts of
// CoreOS look for one form of data URL, and people diff these files.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	raw, err := Bootstrap(smallHost())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"ignition":{"version":"3.2.0"},"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["",`,
		`{"overwrite":true,"path":"/etc/containers/registries.conf","user":{"name":"root"},"contents":{"source":"data:text/plain;charset=utf-8;base64,"},"mode":420}`,
		`{"overwrite":false,"path":"/etc/motd","user":{"name":"root"},"append":[{"source":"data:text/plain;charset=utf-8;base64,`,
		`"systemd":{"units":[{"contents":"`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("missing %s", want)
		}
	}
	for _, unwanted := range []string{"{}", "null", "\n"} {
		if bytes.Contains(raw, []byte(unwanted)) {
			t.Errorf("has %q", unwanted)
		}
	}
	if !json.Valid(raw) {
		t.Error("is not JSON")
	}
}

// Two runs of the same host are the same bytes, whatever the order of the map.
func TestBootstrapIsReproducible(t *testing.T) {
	t.Parallel()
	first, err := Bootstrap(fullHost())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := Bootstrap(fullHost())
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("differs (%v)", err)
		}
	}
}
