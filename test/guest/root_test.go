//go:build e2e

package guest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/needs"
)

// suite is the Debian release of the guest. Its podman, systemd and ostree are
// of about the age of those of CentOS Stream 10.
const suite = "trixie"

// packages of the guest, beyond the essential ones.
var packages = []string{
	"ca-certificates", "crun", "curl", "dbus", "docker-registry", "hostname", "iproute2", "jq", "kmod", "linux-image-cloud-amd64",
	"net-tools", "netavark", "network-manager", "openssh-client", "openssh-server", "openssl", "ostree", "podman", "procps", "rsync",
	"sudo", "systemd",
	"systemd-resolved", "systemd-sysv", "udev", "util-linux",
}

// bootstrapOptions keep out of the root what nobody reads there.
var bootstrapOptions = []string{
	"--mode=root", "--variant=minbase",
	"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
	"--dpkgopt=path-exclude=/usr/share/bash-completion/*",
}

// mirror is where this machine gets its Debian packages from; empty if it is no
// Debian.
func mirror() string {
	files, _ := filepath.Glob("/etc/apt/sources.list.d/*")
	for _, file := range append(files, "/etc/apt/sources.list") {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, word := range strings.Fields(string(raw)) {
			if strings.HasPrefix(word, "http") && strings.HasSuffix(strings.TrimRight(word, "/"), "/debian") {
				return word
			}
		}
	}
	return ""
}

// debian is the root of a plain Debian, as an archive in the cache folder of the
// user. It is made once for a list of packages: those of every guest, and more.
func debian(t *testing.T, more ...string) string {
	t.Helper()
	packages := slices.Concat(packages, more)
	cache, err := os.UserCacheDir()
	must(t, err)
	dir := filepath.Join(cache, "okd-install-test")
	must(t, os.MkdirAll(dir, 0o755))
	key := fmt.Sprintf("%x", sha256.Sum256([]byte(suite+strings.Join(packages, ",")+strings.Join(bootstrapOptions, ","))))
	archive := filepath.Join(dir, "guest-"+suite+"-"+key[:12]+".tar")
	lock, err := os.OpenFile(archive+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	must(t, err)
	defer lock.Close()
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	if _, err := os.Stat(archive); !errors.Is(err, fs.ErrNotExist) {
		must(t, err)
		return archive
	}
	defer took(t, "the root from Debian's packages", time.Now())
	words := append([]string{"mmdebstrap"}, bootstrapOptions...)
	words = append(words, "--format=tar", "--include="+strings.Join(packages, ","), suite, archive+".new")
	if from := mirror(); from != "" {
		words = append(words, from)
	}
	cmd := exec.Command(words[0], words[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		_ = os.Remove(archive + ".new")
		needs.Missing(t, "the root of the guest cannot be made from Debian's packages: %v\n%s", err, tail(string(out), 20))
	}
	must(t, os.Rename(archive+".new", archive))
	return archive
}

// unpack lays the plain Debian out in a folder, and the folders of CoreOS over
// it: /usr is the system, the rest belongs to the host.
func unpack(t *testing.T, debian string) (root string) {
	t.Helper()
	dir := t.TempDir()
	onInterrupt(func() { _ = os.RemoveAll(filepath.Dir(dir)) })
	// Ignition writes into the home of a user as that user
	must(t, os.Chmod(filepath.Dir(dir), 0o711))
	root = filepath.Join(dir, "root")
	must(t, os.Mkdir(root, 0o755))
	run(t, "", "tar", "--extract", "--file", debian, "--directory", root, "--exclude=./dev/*", "--numeric-owner", "--xattrs")
	for from, to := range map[string]string{"usr/local": "var/usrlocal", "opt": "var/opt", "home": "var/home", "root": "var/roothome"} {
		if _, err := os.Stat(filepath.Join(root, to)); errors.Is(err, fs.ErrNotExist) {
			must(t, os.Rename(filepath.Join(root, from), filepath.Join(root, to)))
		} else {
			must(t, os.RemoveAll(filepath.Join(root, from)))
		}
		up := strings.Repeat("../", strings.Count(from, "/"))
		must(t, os.Symlink(up+to, filepath.Join(root, from)))
	}
	run(t, "", "chroot", root, "useradd", "--create-home", "--home-dir", "/var/home/core", "--shell", "/bin/bash",
		"--groups", "sudo,adm,systemd-journal", "core")
	return root
}

// disk makes the image of a disk out of the root.
func disk(t *testing.T, root string) string {
	t.Helper()
	defer took(t, "the disk image", time.Now())
	image := filepath.Join(t.TempDir(), "disk.img")
	run(t, "", "mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1", "-L", "root", "-d", root, image, "8G")
	return image
}

// only finds the one file that a pattern matches.
func only(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	must(t, err)
	if len(names) != 1 {
		t.Fatalf("%s is %v", pattern, names)
	}
	return names[0]
}
