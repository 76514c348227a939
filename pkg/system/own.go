package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Create makes a new file that nobody else can have open: it was not there before, no
// link stands for it, and only its owner may read or write it, whatever the umask is.
func Create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
}

// ForeignError is a file that somebody else owns, or may write to.
type ForeignError struct{ Path, Why string }

// Error gives the reason without the path.
func (e *ForeignError) Error() string { return e.Why }

// Reopen opens a file that Create has made in an earlier run. It is a *ForeignError if
// that cannot be so: somebody else who has it open could change it behind our back.
func Reopen(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|noFollow|noWait, 0)
	if err != nil {
		if _, there := os.Lstat(path); there == nil {
			return nil, &ForeignError{path, "it cannot be opened as a file of your own"}
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = Own(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Own is a *ForeignError unless the file at a path, of which info tells, is a regular
// file of the current user that nobody else may write to.
func Own(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return &ForeignError{path, "it is not a regular file"}
	case linked(info):
		return &ForeignError{path, "it has another name as well"}
	case info.Mode()&0o022 != 0 && permissionsCount:
		return &ForeignError{path, fmt.Sprintf("others may write to it (mode %04o)", info.Mode().Perm())}
	}
	return owned(path, info)
}

// OwnFolder is a *ForeignError unless a folder is the current user's and nobody else
// may write to it. A link to a folder is not one.
func OwnFolder(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return &ForeignError{path, "it is not a folder"}
	case info.Mode()&0o022 != 0 && permissionsCount:
		return &ForeignError{path, fmt.Sprintf("others may write to it (mode %04o)", info.Mode().Perm())}
	}
	return owned(path, info)
}

// Owned is a *ForeignError if somebody else than the current user and root owns the
// file: whoever that is may change it at any time.
func Owned(path string, info fs.FileInfo) error {
	if ownedByRoot(info) {
		return nil
	}
	return owned(path, info)
}

func owned(path string, info fs.FileInfo) error {
	owner, mine := Owner(info)
	if mine || filesystemOwner(filepath.Dir(path), info) {
		return nil
	}
	return &ForeignError{path, "it belongs to " + owner}
}

// filesystemOwner reports whether the file's owner is the one whom this file system gives
// to every file that is made here, whoever makes it: NFS does so to root, and FAT to all.
func filesystemOwner(dir string, info fs.FileInfo) bool {
	probe, err := os.CreateTemp(dir, ".okd-install-owner-*")
	if err != nil {
		return false
	}
	made, err := probe.Stat()
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return err == nil && sameOwner(made, info)
}

// Place gives a complete file of ours its name, with a mode. Where something has the
// name already, it stays, and the error is fs.ErrExist. The file is closed in any case.
//
// In a folder that others may write to, somebody may exchange the file in the moment
// before: that is found out, and an error.
func Place(f *os.File, to string, mode fs.FileMode) error {
	return place(f, to, mode, renameNew)
}

// PlaceOver is Place, but a file that has the name is replaced.
func PlaceOver(f *os.File, to string, mode fs.FileMode) error {
	return place(f, to, mode, os.Rename)
}

func place(f *os.File, to string, mode fs.FileMode, rename func(from, to string) error) error {
	if err := errors.Join(f.Chmod(mode), f.Sync()); err != nil {
		return errors.Join(err, f.Close())
	}
	mine, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if renameNeedsClosed {
		err = f.Close()
	}
	if err == nil {
		err = rename(f.Name(), to)
	}
	if !renameNeedsClosed {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return err
	}
	if there, err := os.Lstat(to); err != nil || !os.SameFile(mine, there) {
		return &ForeignError{to, "another file was put in its place at this moment"}
	}
	return nil
}
