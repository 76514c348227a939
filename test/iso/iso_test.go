//go:build e2e && unix

// Package iso holds what okd-install writes into boot media against those who
// read it: xorriso, gzip, xz and cpio, coreos-installer, and the kernel, which
// boots under QEMU.
//
// The tests need the binary in OKD_INSTALL, which make e2e sets. coreos-installer
// is built by cargo, once, into the user's cache folder; that takes two minutes
// and a network. The kernel is Debian's and kept there too.
package iso

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// okd is the binary under test.
var okd string

func TestMain(m *testing.M) {
	okd = os.Getenv("OKD_INSTALL")
	if info, err := os.Stat(okd); err != nil || info.IsDir() {
		fmt.Fprintf(os.Stderr, "set OKD_INSTALL to the okd-install binary to test; it is %q\n", okd)
		os.Exit(2)
	}
	okd, _ = filepath.Abs(okd)
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// try runs a program in a directory and returns what it prints.
func try(t *testing.T, dir string, stdin []byte, program string, args ...string) (stdout []byte, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, errs.Bytes())
	}
	return out.Bytes(), nil
}

// run is try for what must succeed.
func run(t *testing.T, dir string, program string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, nil, program, args...)
	must(t, err)
	return string(out)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, data, 0o644))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// same wants two files to be equal, byte for byte.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if a, b := read(t, got), read(t, want); !bytes.Equal(a, b) {
		t.Errorf("%s: %s has %d bytes, %s has %d, and they differ", what, filepath.Base(got), len(a), filepath.Base(want), len(b))
	}
}

// report is what iso show says.
type report struct {
	Initrd struct {
		Area struct {
			File           string
			Offset, Length int64
		}
	}
	Kargs    *struct{ Current, Default string }
	Features struct {
		Network   bool `json:"live-initrd-network"`
		Installer bool `json:"installer-config"`
	}
}

func show(t *testing.T, image string) report {
	t.Helper()
	var r report
	must(t, json.Unmarshal([]byte(run(t, ".", okd, "coreos", "iso", "show", "-o", "json", image)), &r))
	return r
}

const config = `{"ignition":{"version":"3.2.0"},"passwd":{"users":[{"name":"core"}]}}` + "\n"

// noise is text that no program compresses well.
func noise(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	x, out := uint64(88172645463325252), make([]byte, n)
	for i := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[i] = letters[x>>40&63]
	}
	return string(out)
}

// far is a config that fits into 256 KiB only with xz: what it repeats is too
// far apart for gzip.
func far() string {
	text := noise(120_000)
	return `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","contents":{"source":"data:,` + text +
		`"}},{"path":"/b","contents":{"source":"data:,` + text + `"}},{"path":"/c","contents":{"source":"data:,` + text + `"}}]}}` + "\n"
}

// cache is a folder that is kept from one run to the next.
func cache(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	must(t, err)
	dir = filepath.Join(dir, "okd-install-test")
	must(t, os.MkdirAll(dir, 0o755))
	return filepath.Join(dir, name)
}

// took logs how long something took that CI has to have time for.
func took(t *testing.T, what string, since time.Time) {
	t.Helper()
	t.Logf("%s took %s", what, time.Since(since).Round(time.Second))
}
