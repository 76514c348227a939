package assetdir

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

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
			return d.changedMeanwhile(diag.Problems{{Position: diag.Position{File: d.Abs(m.To)}}})
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
	for _, name := range slices.Sorted(maps.Keys(d.seen)) {
		if !concerns(name) {
			continue
		}
		data, ok, err := d.readFile(name)
		if err != nil {
			return err
		}
		digest := ""
		if ok {
			digest = dataDigest(data)
		}
		if digest != d.seen[name] {
			problems = append(problems, diag.Problem{Position: diag.Position{File: d.Abs(name)}})
		}
	}
	return d.changedMeanwhile(problems)
}

// changedMeanwhile is the error for places that somebody has worked on during the run.
func (d *Dir) changedMeanwhile(places diag.Problems) error {
	var problems diag.Problems
	for _, p := range places {
		problems = append(problems, diag.Problem{
			Position: p.Position,
			Detail:   "this was changed while the run was at work, so the run touched neither it nor anything else", Hint: "run the command again",
		})
	}
	return problems.Err()
}

// undo takes back what stage did, for a reason that it returns in the user's
// words. Where the journal cannot be taken back, the commit is not undone: the
// next start finishes it.
func (s *staging) undo(why error) error {
	d := s.dir
	if err := d.remove(journalPath); err != nil && !errors.Is(err, fs.ErrNotExist) && !system.NotAFolder(err) {
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
