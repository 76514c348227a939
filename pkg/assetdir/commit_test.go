package assetdir

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

// An edited auth/kubeconfig is moved aside to auth/ below the folder for such
// things: two folders that are not there before. A run with --overwrite once
// ended there with "no such file or directory".
func TestCommitMovesAsideIntoNewFolders(t *testing.T) {
	dir := folder.Filled(t, map[string]string{"auth/kubeconfig": "edited", "manifests/a.yaml": "edited"})
	d := openTestDir(t, dir)
	_, err := d.Commit(Change{
		Aside: map[string]string{"auth/kubeconfig": "replaced/auth/kubeconfig", "manifests": "replaced/manifests"},
		Write: Files{
			"auth/kubeconfig": []byte("made"), "replaced/openshift/consumed.yaml": []byte("consumed"),
			"manifests/a.yaml": []byte("made"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	want := map[string]string{
		"auth/kubeconfig": "made", "replaced/auth/kubeconfig": "edited", "replaced/openshift/consumed.yaml": "consumed",
		"manifests/a.yaml": "made", "replaced/manifests/a.yaml": "edited",
	}
	if got := folder.Tree(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A commit that cannot be carried out is refused before it has begun, and takes
// the folders that it has made for it with it.
func TestCommitIsRefusedAsAWhole(t *testing.T) {
	if !system.PermissionsCount || os.Geteuid() == 0 {
		t.Skip("permission bits do not bind this user; test/e2e does it as another")
	}
	before := map[string]string{"auth/old": "old", "manifests/a.yaml": "edited"}
	dir := folder.Filled(t, before)
	if err := os.Chmod(filepath.Join(dir, "auth"), 0o500); err != nil {
		t.Fatal(err)
	}
	d := openTestDir(t, dir)
	_, err := d.Commit(Change{
		Aside: map[string]string{"manifests": "replaced/manifests"},
		Write: Files{"auth/kubeconfig": []byte("made"), "a": []byte("made"), "new/folder/b": []byte("made")},
	})
	if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("got %v, want a refusal with a hint", err)
	}
	left := d.Exists("new") || d.Exists("replaced") || d.Exists(stageDir)
	_ = d.Close()
	if got := folder.Tree(t, dir); !maps.Equal(got, before) || left {
		t.Errorf("something is left behind: %q", got)
	}
}

// What is changed between the reading and the writing of a run is not lost either.
func TestCommitOfWhatHasChangedSince(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change Change
		edit   string
	}{
		"an input to be removed":    {Change{Remove: []string{"in"}, Write: Files{"x": nil}}, "in"},
		"a file to be replaced":     {Change{Write: Files{"out": []byte("new")}}, "out"},
		"a file that was not there": {Change{Write: Files{"absent": []byte("new")}}, "absent"},
		"a folder to be moved":      {Change{Aside: map[string]string{"m": "r/m"}, Write: Files{"x": nil}}, "m/a.yaml"},
		"a name to be moved to":     {Change{Aside: map[string]string{"m": "r/m"}, Write: Files{"x": nil}}, "r/m"},
	} {
		dir := folder.Filled(t, map[string]string{"in": "in", "out": "out", "m/a.yaml": "a"})
		d := openTestDir(t, dir)
		if _, _, _, err := d.ReadFolders(counts, "m"); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"in", "out", "absent"} {
			if _, _, err := d.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
		folder.Put(t, dir, c.edit, "edited")
		before := folder.Tree(t, dir)
		if _, err := d.Commit(c.change); err == nil || !strings.Contains(err.Error(), "while the run was at work") {
			t.Errorf("%s: %v", name, err)
		}
		if got := folder.Tree(t, dir); !maps.Equal(got, before) {
			t.Errorf("%s: changed to %q", name, got)
		}
		_ = d.Close()
	}
	// what nobody reads or writes may change, and one's own commits are no surprise
	dir := folder.Filled(t, map[string]string{"in": "in"})
	d := openTestDir(t, dir)
	for _, content := range []string{"one", "two"} {
		if _, _, err := d.ReadFile("out"); err != nil {
			t.Fatal(err)
		}
		folder.Put(t, dir, "other", content)
		if _, err := d.Commit(Change{Write: Files{"out": []byte(content)}}); err != nil {
			t.Error(err)
		}
	}
}

// Inputs below a link are nobody's to remove, or to move.
func TestCommitMovesNothingThroughLinks(t *testing.T) {
	t.Parallel()
	elsewhere := folder.Filled(t, map[string]string{"a.yaml": "theirs"})
	for _, c := range []Change{
		{Remove: []string{"m/a.yaml"}}, {Aside: map[string]string{"m/a.yaml": "r/a.yaml"}},
		{Write: Files{"m/a.yaml": []byte("new")}},
	} {
		dir := folder.Filled(t, map[string]string{"x": "x"})
		if err := os.Symlink(elsewhere, filepath.Join(dir, "m")); err != nil {
			t.Skip("this system makes no links:", err)
		}
		d := openTestDir(t, dir)
		if _, err := d.Commit(c); err == nil || !strings.Contains(err.Error(), "symbolic link") {
			t.Errorf("%+v: %v", c, err)
		}
		_ = d.Close()
		if got := folder.Tree(t, elsewhere); !maps.Equal(got, map[string]string{"a.yaml": "theirs"}) {
			t.Errorf("%+v: changed elsewhere: %q", c, got)
		}
	}
}
