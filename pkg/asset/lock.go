package asset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// LockFile exists while a run holds the asset directory. A file that was left
// behind by a killed run locks nothing: the lock is the operating system's, on
// the open file, and ends with the process.
const LockFile = ".okd_install.lock"

// lock is a held lock.
type lock struct{ file *os.File }

// holder is what the lock file says about the process that holds it.
type holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

func (h holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s (%s), since %s", h.PID, h.Host, h.Command, h.Since.Local().Format("15:04:05 MST"))
}

// acquire takes the lock of a directory, waiting for its holder at most wait long.
func acquire(ctx context.Context, dir, command string, wait time.Duration, waiting func(holder string)) (*lock, error) {
	path := filepath.Join(dir, LockFile)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, dirError(path, "this is not the plain file that locks the directory", "move it away")
	}
	deadline := time.Now().Add(wait)
	for told := false; ; {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
		if err != nil {
			return nil, cannotWrite(path, err)
		}
		taken, err := tryLock(f)
		switch {
		case err != nil:
			_ = f.Close()
			return nil, cannotWrite(path, err)
		case taken && sameFile(f, path):
			if err := describeHolder(f, command); err != nil {
				return nil, errors.Join(cannotWrite(path, err), (&lock{f}).release())
			}
			return &lock{f}, nil
		case taken:
			// the holder before us removed the file after we had opened it
			_ = f.Close()
			continue
		}
		h := readHolder(f)
		_ = f.Close()
		if !told && waiting != nil && wait > 0 {
			waiting(h.String())
			told = true
		}
		if time.Now().After(deadline) {
			return nil, diag.Problems{{
				Position: diag.Position{File: dir}, Detail: "the asset directory is in use by " + h.String(),
				Hint: "wait until it has finished, or use another directory",
			}}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// release removes the lock file while the lock is still held, so that nobody
// can take the lock of a file that is about to vanish unnoticed.
func (l *lock) release() error {
	removeErr := removeHeld(l.file)
	if err := l.file.Close(); err != nil {
		return err
	}
	if errors.Is(removeErr, fs.ErrNotExist) {
		return nil
	}
	return removeErr
}

// sameFile tells whether the open file is still the one under its name.
func sameFile(f *os.File, path string) bool {
	open, err1 := f.Stat()
	named, err2 := os.Lstat(path)
	return err1 == nil && err2 == nil && os.SameFile(open, named)
}

func describeHolder(f *os.File, command string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	data, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Command: command, Since: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(data, '\n'), 0)
	return err
}

// readHolder reads who holds the lock; the holder may be writing it just now,
// so anything unreadable is simply unknown.
func readHolder(f *os.File) holder {
	var h holder
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil || json.Unmarshal(data, &h) != nil {
		return holder{}
	}
	return h
}

func cannotWrite(path string, err error) error {
	return diag.Problems{{
		Position: diag.Position{File: path}, Detail: "the asset directory cannot be written: " + reason(err),
		Hint: "check the directory's permissions and the free space of its disk; nothing in it was changed",
	}}
}
