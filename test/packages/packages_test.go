//go:build e2e && unix

// Package packages packs okd-install as a release would, twice, and installs
// what comes out: with dpkg, with rpm, from the archives, and as the only
// program of a container's file system.
package packages

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

const version = "v1.2.3"

// packed is a folder with the packages of this checkout.
var packed string

func TestMain(m *testing.M) {
	top, err := os.MkdirTemp("", "okd-install-packages")
	if err != nil {
		panic(err)
	}
	packed = filepath.Join(top, "first")
	code := 1
	if out, err := pack(packed, "UTC"); err != nil {
		println(string(out), err.Error())
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(top)
	os.Exit(code)
}

func pack(dist, zone string) ([]byte, error) {
	cmd := exec.Command("make", "-C", "../..", "packages", "DIST="+dist, "VERSION="+version)
	cmd.Env = append(os.Environ(), "TZ="+zone)
	return cmd.CombinedOutput()
}

// run runs a command that has to succeed and returns what it prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func path(name string) string { return filepath.Join(packed, name) }

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Packed a second time, elsewhere and in another zone, each byte is the same.
func TestReproducible(t *testing.T) {
	t.Parallel()
	second := filepath.Join(filepath.Dir(packed), "second")
	if out, err := pack(second, "Pacific/Chatham"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(packed)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !bytes.Equal(read(t, path(entry.Name())), read(t, filepath.Join(second, entry.Name()))) {
			t.Errorf("%s differs", entry.Name())
		}
	}
	const files = 6 + 6 + 6 + 2 + 2 + 1 + 1 // binaries, archives, lists, deb, rpm, image, sums
	if len(entries) != files {
		t.Errorf("there are %d files, want %d", len(entries), files)
	}
}

func TestChecksums(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	cmd.Dir = packed
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK") != 17 {
		t.Errorf("%v\n%s", err, out)
	}
}

// installed are files that every package brings, below its root.
var installed = []string{
	"usr/bin/okd-install", "usr/share/man/man1/okd-install.1", "usr/share/man/man1/okd-install-create-ignition-configs.1",
	"usr/share/bash-completion/completions/okd-install", "usr/share/fish/vendor_completions.d/okd-install.fish", "usr/share/doc/okd-install/README.md",
}

func checkInstalled(t *testing.T, root string, more ...string) {
	t.Helper()
	for _, name := range append(more, installed...) {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Error(err)
			continue
		}
		want := os.FileMode(0o644)
		if name == "usr/bin/okd-install" {
			want = 0o755
		}
		if info.Mode().Perm() != want || info.Size() == 0 {
			t.Errorf("%s: %v, %d bytes", name, info.Mode(), info.Size())
		}
	}
	out := run(t, filepath.Join(root, "usr/bin/okd-install"), "version")
	if !strings.HasPrefix(out, "okd-install "+version+"\n") && !strings.Contains(out, " "+version+"\n") {
		t.Errorf("the installed binary says %q", out)
	}
}

func TestDeb(t *testing.T) {
	t.Parallel()
	needs.Program(t, "dpkg")
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/updates", "var/lib/dpkg/info"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	// some machines tell dpkg to leave out documentation; this is not one
	name := path("okd-install_1.2.3-1_" + runtime.GOARCH + ".deb")
	run(t, "dpkg", "--root="+root, "--force-not-root", "--force-bad-path", "--path-include=/usr/share/*", "--install", name)
	checkInstalled(t, root, "usr/share/zsh/vendor-completions/_okd-install", "usr/share/doc/okd-install/copyright")
	if got := run(t, "dpkg-deb", "--field", name, "Description"); !strings.HasPrefix(got, "Create OKD clusters on your own machines\n okd-install turns ") {
		t.Errorf("the package says %q", got)
	}
}

func TestRPM(t *testing.T) {
	t.Parallel()
	needs.Program(t, "rpm")
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	name := path("okd-install-1.2.3-1." + arch + ".rpm")
	if got := run(t, "rpm", "--query", "--package", "--queryformat", "%{NAME} %{VERSION} %{ARCH} %{LICENSE}", name); got != "okd-install 1.2.3 "+arch+" Apache-2.0" {
		t.Errorf("the package says %q", got)
	}
	got := run(t, "rpm", "--query", "--package", "--queryformat", "%{SUMMARY}|%{DESCRIPTION}", name)
	if !strings.HasPrefix(got, "Create OKD clusters on your own machines|okd-install turns ") || strings.Contains(got, "\n ") {
		t.Errorf("the package says %q", got)
	}
	const licence = "usr/share/licenses/okd-install/LICENSE"
	if got := run(t, "rpm", "--query", "--package", "--licensefiles", name); got != "/"+licence+"\n/usr/share/licenses/okd-install/THIRD_PARTY_NOTICES\n" {
		t.Errorf("the licences are in %q", got)
	}
	root := t.TempDir()
	run(t, "rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--nodeps", "--nosignature", "--install", name)
	checkInstalled(t, root, "usr/share/zsh/site-functions/_okd-install", licence)
}

func TestArchives(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"} {
		folder := t.TempDir()
		untar(t, gunzip(t, read(t, path("okd-install_1.2.3_"+platform+".tar.gz"))), folder)
		for _, name := range []string{"okd-install", "LICENSE", "README.md", "THIRD_PARTY_NOTICES", "share/man/man1/okd-install.1"} {
			if info, err := os.Stat(filepath.Join(folder, "okd-install_1.2.3_"+platform, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %s: %v", platform, name, err)
			}
		}
	}
	for _, platform := range []string{"windows_amd64", "windows_arm64"} {
		z, err := zip.OpenReader(path("okd-install_1.2.3_" + platform + ".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		var names []string
		for _, f := range z.File {
			names = append(names, strings.TrimPrefix(f.Name, "okd-install_1.2.3_"+platform+"/"))
		}
		if want := []string{"okd-install.exe", "LICENSE", "README.md", "THIRD_PARTY_NOTICES"}; !slices.Equal(names, want) {
			t.Errorf("%s holds %v, want %v", platform, names, want)
		}
	}
}

// The list of components names each module that Go says is in the binary.
func TestComponents(t *testing.T) {
	t.Parallel()
	var bom struct {
		BOMFormat   string
		SpecVersion string
		Metadata    struct {
			Component struct{ Name, Version string }
		}
		Components []struct {
			Name, Version, Purl string
		}
	}
	if err := json.Unmarshal(read(t, path("okd-install_1.2.3_linux_amd64.cdx.json")), &bom); err != nil {
		t.Fatal(err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.SpecVersion == "" ||
		bom.Metadata.Component.Name != "okd-install" || bom.Metadata.Component.Version != "1.2.3" {
		t.Errorf("the head is %+v", bom)
	}
	var listed []string
	for _, c := range bom.Components {
		listed = append(listed, c.Name+" "+c.Version)
		if c.Purl != "pkg:golang/"+c.Name+"@"+c.Version {
			t.Errorf("%s has the address %s", c.Name, c.Purl)
		}
	}
	modules := 0
	for line := range strings.Lines(run(t, "go", "version", "-m", path("okd-install-linux-amd64"))) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "dep" {
			modules++
			if !slices.Contains(listed, words[1]+" "+words[2]) {
				t.Errorf("%s %s is in the binary and not in the list", words[1], words[2])
			}
		}
	}
	if modules == 0 || len(listed) != modules+1 { // the standard library
		t.Errorf("%d modules, %d components", modules, len(listed))
	}
}

// The notices name each module that is in a binary, and have what its licence wants
// to be passed on.
func TestNotices(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	untar(t, gunzip(t, read(t, path("okd-install_1.2.3_linux_amd64.tar.gz"))), folder)
	notices := string(read(t, filepath.Join(folder, "okd-install_1.2.3_linux_amd64", "THIRD_PARTY_NOTICES")))
	lines := strings.Split(notices, "\n")
	for line := range strings.Lines(run(t, "go", "version", "-m", path("okd-install-windows-arm64.exe"))) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "dep" && !slices.Contains(lines, words[1]+" "+words[2]) {
			t.Errorf("%s %s is not named", words[1], words[2])
		}
	}
	for _, want := range []string{"the Go standard library", "Copyright 2009 The Go Authors", "Apache License"} {
		if !strings.Contains(notices, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

type descriptor struct {
	MediaType, Digest string
	Platform          struct{ Architecture, OS string }
}

// The image holds what it takes to do the main job as a user without rights, and
// nothing else. Its file system is started as a container's would be.
func TestImage(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	untar(t, bytes.NewReader(read(t, path("okd-install_1.2.3_oci.tar"))), layout)
	blob := func(digest string) []byte {
		return read(t, filepath.Join(layout, "blobs", strings.Replace(digest, ":", "/", 1)))
	}
	var top, index struct{ Manifests []descriptor }
	decode(t, read(t, filepath.Join(layout, "index.json")), &top)
	decode(t, blob(top.Manifests[0].Digest), &index)
	var archs []string
	var own descriptor
	for _, m := range index.Manifests {
		archs = append(archs, m.Platform.OS+"/"+m.Platform.Architecture)
		if m.Platform.Architecture == runtime.GOARCH {
			own = m
		}
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(archs, want) {
		t.Fatalf("the image is for %v, want %v", archs, want)
	}
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	decode(t, blob(own.Digest), &manifest)
	var config struct {
		Config struct {
			User, WorkingDir string
			Entrypoint       []string
		}
	}
	decode(t, blob(manifest.Config.Digest), &config)
	if c := config.Config; c.User != "65532:65532" || c.WorkingDir != "/work" ||
		!slices.Equal(c.Entrypoint, []string{"/usr/bin/okd-install"}) {
		t.Errorf("config %+v", c)
	}
	needs.Root(t, "to start the program in the image's file system")
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, layer := range manifest.Layers {
		untar(t, gunzip(t, blob(layer.Digest)), root)
	}
	if err := os.WriteFile(filepath.Join(root, "work/install-config.yaml"), read(t, "../../docs/examples/install-config.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"version"}, {"create", "ignition-configs", "--leaf-key", "ecdsa-p256"}, {"certs"}} {
		cmd := exec.CommandContext(t.Context(), config.Config.Entrypoint[0], args...)
		cmd.Env, cmd.Dir = []string{"PATH=/usr/bin", "HOME=/work"}, config.Config.WorkingDir
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	info, err := os.Stat(filepath.Join(root, "work/bootstrap.ign"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("bootstrap.ign: %v, %v", info, err)
	}
	if authorities := read(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt")); bytes.Count(authorities, []byte("BEGIN CERTIFICATE")) < 100 {
		t.Error("the image knows too few certificate authorities to reach a registry")
	}
	if !bytes.Equal(read(t, filepath.Join(root, "usr/share/licenses/okd-install/LICENSE")), read(t, "../../LICENSE")) {
		t.Error("the image does not have the licence")
	}
}

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func gunzip(t *testing.T, raw []byte) io.Reader {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// untar unpacks an archive of ours, with modes and, as root, owners.
func untar(t *testing.T, r io.Reader, folder string) {
	t.Helper()
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, filepath.FromSlash(header.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(name, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(name, data, 0o600)
			}
		}
		if err == nil {
			err = os.Chmod(name, header.FileInfo().Mode())
		}
		if err == nil && os.Getuid() == 0 {
			err = os.Chown(name, header.Uid, header.Gid)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
