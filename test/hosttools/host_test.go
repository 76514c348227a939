// Package hosttools runs the scripts that bring tools to a bootstrap host, look
// after a single node and make log bundles, with small fakes in the place of
// what only a CoreOS has. The tests need bash, jq and coreutils.
//
// Paths of the host stand in a folder of the test: the scripts are copied there
// with every absolute path rewritten, which needs no privileges.
package hosttools

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/test/needs"
)

// host is a folder that stands for the root of a host.
type host struct {
	t    *testing.T
	root string
	env  []string
}

// hostPath matches what a script may touch. Interpreters and the tools of the
// system itself stay where they are.
var hostPath = regexp.MustCompile(`(^|[\s"'=(:|<>!{-])/(run|etc|opt|var|usr/local|usr/bin/ostree|usr/lib|sys|ostree|sysroot|root|boot|proc/sys|tmp)\b`)

// newHost puts the scripts in place, and fakes: those commands that every test
// needs do nothing but write down their arguments.
func newHost(t *testing.T) *host {
	t.Helper()
	needs.Programs(t, "bash", "jq", "awk")
	h := &host{t: t, root: t.TempDir()}
	err := fs.WalkDir(data.Bootstrap, "bootstrap/files", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := data.Bootstrap.ReadFile(name)
		if err != nil {
			return err
		}
		h.write(strings.TrimPrefix(name, "bootstrap/files"), h.rooted(string(text)), 0o755)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.write("/etc/okd-install/environment", "RELEASE_IMAGE=quay.io/okd/scos-release:4.22\nOS_IMAGE_STREAM=centos-10\nINSTALLATION_DISK=/dev/vda\n", 0o600)
	for _, name := range []string{"run/okd-install", "tmp", "root", "opt/openshift", "etc/systemd/system", "etc/containers"} {
		h.mkdir("/" + name)
	}
	for _, name := range []string{
		"podman", "oc", "crictl", "ostree", "rpm-ostree", "mount", "umount", "systemctl", "journalctl", "agetty",
		"semodule", "selinuxenabled", "coreos-installer", "shutdown", "findmnt", "ip", "netstat", "hostname", "ssh",
		"scp",
	} {
		h.fake(name, "")
	}
	h.fake("sleep", `if ! times sleep 50; then echo 'slept too often' >&2; kill "$PPID"; fi`)
	return h
}

// rooted is the text of a script with the paths of the host below h.root.
func (h *host) rooted(text string) string {
	text = hostPath.ReplaceAllString(text, "${1}"+h.root+"/${2}")
	// who runs the test is root for the scripts
	return strings.ReplaceAll(text, "((EUID != 0))", "((0 != 0))")
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

func (h *host) mkdir(name string) {
	h.t.Helper()
	if err := os.MkdirAll(h.path(name), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) write(name, text string, mode os.FileMode) {
	h.t.Helper()
	h.mkdir(filepath.Dir(name))
	if err := os.WriteFile(h.path(name), []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Chmod(h.path(name), mode); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(h.path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

func (h *host) exists(name string) bool {
	_, err := os.Lstat(h.path(name))
	return err == nil
}

// fake is a command that writes down how it was called and then does what body
// says, with the paths of the host. In body, `times NAME N` is true at the first N
// calls of it.
func (h *host) fake(name, body string) {
	h.t.Helper()
	h.write("/usr/local/sbin/"+name, `#!/bin/bash
echo "`+name+` $*" >>'`+h.root+`/calls'
times() {
    local file='`+h.root+`'/times.$1 n
    n=$(cat "$file" 2>/dev/null || echo 0)
    echo $((n + 1)) >"$file"
    ((n < $2))
}
`+h.rooted(body)+"\n", 0o755)
}

// run runs a script, or bash with the words of a script's source, and returns
// all that it printed.
func (h *host) run(words ...string) (string, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", words...)
	cmd.WaitDelay = time.Second
	cmd.Dir = h.path("/opt/openshift")
	programs := h.path("/usr/local/sbin") + ":" + h.path("/usr/local/bin") + ":/usr/sbin:/usr/bin:/sbin:/bin"
	cmd.Env = append([]string{"PATH=" + programs, "HOME=" + h.path("/root"), "LC_ALL=C"}, h.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// calls lists how the fakes were called, without the root and without those
// that are named.
func (h *host) calls(without ...string) []string {
	h.t.Helper()
	text, err := os.ReadFile(h.path("calls"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), h.root, "")) {
		name, _, _ := strings.Cut(line, " ")
		if !slices.Contains(without, name) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// want compares the calls with what is expected, one per line.
func (h *host) want(text string, without ...string) {
	h.t.Helper()
	var want []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	if got := h.calls(without...); !slices.Equal(got, want) {
		h.t.Errorf("calls\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
