package asset

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/system"
)

// WriteTree writes files, folders and links below a folder that is empty or does
// not exist yet, and nothing anywhere else: the folder is opened once, and the
// operating system resolves each path within it. The folder itself is for its
// owner only, whatever is in it. Bits such as set-user-id are left out, and so
// are owners: all belongs to the user.
func WriteTree(dir string, nodes []inspect.Node) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cannotExtract(dir, err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return cannotExtract(dir, err)
	}
	if len(there) > 0 {
		return problemIn(dir, "the folder is not empty", "give one that is empty or does not exist; nothing was written")
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return cannotExtract(dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return cannotExtract(dir, err)
	}
	defer func() { _ = root.Close() }()
	for _, n := range nodes {
		if err := writeNode(root, n); err != nil {
			return cannotExtract(filepath.Join(dir, filepath.FromSlash(n.Path)), err)
		}
	}
	// last, since a folder may be one that its owner cannot write to
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := nodes[i]; n.Kind == inspect.Directory {
			if err := root.Chmod(filepath.FromSlash(n.Path), fs.FileMode(n.Mode).Perm()); err != nil {
				return cannotExtract(filepath.Join(dir, filepath.FromSlash(n.Path)), err)
			}
		}
	}
	return nil
}

func writeNode(root *os.Root, n inspect.Node) error {
	name := filepath.FromSlash(n.Path)
	if n.Kind == inspect.Directory {
		return makeTreeFolder(root, n.Path)
	}
	if err := makeTreeFolder(root, path.Dir(n.Path)); err != nil {
		return err
	}
	switch {
	case n.Kind == inspect.Link && n.Hard:
		return root.Link(filepath.FromSlash(path.Clean("/" + n.Target)[1:]), name)
	case n.Kind == inspect.Link:
		return root.Symlink(n.Target, name)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(n.Data)
	return errors.Join(err, f.Chmod(fs.FileMode(n.Mode).Perm()), f.Close())
}

// makeTreeFolder makes a folder and those above it as Ignition does, whatever
// the umask: for everybody to read.
func makeTreeFolder(root *os.Root, name string) error {
	if name == "." || name == "" {
		return nil
	}
	if err := makeTreeFolder(root, path.Dir(name)); err != nil {
		return err
	}
	local := filepath.FromSlash(name)
	err := root.Mkdir(local, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, root.Chmod(local, 0o755))
}

func cannotExtract(name string, err error) error {
	return diag.Problem{
		Position: diag.Position{File: name},
		Detail:   "cannot be written: " + system.Reason(err),
		Hint:     "give another folder with -C",
	}
}
