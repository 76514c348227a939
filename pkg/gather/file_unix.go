//go:build unix

package gather

import (
	"errors"
	"os"
	"syscall"
)

func syncFile(f *os.File) error { return f.Sync() }

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
