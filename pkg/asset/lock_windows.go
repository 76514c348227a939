//go:build windows

package asset

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// noFollow has no counterpart here; commit checks for links itself.
const noFollow = 0

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

// removeHeld leaves the file: an open file cannot be removed on Windows.
func removeHeld(*os.File) error { return nil }

// syncDir does nothing: directories cannot be opened for syncing on Windows.
func syncDir(string) error { return nil }

// ownedByUs does not look at access control lists.
func ownedByUs(fs.FileInfo) (string, bool) { return "", true }

// writable does not look at access control lists either.
func writable(string) error { return nil }

// permissionsCount tells that permission bits mean nothing here: files inherit
// the access control list of their folder.
const permissionsCount = false
