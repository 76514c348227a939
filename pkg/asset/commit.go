package asset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A commit writes new files aside into stageDir, makes them durable, and then
// writes journalFile: from that moment the new result counts, and all that is
// left are renames. Whoever opens the directory next does the renames that a
// killed process left, or, without a journal, throws the staged files away.
const (
	stageDir    = ".okd_install_commit"
	journalFile = "journal.json"
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

// journal is a Change whose contents are staged. All paths are relative to the
// asset directory and have slashes.
type journal struct {
	Moves   []move   `json:"moves,omitempty"`
	Writes  []move   `json:"writes,omitempty"`
	Removes []string `json:"removes,omitempty"`
}

type move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Commit carries out the change and returns the files that it wrote. Files that
// hold the wanted content already are not touched; if all do, nothing is
// written at all.
func (d *Dir) Commit(c Change) (written []string, err error) {
	j := journal{Removes: slices.Clone(c.Remove)}
	for _, from := range sortedKeys(c.Aside) {
		j.Moves = append(j.Moves, move{from, c.Aside[from]})
	}
	for _, name := range sortedKeys(c.Write) {
		same, err := d.holds(name, c.Write[name])
		if err != nil {
			return nil, err
		}
		if same && !movedAside(name, c.Aside) {
			continue
		}
		j.Writes = append(j.Writes, move{path.Join(stageDir, strconv.Itoa(len(j.Writes))), name})
		written = append(written, name)
	}
	if len(j.Moves)+len(j.Writes)+len(j.Removes) == 0 {
		return nil, nil
	}
	if err := d.stage(j, c.Write); err != nil {
		d.unstage(j)
		return nil, cannotWrite(d.path, err)
	}
	if err := d.apply(j); err != nil {
		return nil, cannotFinish(d.path, err)
	}
	return written, nil
}

func cannotFinish(dir string, err error) error {
	return dirError(dir, "the new files are complete but could not be moved into place: "+reason(err),
		"mend that and run the same command again: it finishes the move first")
}

// holds tells whether the file has the content and the mode that it should
// have. A link or a folder in its place is an error: secrets are not written
// through links.
func (d *Dir) holds(name string, want []byte) (bool, error) {
	for p := name; p != "."; p = path.Dir(p) {
		info, err := os.Lstat(d.abs(p))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return false, cannotWrite(d.abs(p), err)
		case info.Mode()&fs.ModeSymlink != 0:
			return false, dirError(d.abs(p), "this is a symbolic link, and okd-install does not write secrets through links", "replace the link by a plain file or folder, or move it away")
		case p == name && !info.Mode().IsRegular(), p != name && !info.IsDir():
			return false, dirError(d.abs(p), "something else has the name of a file that okd-install writes", "move it away")
		}
	}
	data, ok, err := d.ReadFile(name)
	if err != nil || !ok || !bytes.Equal(data, want) {
		return false, err
	}
	info, err := os.Lstat(d.abs(name))
	return err == nil && private(info), nil
}

func movedAside(name string, aside map[string]string) bool {
	for from := range aside {
		if name == from || strings.HasPrefix(name, from+"/") {
			return true
		}
	}
	return false
}

// stage writes everything aside and, as its last step, the journal.
func (d *Dir) stage(j journal, contents Files) error {
	if err := os.RemoveAll(d.abs(stageDir)); err != nil {
		return err
	}
	if err := makePrivateDir(d.abs(stageDir)); err != nil {
		return err
	}
	for _, w := range j.Writes {
		if err := writePrivate(d.abs(w.From), contents[w.To]); err != nil {
			return err
		}
		// made before the journal, so that a full disk cannot stop the renames
		if !movedAside(w.To, asideOf(j)) {
			if err := d.makeFolders(w.To); err != nil {
				return err
			}
		}
	}
	for _, m := range j.Moves {
		if err := d.makeFolders(m.To); err != nil {
			return err
		}
	}
	if err := d.permitted(j); err != nil {
		return err
	}
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	tmp := d.abs(path.Join(stageDir, journalFile+".new"))
	if err := writePrivate(tmp, data); err != nil {
		return err
	}
	if err := errors.Join(syncDir(d.abs(stageDir)), syncDir(d.path)); err != nil {
		return err
	}
	if err := os.Rename(tmp, d.abs(path.Join(stageDir, journalFile))); err != nil {
		return err
	}
	return syncDir(d.abs(stageDir))
}

// permitted tells why the renames of a journal would be refused. It is asked
// before the journal counts, while everything can still be left as it was.
func (d *Dir) permitted(j journal) error {
	asked := map[string]bool{}
	ask := func(folder string) error {
		if asked[folder] || movedAside(folder, asideOf(j)) {
			return nil
		}
		asked[folder] = true
		return writable(d.abs(folder))
	}
	for _, m := range slices.Concat(j.Writes, j.Moves) {
		if err := ask(path.Dir(m.To)); err != nil {
			return err
		}
	}
	for _, m := range j.Moves {
		if err := ask(path.Dir(m.From)); err != nil {
			return err
		}
		// a folder that gets another parent is itself written to
		if info, err := os.Lstat(d.abs(m.From)); err == nil && info.IsDir() {
			if err := writable(d.abs(m.From)); err != nil {
				return err
			}
		}
	}
	for _, name := range j.Removes {
		if err := ask(path.Dir(name)); err != nil {
			return err
		}
	}
	return nil
}

// unstage takes back what stage did. What it cannot remove, the next start does.
func (d *Dir) unstage(j journal) {
	// first, since a journal without its files would lose them
	_ = os.Remove(d.abs(path.Join(stageDir, journalFile)))
	_ = os.RemoveAll(d.abs(stageDir))
	for _, m := range slices.Concat(j.Writes, j.Moves) {
		for parent := path.Dir(m.To); parent != "."; parent = path.Dir(parent) {
			_ = os.Remove(d.abs(parent)) // succeeds only when it is empty
		}
	}
}

func asideOf(j journal) map[string]string {
	aside := map[string]string{}
	for _, m := range j.Moves {
		aside[m.From] = m.To
	}
	return aside
}

// apply does the renames of a journal that have not been done yet.
func (d *Dir) apply(j journal) error {
	touched := map[string]bool{d.path: true}
	for _, m := range j.Moves {
		if _, err := os.Lstat(d.abs(m.To)); err == nil {
			continue // done before
		}
		if err := d.makeFolders(m.To); err != nil {
			return err
		}
		if err := d.rename(m, touched); err != nil {
			return err
		}
	}
	for _, w := range j.Writes {
		if err := d.makeFolders(w.To); err != nil {
			return err
		}
		if err := d.rename(w, touched); err != nil {
			return err
		}
	}
	for _, name := range j.Removes {
		if err := os.Remove(d.abs(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if dir := path.Dir(name); dir != "." {
			_ = os.Remove(d.abs(dir)) // succeeds only when it is empty
		}
	}
	for dir := range touched {
		if err := syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// the journal goes first: staged files without it are thrown away
	if err := os.Remove(d.abs(path.Join(stageDir, journalFile))); err != nil {
		return err
	}
	return os.RemoveAll(d.abs(stageDir))
}

// rename moves a file into place; one that is gone was moved before.
func (d *Dir) rename(m move, touched map[string]bool) error {
	err := os.Rename(d.abs(m.From), d.abs(m.To))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	touched[filepath.Dir(d.abs(m.To))] = true
	return nil
}

// recover finishes or forgets the commit of a process that was killed.
func (d *Dir) recover() (finished bool, err error) {
	if _, err := os.Lstat(d.abs(stageDir)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	data, ok, err := d.ReadFile(path.Join(stageDir, journalFile))
	if err != nil {
		return false, err
	}
	if !ok {
		if err := os.RemoveAll(d.abs(stageDir)); err != nil {
			return false, cannotWrite(d.abs(stageDir), err)
		}
		return false, nil
	}
	j, err := parseJournal(data)
	if err != nil {
		return false, dirError(d.abs(path.Join(stageDir, journalFile)), err.Error(), "remove the folder "+stageDir+" and run the command again")
	}
	if err := d.apply(j); err != nil {
		return false, cannotFinish(d.path, err)
	}
	return true, nil
}

// parseJournal reads a journal and refuses paths that lead out of the directory.
func parseJournal(data []byte) (journal, error) {
	var j journal
	if err := json.Unmarshal(data, &j); err != nil {
		return j, errors.New("the journal of an earlier run is damaged")
	}
	names := slices.Clone(j.Removes)
	for _, m := range slices.Concat(j.Moves, j.Writes) {
		names = append(names, m.From, m.To)
	}
	for _, name := range names {
		if !fs.ValidPath(name) || name == "." {
			return j, fmt.Errorf("the journal of an earlier run names %q, which is not inside the asset directory", name)
		}
	}
	return j, nil
}

func (d *Dir) abs(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// makeFolders makes the folders above a file.
func (d *Dir) makeFolders(name string) error {
	parent := path.Dir(name)
	if parent == "." {
		return nil
	}
	if err := d.makeFolders(parent); err != nil {
		return err
	}
	return makePrivateDir(d.abs(parent))
}

// makePrivateDir makes a folder with mode 0700, whatever the umask, and gives
// that mode to one of ours that is there.
func makePrivateDir(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		return os.Chmod(dir, 0o700)
	}
	if err != nil {
		return err
	}
	if private(info) {
		return nil
	}
	return os.Chmod(dir, 0o700)
}

// writePrivate writes a new file with mode 0600, whatever the umask, durably.
func writePrivate(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
}

// private tells whether nobody but the owner has any access.
func private(info fs.FileInfo) bool {
	return info.Mode().Perm()&0o077 == 0 || !permissionsCount
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
