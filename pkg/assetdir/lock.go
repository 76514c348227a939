package assetdir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// lockFile exists while a run holds the asset directory. A file that was left
// behind by a killed run locks nothing: the lock is the operating system's, on
// the open file, and ends with the process.
const lockFile = ".okd_install.lock"

// lock is a held lock.
type lock struct {
	dir  *Dir
	file *os.File
}

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
	return fmt.Sprintf("process %d on %s (%s), since %s",
		h.PID, diag.Printable(h.Host), diag.Printable(h.Command), h.Since.Local().Format("15:04:05 MST"))
}

// acquire takes the lock of a directory, waiting for its holder.
func (d *Dir) acquire(ctx context.Context, o Opening) (*lock, error) {
	path := d.Abs(lockFile)
	if info, err := d.lstat(lockFile); err == nil && !info.Mode().IsRegular() {
		return nil, dirError(path, "this is not the plain file that locks the directory", "move it away")
	}
	deadline := time.Now().Add(o.Wait)
	for told, again := false, false; ; {
		f, err := d.root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE|system.NonBlock, 0o600)
		if err != nil {
			return nil, cannotWrite(path, err)
		}
		taken, err := system.TryLock(f)
		switch {
		case err != nil:
			_ = f.Close()
			return nil, cannotWrite(path, err)
		case taken && d.isOpen(f, lockFile):
			l := &lock{d, f}
			if err := describeHolder(f, o.Command); err != nil {
				_ = l.release() // the other error says more
				return nil, cannotWrite(path, err)
			}
			return l, nil
		case taken:
			// the holder before us removed the file after we had opened it
			_ = f.Close()
			continue
		}
		h := readHolder(f)
		_ = f.Close()
		if !again {
			// it may only have been looked at, which takes no time
			again = true
			time.Sleep(glance)
			continue
		}
		if !told && o.Waiting != nil && o.Wait > 0 {
			o.Waiting(h.String())
			told = true
		}
		if time.Now().After(deadline) {
			return nil, diag.Problems{{
				Position: diag.Position{File: d.path}, Detail: "the asset directory is in use by " + h.String(),
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

// glance is longer than LookAtLock holds a lock.
const glance = 5 * time.Millisecond

// release removes the lock file while the lock is still held, so that nobody
// can take the lock of a file that is about to vanish unnoticed.
func (l *lock) release() error {
	var removeErr error
	if system.OpenFilesCanGo {
		// only the file that is locked: another one of that name is another run's
		if _, removeErr = l.dir.lstat(lockFile); removeErr == nil && l.dir.isOpen(l.file, lockFile) {
			removeErr = l.dir.remove(lockFile)
		}
	}
	if err := l.file.Close(); err != nil {
		return err
	}
	if errors.Is(removeErr, fs.ErrNotExist) {
		return nil
	}
	return removeErr
}

// isOpen reports whether the open file is still the one under its name, and not
// behind a link there.
func (d *Dir) isOpen(f *os.File, name string) bool {
	open, err1 := f.Stat()
	named, err2 := d.lstat(name)
	return err1 == nil && err2 == nil && open.Mode().IsRegular() && os.SameFile(open, named)
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
		Position: diag.Position{File: path}, Detail: "the asset directory cannot be written: " + system.Reason(err),
		Hint: "check the directory's permissions and the free space of its disk; nothing in it was changed",
	}}
}
