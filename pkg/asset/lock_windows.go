//go:build windows

package asset

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// nonBlock has no counterpart here.
const nonBlock = 0

// lockOffset is where the locked byte lies: far behind the holder's
// description, because locked bytes cannot be read by others on Windows.
const lockOffset = 1 << 30

// tryLock takes the lock of an open file unless another process holds it.
func tryLock(f *os.File) (bool, error) {
	at := windows.Overlapped{Offset: lockOffset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// isHeld reports whether a process holds the lock of an open file; known is false
// where that cannot be found out.
func isHeld(f *os.File) (held, known bool) {
	at := windows.Overlapped{Offset: lockOffset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if err == nil {
		err = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &at)
		return false, err == nil
	}
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// lockFileCanGo tells that a file can be removed while it is open: not here.
const lockFileCanGo = false

// syncFolder does nothing: folders cannot be synced on Windows.
func syncFolder(*os.File) error { return nil }

// mayWrite does not look at access control lists either.
func mayWrite(*os.File) error { return nil }

// notAFolder reports that a part of a path is a file, which is absence here.
func notAFolder(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// permissionsCount tells that permission bits mean nothing here: files inherit
// the access control list of their folder.
const permissionsCount = false
