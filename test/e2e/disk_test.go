//go:build e2e && unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/okd-project/okd-install/test/folder"
	"github.com/okd-project/okd-install/test/needs"
)

// fullAt are sizes of a disk in KiB. The smallest hold the install-config and
// little more; each of the others is full at another of the files.
var fullAt = []int{4, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 256, 320, 384, 448}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	reissue := append(slices.Clone(ignition), "--reissue")
	for name, test := range map[string]struct {
		args  []string
		start func(*testing.T) map[string]string
	}{
		"manifests": {manifests, onlyConfig("ecdsa")},
		"ignition":  {ignition, onlyConfig("ecdsa")},
		"reissue":   {reissue, after(ignition)},
		"overwrite": {append(slices.Clone(manifests), "--overwrite"), changed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := mountTmpfs(t, "size=2m")
			before := test.start(t)
			failed, succeeded := 0, 0
			for _, kib := range fullAt {
				empty(t, dir)
				for name, content := range before {
					folder.Put(t, dir, name, content)
				}
				if used := usedKiB(t, dir); used > kib {
					continue
				}
				remount(t, dir, fmt.Sprintf("size=%dk", kib))
				o := run(t, dir, test.args)
				if o.code == 0 {
					succeeded++
				} else {
					failed++
					refused(t, o, 1, dir, "no space left on device")
					if d := difference(tree(t, dir), before); d != "" || exists(dir, stageDir) || exists(dir, lockFile) {
						t.Errorf("%d KiB: the failed run left %s (staging %t, lock %t)", kib, d, exists(dir, stageDir), exists(dir, lockFile))
					}
				}
				remount(t, dir, "size=2m")
				must(t, dir, test.args)
				if err := mixed(tree(t, dir), test.args); err != nil {
					t.Errorf("%d KiB: with room again: %v", kib, err)
				}
			}
			t.Logf("%d sizes were too small, %d were enough", failed, succeeded)
			if failed < 2 {
				t.Error("the disk was never full")
			}
		})
	}
}

// A disk has room for so many files, too.
func TestNoInodesLeft(t *testing.T) {
	t.Parallel()
	for _, inodes := range []int{3, 4, 5, 6, 8, 10, 12, 14} {
		dir := mountTmpfs(t, fmt.Sprintf("size=2m,nr_inodes=%d", inodes))
		if err := os.WriteFile(filepath.Join(dir, configFile), []byte(configs["ecdsa"]), 0o600); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		o := run(t, dir, ignition)
		if o.code == 0 {
			continue
		}
		refused(t, o, 1, dir, "no space left on device")
		if d := difference(tree(t, dir), before); d != "" || exists(dir, stageDir) || exists(dir, lockFile) {
			t.Errorf("%d inodes: left %s", inodes, d)
		}
	}
}

func mountTmpfs(t *testing.T, options string) string {
	t.Helper()
	needs.Root(t, "to mount a file system")
	dir := t.TempDir()
	if out, err := mount("-t", "tmpfs", "-o", options+",mode=0700", "tmpfs", dir); err != nil {
		needs.Missing(t, "no file system can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir
}

func remount(t *testing.T, dir, options string) {
	t.Helper()
	if out, err := mount("-o", "remount,"+options, dir); err != nil {
		t.Fatalf("remount %s: %v: %s", options, err, out)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

func usedKiB(t *testing.T, dir string) int {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	return int((s.Blocks - s.Bfree) * uint64(s.Bsize) / 1024)
}

func mount(args ...string) (string, error) {
	out, err := exec.Command("mount", args...).CombinedOutput()
	return string(out), err
}
