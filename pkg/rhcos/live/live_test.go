package live

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_3"
	"github.com/coreos/ignition/v2/config/v3_3/types"
)

var all = func() Features {
	var f Features
	f.InstallerConfig, f.Network, f.Directives.Console = true, true, true
	return f
}()

// valid is Ignition's validator, as the command line hands it in.
func valid(_ string, raw []byte) error {
	_, rpt, err := v3_3.ParseCompatibleVersion(raw)
	if err == nil && len(rpt.Entries) > 0 {
		err = errors.New(rpt.String())
	}
	return err
}

func authority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func content(t *testing.T, r types.Resource) string {
	t.Helper()
	encoded, ok := strings.CutPrefix(*r.Source, "data:;base64,")
	if !ok || *r.Compression != "gzip" {
		t.Fatalf("%s is no compressed data URL", *r.Source)
	}
	packed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// parsed is the config in the initrd, and its files by path.
func parsed(t *testing.T, files map[string][]byte) (types.Config, map[string]string) {
	t.Helper()
	config, rpt, err := v3_3.Parse(files[ConfigPath])
	if err != nil || len(rpt.Entries) > 0 {
		t.Fatalf("Ignition says of the config: %v %s", err, rpt.String())
	}
	inside := map[string]string{}
	for _, f := range config.Storage.Files {
		inside[f.Path] = content(t, f.Contents)
		want := 0o600
		if strings.HasPrefix(f.Path, "/usr/local/bin/") {
			want = 0o700
		}
		if *f.Mode != want {
			t.Errorf("%s has mode %o, want %o", f.Path, *f.Mode, want)
		}
	}
	return config, inside
}

const dest, dest2 = `{"ignition":{"version":"3.2.0"},"passwd":{}}`, `{"ignition":{"version":"3.1.0"}}`

func TestEverything(t *testing.T) {
	t.Parallel()
	ca := authority(t)
	c := Customization{
		DestIgnition: []File{{"a/dest.ign", []byte(dest)}, {"dest2.ign", []byte(dest2)}}, DestDevice: "/dev/sda",
		DestConsole: []string{"tty0", "ttyS0,115200"}, DestKargAppend: []string{"a=1", "b"}, DestKargDelete: []string{"c"},
		InstallerConfig: []File{{"x/one.yaml", []byte("offline: true\n")}, {"two.yaml", []byte("insecure: true\n")}},
		NetworkKeyfiles: []File{{"net/eth0.nmconnection", []byte("[ipv4]")}}, IgnitionCA: []File{{"ca.pem", ca}},
		PreInstall: []File{{`C:\hooks\check`, []byte("#!/bin/sh\n")}}, PostInstall: []File{{"check", []byte("\x7fELF")}},
		LiveIgnition: []File{{"live.ign", []byte(dest2)}},
	}
	files, err := c.Files(all, valid)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, []string{ConfigPath, NetworkDir + "/eth0.nmconnection"}) {
		t.Fatalf("the initrd has %v", got)
	}
	config, inside := parsed(t, files)
	want := map[string]string{
		"/usr/local/bin/pre-install-check":      "#!/bin/sh\n",
		"/usr/local/bin/post-install-check":     "\x7fELF",
		"/etc/coreos/installer.d/0000-one.yaml": "offline: true\n",
		"/etc/coreos/installer.d/0001-two.yaml": "insecure: true\n",
		"/etc/coreos/dest.ign":                  inside["/etc/coreos/dest.ign"],
		"/etc/coreos/installer.d/0002-customize.yaml": `append-karg:
- a=1
- b
console:
- tty0
- ttyS0,115200n8
copy-network: true
delete-karg:
- c
dest-device: /dev/sda
ignition-file: /etc/coreos/dest.ign
`,
	}
	if !maps.Equal(inside, want) {
		t.Errorf("the config has these files: %q", inside)
	}
	if got := content(t, config.Ignition.Config.Merge[0]); got != dest2 || len(config.Ignition.Config.Merge) != 1 {
		t.Errorf("it merges %s", got)
	}
	if got := content(t, config.Ignition.Security.TLS.CertificateAuthorities[0]); got != string(ca) {
		t.Errorf("it trusts %s", got)
	}
	destination, _, err := v3_3.Parse([]byte(inside["/etc/coreos/dest.ign"]))
	if err != nil {
		t.Fatal(err)
	}
	merged := destination.Ignition.Config.Merge
	if len(merged) != 2 || content(t, merged[0]) != dest || content(t, merged[1]) != dest2 {
		t.Errorf("the machine's config merges %d", len(merged))
	}
	if content(t, destination.Ignition.Security.TLS.CertificateAuthorities[0]) != string(ca) {
		t.Error("the machine's config does not trust the authority")
	}
	units := map[string]string{}
	for _, u := range config.Systemd.Units {
		if u.Enabled == nil || !*u.Enabled {
			t.Errorf("%s is not enabled", u.Name)
		}
		units[u.Name] = *u.Contents
	}
	for name, lines := range map[string][]string{
		"pre-install-check.service":  {"After=coreos-installer-pre.target", "Before=coreos-installer.service", "RequiredBy=coreos-installer.service", "ExecStart=/usr/local/bin/pre-install-check"},
		"post-install-check.service": {"After=coreos-installer.service", "Before=coreos-installer.target", "RequiredBy=coreos-installer.target", "ExecStart=/usr/local/bin/post-install-check"},
	} {
		for _, line := range lines {
			if !strings.Contains("\n"+units[name], "\n"+line+"\n") {
				t.Errorf("%s has no line %s:\n%s", name, line, units[name])
			}
		}
	}
}

// The user's config stays byte for byte what it is if nothing has to be said beside it.
func TestOneDestination(t *testing.T) {
	t.Parallel()
	files, err := Customization{DestIgnition: []File{{"dest.ign", []byte(dest)}}}.Files(all, valid)
	if err != nil {
		t.Fatal(err)
	}
	_, inside := parsed(t, files)
	want := map[string]string{"/etc/coreos/dest.ign": dest, "/etc/coreos/installer.d/0000-customize.yaml": "ignition-file: /etc/coreos/dest.ign\n"}
	if !maps.Equal(inside, want) {
		t.Errorf("got %q", inside)
	}
}

func TestWithoutInstallation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		custom Customization
		want   []string
	}{
		"nothing":  {Customization{}, nil},
		"keyfiles": {Customization{NetworkKeyfiles: []File{{"a", []byte("# one\n\n[connection]\nid=one\n")}}}, []string{NetworkDir + "/a"}},
		"CA":       {Customization{IgnitionCA: []File{{"ca", authority(t)}}}, []string{ConfigPath}},
		"live":     {Customization{LiveIgnition: []File{{"l", []byte(dest)}}}, []string{ConfigPath}},
	} {
		files, err := c.custom.Files(all, valid)
		if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, c.want) || err != nil {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
		if files[ConfigPath] != nil {
			if _, inside := parsed(t, files); len(inside) != 0 {
				t.Errorf("%s: the config has files: %v", name, inside)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	key := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte("secret")})
	spoilt := bytes.ReplaceAll(authority(t), []byte("BEGIN CERTIFICATE-----"), []byte("BEGIN CERTIFICATE-----;"))
	script := []byte("#!/bin/sh\n")
	for name, c := range map[string]struct {
		custom Customization
		want   []string
	}{
		"features": {
			Customization{DestConsole: []string{"tty0"}, NetworkKeyfiles: []File{{"a", []byte("[ipv4]")}}},
			[]string{"does not support a config file", "cannot set a console", "reads no network settings"},
		},
		"configs":  {Customization{DestIgnition: []File{{"d.ign", []byte("{")}}, LiveIgnition: []File{{"l.ign", []byte("{}")}}}, []string{"config is not valid", "invalid config version"}},
		"device":   {Customization{DestDevice: "sda"}, []string{`--dest-device: "sda" is not a device`}},
		"kargs":    {Customization{DestKargAppend: []string{" "}, DestKargDelete: []string{"a\nb"}}, []string{`" " is not a kernel argument`, `"a\nb" is not`}},
		"consoles": {Customization{DestConsole: []string{"com1", "console=tty0"}}, []string{`the console "com1"`, `the console "console=tty0"`}},
		"keyfiles": {
			Customization{NetworkKeyfiles: []File{
				{"a/x", []byte("[ipv4]")}, {"b/x", []byte("[ipv4]")}, {"..", nil}, {"net.yaml", []byte("interfaces: []\n")}, {"empty", nil},
			}},
			[]string{
				"b/x: another keyfile named x", "..: has a name",
				"net.yaml: is not a keyfile of NetworkManager", "empty: is not a keyfile",
			},
		},
		"no CA":     {Customization{IgnitionCA: []File{{"ca.der", []byte("0\x82")}}}, []string{"ca.der: holds no PEM certificate"}},
		"key as CA": {Customization{IgnitionCA: []File{{"ca.pem", key}}}, []string{"ca.pem: holds a PEM block EC PRIVATE KEY"}},
		"spoilt CA": {
			Customization{IgnitionCA: []File{{"ca.pem", spoilt}}},
			[]string{"ca.pem:1:28: there is text after the dashes of -----BEGIN CERTIFICATE-----"},
		},
		"broken CA": {Customization{IgnitionCA: []File{{"ca.pem", bytes.ReplaceAll(key, []byte("EC PRIVATE KEY"), []byte("CERTIFICATE"))}}}, []string{"certificate 1 cannot be read"}},
		"scripts": {
			Customization{PreInstall: []File{{"a b", script}, {"text", []byte("echo")}, {"dos", []byte("#!/bin/sh\r\n")}, {"x/text", script}}},
			[]string{`a b: "a b" cannot be part`, "text: is not a program", "dos: has Windows line endings", "x/text: another script"},
		},
		"installer": {
			Customization{InstallerConfig: []File{
				{"i.yaml", []byte("append-kargs: [a]\nzzz: 1\n")}, {"j.yaml", []byte("- a")},
				{"k.yaml", []byte("offline: true\noffline: false")},
			}},
			[]string{
				"i.yaml: append-kargs: is not a setting of the installer\n    hint: did you mean append-karg?",
				"i.yaml: zzz: is not", "j.yaml: is not a YAML mapping", "k.yaml: is not a YAML mapping",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			can := all
			if name == "features" {
				can = Features{}
			}
			files, err := c.custom.Files(can, valid)
			if err == nil || files != nil {
				t.Fatalf("got %v and no error", files)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestParseConsole(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tty0": "tty0", "hvc0": "hvc0", "ttysclp0": "ttysclp0", "ttyS0": "ttyS0,9600n8", "ttyAMA1": "ttyAMA1,9600n8",
		"ttyS1,115200": "ttyS1,115200n8", "ttyS1,115200e": "ttyS1,115200e8", "ttyS2,5o7": "ttyS2,5o7",
	} {
		if got, err := parseConsole(text); got != want || err != nil {
			t.Errorf("parseConsole(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "tty1", "ttyS", "ttyS256", "ttyS0,", "ttyS0,x", "ttyS0,115200x", "ttyS0,115200n9", "ttyS0,115200n8r", "ttyS-1", "ttyS0,99999999999",
		"/dev/ttyS0", "console=ttyS0", "ttyS0 ",
	} {
		if got, err := parseConsole(text); err == nil {
			t.Errorf("parseConsole(%q) = %q, and no error", text, got)
		}
	}
}

func TestParseFeatures(t *testing.T) {
	t.Parallel()
	got, err := ParseFeatures([]byte(`{"installer-config": true, "installer-config-directives": {"console": true, "other": "x"}, "live-initrd-network": true, "new": []}`))
	if got != all || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ParseFeatures([]byte("{}")); got != (Features{}) || err != nil {
		t.Errorf("of nothing: got %+v, %v", got, err)
	}
	if _, err := ParseFeatures([]byte("[")); err == nil {
		t.Error("no error for what is not JSON")
	}
	if raw, err := json.Marshal(all); string(raw) != `{"installer-config":true,"installer-config-directives":{"console":true},"live-initrd-network":true}` {
		t.Errorf("written as %s, %v", raw, err)
	}
}
