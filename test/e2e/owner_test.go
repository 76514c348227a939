//go:build e2e && unix

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/folder"
	"github.com/okd-project/okd-install/test/needs"
)

// nobody is a user that owns nothing here.
const nobody = 65534

// openDir makes a directory that every user can reach.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "okd-e2e-") //nolint:usetesting // other users cannot reach what is below t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// asNobody lets nobody run the binary, in an asset directory that is theirs.
func asNobody(t *testing.T) (dir string, settings []setting) {
	t.Helper()
	needs.Root(t, "to change owners")
	open := openDir(t)
	data, err := os.ReadFile(okd)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(open, "okd-install")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(open, "cluster")
	folder.Put(t, dir, configFile, configs["ecdsa"])
	giveAway(t, dir)
	return dir, []setting{binary(path), as(nobody), in(open)}
}

func giveAway(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestModesWhateverTheUmask(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"000", "022", "077"} {
		dir := assetDir(t, configs["ecdsa"])
		for _, args := range [][]string{manifests, ignition} {
			// looked at while it runs, too: the lock and the staged files are ours
			c, _, stderr := child(dir, args, under("umask "+umask+`; exec "$0" "$@"`))
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.Wait() }()
			for running := true; running; {
				select {
				case err := <-ended:
					running = false
					if err != nil {
						t.Fatalf("%v: %s", err, stderr)
					}
				default:
				}
				private(t, dir, umask)
			}
		}
	}
}

// private expects that only the owner can open what is in the directory, except
// for the user's own file and the directory itself.
func private(t *testing.T, dir, umask string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == dir || e.Name() == configFile {
			return nil //nolint:nilerr // a staged file may vanish while one looks
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("umask %s: %s has mode %v", umask, p, info.Mode())
		}
		return nil
	})
}

func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	dir, settings := asNobody(t)
	before := tree(t, dir)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{manifests, ignition} {
		refused(t, run(t, dir, args, settings...), 1, dir, "permission denied")
	}
	if d := difference(tree(t, dir), before); d != "" {
		t.Errorf("changed: %s", d)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	must(t, dir, ignition, settings...)
}

// A folder that takes no files is found out before any file has been moved.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"auth", "manifests", "openshift"} {
		dir, settings := asNobody(t)
		args := ignition
		if folder != "auth" {
			args = manifests
		}
		if err := os.Mkdir(filepath.Join(dir, folder), 0o500); err != nil {
			t.Fatal(err)
		}
		giveAway(t, dir)
		before := tree(t, dir)
		refused(t, run(t, dir, args, settings...), 1, dir, "permission denied")
		if d := difference(tree(t, dir), before); d != "" || exists(dir, stageDir) {
			t.Errorf("with a read-only %s: changed: %s", folder, d)
		}
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	dir := mountTmpfs(t, "size=2m")
	folder.Put(t, dir, configFile, configs["ecdsa"])
	remount(t, dir, "ro")
	refused(t, run(t, dir, ignition), 1, dir, "read-only file system")
	remount(t, dir, "rw")
	must(t, dir, ignition)
}

func TestDirectoryOfSomebodyElse(t *testing.T) {
	t.Parallel()
	dir, settings := asNobody(t)
	before := entries(t, dir)
	// root could write there, and its secrets would be theirs
	refused(t, run(t, dir, ignition), 1, dir, "belongs to")
	if got := entries(t, dir); got != before {
		t.Errorf("root left %s there", got)
	}
	must(t, dir, ignition, settings...)
	other := filepath.Join(openDir(t), "cluster")
	folder.Put(t, other, configFile, configs["ecdsa"])
	if err := os.Chmod(other, 0o777); err != nil {
		t.Fatal(err)
	}
	before = entries(t, other)
	refused(t, run(t, other, ignition, settings...), 1, other, "belongs to")
	if got := entries(t, other); got != before {
		t.Errorf("nobody left %s there", got)
	}
}

func entries(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}
