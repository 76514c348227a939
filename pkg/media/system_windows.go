//go:build windows

package media

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// noFollow has no counterpart here.
const noFollow = 0

// lockOffset is where the locked byte lies: behind any file there will be, since
// locked bytes cannot be read by others on Windows.
const lockOffset = 1 << 30

// tryLock takes the lock of an open file unless another process holds it.
func tryLock(f *os.File) (bool, error) {
	at := windows.Overlapped{OffsetHigh: lockOffset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// renameHeld gives a file its name. An open file cannot be renamed on Windows.
func renameHeld(f *os.File, to string) error {
	return errors.Join(f.Close(), os.Rename(f.Name(), to))
}

func noSpace(err error) bool { return errors.Is(err, windows.ERROR_DISK_FULL) }
