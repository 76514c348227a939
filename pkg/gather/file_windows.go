package gather

import (
	"errors"
	"os"
	"syscall"
)

// syncFile does nothing: Windows does not sync folders, and files are synced by who
// writes them.
func syncFile(*os.File) error { return nil }

// isDiskFull knows ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
func isDiskFull(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
}
