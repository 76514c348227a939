//go:build windows

package system

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// NonBlock has no counterpart here.
const NonBlock = 0

// Locked reports whether a process holds the lock of an open file that TryLock
// takes; known is false where that cannot be found out.
func Locked(f *os.File) (held, known bool) {
	at := windows.Overlapped{OffsetHigh: lockOffset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if err == nil {
		err = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &at)
		return false, err == nil
	}
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// OpenFilesCanGo tells that a file can be removed while it is open: not here.
const OpenFilesCanGo = false

// SyncFolder does nothing: folders cannot be synced on Windows.
func SyncFolder(*os.File) error { return nil }

// MayWrite does not look at access control lists either.
func MayWrite(*os.File) error { return nil }

// NotAFolder reports that a part of a path is a file, which is absence here.
func NotAFolder(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// PermissionsCount tells that permission bits mean nothing here: files inherit
// the access control list of their folder.
const PermissionsCount = false
