//go:build e2e && unix

package iso

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
	"github.com/okd-project/okd-install/test/needs"
)

// installerVersion is the coreos-installer that the tests are run against.
const installerVersion = "0.27.0"

// building is held while one test builds what several want.
var building sync.Mutex

// installer is the path of coreos-installer, and of the folder with its own test
// images. The first time it is built, for speed of building and not of running.
func installer(t *testing.T) (program, fixtures string) {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	root := cache(t, "coreos-installer-"+installerVersion)
	program, fixtures = filepath.Join(root, "bin", "coreos-installer"), filepath.Join(root, "fixtures")
	if _, err := os.Stat(fixtures); err == nil {
		return program, fixtures
	}
	needs.Programs(t, "cargo", "cc", "pkg-config")
	for lib, pkg := range map[string]string{"openssl": "libssl-dev", "libzstd": "libzstd-dev", "liblzma": "liblzma-dev"} {
		if _, err := try(t, ".", nil, "pkg-config", "--exists", lib); err != nil {
			needs.Missing(t, "the headers of %s are not installed here; they are in Debian's package %s", lib, pkg)
		}
	}
	start := time.Now()
	target := t.TempDir()
	args := []string{
		"CARGO_TARGET_DIR=" + target, "CARGO_PROFILE_RELEASE_OPT_LEVEL=0", "CARGO_PROFILE_RELEASE_LTO=off",
		"CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256", "CARGO_PROFILE_RELEASE_DEBUG=0",
		"cargo", "install", "--locked", "--root", root, "--version", installerVersion, "coreos-installer",
	}
	if _, err := try(t, ".", nil, "env", args...); err != nil {
		needs.Missing(t, "coreos-installer cannot be built: %v", err)
	}
	took(t, "building coreos-installer", start)
	keepFixtures(t, fixtures)
	return program, fixtures
}

// keepFixtures copies the images that come with the source, while cargo has it.
func keepFixtures(t *testing.T, to string) {
	t.Helper()
	home := os.Getenv("CARGO_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		must(t, err)
		home = filepath.Join(user, ".cargo")
	}
	images, err := filepath.Glob(filepath.Join(home, "registry", "src", "*",
		"coreos-installer-"+installerVersion, "fixtures", "iso", "embed-areas-*.xz"))
	must(t, err)
	if len(images) == 0 {
		t.Fatal("cargo has not kept the source of coreos-installer")
	}
	part := to + ".part"
	must(t, os.RemoveAll(part))
	for _, image := range images {
		write(t, filepath.Join(part, filepath.Base(image)), read(t, image))
	}
	must(t, os.Rename(part, to))
}

// liveImages are all images that both tools are tried on: those of its authors,
// of the years 2020 to 2023, and ours.
func liveImages(t *testing.T) (program string, images map[string]string) {
	t.Helper()
	needs.Programs(t, "xz")
	program, fixtures := installer(t)
	images = map[string]string{}
	dir := t.TempDir()
	packed, err := filepath.Glob(filepath.Join(fixtures, "*.iso.xz"))
	must(t, err)
	for _, p := range packed {
		name := strings.TrimSuffix(filepath.Base(p), ".xz")
		images[name] = filepath.Join(dir, name)
		write(t, images[name], []byte(run(t, dir, "xz", "-dc", p)))
	}
	if len(images) < 10 {
		t.Fatalf("only %d images came with the source", len(images))
	}
	for name, layout := range map[string]isotest.Layout{
		"today": {}, "slice": {Slice: true, ZeroPad: true}, "headers": {Headers: true, NoIgnInfo: true, NoKargs: true},
	} {
		images[name] = filepath.Join(dir, name+".iso")
		write(t, images[name], layout.Image())
	}
	for name, image := range xorrisoImages(t) {
		if strings.HasPrefix(name, "level 1") {
			images[name] = image
		}
	}
	return program, images
}

// Either tool reads what the other wrote, and puts back what the other changed.
func TestInstaller(t *testing.T) {
	t.Parallel()
	theirs, images := liveImages(t)
	for name, published := range images {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			image := filepath.Join(dir, "live.iso")
			write(t, image, read(t, published))
			texts := map[string]string{"small": config, "large": far()}
			for form, text := range texts {
				write(t, filepath.Join(dir, form+".ign"), []byte(text))
			}
			write(t, filepath.Join(dir, "eth0.nmconnection"), []byte("[connection]\nid=eth0\n"))
			write(t, filepath.Join(dir, "eth1.nmconnection"), []byte("[connection]\nid=eth1\n"))
			ours, iso := func(args ...string) string { return run(t, dir, okd, append([]string{"coreos", "iso"}, args...)...) },
				func(args ...string) string { return run(t, dir, theirs, append([]string{"iso"}, args...)...) }
			features := show(t, image)
			for i, pair := range []struct {
				who             string
				change, observe func(...string) string
			}{{"ours", ours, iso}, {"theirs", iso, ours}} {
				for form, text := range texts {
					pair.change("ignition", "embed", "-f", "-i", form+".ign", image)
					if got := pair.observe("ignition", "show", image); got != text {
						t.Errorf("%s embeds, the other shows %d bytes, want %d", pair.who, len(got), len(text))
					}
				}
				if features.Kargs != nil {
					pair.change("kargs", "modify", "-a", "foo=1 bar", "-d", "ignition.firstboot", "-r", "ignition.platform.id=metal=qemu", image)
					want := pair.change("kargs", "show", image)
					if got := pair.observe("kargs", "show", image); got != want ||
						!strings.Contains(got, "ignition.platform.id=qemu foo=1 bar") || strings.Contains(got, "firstboot") {
						t.Errorf("%s changes kernel arguments, the other shows %s, itself %s", pair.who, got, want)
					}
					if got, want := pair.observe("kargs", "show", "--default", image), pair.change("kargs", "show", "--default", image); got != want {
						t.Errorf("the default kernel arguments are %s and %s", got, want)
					}
				}
				if features.Features.Network {
					pair.change("network", "embed", "-k", "eth0.nmconnection", "-k", "eth1.nmconnection", image)
					got, want := pair.observe("network", "extract", image), pair.change("network", "extract", image)
					if got != want || !strings.Contains(got, "id=eth1") {
						t.Errorf("%s embeds keyfiles, the other shows %s, itself %s", pair.who, got, want)
					}
				}
				// what the one put in, the other takes out: bit by bit, and all at once
				if i == 0 {
					pair.observe("ignition", "remove", image)
					pair.observe("network", "remove", image)
					if features.Kargs != nil {
						pair.observe("kargs", "reset", image)
					}
					same(t, pair.who+" put in, the other took out", image, published)
				}
				pair.change("ignition", "embed", "-f", "-i", "small.ign", image)
				pair.observe("reset", image)
				same(t, pair.who+" put in, the other reset", image, published)
			}
		})
	}
}
