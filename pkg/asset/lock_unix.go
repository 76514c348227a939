//go:build unix

package asset

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// nonBlock opens a pipe without waiting for its other end.
const nonBlock = unix.O_NONBLOCK

// tryLock takes the lock of an open file unless another process holds it.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// isHeld reports whether a process holds the lock of an open file; known is false
// where that cannot be found out.
func isHeld(f *os.File) (held, known bool) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_UN)
		return false, err == nil
	}
	return errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EWOULDBLOCK)
}

// lockFileCanGo tells that a file can be removed while it is open.
const lockFileCanGo = true

// syncFolder makes the entries of an open folder survive a power cut.
func syncFolder(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // some network and user-space file systems cannot sync a folder
	}
	return err
}

// mayWrite says why files cannot be made in an open folder, or removed from it.
func mayWrite(f *os.File) error {
	if err := unix.Faccessat(int(f.Fd()), ".", unix.W_OK|unix.X_OK, 0); err != nil {
		return &fs.PathError{Op: "access", Path: f.Name(), Err: err}
	}
	return nil
}

// notAFolder reports that a part of a path is a file.
func notAFolder(err error) bool { return errors.Is(err, unix.ENOTDIR) }

// permissionsCount tells that permission bits mean something on this system.
const permissionsCount = true
