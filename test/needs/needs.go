// Package needs says what a test needs of the machine it runs on: programs, or
// to be root. Where something is missing the test is skipped, so that Go alone
// is enough to work on this project. In CI, where CI is "true", the test fails:
// nobody reads there what was skipped.
//
// Not for what a system cannot have, such as permission bits on Windows, nor for
// what only a user without privileges can try: such tests call t.Skip.
package needs

import (
	"os"
	"os/exec"
	"testing"
)

// packages are the Debian packages of programs that have another name.
var packages = map[string]string{
	"apt-get":            "apt",
	"cc":                 "gcc",
	"chroot":             "coreutils",
	"debugfs":            "e2fsprogs",
	"dnsmasq":            "dnsmasq-base",
	"dpkg-deb":           "dpkg",
	"e2fsck":             "e2fsprogs",
	"groff":              "groff-base",
	"ip":                 "iproute2",
	"losetup":            "mount",
	"mke2fs":             "e2fsprogs",
	"mkfs.ext4":          "e2fsprogs",
	"mkfs.vfat":          "dosfstools",
	"mkfs.xfs":           "xfsprogs",
	"named-checkconf":    "bind9-utils",
	"named-checkzone":    "bind9-utils",
	"partx":              "util-linux",
	"qemu-system-x86_64": "qemu-system-x86",
	"sfdisk":             "fdisk",
	"sgdisk":             "gdisk",
	"ssh-agent":          "openssh-client",
	"ssh-keygen":         "openssh-client",
	"sshd":               "openssh-server",
	"systemd-analyze":    "systemd",
	"tune2fs":            "e2fsprogs",
	"unshare":            "util-linux",
	"useradd":            "passwd",
	"xz":                 "xz-utils",
}

// Program returns the path of a program, which is looked for in PATH and where
// Debian keeps the programs of the administrator. It does not return without one.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, where := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(where); err == nil {
			return path
		}
	}
	pkg := packages[name]
	if pkg == "" {
		pkg = name
	}
	Missing(t, "%s is not installed here; it is in Debian's package %s", name, pkg)
	return ""
}

// Programs looks for several programs.
func Programs(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		Program(t, name)
	}
}

// Root wants the test to run as root, and says why: "to mount a file system".
func Root(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "this test has to run as root, %s", why)
	}
}

// Missing ends the test for a reason. It fails in CI, and is skipped elsewhere.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
