//go:build e2e

// Package guest boots a bootstrap host. A small Debian takes the place of CoreOS,
// in a virtual machine under QEMU or in namespaces of this machine's kernel, with a
// bootstrap.ign that the program under test has made, applied by Ignition's own
// engine. On it are real: systemd as the first process with its generators,
// targets and restarts, podman and its storage, a registry behind TLS and a
// password, ostree's repository, ssh; in a virtual machine also the kernel.
//
// The release is made for the test: images with a digest each, all of them one
// program, standin, under the names of the operators. It knows what the
// operators of a release line accept and write from the table of test/bootkube.
// What the node image brings is standin as well: kubelet, CRI-O, crictl and oc;
// so is the API server. Read docs/testing.md for what follows from that.
//
// The first run makes the root of the guest from Debian's packages and keeps it
// in the user's cache folder. Each test writes what the guest said on its console
// to console.log in the folder that OKD_GUEST_KEEP names, if it does.
package guest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/needs"
)

// guestTools looks for what the tests of this package cannot do without.
func guestTools(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("the guest is an amd64 one, booted from linux/amd64, not %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	needs.Root(t, "as the root of the guest belongs to root")
	needs.Programs(t, "mmdebstrap", "tar", "gcc", "chroot", "useradd", "unshare")
	if kind(t) != namespace {
		needs.Programs(t, "qemu-system-x86_64", "mke2fs")
	}
}

// okdInstall is the program under test.
func okdInstall(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs(os.Getenv("OKD_INSTALL"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(program); err != nil || info.IsDir() {
		t.Fatalf("set OKD_INSTALL to the okd-install binary to test; it is %q", os.Getenv("OKD_INSTALL"))
	}
	return program
}

// run runs a program of this machine, which must succeed.
func run(t *testing.T, dir string, words ...string) string {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, tail(out.String(), 30))
	}
	return out.String()
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// write puts a file of the guest in place, with its folders.
func write(t *testing.T, name string, content []byte, mode os.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, content, mode))
	must(t, os.Chmod(name, mode))
}

// readFile reads a file of this machine.
func readFile(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	must(t, err)
	return raw
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// took logs how long a part of the test has taken.
func took(t *testing.T, what string, since time.Time) {
	t.Helper()
	t.Logf("%s took %s", what, fmt.Sprintf("%.1f s", time.Since(since).Seconds()))
}
