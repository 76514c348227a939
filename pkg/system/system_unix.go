//go:build unix

package system

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// noFollow refuses a link in place of a file of ours, noWait opens a pipe whose
	// other end nobody has.
	noFollow = unix.O_NOFOLLOW
	noWait   = unix.O_NONBLOCK
	// permissionsCount tells that permission bits mean something on this system.
	permissionsCount = true
	// renameNeedsClosed tells that an open file cannot be renamed.
	renameNeedsClosed = false
)

func openNow(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if errors.Is(err, unix.EAGAIN) { // another program has a lease on it, which it gives back
		return os.Open(path)
	}
	return f, err
}

// Owner names who owns a file, and reports whether that is the current user.
func Owner(info fs.FileInfo) (owner string, mine bool) {
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

func ownedByRoot(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0
}

func sameOwner(a, b fs.FileInfo) bool {
	x, ok := a.Sys().(*syscall.Stat_t)
	y, ok2 := b.Sys().(*syscall.Stat_t)
	return ok && ok2 && x.Uid == y.Uid
}

// linked reports whether a file has several names.
func linked(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}

// userID tells the files of several users in one folder apart.
func userID() string { return strconv.Itoa(os.Geteuid()) }

// umask is what new files are not to be. It can only be read by setting it: for that
// moment it is a strict one.
var umask = sync.OnceValue(func() fs.FileMode {
	old := unix.Umask(0o077)
	unix.Umask(old)
	return fs.FileMode(old) & 0o777 //nolint:gosec // it has nine bits
})

// TryLock takes the lock of an open file unless another process holds it.
func TryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// DiskFull reports whether an error is that there is no room.
func DiskFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// Room returns how many bytes the current user can still write to the disk that a
// folder is on; known is false where the system does not say.
func Room(dir string) (bytes int64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil || s.Blocks == 0 {
		return 0, false
	}
	return int64(min(uint64(s.Bavail)*uint64(s.Bsize), 1<<62)), true //nolint:gosec,unconvert // the types differ from system to system
}
