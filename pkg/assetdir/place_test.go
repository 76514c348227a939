package assetdir

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

func modeOf(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestMakeClosesOnlyWhatItMakes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	if err := Make(dir); err != nil {
		t.Fatal(err)
	}
	if got := modeOf(t, dir); system.PermissionsCount && got.Perm() != 0o700 {
		t.Errorf("a directory was made with mode %v", got)
	}
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := Make(dir); err != nil {
		t.Errorf("a directory that is there: %v", err)
	}
	if got := modeOf(t, dir); system.PermissionsCount && got.Perm() != 0o750 {
		t.Errorf("the mode of the user's directory has become %v", got)
	}
	if err := Make(filepath.Join(dir, "absent", "below")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory in none: %v", err)
	}
}

func TestPutWritesForTheOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := PutNew(dir, "key", []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := PutNew(dir, "key", []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	for _, text := range []string{"one", "two"} {
		if err := Put(dir, "answers", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := folder.Tree(t, dir), map[string]string{"key": "first", "answers": "two"}; !maps.Equal(got, want) {
		t.Errorf("the directory holds %v, not %v", got, want)
	}
	for _, name := range []string{"key", "answers"} {
		if got := modeOf(t, filepath.Join(dir, name)); system.PermissionsCount && got.Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, got)
		}
	}
}

// Whoever can plant a link in the directory must not get a secret, or have a file of the
// user's overwritten, through it.
func TestPutGoesThroughNoLink(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	outside := filepath.Join(elsewhere, "outside")
	folder.Put(t, elsewhere, "outside", "untouched")
	if err := os.Symlink(outside, filepath.Join(dir, "name")); err != nil {
		t.Skip("links cannot be made here: " + err.Error())
	}
	if err := os.Symlink(filepath.Join(elsewhere, "new"), filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"name", "dangling"} {
		if err := PutNew(dir, name, []byte("secret")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("PutNew at the link %s: %v", name, err)
		}
	}
	if err := Put(dir, "name", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if got, want := folder.Tree(t, elsewhere), map[string]string{"outside": "untouched"}; !maps.Equal(got, want) {
		t.Errorf("elsewhere there is %v, not %v", got, want)
	}
	if got := modeOf(t, filepath.Join(dir, "name")); !got.IsRegular() {
		t.Errorf("the link was not replaced: %v", got)
	}
}

// A file that could not get its name leaves nothing aside.
func TestPutLeavesNothingAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder.Put(t, dir, "folder/file", "there")
	if err := Put(dir, "folder", []byte("secret")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if got, want := folder.Tree(t, dir), map[string]string{"folder/file": "there"}; !maps.Equal(got, want) {
		t.Errorf("the directory holds %v, not %v", got, want)
	}
}
