//go:build e2e && unix

package iso

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
	"github.com/okd-project/okd-install/test/needs"
)

// xorrisoImages are those that xorriso makes of the layouts, with the options for names
// that projects have used.
func xorrisoImages(t *testing.T) map[string]string {
	t.Helper()
	needs.Programs(t, "xorriso")
	options := map[string][]string{
		"level 1":            {"-iso-level", "1"},
		"level 3":            {"-iso-level", "3", "-full-iso9660-filenames"},
		"rock ridge, joliet": {"-rational-rock", "-joliet", "-joliet-long"},
	}
	layouts := map[string]isotest.Layout{
		"today": {}, "no igninfo.json": {NoIgnInfo: true}, "no kargs.json": {NoKargs: true},
		"no features.json": {NoFeatures: true}, "slice": {Slice: true, ZeroPad: true},
	}
	images, dir := map[string]string{}, t.TempDir()
	for form, args := range options {
		for name, layout := range layouts {
			tree, image := filepath.Join(dir, form+name), filepath.Join(dir, form+name+".iso")
			for path, data := range layout.Files() {
				write(t, filepath.Join(tree, path), data)
			}
			run(t, dir, "xorriso", append(append([]string{"-as", "mkisofs", "-quiet", "-V", "scos-10.0", "-o", image}, args...), tree)...)
			images[form+", "+name] = image
		}
	}
	return images
}

// area is what is in the place for the initrd, with the zeros behind it.
func area(t *testing.T, image string) []byte {
	t.Helper()
	a := show(t, image).Initrd.Area
	return read(t, image)[a.Offset : a.Offset+a.Length]
}

// unpacked is a file of the initrd as other programs see it.
func unpacked(t *testing.T, initrd []byte, name string) string {
	t.Helper()
	needs.Programs(t, "gzip", "xz", "cpio")
	program := "gzip"
	if strings.HasPrefix(string(initrd), "\xfd7zXZ") {
		program = "xz"
	}
	archive, err := try(t, ".", initrd, program, "-dc")
	must(t, err)
	list, err := try(t, ".", archive, "cpio", "-it", "--quiet")
	must(t, err)
	if !strings.Contains("\n"+string(list), "\n"+name+"\n") {
		t.Fatalf("cpio lists %q, without %s", list, name)
	}
	data, err := try(t, ".", archive, "cpio", "-i", "--quiet", "--to-stdout", name)
	must(t, err)
	return string(data)
}

func TestXorriso(t *testing.T) {
	t.Parallel()
	for name, published := range xorrisoImages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			image := filepath.Join(dir, "live.iso")
			for form, text := range map[string]string{"gzip": config, "xz": far()} {
				write(t, image, read(t, published))
				write(t, filepath.Join(dir, "config.ign"), []byte(text))
				run(t, dir, okd, "coreos", "iso", "ignition", "embed", "-i", "config.ign", image)
				if got := unpacked(t, area(t, image), "config.ign"); got != text {
					t.Errorf("with %s: the config has %d bytes, want %d", form, len(got), len(text))
				}
				if got := run(t, dir, okd, "coreos", "iso", "ignition", "show", image); got != text {
					t.Errorf("with %s: iso ignition show prints %d bytes, want %d", form, len(got), len(text))
				}
				if strings.HasPrefix(string(area(t, image)), "\xfd7zXZ") != (form == "xz") {
					t.Errorf("it is not %s", form)
				}
				if r := show(t, published); r.Features.Network {
					write(t, filepath.Join(dir, "eth0.nmconnection"), []byte("[ipv4]\n"))
					run(t, dir, okd, "coreos", "iso", "network", "embed", "-k", "eth0.nmconnection", image)
					if got := unpacked(t, area(t, image), "etc/coreos-firstboot-network/eth0.nmconnection"); got != "[ipv4]\n" {
						t.Errorf("the keyfile is %q", got)
					}
				}
				kargs(t, image)
				run(t, dir, okd, "coreos", "iso", "reset", image)
				same(t, "after reset", image, published)
			}
			foreign(t, image)
		})
	}
}

// foreign reads what others put into the area: archives in plain form, with xz and
// with gzip, one behind the other.
func foreign(t *testing.T, image string) {
	t.Helper()
	dir := t.TempDir()
	var initrd []byte
	for text, program := range map[string][]string{
		"first": {"cat"}, "second": {"xz", "--check=crc32"}, "third": {"gzip"},
	} {
		write(t, filepath.Join(dir, text), []byte(text))
		archive, err := try(t, dir, []byte(text+"\n"), "cpio", "-o", "-H", "newc", "--quiet")
		must(t, err)
		packed, err := try(t, dir, archive, program[0], program[1:]...)
		must(t, err)
		initrd = append(append(initrd, packed...), make([]byte, 512-len(packed)%512)...)
	}
	f, err := os.OpenFile(image, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt(initrd, show(t, image).Initrd.Area.Offset)
	must(t, err)
	must(t, f.Close())
	listed := run(t, dir, okd, "coreos", "iso", "show", image)
	for _, text := range []string{"first", "second", "third"} {
		if want := fmt.Sprintf("%s, %d bytes", text, len(text)); !strings.Contains(listed, want) {
			t.Errorf("%q is missing in:\n%s", want, listed)
		}
	}
}

// kargs changes the kernel arguments, and looks for them in the files of the
// image as xorriso gives them out.
func kargs(t *testing.T, image string) {
	t.Helper()
	if show(t, image).Kargs == nil {
		return
	}
	run(t, ".", okd, "coreos", "iso", "kargs", "modify", "-a", "console=ttyS0", image)
	for _, file := range []string{"/EFI/fedora/grub.cfg", "/isolinux/isolinux.cfg"} {
		out := filepath.Join(t.TempDir(), "cfg")
		path := ""
		for line := range strings.Lines(run(t, ".", "xorriso", "-indev", image, "-find", "/", "-type", "f")) {
			if name := strings.Trim(strings.TrimSpace(line), "'"); strings.EqualFold(name, file) {
				path = name // in capitals if there are no other names
			}
		}
		run(t, ".", "xorriso", "-osirrox", "on", "-indev", image, "-extract", path, out)
		if text := string(read(t, out)); !strings.Contains(text, isotest.DefaultKargs+" console=ttyS0\n") &&
			!strings.Contains(text, isotest.DefaultKargs+" console=ttyS0\x00") {
			t.Errorf("%s does not boot with the new argument:\n%s", path, text)
		}
	}
}
