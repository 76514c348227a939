package inspect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// certificate makes one as PEM, good from a moment on.
func certificate(t testing.TB, name string, from time.Time, life time.Duration) []byte {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.Add(life),
		DNSNames: []string{"api.example.com"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	a, b := certificate(t, "a", now, 24*time.Hour), certificate(t, "b\x1b[31m", now.Add(-48*time.Hour), 24*time.Hour)
	text := "k: " + base64.StdEncoding.EncodeToString(append(a, b...)) + "\n" + string(a)
	found := Certificates([]byte(text))
	if len(found) != 2 {
		t.Fatalf("%d certificates, want each once", len(found))
	}
	words := found[0].Words(now) + "\n" + found[1].Words(now)
	for _, want := range []string{
		"server certificate CN=a for api.example.com, 192.0.2.1, signed by itself, good until 2026-03-03 08:00 UTC, for 24h00m, ecdsa-p256",
		"server certificate CN=b\ufffd[31m for api.example.com, 192.0.2.1, signed by itself, expired 2026-03-01 08:00 UTC, ecdsa-p256",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("got\n%s\nwant\n%s", words, want)
		}
	}
	if v := found[0].Validity(now.Add(-9000 * time.Hour)); !strings.HasPrefix(v, "not good before ") {
		t.Errorf("got %s", v)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    time.Duration
		want string
	}{{time.Minute, "0h01m"}, {47 * time.Hour, "47h00m"}, {48 * time.Hour, "2 days"}, {3650 * 24 * time.Hour, "10 years"}} {
		if got := span(c.d); got != c.want {
			t.Errorf("%s: got %s, want %s", c.d, got, c.want)
		}
	}
}

// told writes changes as the command line does.
func told(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s %s\n", c.How, c.Kind, c.Path)
		for _, d := range c.Details {
			b.WriteString("    " + d + "\n")
		}
		b.WriteString(c.Diff)
	}
	return b.String()
}

func config(t *testing.T, inside string) Config {
	t.Helper()
	c, err := Read("x.ign", []byte(`{"ignition":{"version":"3.2.0"},`+inside+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigs(t *testing.T) {
	t.Parallel()
	file := func(rest string) string { return `"storage":{"files":[{"path":"/a",` + rest + `}]}` }
	for _, c := range []struct{ name, a, b, want string }{
		{"the same in other words", file(`"mode":420,"contents":{"source":"data:,x"}`), file(`"contents":{"source":"data:;base64,eA==","verification":{}}`), ""},
		{"compressed", file(`"contents":{"source":"data:,x"}`), file(`"contents":{"compression":"gzip","source":"` + zipped(t, "x") + `"}`), ""},
		{"a mode and an owner", file(`"mode":420`), file(`"mode":384,"user":{"name":"core"}`), "changed file /a\n    mode 0644 -> mode 0600\n    owner root:root -> owner core:root\n"},
		{"a line", file(`"contents":{"source":"data:,x%0Ay%0A"}`), file(`"contents":{"source":"data:,x%0Az%0A"}`), "changed file /a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"},
		{"a place", file(`"contents":{"source":"http://a/b"}`), file(`"contents":{"source":"http://u:s3cret@a/c"}`), "changed file /a\n    content from http://a/b -> content from http://REDACTED@a/c\n"},
		{"no text", file(`"contents":{"source":"data:,%00"}`), file(`"contents":{"source":"data:,%00%01"}`),
			"changed file /a\n    binary content: 1 -> 2 bytes\n"},
		{"a secret", file(`"contents":{"source":"data:;base64,` + b64(key) + `"}`), file(`"contents":{"source":"data:;base64,` + b64("x\n"+key) + `"}`), "changed file /a\n--- a/a\n+++ b/a\n@@ -1,1 +1,2 @@\n+x\n <secret 1>\n"},
		{"another secret", file(`"contents":{"source":"data:;base64,` + b64(key) + `"}`),
			file(`"contents":{"source":"data:;base64,` + b64(strings.Replace(key, "s3", "s4", 1)) + `"}`),
			"changed file /a\n    it is secret as a whole, and differs\n"},
		{"a unit", `"systemd":{"units":[{"name":"a.service","enabled":true}]}`, `"systemd":{"units":[{"name":"a.service","mask":true}]}`,
			"changed unit /etc/systemd/system/a.service\n    enabled -> neither enabled nor disabled, masked\n"},
		{"a link", `"storage":{"links":[{"path":"/l","target":"/a"}]}`, `"storage":{"links":[{"path":"/l","target":"/a","hard":true}]}`, "changed link /l\n    link to /a -> hard link to /a\n"},
		{"gone and come", `"storage":{"directories":[{"path":"/d"}]}`, `"kernelArguments":{"shouldExist":["x"]}`,
			"removed directory /d\n    mode 0755\n    owner root:root\nadded setting kernelArguments\n--- a/kernelArguments\n+++ b/kernelArguments\n@@ -0,0 +1,5 @@\n+{\n+  \"shouldExist\": [\n+    \"x\"\n+  ]\n+}\n"},
	} {
		compare := Comparison{Now: now}
		if got := told(compare.Configs(config(t, c.a), config(t, c.b))); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	a, b := config(t, file(`"mode":420`)), config(t, file(`"mode":420`))
	b.Version = "3.4.0"
	compare := Comparison{Now: now}
	if got := told(compare.Configs(a, b)); got != "changed setting ignition.version\n    spec: 3.2.0 -> 3.4.0\n" {
		t.Errorf("got %s", got)
	}
}

// Certificates are compared by what they say.
func TestCertificatesByMeaning(t *testing.T) {
	t.Parallel()
	old := certificate(t, "a", now, 24*time.Hour)
	again := certificate(t, "a", now.Add(time.Hour), 24*time.Hour)
	other := certificate(t, "b", now, 24*time.Hour)
	compare := Comparison{Now: now}
	got := told(compare.Files(
		map[string][]byte{"a.crt": old, "mixed": append([]byte("x\n"), old...)},
		map[string][]byte{"a.crt": append(append([]byte{}, again...), other...), "mixed": append([]byte("y\n"), again...)}))
	want := `changed file a.crt
    certificate CN=a made again: good from: 2026-03-02 08:00 UTC -> 2026-03-02 09:00 UTC; good until: 2026-03-03 08:00 UTC -> 2026-03-03 09:00 UTC
    new server certificate CN=b for api.example.com, 192.0.2.1, signed by itself, good until 2026-03-03 08:00 UTC, for 24h00m, ecdsa-p256
changed file mixed
    certificate CN=a made again: good from: 2026-03-02 08:00 UTC -> 2026-03-02 09:00 UTC; good until: 2026-03-03 08:00 UTC -> 2026-03-03 09:00 UTC
--- a/mixed
+++ b/mixed
@@ -1,2 +1,2 @@
-x
-<certificate CN=a until 2026-03-03 08:00 UTC>
+y
+<certificate CN=a until 2026-03-03 09:00 UTC>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// With ShowSecrets everything is in the diff.
func TestShowSecrets(t *testing.T) {
	t.Parallel()
	compare := Comparison{Now: now, ShowSecrets: true}
	changes := compare.Files(map[string][]byte{}, map[string][]byte{"x.key": []byte(key)})
	if len(changes) != 1 || !strings.Contains(changes[0].Diff, "+s3cret\n") || changes[0].Secret {
		t.Errorf("got %+v", changes)
	}
}
