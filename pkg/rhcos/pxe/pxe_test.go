package pxe

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

const config = `{"ignition":{"version":"3.2.0"}}`

func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	m := map[string][]byte{}
	for name, text := range files {
		m[name] = []byte(text)
	}
	b, err := cpio.Pack(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// initramfs is as that of a live system: microcode in plain form, then all the
// rest compressed. It has an odd size.
func initramfs(t testing.TB, files map[string]string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := archive(t, map[string]string{"kernel/x86/microcode/GenuineIntel.bin": strings.Repeat("x", 5000)})
	b = append(b, make([]byte, 512)...)
	b = append(b, w.EncodeAll(archive(t, files), nil)...)
	for len(b)%4 != 1 {
		b = append(b, 0)
	}
	return b
}

func TestCustomize(t *testing.T) {
	t.Parallel()
	base := initramfs(t, map[string]string{live.StampPath: "", live.FeaturesPath: `{"live-initrd-network":true}`, "init": "#!/bin/sh"})
	keyfile := live.NetworkDir + "/eth0.nmconnection"
	want := map[string][]byte{live.ConfigPath: []byte(config), keyfile: []byte("[ipv4]")}
	var out bytes.Buffer
	err := Customize(&out, bytes.NewReader(base), func(can live.Features) (map[string][]byte, error) {
		if !can.Network || can.InstallerConfig {
			t.Errorf("the features are %+v", can)
		}
		return want, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out.Bytes(), base) {
		t.Error("the initramfs is not in front")
	}
	added := out.Bytes()[len(base):]
	if i := len(base) + bytes.IndexByte(added, 0x1f); i%4 != 0 {
		t.Errorf("the archive begins at byte %d, which is not a multiple of 4", i)
	}
	if out.Len()%4 != 0 {
		t.Errorf("the result has %d bytes, which is not a multiple of 4", out.Len())
	}
	got, err := Unwrap(&out)
	if err != nil || !maps.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCustomizeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base []byte
		want string
	}{
		"no initrd":  {[]byte("hello, world"), "cannot be read as an initrd"},
		"no stamp":   {initramfs(t, map[string]string{"init": "x"}), "not the initramfs of a live system"},
		"customized": {initramfs(t, map[string]string{live.StampPath: "", live.ConfigPath: "{}"}), "already contains"},
		"network":    {initramfs(t, map[string]string{live.StampPath: "", live.NetworkDir + "/a": ""}), "already contains"},
		"features":   {initramfs(t, map[string]string{live.StampPath: "", live.FeaturesPath: "x"}), "features.json"},
	} {
		var out bytes.Buffer
		err := Customize(&out, bytes.NewReader(c.base), func(live.Features) (map[string][]byte, error) {
			t.Errorf("%s: the files were asked for", name)
			return nil, nil
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	want := map[string][]byte{live.ConfigPath: []byte(config)}
	b, err := Wrap(want)
	if err != nil || len(b)%4 != 0 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	got, err := Unwrap(bytes.NewReader(b))
	if err != nil || !maps.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("got %q, %v", got, err)
	}
	if raw, err := Config(got); string(raw) != config || err != nil {
		t.Errorf("the config is %s, %v", raw, err)
	}
	if _, err := Config(nil); err == nil {
		t.Error("a config from nothing")
	}
}

var boot = Boot{
	Base: "http://192.0.2.1:8080/scos/", Kernel: "live-kernel", Initramfs: "/live-initramfs.img", RootFS: "https://example.com/rootfs.img?a=1",
	Initrds: []string{"config.img"}, IgnitionURL: "http://192.0.2.1/live.ign",
	InstallDevice: "/dev/vda", InstallIgnitionURL: "http://192.0.2.1/worker.ign", Kargs: []string{"ip=dhcp rd.neednet=1", "a;b"},
}

func TestBoot(t *testing.T) {
	t.Parallel()
	const kargs = "coreos.live.rootfs_url=https://example.com/rootfs.img?a=1 ignition.firstboot ignition.platform.id=metal " +
		"ignition.config.url=http://192.0.2.1/live.ign coreos.inst.install_dev=/dev/vda coreos.inst.ignition_url=http://192.0.2.1/worker.ign ip=dhcp rd.neednet=1 a;b"
	got, err := boot.IPXE()
	want := `#!ipxe
kernel http://192.0.2.1:8080/scos/live-kernel initrd=main initrd=extra1 ` + kargs + `
initrd --name main http://192.0.2.1:8080/scos/live-initramfs.img
initrd --name extra1 http://192.0.2.1:8080/scos/config.img
boot
`
	if string(got) != want || err != nil {
		t.Errorf("iPXE: %v\n%s", err, got)
	}
	quoted := strings.Replace(kargs, "coreos.live.rootfs_url=https://example.com/rootfs.img?a=1", "'coreos.live.rootfs_url=https://example.com/rootfs.img?a=1'", 1)
	quoted = strings.Replace(quoted, "a;b", "'a;b'", 1)
	want = `set timeout=5
set default=0
menuentry 'CoreOS live system' {
    linux (http,192.0.2.1:8080)/scos/live-kernel ` + quoted + `
    initrd (http,192.0.2.1:8080)/scos/live-initramfs.img (http,192.0.2.1:8080)/scos/config.img
}
`
	if got, err = boot.GRUB(); string(got) != want || err != nil {
		t.Errorf("GRUB: %v\n%s", err, got)
	}
}

func TestBootRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change     func(*Boot)
		ipxe, grub string // what the error says; empty if there is none
	}{
		"nothing": {func(b *Boot) { *b = Boot{} }, "--kernel: is missing", "--rootfs: is missing"},
		"no URL":  {func(b *Boot) { b.Base = "" }, `--kernel: "live-kernel" is not a URL`, `--initrd: "config.img" is not a URL`},
		"password": {func(b *Boot) { b.RootFS = "http://me:secret@example.com/r" }, "--rootfs: contains a user name",
			"--rootfs: contains a user name"},
		"space":        {func(b *Boot) { b.Kernel = "http://x/a b" }, "--kernel", "--kernel"},
		"line end":     {func(b *Boot) { b.InstallDevice = "/dev/sda\nshell" }, "would not take", "would not take"},
		"variable":     {func(b *Boot) { b.Kargs = []string{"a=${net0/mac}"} }, "would not take", "would not take"},
		"double quote": {func(b *Boot) { b.Kargs = []string{`a="b"`} }, "iPXE would not take", ""},
		"quote":        {func(b *Boot) { b.Kargs = []string{"a='b'"} }, "iPXE would not take", "GRUB would not take"},
		"https":        {func(b *Boot) { b.Kernel = "https://example.com/kernel" }, "", "GRUB cannot load over https"},
		"query":        {func(b *Boot) { b.Kernel = "http://example.com/kernel?a=1" }, "", "neither a user nor a query"},
		"device":       {func(b *Boot) { b.InstallDevice = "sda" }, `--install-device: "sda"`, `--install-device: "sda"`},
		"no device":    {func(b *Boot) { b.InstallDevice = "" }, "without --install-device", "without --install-device"},
		"ignition URL": {func(b *Boot) { b.IgnitionURL = "live.ign" }, `--ignition-url: "live.ign" is not a URL`, "--ignition-url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := boot
			c.change(&b)
			_, err := b.IPXE()
			refused(t, "iPXE", err, c.ipxe)
			_, err = b.GRUB()
			refused(t, "GRUB", err, c.grub)
		})
	}
}

func refused(t *testing.T, loader string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err == nil:
	case want == "" || err == nil || !strings.Contains(err.Error(), want):
		t.Errorf("%s: got %v, want %q", loader, err, want)
	case strings.Contains(err.Error(), "secret"):
		t.Errorf("%s: the error holds a password: %v", loader, err)
	}
}
