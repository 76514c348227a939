package asset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// maxInput bounds what is read of one file, so that a device or a disk image
// under a manifest's name cannot fill the memory.
const maxInput = 16 << 20

// manifestExtensions are those of the files that manifests/ and openshift/ may hold.
var manifestExtensions = []string{".yaml", ".yml", ".json"}

// Dir is an asset directory that this process holds locked.
type Dir struct {
	path string
	lock *lock
	// Notices are lines for the user about the opening: a recovered commit,
	// a wait for another process.
	Notices []string
}

// OpenDir locks the asset directory and finishes a commit that was cut short.
// While another process holds the lock it waits, at most wait long, and tells
// waiting once whom it waits for. command is what others then see of this one.
func OpenDir(ctx context.Context, path, command string, wait time.Duration, waiting func(holder string)) (*Dir, error) {
	if err := checkDir(path); err != nil {
		return nil, err
	}
	l, err := acquire(ctx, path, command, wait, waiting)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, lock: l}
	recovered, err := d.recover()
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if recovered {
		d.Notices = append(d.Notices, "finished what an earlier run had begun to write when it was stopped")
	}
	return d, nil
}

// Finish finishes a commit that was cut short, if there is one, for commands that
// look before they open the directory. It returns what is to be told about it.
// The arguments are those of OpenDir.
func Finish(ctx context.Context, path, command string, wait time.Duration, waiting func(holder string)) ([]string, error) {
	if _, err := os.Lstat(filepath.Join(path, stageDir, journalFile)); err != nil {
		return nil, nil //nolint:nilerr // there is nothing to finish, or OpenDir will say why it cannot be seen
	}
	d, err := OpenDir(ctx, path, command, wait, waiting)
	if err != nil {
		return nil, err
	}
	return d.Notices, d.Close()
}

// Close unlocks the directory.
func (d *Dir) Close() error { return d.lock.release() }

// checkDir tells early, and in the user's words, why nothing could be written.
func checkDir(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dirError(path, "the asset directory does not exist", "create it and put your install-config.yaml into it, or name another one with --dir")
	case err != nil:
		return dirError(path, "the asset directory cannot be read: "+reason(err), "check the permissions of the folders above it")
	case !info.IsDir():
		return dirError(path, "this is a file, not an asset directory", "name a folder with --dir")
	}
	if owner, mine := ownedByUs(info); !mine {
		return dirError(path, "the asset directory belongs to "+owner+", and okd-install writes secrets only where you are the owner",
			"run okd-install as that user, change the owner with chown, or name a directory of your own with --dir")
	}
	return nil
}

func dirError(path, detail, hint string) error {
	return diag.Problems{{Position: diag.Position{File: path}, Detail: detail, Hint: hint}}
}

// reason is the operating system's word for what went wrong, without the path
// that the caller names anyway.
func reason(err error) string {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		return pathErr.Err.Error()
	case errors.As(err, &linkErr):
		return linkErr.Err.Error()
	}
	return err.Error()
}

// ReadFile returns a file of the directory, or false if there is none.
func (d *Dir) ReadFile(name string) ([]byte, bool, error) { return readFile(d.path, name) }

func readFile(dir, name string) ([]byte, bool, error) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	// looked at before it is opened: opening a pipe would wait for a writer
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return nil, false, dirError(path, "this is a link to a file that does not exist", "correct the link or remove it")
		}
		return nil, false, nil
	case err != nil:
		return nil, false, dirError(path, "the file cannot be read: "+reason(err), "check the permissions of the folders above it")
	case !info.Mode().IsRegular():
		return nil, false, dirError(path, "this is not a regular file", "move it away")
	case info.Size() > maxInput:
		return nil, false, dirError(path, fmt.Sprintf("the file has %d bytes, more than the %d that okd-install reads", info.Size(), maxInput), "move it away")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, false, dirError(path, "the file cannot be read: "+reason(err), "check its permissions")
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxInput))
	if err != nil {
		return nil, false, dirError(path, "the file cannot be read: "+reason(err), "check the disk")
	}
	return data, true, nil
}

// OpenLog opens a log file of the asset directory for appending, readable by
// its owner only. There is none, without an error, in a directory that is not
// ours to write to; it fails where something else than a plain file has the name.
func OpenLog(dir, name string) (io.WriteCloser, error) {
	if checkDir(dir) != nil {
		return nil, nil //nolint:nilerr // the command itself will say why
	}
	path := filepath.Join(dir, name)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, dirError(path, "this is not a regular file", "move it away")
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|noFollow, 0o600)
	if err != nil {
		return nil, cannotWrite(path, err)
	}
	// it may be left from a tool that lets others read it
	if err := f.Chmod(0o600); err != nil {
		return nil, errors.Join(cannotWrite(path, err), f.Close())
	}
	return logWriter{f}, nil
}

// logWriter is a log that ends, without a word, where the disk is full: what
// the user came for is not the log, and the same disk will stop the run with an
// error of its own.
type logWriter struct{ *os.File }

func (w logWriter) Write(p []byte) (int, error) {
	_, _ = w.File.Write(p)
	return len(p), nil
}

// ReadFolders returns the manifests in the folders, and the names of what lies
// there and is left out: folders, hidden files and other extensions. ok is
// false if none of the folders holds anything.
func (d *Dir) ReadFolders(folders ...string) (files Files, left []string, ok bool, err error) {
	files = Files{}
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(d.path, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, false, dirError(filepath.Join(d.path, folder), "the folder cannot be read: "+reason(err), "check its permissions")
		}
		for _, e := range entries {
			name := folder + "/" + e.Name()
			if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !slices.Contains(manifestExtensions, filepath.Ext(e.Name())) {
				left = append(left, name)
				continue
			}
			data, _, err := d.ReadFile(name)
			if err != nil {
				return nil, nil, false, err
			}
			files[name] = data
		}
	}
	return files, left, len(files)+len(left) > 0, nil
}

// ReadFolder returns all plain files directly in a folder, whatever they are
// called; an absent folder has none.
func (d *Dir) ReadFolder(folder string) (Files, error) {
	entries, err := os.ReadDir(filepath.Join(d.path, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, dirError(filepath.Join(d.path, folder), "the folder cannot be read: "+reason(err), "check its permissions")
	}
	files := Files{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		name := folder + "/" + e.Name()
		if files[name], _, err = d.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Exists tells whether anything in the directory has that name.
func (d *Dir) Exists(name string) bool {
	_, err := os.Lstat(d.abs(name))
	return err == nil
}

// IsLink tells whether a symbolic link has that name.
func (d *Dir) IsLink(name string) bool {
	info, err := os.Lstat(d.abs(name))
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// ReadState returns what is remembered of the directory.
func (d *Dir) ReadState() (State, error) {
	data, _, err := d.ReadFile(StateFile)
	if err != nil {
		return State{}, err
	}
	return parseState(data)
}

// ReadOnly reads the files named of an asset directory that is not locked, for
// commands that only look. Files that are absent are left out.
func ReadOnly(path string, names ...string) (Files, error) {
	if err := checkThere(path); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(path, stageDir, journalFile)); err == nil {
		return nil, dirError(path, "an earlier run was stopped while it wrote its result", "run the same create command again: it finishes that first")
	}
	files := Files{}
	for _, name := range names {
		data, ok, err := readFile(path, name)
		if err != nil {
			return nil, err
		}
		if ok {
			files[name] = data
		}
	}
	return files, nil
}

// checkThere tells that there is no directory to look at.
func checkThere(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dirError(path, "the asset directory does not exist", "name it with --dir")
	case err != nil:
		return dirError(path, "the asset directory cannot be read: "+reason(err), "check the permissions of the folders above it")
	case !info.IsDir():
		return dirError(path, "this is a file, not an asset directory", "name a folder with --dir")
	}
	if _, err := os.Lstat(filepath.Join(path, StateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dirError(path, "the asset directory cannot be read: "+reason(err), "run okd-install as its owner")
	}
	return nil
}
