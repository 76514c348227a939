//go:build unix

package asset

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

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

func removeHeld(f *os.File) error { return os.Remove(f.Name()) }

// syncDir makes the entries of a directory survive a power cut.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // some network and user-space file systems cannot sync a directory
	}
	return err
}

// ownedByUs tells whether the file is the current user's, and whose it is.
func ownedByUs(info fs.FileInfo) (owner string, mine bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return "", true
	}
	id := strconv.FormatUint(uint64(st.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return "user " + u.Username, false
	}
	return "user " + id, false
}

// writable tells why files cannot be made in a folder, or removed from it.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}

// permissionsCount tells that permission bits mean something on this system.
const permissionsCount = true
