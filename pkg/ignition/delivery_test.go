package ignition

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"
)

func TestBootstrapPointer(t *testing.T) {
	t.Parallel()
	const authority = "-----BEGIN CERTIFICATE-----\nbm90IGEgcmVhbCBvbmU=\n-----END CERTIFICATE-----\n"
	proxy := Proxy{HTTP: "http://proxy.corp:3128", HTTPS: "http://proxy.corp:3128", NoProxy: ".corp,10.0.0.0/8"}
	raw, err := BootstrapPointer("https://files.corp/b.ign?a=1", []byte("abc"),
		authority+strings.Replace(authority, "bm90", "bm91", 1)+authority, proxy)
	if err != nil {
		t.Fatal(err)
	}
	var c types.Config
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	// the sum is that of FIPS 180-2, appendix C
	const sum = "sha512-ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
	replace := c.Ignition.Config.Replace
	if *replace.Source != "https://files.corp/b.ign?a=1" || *replace.Verification.Hash != sum {
		t.Errorf("%s %s", *replace.Source, *replace.Verification.Hash)
	}
	if n := len(c.Ignition.Security.TLS.CertificateAuthorities); n != 2 {
		t.Errorf("%d authorities", n)
	}
	if p := c.Ignition.Proxy; *p.HTTPProxy != proxy.HTTP || *p.HTTPSProxy != proxy.HTTPS || len(p.NoProxy) != 2 ||
		p.NoProxy[1] != "10.0.0.0/8" {
		t.Errorf("%+v", p)
	}
	small, err := BootstrapPointer("http://192.0.2.1:8080/b", nil, "", Proxy{})
	if err != nil || bytes.Contains(small, []byte("proxy")) || bytes.Contains(small, []byte("security")) {
		t.Errorf("%v %s", err, small)
	}
}

func TestBootstrapPointerSource(t *testing.T) {
	t.Parallel()
	for source, says := range map[string]string{
		"": "is missing", "ftp://a/b": "does not begin with", "/b.ign": "does not begin with", "https://": "names no host",
		"https://a/b#c": "after #", "https://me:pass word@a": "is not a URL", "https://a\x7f/": "is not a URL",
	} {
		_, err := BootstrapPointer(source, nil, "", Proxy{})
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "--url: ") ||
			strings.Contains(err.Error(), "pass") {
			t.Errorf("%q: %v", source, err)
		}
	}
}

func TestEmbeddedSize(t *testing.T) {
	t.Parallel()
	noise := make([]byte, EmbedArea+1)
	rand.New(rand.NewSource(1)).Read(noise)
	if n := EmbeddedSize(noise); n <= EmbedArea {
		t.Errorf("noise takes %d bytes", n)
	}
	if n := EmbeddedSize(bytes.Repeat([]byte("a"), 4*EmbedArea)); n > EmbedArea/100 {
		t.Errorf("one letter takes %d bytes", n)
	}
}

// A single node gets what it needs to install itself, and others do not.
func TestInPlaceHost(t *testing.T) {
	t.Parallel()
	h := smallHost()
	h.Environment.BootstrapInPlace, h.Environment.InstallationDisk = true, "/dev/disk/by-id/it's"
	raw, err := Bootstrap(h)
	if err != nil {
		t.Fatal(err)
	}
	files := filesIn(t, raw)
	modes := map[string]int{}
	for _, f := range files {
		modes[f.Path] = f.Mode
		inPlace := bytes.Contains(f.Data, []byte("BOOTSTRAP_IN_PLACE='true'\n")) &&
			bytes.Contains(f.Data, []byte(`INSTALLATION_DISK='/dev/disk/by-id/it'\''s'`))
		if f.Path == EnvironmentFile && !inPlace {
			t.Errorf("environment\n%s", f.Data)
		}
	}
	want := map[string]int{
		"/opt/openshift/bootstrap-in-place/bootstrap-in-place-post-reboot.sh": 0o600,
		"/opt/openshift/bootstrap-in-place/master-update.fcc":                 0o600,
		"/usr/local/bin/bootstrap-in-place.sh":                                0o555,
		"/usr/local/bin/install-to-disk.sh":                                   0o555,
	}
	for path, mode := range want {
		if modes[path] != mode {
			t.Errorf("%s has mode %#o", path, modes[path])
		}
	}
	if !bytes.Contains(raw, []byte(`"enabled":true,"name":"install-to-disk.service"`)) {
		t.Error("install-to-disk.service is not enabled")
	}
	other, err := Bootstrap(smallHost())
	if err != nil {
		t.Fatal(err)
	}
	for path := range want {
		if bytes.Contains(other, []byte(path)) {
			t.Errorf("a bootstrap host has %s", path)
		}
	}
}

// Which mechanism brings the node image follows the release: one, never both.
func TestNodeImageMechanism(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"4.16": "pivot", "4.18": "pivot", "4.19": "no memory of its own", "4.20": `var-ostree\\x2dcontainer.mount`,
		"4.21": "var-ostreecontainer.mount", "5.0": "var-ostreecontainer.mount",
	} {
		h := smallHost()
		h.Environment.ReleaseLine = line
		raw, err := Bootstrap(h)
		if err != nil {
			t.Fatal(err)
		}
		for mark, has := range map[string]bool{
			"/bootstrap-pivot.sh": want == "pivot", `"name":"release-image-pivot.service"`: want == "pivot",
			"/node-image-pull.sh": want != "pivot", "/node-image-overlay-generator": want != "pivot",
			`/var-ostree\\x2dcontainer.mount`: want == `var-ostree\\x2dcontainer.mount`,
			"/var-ostreecontainer.mount":      want == "var-ostreecontainer.mount",
		} {
			if got := bytes.Contains(raw, []byte(mark)); got != has {
				t.Errorf("release %s: %s is there: %t", line, mark, got)
			}
		}
	}
}
