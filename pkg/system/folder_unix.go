//go:build unix

package system

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// NonBlock opens a pipe without waiting for its other end.
const NonBlock = unix.O_NONBLOCK

// Locked reports whether a process holds the lock of an open file that TryLock
// takes; known is false where that cannot be found out.
func Locked(f *os.File) (held, known bool) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_UN)
		return false, err == nil
	}
	return errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EWOULDBLOCK)
}

// OpenFilesCanGo tells that a file can be removed while it is open.
const OpenFilesCanGo = true

// SyncFolder makes the entries of an open folder survive a power cut.
func SyncFolder(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // some network and user-space file systems cannot sync a folder
	}
	return err
}

// MayWrite says why files cannot be made in an open folder, or removed from it.
func MayWrite(f *os.File) error {
	if err := unix.Faccessat(int(f.Fd()), ".", unix.W_OK|unix.X_OK, 0); err != nil {
		return &fs.PathError{Op: "access", Path: f.Name(), Err: err}
	}
	return nil
}

// NotAFolder reports that a part of a path is a file.
func NotAFolder(err error) bool { return errors.Is(err, unix.ENOTDIR) }

// PermissionsCount tells that permission bits mean something on this system.
const PermissionsCount = true
