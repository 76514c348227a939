package assetdir

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/shell"
)

// recover finishes or forgets the commit of a process that was killed.
func (d *Dir) recover() (finished bool, err error) {
	j, found, err := d.readJournal()
	if err != nil {
		return false, err
	}
	if !found && !d.Exists(stageDir) {
		return false, nil
	}
	if !found {
		if err := d.root.RemoveAll(stageDir); err != nil {
			return false, cannotWrite(d.Abs(stageDir), err)
		}
		return false, nil
	}
	left, changed, err := d.remaining(j)
	if err != nil {
		return false, d.because(".", err)
	}
	if len(changed) > 0 {
		return false, changed
	}
	if err := d.finish(j, left); err != nil {
		return false, cannotFinish(d.path, err)
	}
	return true, nil
}

// remaining compares a journal with the disk. It returns what is left to be
// done, and what somebody has changed since the journal was written: then
// nothing may be done at all. It touches nothing.
func (d *Dir) remaining(j journal) (left journal, changed diag.Problems, err error) {
	c := comparison{dir: d, journal: j, left: journal{SchemaVersion: j.SchemaVersion}, undone: map[string]string{}}
	for _, step := range []func() error{c.plainPaths, c.moves, c.writes, c.removals} {
		if err := step(); err != nil {
			return left, nil, err
		}
	}
	for _, l := range c.lost {
		c.sayLost(l)
	}
	return c.left, c.changed, nil
}

type comparison struct {
	dir           *Dir
	journal, left journal
	changed       diag.Problems
	// undone are moves that are not done, whether or not they may be.
	undone map[string]string
	// lost are the writes whose file is not there, or is another one.
	lost []move
	// begun tells that at least one rename has been done.
	begun bool
}

// old tells that the journal has no digests.
func (c *comparison) old() bool { return c.journal.SchemaVersion == 0 }

func (c *comparison) plainPaths() error {
	for _, m := range slices.Concat(c.journal.Moves, c.journal.Writes) {
		for _, name := range []string{m.From, m.To} {
			if err := c.dir.plainPath(name); err != nil {
				return err
			}
		}
	}
	for _, r := range c.journal.Removals {
		if err := c.dir.plainPath(r.Name); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) moves() error {
	for _, m := range c.journal.Moves {
		from, err := c.dir.digest(m.From)
		if err != nil {
			return err
		}
		to, err := c.dir.digest(m.To)
		if err != nil {
			return err
		}
		switch {
		case from == "", to != "" && (to == m.Digest || from != m.Digest):
			c.begun = true // moved; what has the old name now was put there since
			continue
		case to != "":
			c.say(m.To, "was put here", "this is yours, and "+c.dir.Abs(m.From)+" is what the earlier run would have moved here")
		case from != m.Digest && !c.old():
			c.say(m.From, "was changed", "this is yours, and the earlier run would have moved what was here to "+c.dir.Abs(m.To))
		default:
			c.left.Moves = append(c.left.Moves, m)
		}
		c.undone[m.From] = m.To
	}
	return nil
}

func (c *comparison) writes() error {
	for _, w := range c.journal.Writes {
		staged, err := c.dir.digest(w.From)
		if err != nil {
			return err
		}
		now, err := c.dir.digest(w.To)
		if err != nil {
			return err
		}
		free := now == "" || movedAside(w.To, c.undone)
		theirs := "this is yours, and " + c.dir.Abs(w.From) + " is what the earlier run would have put here"
		switch {
		case staged == "" && (movedAside(w.To, c.undone) || now != "" && now == w.Replaces && now != w.Digest):
			c.lost = append(c.lost, w)
		case staged == "":
			c.begun = true
		case strings.HasPrefix(staged, "sha256:") && (staged == w.Digest || c.old()) && (free || now == staged || !c.old() && now == w.Replaces):
			c.left.Writes = append(c.left.Writes, w)
		case staged != w.Digest && !c.old():
			c.lost = append(c.lost, w)
		case c.old():
			c.unknown(w.To, "written over", theirs)
		case w.Replaces == "":
			c.say(w.To, "was put here", theirs)
		default:
			c.say(w.To, "was changed", theirs)
		}
	}
	return nil
}

func (c *comparison) removals() error {
	for _, r := range c.journal.Removals {
		now, err := c.dir.digest(r.Name)
		if err != nil {
			return err
		}
		kept, where := c.consumed(r.Name)
		theirs := "this is yours"
		if kept != "" {
			theirs += ", and what the earlier run has used is kept in " + c.dir.Abs(where)
		}
		switch {
		case now == "":
			c.begun = true
		case !c.old() && now == r.Digest, c.old() && now == kept:
			c.left.Removals = append(c.left.Removals, r)
		case c.old():
			c.unknown(r.Name, "removed", theirs)
		default:
			c.say(r.Name, "was changed", theirs)
		}
	}
	return nil
}

// consumed returns the digest of an input that the new state remembers, and
// where that state is.
func (c *comparison) consumed(name string) (digest, where string) {
	where = StateFile
	for _, w := range c.journal.Writes {
		if w.To == StateFile && c.dir.Exists(w.From) {
			where = w.From
		}
	}
	data, _, err := c.dir.readFile(where)
	if err != nil {
		return "", where
	}
	// the one field of a state that a commit has to know
	var state struct {
		Consumed Files `json:"consumed"`
	}
	if json.Unmarshal(data, &state) != nil {
		return "", where
	}
	if kept, ok := state.Consumed[name]; ok {
		return dataDigest(kept), where
	}
	return "", where
}

const untouched = "; nothing was touched"

// say adds that somebody has worked on a file since the run was stopped.
func (c *comparison) say(name, how, which string) {
	c.add(name, "this "+how+" after an earlier run was stopped, which therefore is not finished: "+which+untouched, c.dir.keepYours(name))
}

// unknown adds that a journal without digests does not say what a file was.
func (c *comparison) unknown(name, what, which string) {
	c.add(name,
		"an earlier version of okd-install was stopped while it wrote its result, and has not noted what it replaces, "+
			"so this could be work of yours that would be "+
			what+": "+which+untouched, c.dir.keepYours(name))
}

// sayLost adds that a file which was written aside is not there any more.
func (c *comparison) sayLost(w move) {
	stage := c.dir.Abs(stageDir)
	hint := "move " + stage + " away: nothing of the earlier run has been moved into place, so everything is as it was before it"
	if c.begun {
		hint = "restore the directory from a backup; or move " + stage + " away and run the command again, which makes all files again"
	}
	c.add(w.From, "what an earlier run has written aside for "+c.dir.Abs(w.To)+
		" is missing or was changed, so that run cannot be finished"+untouched, hint)
}

func (c *comparison) add(name, detail, hint string) {
	c.changed = append(c.changed, diag.Problem{Position: diag.Position{File: c.dir.Abs(name)}, Detail: detail, Hint: hint})
}

// keepYours is how to go on without losing a file.
func (d *Dir) keepYours(name string) string {
	mine := name + ".mine"
	for n := 2; d.Exists(mine); n++ {
		mine = fmt.Sprintf("%s.mine-%d", name, n)
	}
	return fmt.Sprintf("mv %s %s keeps yours; then run the same command again, which finishes the earlier run, and compare the two",
		shell.Word(d.Abs(name)), shell.Word(d.Abs(mine)))
}

// Unfinished lists the files that a stopped run has still to move into place. It is
// nil if no run was stopped; the error says why that run cannot be finished.
func (d *Dir) Unfinished() ([]string, error) {
	j, found, err := d.readJournal()
	if !found {
		return nil, err
	}
	names := []string{}
	if err != nil {
		return names, err
	}
	left, changed, err := d.remaining(j)
	if err != nil {
		return names, d.because(".", err)
	}
	for _, w := range left.Writes {
		if w.To != StateFile {
			names = append(names, w.To)
		}
	}
	return names, changed.Err()
}
