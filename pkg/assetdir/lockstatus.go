package assetdir

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/okd-project/okd-install/pkg/system"
)

// LockStatus is what a lock file says.
type LockStatus struct {
	// Held tells that the process is still there, on this host or on another one.
	Held    bool      `json:"held"`
	PID     int       `json:"pid,omitempty"`
	Host    string    `json:"host,omitempty"`
	Command string    `json:"command,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// String is the process in words.
func (l LockStatus) String() string { return holder{l.PID, l.Host, l.Command, l.Since}.String() }

// LookAtLock reads the lock file of a directory and finds out whether somebody
// holds it; nil is that there is none, or one that says nothing.
func LookAtLock(dir string) *LockStatus {
	d, err := Look(dir, "")
	if err != nil {
		return nil // whoever looks at the directory says why
	}
	defer func() { _ = d.Close() }()
	f, err := d.openPlain(lockFile)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	h := readHolder(f)
	if h.PID == 0 {
		return nil
	}
	// The lock is the operating system's, also across hosts that share a file
	// system: what the file says of a process is only for people.
	held, known := system.Locked(f)
	if !known {
		host, err := os.Hostname()
		held = (err != nil || host == h.Host) && alive(h.PID)
	}
	return &LockStatus{Held: held, PID: h.PID, Host: h.Host, Command: h.Command, Since: h.Since}
}

// alive reports whether a process of this host exists.
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
