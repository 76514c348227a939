// Package folder is for tests of what programs leave in a directory: Put and Filled make its
// files, Tree reads them, and Copy keeps it as it is at one moment.
package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Put writes a file that everybody may read, and the folders that it stands in.
func Put(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Filled is a new directory with these files in it, by their names with slashes.
func Filled(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		Put(t, dir, name, content)
	}
	return dir
}

// Tree reads all regular files below dir, by their names with slashes.
func Tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, relErr := filepath.Rel(dir, p)
		data, err := os.ReadFile(p)
		got[filepath.ToSlash(rel)] = string(data)
		return errors.Join(relErr, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Copy puts what is in from into to, which exists, with the permissions that it has.
// os.CopyFS would make all files writable for everybody that the umask leaves.
func Copy(to, from string) error {
	return filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(from, p)
		if err := errors.Join(err, relErr); err != nil || rel == "." {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), info.Mode().Perm())
		}
		data, err := os.ReadFile(p)
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), data, info.Mode().Perm()))
	})
}
