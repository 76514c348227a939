//go:build e2e && unix

package iso

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_3"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
	"github.com/okd-project/okd-install/test/needs"
)

// inputs writes the files that the flags name, and a CA that openssl makes.
func inputs(t *testing.T) string {
	t.Helper()
	needs.Programs(t, "openssl")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"dest.ign": config, "dest2.ign": `{"ignition":{"version":"3.0.0"}}`, "live.ign": `{"ignition":{"version":"3.3.0"},"systemd":{"units":[{"name":"a.service"}]}}`,
		"eth0.nmconnection": "[ipv4]\n", "pre.sh": "#!/bin/sh\ntrue\n", "post.sh": "#!/bin/sh\nfalse\n", "installer.yaml": "offline: true\n",
	} {
		write(t, filepath.Join(dir, name), []byte(text))
	}
	run(t, dir, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		"-keyout", "key.pem", "-out", "ca.pem", "-days", "9", "-subj", "/CN=test")
	return dir
}

// customizations are flags that either tool takes.
var customizations = map[string][]string{
	"device":      {"--dest-device", "/dev/vda"},
	"destination": {"--dest-ignition", "dest.ign"},
	"two":         {"--dest-ignition", "dest.ign", "--dest-ignition", "dest2.ign"},
	"CA":          {"--dest-ignition", "dest.ign", "--ignition-ca", "ca.pem"},
	"live":        {"--live-ignition", "live.ign", "--ignition-ca", "ca.pem"},
	"network":     {"--network-keyfile", "eth0.nmconnection"},
	"consoles":    {"--dest-console", "tty0", "--dest-console", "ttyS1,115200"},
	"all": {
		"--dest-ignition", "dest.ign", "--dest-device", "/dev/vda", "--dest-console", "ttyS0",
		"--dest-karg-append", "a=1", "--dest-karg-append", "b", "--dest-karg-delete", "c",
		"--network-keyfile", "eth0.nmconnection", "--ignition-ca", "ca.pem", "--pre-install", "pre.sh", "--post-install", "post.sh",
		"--installer-config", "installer.yaml", "--live-ignition", "live.ign",
	},
}

// meaning is what a config makes of a live system, whoever wrote it: texts that
// each tool words for itself are reduced to what counts in them.
func meaning(t *testing.T, raw string) map[string]any {
	t.Helper()
	if raw == "" {
		return nil
	}
	parsed, rpt, err := v3_3.ParseCompatibleVersion([]byte(raw))
	if err != nil || len(rpt.Entries) > 0 {
		t.Fatalf("Ignition says: %v %s", err, rpt.String())
	}
	var v struct{ Ignition struct{ Version string } }
	must(t, json.Unmarshal([]byte(raw), &v))
	m := map[string]any{"version": v.Ignition.Version}
	config, err := inspect.Read("", []byte(raw))
	must(t, err)
	for _, f := range config.Entries {
		if f.Kind != inspect.File || len(f.Parts) == 0 {
			continue
		}
		m[f.Path+" mode"] = f.Mode
		switch {
		case strings.HasSuffix(f.Path, ".yaml"):
			var v map[string]any
			must(t, yaml.Unmarshal(f.Data(), &v))
			m[f.Path] = v
		case strings.HasSuffix(f.Path, ".ign"):
			m[f.Path] = meaning(t, string(f.Data()))
		default:
			m[f.Path] = string(f.Data())
		}
	}
	for i, r := range parsed.Ignition.Config.Merge {
		data, err := ignition.Content(*r.Source, *r.Compression, 1<<20)
		must(t, err)
		m["merge "+string(rune('0'+i))] = meaning(t, string(data))
	}
	for _, r := range parsed.Ignition.Security.TLS.CertificateAuthorities {
		data, err := ignition.Content(*r.Source, *r.Compression, 1<<20)
		must(t, err)
		m["CA"] = string(data)
	}
	for _, u := range parsed.Systemd.Units {
		if u.Contents == nil {
			m[u.Name] = nil
			continue
		}
		var lines []string
		for line := range strings.Lines(*u.Contents) {
			key, _, _ := strings.Cut(line, "=")
			if slices.Contains([]string{"After", "Before", "ExecStart", "RequiredBy", "Type", "StandardOutput", "StandardError"}, key) {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
		slices.Sort(lines)
		m[u.Name] = append(lines, "enabled "+string(must1(json.Marshal(u.Enabled))))
	}
	return m
}

func must1(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// equal compares two meanings.
func equal(t *testing.T, a, b map[string]any) {
	t.Helper()
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for key := range keys {
		if !reflect.DeepEqual(a[key], b[key]) {
			t.Errorf("%s: ours is %v, theirs %v", key, a[key], b[key])
		}
	}
}

// Both tools make the same of the same flags, and read what the other made.
func TestCustomizeISO(t *testing.T) {
	t.Parallel()
	theirs, images := liveImages(t)
	dir := inputs(t)
	for _, form := range []string{"today", "embed-areas-2023-07.s390x.iso"} {
		for name, flags := range customizations {
			t.Run(form+" "+name, func(t *testing.T) {
				t.Parallel()
				to := t.TempDir()
				a, b := filepath.Join(to, "ours.iso"), filepath.Join(to, "theirs.iso")
				flags = append(slices.Clone(flags), "--live-karg-append", "x=1", "--live-karg-delete", "ignition.firstboot", "--live-karg-replace", "ignition.platform.id=metal=qemu")
				run(t, dir, okd, slices.Concat([]string{"coreos", "iso", "customize", "-o", a}, flags, []string{images[form]})...)
				run(t, dir, theirs, slices.Concat([]string{"iso", "customize", "-o", b}, flags, []string{images[form]})...)
				var configs, kargs, network []string
				for _, image := range []string{a, b} {
					for _, tool := range [][]string{{okd, "coreos", "iso"}, {theirs, "iso"}} {
						see := func(args ...string) string {
							out, _ := try(t, dir, nil, tool[0], slices.Concat(tool[1:], args, []string{image})...) // fails if there is none
							return string(out)
						}
						configs = append(configs, see("ignition", "show"))
						kargs = append(kargs, see("kargs", "show"))
						network = append(network, see("network", "extract"))
					}
				}
				if configs[0] != configs[1] || configs[2] != configs[3] {
					t.Error("the tools show different configs of one image")
				}
				if (configs[0] == "") != (name == "network") {
					t.Errorf("the config is %q", configs[0])
				}
				equal(t, meaning(t, configs[0]), meaning(t, configs[2]))
				if len(slices.Compact(slices.Clone(kargs))) != 1 || !strings.Contains(kargs[0], "ignition.platform.id=qemu x=1") {
					t.Errorf("the kernel arguments are %q", kargs)
				}
				if len(slices.Compact(slices.Clone(network))) != 1 ||
					strings.Contains(network[0], "eth0") != slices.Contains(flags, "--network-keyfile") {
					t.Errorf("the keyfiles are %q", network)
				}
				run(t, dir, okd, "coreos", "iso", "reset", b)
				run(t, dir, theirs, "iso", "reset", a)
				same(t, "ours, reset by theirs", a, images[form])
				same(t, "theirs, reset by ours", b, images[form])
			})
		}
	}
}

// What one refuses to customize twice the other refuses too.
func TestCustomizedIsSeen(t *testing.T) {
	t.Parallel()
	theirs, images := liveImages(t)
	dir := inputs(t)
	image := filepath.Join(t.TempDir(), "live.iso")
	for _, tools := range [][2][]string{{{okd, "coreos", "iso"}, {theirs, "iso"}}, {{theirs, "iso"}, {okd, "coreos", "iso"}}} {
		write(t, image, read(t, images["today"]))
		custom := []string{"customize", "--network-keyfile", "eth0.nmconnection", image}
		run(t, dir, tools[0][0], slices.Concat(tools[0][1:], custom)...)
		_, err := try(t, dir, nil, tools[1][0], slices.Concat(tools[1][1:], custom)...)
		if err == nil || !strings.Contains(err.Error(), "force") {
			t.Errorf("after %s, %s: %v", filepath.Base(tools[0][0]), filepath.Base(tools[1][0]), err)
		}
	}
}

// liveInitramfs is one as PXE boots it, but for its contents.
func liveInitramfs(t *testing.T, compress ...string) []byte {
	t.Helper()
	archive, err := cpio.Pack(map[string][]byte{
		live.StampPath: nil, "etc/other": []byte(noise(100_000)),
		live.FeaturesPath: []byte(`{"installer-config":true,"live-initrd-network":true,"installer-config-directives":{"console":true}}`),
	})
	must(t, err)
	early, err := cpio.Pack(map[string][]byte{"kernel/x86/microcode/AuthenticAMD.bin": []byte(noise(3000))})
	must(t, err)
	packed, err := try(t, ".", archive, compress[0], compress[1:]...)
	must(t, err)
	return slices.Concat(early, packed)
}

func TestPXE(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "xz", "zstd", "gzip")
	theirs, _ := installer(t)
	dir := inputs(t)
	ours := func(args ...string) string { return run(t, dir, okd, append([]string{"coreos", "pxe"}, args...)...) }
	other := func(args ...string) string { return run(t, dir, theirs, append([]string{"pxe"}, args...)...) }
	for i, pair := range [][2]func(...string) string{{ours, other}, {other, ours}} {
		img := string(rune('a'+i)) + ".img"
		pair[0]("ignition", "wrap", "-i", "dest.ign", "-o", img)
		if got := pair[1]("ignition", "unwrap", img); got != config {
			t.Errorf("tool %d wraps, the other unwraps %q", i, got)
		}
		pair[0]("network", "wrap", "-k", "eth0.nmconnection", "-o", "net-"+img)
		if got, want := pair[1]("network", "unwrap", "net-"+img), "########## eth0.nmconnection ##########\n[ipv4]\n"; got != want {
			t.Errorf("tool %d wraps, the other unwraps %q", i, got)
		}
	}
	for form, compress := range map[string][]string{
		"zstd": {"zstd", "-q", "-c"}, "xz": {"xz", "--check=crc32", "-c"}, "gzip": {"gzip", "-c"}, "plain": {"cat"},
	} {
		base := filepath.Join(dir, form+".img")
		write(t, base, liveInitramfs(t, compress...))
		for name, flags := range customizations {
			a, b := filepath.Join(t.TempDir(), "ours.img"), filepath.Join(t.TempDir(), "theirs.img")
			ours(slices.Concat([]string{"customize", "-o", a}, flags, []string{base})...)
			other(slices.Concat([]string{"customize", "-o", b}, flags, []string{base})...)
			if name == "network" {
				if got, want := other("network", "unwrap", a), ours("network", "unwrap", b); got != want {
					t.Errorf("%s, %s: %q and %q", form, name, got, want)
				}
				continue
			}
			equal(t, meaning(t, other("ignition", "unwrap", a)), meaning(t, ours("ignition", "unwrap", b)))
			for _, img := range []string{a, b} {
				for who, tool := range map[string][]string{"ours": {okd, "coreos"}, "theirs": {theirs}} {
					args := slices.Concat(tool[1:], []string{"pxe", "customize", "-o", img + "." + who}, flags, []string{img})
					if _, err := try(t, dir, nil, tool[0], args...); err == nil {
						t.Errorf("%s customizes %s again", who, filepath.Base(img))
					}
				}
			}
		}
	}
}
