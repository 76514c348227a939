package assetdir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/system"
)

// journalSchema is the version of the journal's layout. Journals without a
// version have no digests: they were written by an okd-install that knew none.
const journalSchema = 1

// journal is a Change whose contents are staged. All paths are relative to the
// asset directory and have slashes.
type journal struct {
	SchemaVersion int       `json:"schemaVersion"`
	Moves         []move    `json:"moves,omitempty"`
	Writes        []move    `json:"writes,omitempty"`
	Removals      []removal `json:"removals,omitempty"`
	// Removes is Removals in a journal without digests.
	Removes []string `json:"removes,omitempty"`
}

// move is a rename.
type move struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Digest is that of what is moved.
	Digest string `json:"digest,omitempty"`
	// Replaces is the digest of what a write replaces; nothing for a new file, or
	// for one whose name a move has made free.
	Replaces string `json:"replaces,omitempty"`
}

type removal struct {
	Name   string `json:"name"`
	Digest string `json:"digest,omitempty"`
}

func (j journal) aside() map[string]string {
	aside := map[string]string{}
	for _, m := range j.Moves {
		aside[m.From] = m.To
	}
	return aside
}

// parseJournal reads a journal. It refuses paths that lead out of the directory,
// or into what belongs to the commit itself.
func parseJournal(data []byte) (journal, error) {
	var j journal
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var version struct {
		SchemaVersion int `json:"schemaVersion"`
	}
	damaged := errors.New("the journal of an earlier run is damaged")
	if json.Unmarshal(data, &version) != nil {
		return j, damaged
	}
	if version.SchemaVersion > journalSchema {
		return j, fmt.Errorf("the journal of an earlier run has schema version %d, and this version of okd-install reads %d",
			version.SchemaVersion, journalSchema)
	}
	if err := dec.Decode(&j); err != nil || j.SchemaVersion < 0 || j.SchemaVersion > 0 && len(j.Removes) > 0 {
		return j, damaged
	}
	for _, name := range j.Removes {
		j.Removals = append(j.Removals, removal{Name: name})
	}
	var names []string
	for _, m := range j.Moves {
		names = append(names, m.From, m.To)
	}
	for _, w := range j.Writes {
		names = append(names, w.To)
		if path.Dir(w.From) != stageDir || strings.Trim(path.Base(w.From), "0123456789") != "" {
			return j, fmt.Errorf("the journal of an earlier run takes %q for a file that it has written aside", w.From)
		}
	}
	for _, r := range j.Removals {
		names = append(names, r.Name)
	}
	if j.SchemaVersion > 0 && slices.ContainsFunc(slices.Concat(j.Moves, j.Writes), func(m move) bool { return m.Digest == "" }) {
		return j, damaged
	}
	for _, name := range names {
		if _, err := filepath.Localize(name); err != nil || name == "." {
			return j, fmt.Errorf("the journal of an earlier run names %q, which is not inside the asset directory", name)
		}
		if top, _, _ := strings.Cut(name, "/"); strings.EqualFold(top, stageDir) || strings.EqualFold(top, lockFile) {
			return j, fmt.Errorf("the journal of an earlier run names %q, which is not a file of a result", name)
		}
	}
	return j, nil
}

// readJournal returns the journal of a stopped run, if there is one. It has to be
// ours, and so has its folder, for it says what is written and removed.
func (d *Dir) readJournal() (j journal, found bool, err error) {
	folder, err := d.lstat(stageDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return j, false, nil
	case err != nil:
		return j, false, cannotRead(d.Abs(stageDir), err)
	case !folder.IsDir():
		return j, false, dirError(d.Abs(stageDir), "something else with the name of the folder that okd-install writes results to exists",
			"move it away")
	}
	file, err := d.lstat(journalPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return j, false, nil
	case err != nil:
		return j, false, cannotRead(d.Abs(journalPath), err)
	}
	if err := d.trusted(folder, file); err != nil {
		return j, true, err
	}
	data, _, err := d.readFile(journalPath)
	if err != nil {
		return j, true, err
	}
	if j, err = parseJournal(data); err != nil {
		return j, true, dirError(d.Abs(journalPath), err.Error(),
			"see what "+d.Abs(stageDir)+" holds; then remove that folder and run the command again")
	}
	return j, true, nil
}

// trusted says why the journal of a stopped run is not believed.
func (d *Dir) trusted(folder, file fs.FileInfo) error {
	const suspect = "an earlier run was stopped while it wrote its result, or somebody wants it to look that way: "
	instead := "; if you did not expect one, remove " + d.Abs(stageDir)
	for _, what := range []struct {
		name string
		info fs.FileInfo
		mode string
	}{{stageDir, folder, "0700"}, {journalPath, file, "0600"}} {
		if owner, mine := system.Owner(what.info); !mine {
			return dirError(d.Abs(what.name), suspect+"this belongs to "+owner, "finish the run as that user"+instead)
		}
		if what.name == journalPath && !what.info.Mode().IsRegular() {
			return dirError(d.Abs(what.name), suspect+"this is not a regular file", "remove "+d.Abs(stageDir))
		}
		if !private(what.info) {
			return dirError(d.Abs(what.name), fmt.Sprintf("%sothers may look into this or change it (mode %04o, not %s)",
				suspect, what.info.Mode().Perm(), what.mode),
				"if the run was yours, make "+d.Abs(stageDir)+" 0700 and journal.json in it 0600 with chmod, and run the command again"+instead)
		}
	}
	if d.shared {
		return dirError(d.path, suspect+"users other than you may write to the asset directory, and okd-install does not finish "+
			"an earlier run in such a directory",
			"if the run was yours, remove the write permission of others with chmod go-w, and run the command again"+instead)
	}
	return nil
}
