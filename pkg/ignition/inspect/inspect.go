// Package inspect looks into Ignition configs that anybody may have written: it
// lists what is in one, compares two, finds certificates and hides secrets.
//
// Read takes a config of any spec, 2.x or 3.x, and returns a Config: one Entry
// for everything that it would put on a machine or change there. Files, folders,
// links and units have the path that they will have on the machine; all else,
// such as a user or a place to fetch more from, has the path of its field. What
// Read does not know by name is an entry too, so that nothing in a config stays
// unseen. Compare tells two configs apart, Mask hides the secrets of a text, and
// Tree lays out what Ignition would write.
//
// Read forgives what Ignition would not: it wants to show what is there. Whether
// Ignition would take a config is what Validate tells. Nothing here fetches
// what a config only names by its URL, and nothing touches a disk.
package inspect

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Kind says what an entry is.
type Kind string

// The kinds of entries.
const (
	File      Kind = "file"
	Directory Kind = "directory"
	Link      Kind = "link"
	Unit      Kind = "unit"
	Dropin    Kind = "drop-in"
	// Source is a further config, and Authority a certificate that Ignition
	// trusts when it fetches.
	Source    Kind = "config"
	Authority Kind = "authority"
	user      Kind = "user"
	group     Kind = "group"
	// setting is any other field of a config, as JSON.
	setting Kind = "setting"
)

// Config is what an Ignition config holds.
type Config struct {
	// Version is the spec that it says it is written for, such as 3.2.0.
	Version string
	// Entries come in the order of their paths.
	Entries []Entry
}

// Entry is one thing that a config puts on a machine or changes there.
type Entry struct {
	// Path is absolute for what will be in the file system, and otherwise the
	// path of the field, such as ignition.config.merge[0].
	Path string
	Kind Kind
	// Mode holds the permission bits of a file or directory, as declared or else
	// by default; bits beyond 0777 are set-user-id and the like.
	Mode int
	// User and Group are names or numbers; empty is root.
	User, Group string
	// Target is where a link leads.
	Target string
	Hard   bool
	// Enabled is nil where a config says neither enabled nor disabled.
	Enabled *bool
	Masked  bool
	// Parts are the content. An entry without parts has none of its own, such as
	// a directory, or a unit that is only enabled.
	Parts []Part
	// Unreadable tells that there is more content, which cannot be decoded.
	Unreadable bool

	// order is the place among all entries of the config.
	order int
}

// Part is a piece of an entry's content. A file that is only appended to has no
// part that is not appended.
type Part struct {
	Append bool
	// URL is set if the content is elsewhere; Data is then nil.
	URL string
	// Hash is what the content is checked against, such as sha512-….
	Hash string
	Data []byte
	// Compressed tells that the config holds the data compressed.
	Compressed bool
}

// Data is the content as far as the config holds it: all its parts together.
func (e Entry) Data() []byte {
	var all []byte
	for _, p := range e.Parts {
		all = append(all, p.Data...)
	}
	return all
}

// Remote lists the URLs of the parts that are elsewhere.
func (e Entry) Remote() []string {
	var urls []string
	for _, p := range e.Parts {
		if p.URL != "" {
			urls = append(urls, p.URL)
		}
	}
	return urls
}

// Appended tells that the entry adds to what the boot image has.
func (e Entry) Appended() bool { return len(e.Parts) > 0 && e.Parts[0].Append }

// OnDisk tells that the entry has a place in the machine's file system.
func (e Entry) OnDisk() bool { return strings.HasPrefix(e.Path, "/") }

// Binary tells that data is no text for people.
func Binary(data []byte) bool {
	return bytes.IndexByte(data, 0) >= 0 || !validText(data)
}

// unitDir is where Ignition puts units.
const unitDir = "/etc/systemd/system/"

// Find returns the entry that name means: its path, the name of a unit, or
// the end of a path that only one entry has. The error says what there is instead.
func (c Config) Find(file, name string) (Entry, error) {
	clean := strings.TrimSuffix(name, "/")
	for _, want := range []string{clean, path.Clean("/" + clean), unitDir + clean} {
		found := c.all(func(p string) bool { return p == want })
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return Entry{}, diag.Problem{
				Position: diag.Position{File: file},
				Path:     name,
				Detail:   "is in the config more than once",
				Hint:     "run ignition validate to see where; Ignition itself refuses such a config",
			}
		}
	}
	found := c.all(func(p string) bool { return clean != "" && strings.HasSuffix(p, "/"+strings.TrimPrefix(clean, "/")) })
	if len(found) == 1 {
		return found[0], nil
	}
	p := diag.Problem{Position: diag.Position{File: file}, Path: name, Detail: "is not in the config",
		Hint: "run ignition ls to list the paths of the config"}
	if len(found) > 1 {
		p.Detail = "could be more than one file of the config"
		p.Hint = "name one of " + list(found)
	} else if near := c.nearest(clean); near != "" {
		p.Hint = "did you mean " + near + "?"
	}
	return Entry{}, p
}

func (c Config) all(is func(path string) bool) []Entry {
	return slices.DeleteFunc(slices.Clone(c.Entries), func(e Entry) bool { return !is(e.Path) })
}

// nearest returns the path that name or its last part was likely meant to be.
func (c Config) nearest(name string) string {
	byBase, paths, bases := map[string]string{}, []string{}, []string{}
	for _, e := range c.Entries {
		paths, bases = append(paths, e.Path), append(bases, path.Base(e.Path))
		byBase[path.Base(e.Path)] = e.Path
	}
	return cmp.Or(diag.Nearest(name, paths), byBase[diag.Nearest(path.Base(name), bases)])
}

func list(entries []Entry) string {
	const few = 4
	var names []string
	for _, e := range entries[:min(len(entries), few)] {
		names = append(names, e.Path)
	}
	if len(entries) > few {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

func (c *Config) sort() {
	slices.SortStableFunc(c.Entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
}
