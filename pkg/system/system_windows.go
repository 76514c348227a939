package system

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const (
	// noFollow and noWait have no counterpart here.
	noFollow = 0
	noWait   = 0
	// permissionsCount is false: who may write to a file, its bits do not say.
	permissionsCount = false
	// renameNeedsClosed tells that an open file cannot be renamed.
	renameNeedsClosed = true
)

func openNow(path string) (*os.File, error) { return os.Open(path) }

// Owner names who owns a file: nobody knows it here.
func Owner(fs.FileInfo) (owner string, mine bool) { return "", true }

func ownedByRoot(fs.FileInfo) bool { return false }

func sameOwner(fs.FileInfo, fs.FileInfo) bool { return true }

func linked(fs.FileInfo) bool { return false }

func userID() string { return "" }

func umask() fs.FileMode { return 0 }

// lockOffset is where the locked byte lies: behind any file there will be, since
// locked bytes cannot be read by others on Windows.
const lockOffset = 1 << 30

// TryLock takes the lock of an open file unless another process holds it.
func TryLock(f *os.File) (bool, error) {
	at := windows.Overlapped{OffsetHigh: lockOffset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// DiskFull reports whether an error is that there is no room.
func DiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// Room returns how many bytes the current user can still write to the disk that a
// folder is on; known is false where the system does not say.
func Room(dir string) (bytes int64, known bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(min(free, 1<<62)), true //nolint:gosec // it fits
}
