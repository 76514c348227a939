package assetdir

import (
	"errors"
	"io"
	"os"

	"github.com/okd-project/okd-install/pkg/system"
)

// OpenLog opens a log file of the asset directory for appending, readable by
// its owner only. There is none, without an error, in a directory that is not
// ours to write to; it fails where something else than a plain file of ours has
// the name.
func OpenLog(dir, name string, allowShared bool) (io.WriteCloser, error) {
	d, err := Look(dir, "")
	if err != nil {
		return nil, nil // the command itself will say why
	}
	defer func() { _ = d.root.Close() }()
	if d.ours(allowShared) != nil {
		return nil, nil // the same
	}
	path := d.Abs(name)
	if info, err := d.lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, dirError(path, "this is not a regular file", "move it away")
	}
	f, err := d.root.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY|system.NonBlock, 0o600)
	if err != nil {
		return nil, cannotWrite(path, err)
	}
	if err := d.ownLog(f, name); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return logWriter{f}, nil
}

func (d *Dir) ownLog(f *os.File, name string) error {
	info, err := f.Stat()
	if err != nil {
		return cannotWrite(d.Abs(name), err)
	}
	if owner, mine := system.Owner(info); !mine || !d.isOpen(f, name) {
		if owner == "" {
			owner = "somebody else"
		}
		return dirError(d.Abs(name), "the file belongs to "+owner, "move it away")
	}
	// it may be left from a tool that lets others read it
	if err := f.Chmod(0o600); err != nil {
		return cannotWrite(d.Abs(name), err)
	}
	return nil
}

// logWriter is a log that ends, without a word, where the disk is full: what
// the user came for is not the log, and the same disk will stop the run with an
// error of its own.
type logWriter struct{ *os.File }

func (w logWriter) Write(p []byte) (int, error) {
	_, _ = w.File.Write(p)
	return len(p), nil
}
