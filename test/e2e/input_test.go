//go:build e2e && unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/test/folder"
)

func TestInstallConfigIsALink(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	folder.Put(t, elsewhere, "shared.yaml", configs["ecdsa"])
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(elsewhere, "shared.yaml"), filepath.Join(dir, configFile)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{manifests, ignition} {
		must(t, dir, args)
	}
	if err := mixed(tree(t, dir), ignition); err != nil {
		t.Error(err)
	}
	if target, err := os.Readlink(filepath.Join(dir, configFile)); err != nil || get(t, elsewhere, "shared.yaml") != configs["ecdsa"] {
		t.Errorf("the link to %s is not what it was (%v)", target, err)
	}
}

func TestInstallConfigsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code int
		make func(t *testing.T, path string)
		says string
	}{
		"FIFO": {1, func(t *testing.T, path string) {
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		"folder": {1, func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		"device": {1, func(t *testing.T, path string) {
			if err := os.Symlink("/dev/zero", path); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		"dangling link": {1, func(t *testing.T, path string) {
			if err := os.Symlink("/nowhere", path); err != nil {
				t.Fatal(err)
			}
		}, "a link to a file that does not exist"},
		"absent": {3, func(*testing.T, string) {}, "no such file"},
		"empty":  {3, func(t *testing.T, path string) { folder.Put(t, filepath.Dir(path), configFile, "") }, configFile},
		"2 MiB": {3, func(t *testing.T, path string) {
			folder.Put(t, filepath.Dir(path), configFile, configs["rsa"]+strings.Repeat("# much too long\n", 2<<16))
		}, "1048576"},
		"20 MiB": {1, func(t *testing.T, path string) {
			folder.Put(t, filepath.Dir(path), configFile, strings.Repeat("#", 20<<20))
		}, "bytes"},
		"binary": {3, func(t *testing.T, path string) { folder.Put(t, filepath.Dir(path), configFile, "\x00\xff\xfe\x01") }, configFile},
	} {
		dir := t.TempDir()
		test.make(t, filepath.Join(dir, configFile))
		for _, args := range [][]string{manifests, ignition, checkConfig} {
			o := run(t, dir, args)
			if o.took > 20*time.Second {
				t.Errorf("%s: it took %s", name, o.took)
			}
			refused(t, o, test.code, configFile, test.says)
			if got := strings.Replace(entries(t, dir), configFile, "", 1); strings.TrimSpace(got) != logFile {
				t.Errorf("%s: the run left %q", name, got)
			}
		}
	}
	dir, settings := asNobody(t)
	path := filepath.Join(dir, configFile)
	if err := os.Chown(path, 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, run(t, dir, ignition, settings...), 1, path, "permission denied")
}

// A FIFO under any name that is read or written must not hold a run up.
func TestFIFOs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"manifests/extra.yaml", "master.ign", "bootstrap.ign", "auth/kubeconfig", stateFile, lockFile, logFile,
		stageDir, "tls/kubeadmin-password.hash", "tls",
	} {
		dir := assetDir(t, configs["ecdsa"])
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		o := run(t, dir, ignition)
		spoken(t, o)
		if o.took > 20*time.Second {
			t.Errorf("%s: it took %s", name, o.took)
		}
		if o.code == 0 {
			if err := mixed(tree(t, dir), ignition); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if refused(t, o, 1, dir); difference(tree(t, dir), before) != "" {
			t.Errorf("%s: changed: %s", name, difference(tree(t, dir), before))
		}
	}
}

// TestClockSetBack runs in this process, since only here a run can be told the
// time: certificates that are not valid yet are not handed out.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, target := range []string{"manifests", "ignition-configs"} {
		for _, back := range []time.Duration{time.Hour, 25 * time.Hour, 366 * 24 * time.Hour} {
			dir := assetDir(t, configs["ecdsa"])
			request := asset.Request{Dir: dir, Target: target, Command: "test", LeafKey: "ecdsa-p256", Now: now}
			if _, err := asset.Create(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			request.Target, request.Now = "ignition-configs", now.Add(-back)
			_, err := asset.Create(t.Context(), request)
			if err == nil || !strings.Contains(err.Error(), "clock") || !strings.Contains(err.Error(), "hint: ") {
				t.Errorf("%s after %s: got %v, want an error about the clock, with a hint", back, target, err)
			}
			if d := difference(tree(t, dir), before); d != "" {
				t.Errorf("%s after %s: changed: %s", back, target, d)
			}
			request.Now = now.Add(time.Minute)
			if _, err := asset.Create(t.Context(), request); err != nil {
				t.Errorf("with the right clock again: %v", err)
			}
			if err := mixed(tree(t, dir), ignition); err != nil {
				t.Error(err)
			}
		}
	}
}
