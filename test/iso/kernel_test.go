//go:build e2e && linux

package iso

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
	"github.com/okd-project/okd-install/test/needs"
)

// kernel is Debian's kernel for virtual machines, which reads the same forms of
// initrds as that of CoreOS. It is downloaded once and unpacked, not installed.
func kernel(t *testing.T) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skipf("the kernel is an amd64 one, not %s", runtime.GOARCH)
	}
	needs.Programs(t, "qemu-system-x86_64", "cpio", "apt-get", "dpkg-deb")
	dir := cache(t, "kernel")
	find := func(dir string) string {
		found, err := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
		must(t, err)
		return strings.Join(found, "")
	}
	if found := find(dir); found != "" {
		return found
	}
	start := time.Now()
	depends, err := try(t, ".", nil, "apt-cache", "depends", "linux-image-cloud-amd64")
	must(t, err)
	name := regexp.MustCompile(`Depends: (linux-image-\S+)`).FindSubmatch(depends)
	if name == nil {
		needs.Missing(t, "apt does not know linux-image-cloud-amd64: run apt-get update")
	}
	download := t.TempDir()
	must(t, os.Chmod(download, 0o777)) // apt downloads as another user if it can
	if _, err := try(t, download, nil, "apt-get", "download", "-qq", string(name[1])); err != nil {
		needs.Missing(t, "the kernel cannot be downloaded: %v", err)
	}
	debs, err := filepath.Glob(filepath.Join(download, "*.deb"))
	must(t, err)
	part := dir + ".part"
	must(t, os.RemoveAll(part))
	run(t, ".", "dpkg-deb", "-x", debs[0], part)
	must(t, os.RemoveAll(dir))
	must(t, os.Rename(part, dir))
	took(t, "fetching a kernel", start)
	return find(dir)
}

// root is an initramfs with our init, made by cpio, of a size that is no multiple of four.
func root(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath",
		"-ldflags", "-s -w", "-o", filepath.Join(dir, "init"), "./testdata/init")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write(t, filepath.Join(dir, "etc/coreos-live-initramfs"), nil)
	write(t, filepath.Join(dir, "etc/coreos/features.json"), []byte(`{"live-initrd-network":true,"installer-config":true}`))
	archive, err := try(t, dir, []byte("init\netc\netc/coreos-live-initramfs\netc/coreos\netc/coreos/features.json\n"), "cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0")
	must(t, err)
	packed, err := try(t, dir, archive, "gzip", "-1")
	must(t, err)
	for len(packed)%4 != 1 {
		packed = append(packed, 0)
	}
	return packed
}

var found = regexp.MustCompile(`FOUND (\S+) (\S+) ([0-9a-f]{64})`)

// boot runs the kernel with an initrd and returns the sum of each file that its
// init finds. QEMU emulates the CPU: that takes seconds and works everywhere, also
// where KVM is there and fails within another virtual machine.
func boot(t *testing.T, kernel string, initrd []byte) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "initrd")
	write(t, path, initrd)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-nographic",
		"-nodefaults", "-serial", "stdio", "-no-reboot", "-kernel", kernel, "-initrd", path, "-append", "console=ttyS0 panic=-1")
	out, err := cmd.CombinedOutput()
	console := string(out)
	if err != nil || !strings.Contains(console, "DONE") {
		t.Fatalf("the machine did not come up: %v\n%s", err, console[max(0, len(console)-3000):])
	}
	files := map[string]string{}
	for _, m := range found.FindAllStringSubmatch(console, -1) {
		files[m[1]] = m[2] + " " + m[3]
	}
	return files
}

func sum(text string) string { return fmt.Sprintf("-rw------- %x", sha256.Sum256([]byte(text))) }

// The kernel finds what was put in: behind an initramfs with pxe customize, as an
// initrd of its own, and in the area of an ISO image as the boot loaders pass it on.
func TestKernel(t *testing.T) {
	t.Parallel()
	vmlinuz := kernel(t)
	base := root(t)
	const keyfile = "[connection]\nid=eth0\n"
	dir := t.TempDir()
	large := far()
	for name, data := range map[string]string{
		"config.ign": config, "large.ign": large, "eth0.nmconnection": keyfile, "live-initramfs.img": string(base),
	} {
		write(t, filepath.Join(dir, name), []byte(data))
	}
	write(t, filepath.Join(dir, "live.iso"), isotest.Layout{}.Image())
	ours := func(args ...string) { run(t, dir, okd, append([]string{"coreos"}, args...)...) }
	ours("pxe", "ignition", "wrap", "-i", "config.ign", "-o", "config.img")
	ours("pxe", "network", "wrap", "-k", "eth0.nmconnection", "-o", "network.img")
	ours("pxe", "customize", "--network-keyfile", "eth0.nmconnection",
		"--live-ignition", "config.ign", "-o", "custom.img", "live-initramfs.img")
	ours("iso", "ignition", "embed", "-i", "config.ign", "-o", "gzip.iso", "live.iso")
	ours("iso", "network", "embed", "-k", "eth0.nmconnection", "gzip.iso")
	ours("iso", "ignition", "embed", "-i", "large.ign", "-o", "xz.iso", "live.iso")
	customized := run(t, dir, okd, "coreos", "pxe", "ignition", "unwrap", "custom.img")
	file := func(name string) []byte { return read(t, filepath.Join(dir, name)) }
	aligned := append(slices.Clone(base), make([]byte, 3)...) // as boot loaders align each initrd
	const keyfilePath = "/etc/coreos-firstboot-network/eth0.nmconnection"
	for name, c := range map[string]struct {
		initrd []byte
		want   map[string]string
	}{
		"pxe customize": {file("custom.img"), map[string]string{"/config.ign": sum(customized), keyfilePath: sum(keyfile)}},
		"two initrds":   {slices.Concat(aligned, file("config.img"), file("network.img")), map[string]string{"/config.ign": sum(config), keyfilePath: sum(keyfile)}},
		"ISO, gzip":     {slices.Concat(aligned, area(t, filepath.Join(dir, "gzip.iso"))), map[string]string{"/config.ign": sum(config), keyfilePath: sum(keyfile)}},
		"ISO, xz":       {slices.Concat(aligned, area(t, filepath.Join(dir, "xz.iso"))), map[string]string{"/config.ign": sum(large)}},
		"ISO, empty":    {slices.Concat(aligned, area(t, filepath.Join(dir, "live.iso"))), nil},
		"ISO and more":  {slices.Concat(aligned, area(t, filepath.Join(dir, "xz.iso")), file("config.img")), map[string]string{"/config.ign": sum(config)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := boot(t, vmlinuz, c.initrd)
			if len(got) != len(c.want)+2 {
				t.Errorf("it finds %v", got)
			}
			for path, want := range c.want {
				if got[path] != want {
					t.Errorf("%s is %s, want %s", path, got[path], want)
				}
			}
		})
	}
	if !strings.HasPrefix(string(area(t, filepath.Join(dir, "xz.iso"))), "\xfd7zXZ") {
		t.Error("the large config is not in xz, so that was not tried")
	}
}
