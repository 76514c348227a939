package assetdir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/okd-project/okd-install/pkg/system"
)

// maxInput bounds what is read of one file, so that a device or a disk image
// under a manifest's name cannot fill the memory.
const maxInput = 16 << 20

// ReadFile returns a file of the directory, or false if there is none. The user's
// inputs may be links, also to files elsewhere; what okd-install has written is
// not read through one.
func (d *Dir) ReadFile(name string) ([]byte, bool, error) {
	data, ok, err := d.readFile(name)
	if err != nil {
		return nil, false, err
	}
	digest := ""
	if ok {
		digest = dataDigest(data)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, before := d.seen[name]; !before { // what was read first is what the run may be built on
		d.seen[name] = digest
	}
	return data, ok, nil
}

func (d *Dir) readFile(name string) ([]byte, bool, error) {
	path := d.Abs(name)
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return readInput(path) // only the user names such a file
	}
	link, err := d.firstLink(name)
	switch {
	case err != nil:
		return nil, false, cannotRead(path, err)
	case link != "" && (d.shared || strings.HasPrefix(name, ownPrefix)):
		return nil, false, linkInTheWay(d.Abs(link))
	case link != "":
		return readInput(path)
	}
	info, err := d.lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, cannotRead(path, err)
	}
	if err := readable(path, info); err != nil {
		return nil, false, err
	}
	f, err := d.openPlain(name)
	if err != nil {
		return nil, false, dirError(path, "the file cannot be read: "+system.Reason(err), "check its permissions")
	}
	return readWhole(f, path)
}

// ownPrefix begins the names of files that only okd-install writes.
const ownPrefix = ".okd_install"

// readInput reads a file through links.
func readInput(path string) ([]byte, bool, error) {
	// looked at before it is opened: opening a pipe would wait for a writer
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return nil, false, dirError(path, "this is a link to a file that does not exist", "correct the link or remove it")
		}
		return nil, false, nil
	case err != nil:
		return nil, false, cannotRead(path, err)
	}
	if err := readable(path, info); err != nil {
		return nil, false, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|system.NonBlock, 0)
	if err != nil {
		return nil, false, dirError(path, "the file cannot be read: "+system.Reason(err), "check its permissions")
	}
	return readWhole(f, path)
}

func cannotRead(path string, err error) error {
	return dirError(path, "the file cannot be read: "+system.Reason(err), "check the permissions of the folders above it")
}

func readable(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return dirError(path, "this is not a regular file", "move it away")
	case info.Size() > maxInput:
		return dirError(path, fmt.Sprintf("the file has %d bytes, more than the limit of %d",
			info.Size(), maxInput), "move it away")
	}
	return nil
}

func readWhole(f *os.File, path string) ([]byte, bool, error) {
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxInput))
	if err != nil {
		return nil, false, dirError(path, "the file cannot be read: "+system.Reason(err), "check the disk")
	}
	return data, true, nil
}

// ReadFolders returns the files in the folders that count by their paths, and the
// paths of what lies there and is left out: other files, and folders. ok is false
// if none of the folders holds anything.
func (d *Dir) ReadFolders(counts func(name string) bool, folders ...string) (files Files, left []string, ok bool, err error) {
	files = Files{}
	for _, folder := range folders {
		entries, err := d.list(folder)
		if err != nil {
			return nil, nil, false, err
		}
		for _, e := range entries {
			name := folder + "/" + e.Name()
			if e.IsDir() || !counts(name) {
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
	entries, err := d.list(folder)
	if err != nil {
		return nil, err
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

// list lists a folder of inputs, which may be a link as those may; an absent one
// is empty.
func (d *Dir) list(folder string) (entries []fs.DirEntry, err error) {
	link, err := d.firstLink(folder)
	switch {
	case err != nil:
	case link != "" && d.shared:
		return nil, linkInTheWay(d.Abs(link))
	case link != "":
		entries, err = os.ReadDir(d.Abs(folder))
	default:
		entries, err = d.entries(folder)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, dirError(d.Abs(folder), "the folder cannot be read: "+system.Reason(err), "check its permissions")
	}
	return entries, nil
}

// Exists reports whether anything in the directory has that name.
func (d *Dir) Exists(name string) bool {
	_, err := d.lstat(name)
	return err == nil
}

// IsLink reports whether a symbolic link has that name.
func (d *Dir) IsLink(name string) bool {
	info, err := d.lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// ReadState returns the state file, which has to be ours; nothing if there is none.
func (d *Dir) ReadState() ([]byte, error) {
	data, there, err := d.ReadFile(StateFile)
	if err != nil {
		return nil, err
	}
	if info, err := d.lstat(StateFile); there && err == nil {
		if owner, mine := system.Owner(info); !mine {
			return nil, dirError(d.Abs(StateFile), "the file belongs to "+owner+", and okd-install does not use keys of other users",
				"change its owner with chown if you know where it comes from; or start again in an empty directory with a copy of install-config.yaml")
		}
	}
	return data, nil
}

// ReadOnly reads the files named of an asset directory that is not locked, for
// commands that only look. Files that are absent are left out.
func ReadOnly(path string, names ...string) (Files, error) {
	d, err := Look(path, "name it with --dir")
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.root.Close() }()
	if err := d.Finished(); err != nil {
		return nil, err
	}
	return d.ReadFiles(names...)
}

// IsThere reports whether there is an asset directory that can be looked at.
func IsThere(path string) bool {
	d, err := Look(path, "")
	return err == nil && d.root.Close() == nil
}

// Finished says what to do where an earlier run was stopped while it wrote.
func (d *Dir) Finished() error {
	if d.Exists(journalPath) {
		return dirError(d.path, "an earlier run was stopped while it wrote its result",
			"run the same create command again: it finishes that first")
	}
	return nil
}

// ReadFiles reads the files named. Those that are absent are left out.
func (d *Dir) ReadFiles(names ...string) (Files, error) {
	files := Files{}
	for _, name := range names {
		data, ok, err := d.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if ok {
			files[name] = data
		}
	}
	return files, nil
}

// Names lists what is in a folder, for a hint: none if it cannot be read.
func Names(path string) []string {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}
