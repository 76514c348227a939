package asset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

// Whatever the nodes say, nothing appears outside of the folder.
func TestWriteTreeStaysInside(t *testing.T) {
	t.Parallel()
	for _, nodes := range [][]inspect.Node{
		{{Path: "../out", Kind: inspect.File, Data: []byte("x")}},
		{{Path: "a/../../out", Kind: inspect.File, Data: []byte("x")}},
		{{Path: "l", Kind: inspect.Link, Target: ".."}, {Path: "l/out", Kind: inspect.File, Data: []byte("x")}},
		{{Path: "l", Kind: inspect.Link, Target: "/"}, {Path: "l/tmp/okd-install-out", Kind: inspect.File, Data: []byte("x")}},
		{{Path: "out", Kind: inspect.Link, Hard: true, Target: "../../../../../../etc/hosts"}},
		{{Path: "l", Kind: inspect.Link, Target: ".."}, {Path: "l", Kind: inspect.Directory, Mode: 0o700}, {Path: "l/out", Kind: inspect.Directory, Mode: 0o700}},
	} {
		parent := t.TempDir()
		folder.Put(t, parent, "beside", "")
		err := WriteTree(filepath.Join(parent, "into"), nodes)
		if err == nil {
			t.Errorf("%+v is written", nodes)
		}
		entries, _ := os.ReadDir(parent)
		for _, e := range entries {
			if e.Name() != "beside" && e.Name() != "into" {
				t.Errorf("%+v: %s appeared (%v)", nodes, e.Name(), err)
			}
		}
	}
}

func TestWriteTree(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	err := WriteTree(dir, []inspect.Node{
		{Path: "d", Kind: inspect.Directory, Mode: 0o550}, {Path: "d/f", Kind: inspect.File, Mode: 0o4755, Data: []byte("x")},
		{Path: "h", Kind: inspect.Link, Hard: true, Target: "/d/f"}, {Path: "s", Kind: inspect.Link, Target: "/etc/passwd"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "d"), 0o700) }) // so that it can be removed
	for name, want := range map[string]string{".": "drwx------", "d": "dr-xr-x---", "d/f": "-rwxr-xr-x", "h": "-rwxr-xr-x"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || system.PermissionsCount && info.Mode().String() != want {
			t.Errorf("%s: %v, %v, want %s", name, info.Mode(), err, want)
		}
	}
	if target, err := os.Readlink(filepath.Join(dir, "s")); target != "/etc/passwd" || err != nil {
		t.Errorf("got %s, %v", target, err)
	}
	if err := WriteTree(dir, nil); err == nil || !strings.Contains(err.Error(), "the folder is not empty") {
		t.Errorf("got %v", err)
	}
}
