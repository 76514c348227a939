package assetdir

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
)

// This file is for whoever prepares a directory before there is anything to commit: it
// makes the directory, and puts single files into it. They need no lock: none of them is
// one that a Commit writes, and the file system lets only one run make or replace each.

// Make makes an asset directory for its owner only, whatever the umask. One that is there
// stays as it is. The errors are those of the file system.
func Make(path string) error {
	err := os.Mkdir(path, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(path, 0o700)
}

// PutNew writes a file that is not there yet into an asset directory, for its owner only.
// It refuses a name that something has, be it a link, with fs.ErrExist. What could not be
// written whole is not left there.
func PutNew(path, name string, data []byte) error {
	return within(path, func(d *Dir) error { return d.writePrivate(name, data) })
}

// Put is PutNew for a file that may be there: the new one takes its place, or that of a
// link, in one step. The name has no slashes.
func Put(path, name string, data []byte) error {
	return within(path, func(d *Dir) error {
		aside := "." + name + "-" + rand.Text()
		if err := d.writePrivate(aside, data); err != nil {
			return err
		}
		err := d.rename(aside, name)
		if err != nil {
			_ = d.remove(aside)
		}
		return err
	})
}

// within opens a directory for one step in it.
func within(path string, step func(*Dir) error) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	return errors.Join(step(&Dir{path: path, root: root}), root.Close())
}
