package assetdir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/system"
)

// An edited auth/kubeconfig is moved aside to auth/ below the folder for such
// things: two folders that are not there before. A run with --overwrite once
// ended there with "no such file or directory".
func TestCommitMovesAsideIntoNewFolders(t *testing.T) {
	dir := filled(t, map[string]string{"auth/kubeconfig": "edited", "manifests/a.yaml": "edited"})
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
	if got := tree(t, dir); !equalMaps(got, want) {
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
	dir := filled(t, before)
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
	if got := tree(t, dir); !equalMaps(got, before) || left {
		t.Errorf("something is left behind: %q", got)
	}
}
