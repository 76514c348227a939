//go:build unix

package media

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// noFollow refuses a symbolic link in place of a file of ours.
const noFollow = unix.O_NOFOLLOW

// tryLock takes the lock of an open file unless another process holds it.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// renameHeld gives an open file its name.
func renameHeld(f *os.File, to string) error {
	return errors.Join(os.Rename(f.Name(), to), f.Close())
}

func noSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
