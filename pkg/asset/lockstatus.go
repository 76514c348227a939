package asset

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// LockStatus is what a lock file says.
type LockStatus struct {
	// Held tells that the process is still there, as far as that can be seen:
	// one on another host is taken to be.
	Held    bool      `json:"held"`
	PID     int       `json:"pid,omitempty"`
	Host    string    `json:"host,omitempty"`
	Command string    `json:"command,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// lookAtLock reads the lock file of a directory without taking the lock; nil is
// that there is none, or one that says nothing.
func lookAtLock(dir string) *LockStatus {
	f, err := os.Open(filepath.Join(dir, LockFile))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	h := readHolder(f)
	if h.PID == 0 {
		return nil
	}
	host, err := os.Hostname()
	here := err != nil || host == h.Host
	return &LockStatus{Held: !here || alive(h.PID), PID: h.PID, Host: h.Host, Command: h.Command, Since: h.Since}
}

// alive tells whether a process of this host exists.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	if runtime.GOOS == "windows" {
		return true // there a process that does not exist is not found
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission)
}
