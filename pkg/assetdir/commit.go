package assetdir

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// A commit writes new files aside into stageDir, makes them durable, and then
// writes journalFile: from that moment the new result counts, and all that is
// left are renames. Whoever opens the directory next does the renames that a
// killed process left, or, without a journal, throws the staged files away.
//
// The journal has a digest of all that the renames replace, move or remove.
// Where the disk has something else by then, somebody has worked on it since, and
// nothing is touched.
const (
	stageDir    = ".okd_install_commit"
	journalFile = "journal.json"
	journalPath = stageDir + "/" + journalFile
)

// Change is what a run wants to do to the asset directory. All of it happens, or nothing.
type Change struct {
	// Aside maps files and folders to the names they are moved to, first of all.
	Aside map[string]string
	// Write holds new contents.
	Write Files
	// Remove names files to delete; folders that become empty go with them.
	Remove []string
}

// MovesAside reports whether a file, or a folder that it is in, is moved aside.
func (c Change) MovesAside(name string) bool { return movedAside(name, c.Aside) }

// Commit carries out the change and returns the files that it wrote. Files that
// hold the wanted content already are not touched; if all do, nothing is
// written at all. What was changed since this run has read it is not touched
// either: that is an error.
func (d *Locked) Commit(c Change) (written []string, err error) {
	j := journal{SchemaVersion: journalSchema}
	if err := d.planned(&j, c); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Write)) {
		same, err := d.Holds(name, c.Write[name])
		if err != nil {
			return nil, err
		}
		if same && !movedAside(name, c.Aside) {
			continue
		}
		j.Writes = append(j.Writes, move{From: path.Join(stageDir, strconv.Itoa(len(j.Writes))), To: name, Digest: dataDigest(c.Write[name])})
		written = append(written, name)
	}
	if len(j.Moves)+len(j.Writes)+len(j.Removals) == 0 {
		return nil, nil
	}
	s := staging{dir: d.Dir, journal: j, touched: map[string]bool{".": true, stageDir: true}}
	if err := s.stage(c.Write); err != nil {
		return nil, s.undo(err)
	}
	left, changed, err := d.remaining(s.journal)
	if err == nil && len(changed) > 0 {
		err = d.changedMeanwhile(changed)
	}
	if err != nil {
		return nil, s.undo(err)
	}
	if err := d.finish(s.journal, left); err != nil {
		return nil, cannotFinish(d.path, err)
	}
	d.forget()
	return written, nil
}

// planned adds what is moved and removed to a journal. What is not there needs
// neither.
func (d *Dir) planned(j *journal, c Change) error {
	for _, name := range append(slices.Sorted(maps.Keys(c.Aside)), c.Remove...) {
		if err := d.plainPath(name); err != nil {
			return d.because(name, err)
		}
		_, err := d.lstat(name)
		to, isMoved := c.Aside[name]
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return cannotWrite(d.Abs(name), err)
		case isMoved:
			j.Moves = append(j.Moves, move{From: name, To: to})
		default:
			j.Removals = append(j.Removals, removal{Name: name})
		}
	}
	return nil
}

// forget makes later reads count: the directory is another one now.
func (d *Dir) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.seen)
}

func cannotFinish(dir string, err error) error {
	return dirError(dir, "the new files are complete but could not be moved into place: "+system.Reason(err),
		"fix that and run the same command again: it finishes the move first")
}

// Holds reports whether the file has the content and the mode that it should
// have. A link or a folder in its place is an error: secrets are not written
// through links.
func (d *Dir) Holds(name string, want []byte) (bool, error) {
	if err := d.plainPath(name); err != nil {
		return false, d.because(name, err)
	}
	info, err := d.lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, cannotWrite(d.Abs(name), err)
	case info.Mode()&fs.ModeSymlink != 0:
		return false, linkInTheWay(d.Abs(name))
	case !info.Mode().IsRegular():
		return false, dirError(d.Abs(name), "something else with the name of a file that okd-install writes exists", "move it away")
	}
	data, ok, err := d.readFile(name)
	return err == nil && ok && bytes.Equal(data, want) && private(info), err
}

// because is an error in the user's words: the one given if it has them already.
func (d *Dir) because(name string, err error) error {
	var told diag.Problems
	if errors.As(err, &told) {
		return told
	}
	return cannotWrite(d.Abs(name), err)
}

func movedAside(name string, aside map[string]string) bool {
	for from := range aside {
		if name == from || strings.HasPrefix(name, from+"/") {
			return true
		}
	}
	return false
}

// finish does the renames of a journal that are left to do.
func (d *Dir) finish(j, left journal) error {
	touched := map[string]bool{".": true}
	touch := func(names ...string) {
		for _, name := range names {
			for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
				touched[parent] = true
			}
		}
	}
	for _, m := range slices.Concat(j.Moves, j.Writes) {
		touch(m.From, m.To) // also of what was done before the kill
	}
	for _, r := range j.Removals {
		touch(r.Name)
	}
	// The disk may take renames down in another order than they are done in. What
	// a write replaces has to be in its new place before.
	for _, renames := range [][]move{left.Moves, left.Writes} {
		for _, m := range renames {
			if _, err := d.makeFolders(m.To); err != nil {
				return err
			}
			if err := d.closeFolders(m.To); err != nil {
				return err
			}
			if err := d.rename(m.From, m.To); err != nil {
				return err
			}
		}
		if err := d.sync(touched); err != nil {
			return err
		}
	}
	if err := d.removeInputs(left, touched); err != nil {
		return err
	}
	// the journal goes first: staged files without it are thrown away
	if err := d.remove(journalPath); err != nil {
		return err
	}
	// From here on all is done. What stays, also after a power cut, is seen to have
	// been done by the next start, which clears up.
	_ = d.sync(map[string]bool{stageDir: true})
	_ = d.root.RemoveAll(stageDir)
	return nil
}

// removeInputs removes what is left to be removed, and folders that it empties.
func (d *Dir) removeInputs(left journal, touched map[string]bool) error {
	if len(left.Removals) == 0 {
		return nil
	}
	for _, r := range left.Removals {
		if err := d.remove(r.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if folder := path.Dir(r.Name); folder != "." {
			_ = d.remove(folder) // succeeds only when it is empty
		}
	}
	return d.sync(touched)
}
