package ignition

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/data"
)

// Every embedded file has its row, and every row its file: a file that no row
// declares would be silently missing on the host.
func TestTablesMatchTheFolders(t *testing.T) {
	t.Parallel()
	declared := map[string]bool{}
	for _, f := range staticFiles {
		declared[f.embedded()] = true
	}
	for _, u := range staticUnits {
		declared[u.embedded()] = true
	}
	for _, name := range embedded(t, "bootstrap") {
		if !declared[name] {
			t.Errorf("data/%s has no row in files.go", name)
		}
		delete(declared, name)
	}
	for name := range declared {
		t.Errorf("data/%s has a row in files.go but is no file", name)
	}
}

func embedded(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := data.Bootstrap.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, embedded(t, dir+"/"+e.Name())...)
		} else {
			names = append(names, dir+"/"+e.Name())
		}
	}
	return names
}

func TestOpenShiftMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		mode int
		ok   bool
	}{
		{"manifests/cluster-config.yaml", 0o644, true},
		{"manifests/machine-config-server-ca-secret.yaml", 0o644, true},
		{"openshift/99_kubeadmin-password-secret.yaml", 0o644, true},
		{"openshift/99_openshift-etcd_fencing-credentials-secrets-1.yaml", 0o600, true},
		{"tls/root-ca.crt", 0o644, true},
		{"tls/kubelet-client.crt", 0o600, true},
		{"tls/service-account.pub", 0o600, true},
		{"auth/kubeconfig", 0o600, true},
		{"original_cvo_overrides.patch", 0o644, true},
		{"metadata.json", 0, false},
		{"manifests/deeper/a.yaml", 0, false},
		{"manifests/../tls/a.key", 0, false},
		{"/manifests/a.yaml", 0, false},
		{"../../etc/shadow", 0, false},
		{"tls/", 0, false},
		{"", 0, false},
	} {
		mode, ok := openshiftMode(c.name, smallHost().Secrets)
		if mode != c.mode || ok != c.ok {
			t.Errorf("%q: got %#o %t, want %#o %t", c.name, mode, ok, c.mode, c.ok)
		}
	}
	h := smallHost()
	h.OpenShift["metadata.json"] = nil
	if _, err := Bootstrap(h); err == nil || !strings.Contains(err.Error(), `"metadata.json"`) {
		t.Errorf("an undeclared file: %v", err)
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	file := func(path, text string) File { return File{Path: path, Data: []byte(text)} }
	got, err := overlay(
		[]File{file("/a", "common"), file("/b", "common")},
		[]File{file("/c", "generated"), file("/a", "platform")},
	)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, f := range got {
		have = append(have, fmt.Sprintf("%s=%s", f.Path, f.Data))
	}
	if s := strings.Join(have, " "); s != "/a=platform /b=common /c=generated" {
		t.Error(s)
	}
	if _, err := overlay([]File{file("/a", "1"), file("/a", "2")}); err == nil || !strings.Contains(err.Error(), "two files /a") {
		t.Errorf("a duplicate within a layer: %v", err)
	}
}

// A user's file may never smuggle a second setting into a file of the host, and
// what is refused is not printed: a proxy's URL holds a password.
func TestBootstrapRefusesControlCharacters(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*Host){
		"proxy.httpProxy":    func(h *Host) { h.Proxy.HTTP = "http://u:s3cret@p:1\nDefaultEnvironment=X=1" },
		"proxy.httpsProxy":   func(h *Host) { h.Proxy.HTTPS = "http://u:s3cret@p:1\x00" },
		"proxy.noProxy":      func(h *Host) { h.Proxy.NoProxy = "a,\xff" },
		"RELEASE_IMAGE":      func(h *Host) { h.Environment.ReleaseImage = "quay.io/a\rb" },
		"imageDigestSources": func(h *Host) { h.Mirrors = []Mirror{{Source: "a\tb", Mirrors: []string{"c"}}} },
	} {
		h := smallHost()
		change(&h)
		_, err := Bootstrap(h)
		if err == nil || !strings.Contains(err.Error(), field+":") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// An sshKey of several lines stays one entry, as in the established installer;
// sshd reads the lines of the file that Ignition makes of the entries.
func TestUserKeys(t *testing.T) {
	t.Parallel()
	two := testKey + "\n" + testKey + "2"
	for _, c := range []struct{ key, want string }{
		{"", ""}, {testKey, testKey}, {testKey + "\n", testKey}, {two, two},
	} {
		h := smallHost()
		h.SSHKey = c.key
		keys := h.user().SSHAuthorizedKeys
		if len(keys) != 2 || string(keys[0]) != c.want || string(keys[1]) != testBoot {
			t.Errorf("%q: %q", c.key, keys)
		}
	}
}

// Without the generated key there would be two equal entries, and Ignition's word
// for that names nothing a reader knows.
func TestBootstrapNeedsItsKey(t *testing.T) {
	t.Parallel()
	h := smallHost()
	h.BootstrapSSHKey = "\n"
	if _, err := Bootstrap(h); err == nil || !strings.Contains(err.Error(), "no ssh key of its own") {
		t.Errorf("got %v", err)
	}
}

func TestMOTDNamesTheJournalsAndRecords(t *testing.T) {
	t.Parallel()
	files, err := readStaticFiles(smallHost().Environment)
	if err != nil {
		t.Fatal(err)
	}
	text := files[0].Data
	for _, want := range []string{"journalctl -b -f -u release-image.service -u bootkube.service", "/var/log/openshift/"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("/etc/motd does not say %s", want)
		}
	}
	for line := range strings.Lines(string(text)) {
		if len(line) > 81 {
			t.Errorf("wider than a terminal: %q", line)
		}
	}
}

// BenchmarkBootstrap measures a config of the usual size, validation included.
func BenchmarkBootstrap(b *testing.B) {
	h := fullHost()
	for i := range 90 {
		h.OpenShift[fmt.Sprintf("manifests/%02d.yaml", i)] = bytes.Repeat([]byte("a: manifest\n"), 250)
	}
	for b.Loop() {
		if _, err := Bootstrap(h); err != nil {
			b.Fatal(err)
		}
	}
}
