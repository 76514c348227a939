package asset

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
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

// Commit carries out the change and returns the files that it wrote. Files that
// hold the wanted content already are not touched; if all do, nothing is
// written at all. What was changed since this run has read it is not touched
// either: that is an error.
func (d *Dir) Commit(c Change) (written []string, err error) {
	j := journal{SchemaVersion: journalSchema}
	if err := d.planned(&j, c); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(c.Write) {
		same, err := d.holds(name, c.Write[name])
		if err != nil {
			return nil, err
		}
		if same && !movedAside(name, c.Aside) {
			continue
		}
		j.Writes = append(j.Writes, move{From: path.Join(stageDir, strconv.Itoa(len(j.Writes))), To: name, Digest: "sha256:" + sum(c.Write[name])})
		written = append(written, name)
	}
	if len(j.Moves)+len(j.Writes)+len(j.Removals) == 0 {
		return nil, nil
	}
	s := staging{dir: d, journal: j, touched: map[string]bool{".": true, stageDir: true}}
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
	for _, name := range append(sortedKeys(c.Aside), c.Remove...) {
		if err := d.plainPath(name); err != nil {
			return d.because(name, err)
		}
		_, err := d.lstat(name)
		to, isMoved := c.Aside[name]
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return cannotWrite(d.abs(name), err)
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
	return dirError(dir, "the new files are complete but could not be moved into place: "+reason(err),
		"mend that and run the same command again: it finishes the move first")
}

// holds reports whether the file has the content and the mode that it should
// have. A link or a folder in its place is an error: secrets are not written
// through links.
func (d *Dir) holds(name string, want []byte) (bool, error) {
	if err := d.plainPath(name); err != nil {
		return false, d.because(name, err)
	}
	info, err := d.lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, cannotWrite(d.abs(name), err)
	case info.Mode()&fs.ModeSymlink != 0:
		return false, linkInTheWay(d.abs(name))
	case !info.Mode().IsRegular():
		return false, dirError(d.abs(name), "something else has the name of a file that okd-install writes", "move it away")
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
	return cannotWrite(d.abs(name), err)
}

func movedAside(name string, aside map[string]string) bool {
	for from := range aside {
		if name == from || strings.HasPrefix(name, from+"/") {
			return true
		}
	}
	return false
}

// staging is a commit whose journal does not count yet.
type staging struct {
	dir     *Dir
	journal journal
	// made are the folders that were made for it, touched those to be synced.
	made    []string
	touched map[string]bool
}

// stage writes everything aside and, as its last step, the journal.
func (s *staging) stage(contents Files) error {
	d := s.dir
	if err := d.root.RemoveAll(stageDir); err != nil {
		return err
	}
	if err := d.mkdir(stageDir); err != nil {
		return err
	}
	for _, w := range s.journal.Writes {
		if err := d.writePrivate(w.From, contents[w.To]); err != nil {
			return err
		}
	}
	if err := s.makeFolders(); err != nil {
		return err
	}
	if err := s.permitted(); err != nil {
		return err
	}
	if err := s.takeDown(); err != nil {
		return err
	}
	data, err := json.Marshal(s.journal)
	if err != nil {
		return err
	}
	if err := d.writePrivate(journalPath+".new", data); err != nil {
		return err
	}
	if err := d.sync(s.touched); err != nil {
		return err
	}
	if err := d.rename(journalPath+".new", journalPath); err != nil {
		return err
	}
	return d.sync(map[string]bool{stageDir: true})
}

// makeFolders makes those that the renames need before the journal counts, so
// that a full disk cannot stop them.
func (s *staging) makeFolders() error {
	for _, m := range slices.Concat(s.journal.Writes, s.journal.Moves) {
		if movedAside(m.To, s.journal.aside()) {
			continue
		}
		made, err := s.dir.makeFolders(m.To)
		for _, folder := range made {
			s.touched[folder], s.touched[path.Dir(folder)] = true, true
		}
		s.made = append(s.made, made...)
		if err != nil {
			return err
		}
	}
	return nil
}

// permitted says why the renames of a journal would be refused. It is asked
// before the journal counts, while everything can still be left as it was.
func (s *staging) permitted() error {
	aside, asked := s.journal.aside(), map[string]bool{}
	ask := func(folder string) error {
		if asked[folder] || movedAside(folder, aside) {
			return nil
		}
		asked[folder] = true
		return s.dir.writable(folder)
	}
	for _, m := range slices.Concat(s.journal.Writes, s.journal.Moves) {
		if err := ask(path.Dir(m.To)); err != nil {
			return err
		}
	}
	for _, m := range s.journal.Moves {
		if err := ask(path.Dir(m.From)); err != nil {
			return err
		}
		// a folder that gets another parent is itself written to
		if info, err := s.dir.lstat(m.From); err == nil && info.IsDir() {
			if err := s.dir.writable(m.From); err != nil {
				return err
			}
		}
	}
	for _, r := range s.journal.Removals {
		if err := ask(path.Dir(r.Name)); err != nil {
			return err
		}
	}
	return nil
}

// takeDown adds the digests of what is there now to the journal. What this run
// has read and is not as it was then is an error: the new result does not know it.
func (s *staging) takeDown() (err error) {
	d, aside := s.dir, s.journal.aside()
	for i, m := range s.journal.Moves {
		if s.journal.Moves[i].Digest, err = d.digest(m.From); err != nil {
			return err
		}
		there, err := d.digest(m.To)
		if err != nil {
			return err
		}
		if there != "" {
			return d.changedMeanwhile(diag.Problems{{Position: diag.Position{File: d.abs(m.To)}}})
		}
	}
	names := map[string]bool{}
	for i, w := range s.journal.Writes {
		names[w.To] = true
		if movedAside(w.To, aside) {
			continue
		}
		if s.journal.Writes[i].Replaces, err = d.digest(w.To); err != nil {
			return err
		}
	}
	for i, r := range s.journal.Removals {
		names[r.Name] = true
		if s.journal.Removals[i].Digest, err = d.digest(r.Name); err != nil {
			return err
		}
	}
	return d.unchanged(func(name string) bool { return names[name] || movedAside(name, aside) })
}

// unchanged compares what this run has read with what is there now.
func (d *Dir) unchanged(concerns func(name string) bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var problems diag.Problems
	for _, name := range sortedKeys(d.seen) {
		if !concerns(name) {
			continue
		}
		data, ok, err := d.readFile(name)
		if err != nil {
			return err
		}
		digest := ""
		if ok {
			digest = "sha256:" + sum(data)
		}
		if digest != d.seen[name] {
			problems = append(problems, diag.Problem{Position: diag.Position{File: d.abs(name)}})
		}
	}
	return d.changedMeanwhile(problems)
}

// changedMeanwhile is the error for places that somebody has worked on during the run.
func (d *Dir) changedMeanwhile(places diag.Problems) error {
	var problems diag.Problems
	for _, p := range places {
		problems = append(problems, diag.Problem{
			Position: p.Position, Detail: "this was changed while the run was at work, so the run touched neither it nor anything else", Hint: "run the command again",
		})
	}
	return problems.Err()
}

// undo takes back what stage did, for a reason that it returns in the user's
// words. Where the journal cannot be taken back, the commit is not undone: the
// next start finishes it.
func (s *staging) undo(why error) error {
	d := s.dir
	if err := d.remove(journalPath); err != nil && !errors.Is(err, fs.ErrNotExist) && !notAFolder(err) {
		if _, gone := d.lstat(journalPath); !errors.Is(gone, fs.ErrNotExist) {
			return cannotFinish(d.path, why)
		}
	}
	// the staged files go only when the journal is gone for good: it would miss them
	if err := d.sync(map[string]bool{stageDir: true}); err == nil {
		_ = d.root.RemoveAll(stageDir) // what stays, the next start removes
	}
	for _, folder := range slices.Backward(s.made) {
		_ = d.remove(folder) // succeeds only when it is empty
	}
	return d.because(".", why)
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

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
