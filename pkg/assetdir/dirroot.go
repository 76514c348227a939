package assetdir

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/system"
)

// This file holds how a directory is looked at and changed: always through its
// root, which the operating system keeps every path within, and never through a
// link. Names are relative to the directory and have slashes.

// Abs is the path of a file in the directory, for people and for other programs.
func (d *Dir) Abs(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

func (d *Dir) lstat(name string) (fs.FileInfo, error) { return d.root.Lstat(filepath.FromSlash(name)) }

func (d *Dir) remove(name string) error { return d.root.Remove(filepath.FromSlash(name)) }

func (d *Dir) rename(from, to string) error {
	return d.root.Rename(filepath.FromSlash(from), filepath.FromSlash(to))
}

// firstLink returns the first part of a name that is a symbolic link; it is
// empty if none is. What is below something else than a folder does not exist.
func (d *Dir) firstLink(name string) (string, error) {
	for end := 0; end < len(name); end++ {
		if next := strings.IndexByte(name[end:], '/'); next >= 0 {
			end += next
		} else {
			end = len(name)
		}
		info, err := d.lstat(name[:end])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "", nil
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink != 0:
			return name[:end], nil
		case !info.IsDir():
			return "", nil
		}
	}
	return "", nil
}

// plainPath refuses a name that leads through a link, or through a file in place
// of a folder. The last part of it may be anything, or absent.
func (d *Dir) plainPath(name string) error {
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		info, err := d.lstat(parent)
		switch {
		case errors.Is(err, fs.ErrNotExist), system.NotAFolder(err):
			continue
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return linkInTheWay(d.Abs(parent))
		case !info.IsDir():
			return dirError(d.Abs(parent), "something else with the name of a folder that okd-install writes to exists", "move it away")
		}
	}
	return nil
}

func linkInTheWay(name string) error {
	return dirError(name, "this is a symbolic link, and okd-install does not write secrets through links",
		"replace the link with a plain file or folder, or move it away")
}

// openPlain opens a regular file for reading, never through a link, and without
// waiting for the writer of a pipe.
func (d *Dir) openPlain(name string) (*os.File, error) {
	named, err := d.lstat(name)
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotPlain}
	}
	f, err := d.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|system.NonBlock, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(info, named) {
		err = &fs.PathError{Op: "open", Path: name, Err: errNotPlain}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

var errNotPlain = errors.New("this is not a regular file")

// digest says what has a name: the SHA-256 of a file, the target of a link, or
// all of these of a folder. It is empty for nothing.
func (d *Dir) digest(name string) (string, error) {
	info, err := d.lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), system.NotAFolder(err):
		return "", nil
	case err != nil:
		return "", err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := d.root.Readlink(filepath.FromSlash(name))
		return "link:" + target, err
	case info.IsDir():
		return d.folderDigest(name)
	case !info.Mode().IsRegular():
		return "special:" + info.Mode().Type().String(), nil
	}
	f, err := d.openPlain(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return contentDigest(h.Sum(nil)), nil
}

// dataDigest is what digest says of a file with this content.
func dataDigest(data []byte) string {
	s := sha256.Sum256(data)
	return contentDigest(s[:])
}

// contentDigest is what digest says of a file, given its SHA-256.
func contentDigest(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }

func (d *Dir) folderDigest(name string) (string, error) {
	entries, err := d.entries(name)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, e := range entries {
		what, err := d.digest(path.Join(name, e.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%q %q\n", e.Name(), what)
	}
	return "folder:" + hex.EncodeToString(h.Sum(nil)), nil
}

// entries lists a folder, sorted by name.
func (d *Dir) entries(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(d.root.FS(), name)
}

// Entries lists what is in the directory itself, sorted by name.
func (d *Dir) Entries() ([]fs.DirEntry, error) {
	entries, err := d.entries(".")
	if err != nil {
		return nil, dirError(d.path, "the directory cannot be read: "+system.Reason(err), "check its permissions")
	}
	return entries, nil
}

// makeFolders makes the folders above a file that are not there, with mode 0700
// whatever the umask. It returns those, from the top.
func (d *Dir) makeFolders(name string) (made []string, err error) {
	parent := path.Dir(name)
	if parent == "." {
		return nil, nil
	}
	if made, err = d.makeFolders(parent); err != nil {
		return made, err
	}
	if _, err := d.lstat(parent); !errors.Is(err, fs.ErrNotExist) {
		return made, err
	}
	if err := d.mkdir(parent); err != nil {
		return made, err
	}
	return append(made, parent), nil
}

func (d *Dir) mkdir(name string) error {
	if err := d.root.Mkdir(filepath.FromSlash(name), 0o700); err != nil {
		return err
	}
	return d.root.Chmod(filepath.FromSlash(name), 0o700)
}

// closeFolders takes the folders above a file from everybody but the owner.
func (d *Dir) closeFolders(name string) error {
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		info, err := d.lstat(parent)
		if err != nil {
			return err
		}
		if !private(info) {
			if err := d.root.Chmod(filepath.FromSlash(parent), 0o700); err != nil {
				return err
			}
		}
	}
	return nil
}

// writePrivate writes a new file with mode 0600, whatever the umask, durably: the whole
// of it or nothing.
func (d *Dir) writePrivate(name string, data []byte) error {
	f, err := d.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		_ = d.remove(name) // what went wrong is what counts
	}
	return err
}

// sync makes the entries of folders survive a power cut. A folder that is not
// there any more needs none.
func (d *Dir) sync(folders map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		f, err := d.root.Open(filepath.FromSlash(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(system.SyncFolder(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writable says why files cannot be made in a folder, or removed from it.
func (d *Dir) writable(name string) error {
	f, err := d.root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return system.MayWrite(f)
}

// private reports whether nobody but the owner has any access.
func private(info fs.FileInfo) bool {
	return info.Mode().Perm()&0o077 == 0 || !system.PermissionsCount
}
