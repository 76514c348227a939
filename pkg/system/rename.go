package system

import (
	"io/fs"
	"os"
)

// renameAbsent looks first, and renames then.
func renameAbsent(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// Mode is a mode as a new file gets it: without the bits of the umask.
func Mode(mode fs.FileMode) fs.FileMode { return mode &^ umask() }

// UserID tells the files of several users in one folder apart; empty where users are
// not numbers.
func UserID() string { return userID() }
