package release

import (
	"fmt"
	"slices"

	"github.com/okd-project/okd-install/pkg/diag"
)

// This file is about releases that somebody has looked up in a registry, since the
// catalogue was made.

// Repository is where the releases of the catalogue are.
func (c Catalogue) Repository() string { return c.repository }

// Line returns the line of a release's name: 4.22 for 4.22.0-okd-scos.11 and for 4.22
// itself, and empty for anything else.
func Line(name string) string {
	if t, err := parseTag(name); err == nil {
		return t.line()
	}
	if _, err := parseLine(name); err == nil {
		return name
	}
	return ""
}

// IsDigest reports whether s is the 64 hexadecimal digits of a SHA-256 digest.
func IsDigest(s string) bool { return isDigest(s) }

// Tagged returns a release by its tag, such as 4.22.0-okd-scos.11, whether the
// catalogue has it or not; a line means its newest release, as with Find. Image has
// the tag in any case. The error is a diag.Problem: what is named is no release, or
// one of a line that is not known.
func (c Catalogue) Tagged(name string) (Release, error) {
	t, err := parseTag(name)
	i := c.lineIndex(t.line())
	switch {
	case err != nil:
		found, err := c.Find(name)
		if err == nil {
			found.Image = c.repository + ":" + found.Version
		}
		return found, err
	case i < 0:
		return Release{}, diag.Problem{
			Detail: fmt.Sprintf("%s is of %s, which this version of okd-install does not know", name, t.line()),
			Hint:   c.linesHint(),
		}
	}
	return c.release(c.lines[i], entry{tag: t}), nil
}

// With returns the catalogue with what was looked up since: the digest of each
// release, as 64 hexadecimal digits, by its name. It counts more than one that the
// catalogue has, since mirroring changes it. A release that the catalogue does not
// have is added to its line.
func (c Catalogue) With(digests map[string]string) (Catalogue, error) {
	if len(digests) == 0 {
		return c, nil
	}
	c.lines = slices.Clone(c.lines)
	for name, digest := range digests {
		t, err := parseTag(name)
		if err != nil {
			return Catalogue{}, err
		}
		i := c.lineIndex(t.line())
		if i < 0 || !isDigest(digest) {
			return Catalogue{}, fmt.Errorf("%q with the digest %.80q is not a release of a line that is known", name, digest)
		}
		entries := slices.Clone(c.lines[i].entries)
		at, found := slices.BinarySearchFunc(entries, t, func(e entry, t tag) int { return e.compare(t) })
		if found {
			entries[at].digest = digest
		} else {
			entries = slices.Insert(entries, at, entry{tag: t, digest: digest})
		}
		c.lines[i].entries = entries
	}
	return c, nil
}

// Listed is a release of a list that a registry has given.
type Listed struct {
	Entry
	// Known is true if the catalogue has the release, Online if the registry has it.
	Known  bool `json:"known"`
	Online bool `json:"online"`
}

// Merge lists the releases of the catalogue together with those whose tags a registry
// has, newest first. Tags that name no release of a line that is known are left out.
func (c Catalogue) Merge(tags []string) []Listed {
	online := map[string]bool{}
	for _, name := range tags {
		online[name] = true
	}
	var all []Listed
	for _, e := range c.All() {
		all = append(all, Listed{Entry: e, Known: true, Online: online[e.Version]})
		delete(online, e.Version)
	}
	for name := range online {
		t, err := parseTag(name)
		i := c.lineIndex(t.line())
		if err == nil && i >= 0 {
			all = append(all, Listed{Entry: Entry{Release: c.release(c.lines[i], entry{tag: t}), Preview: t.preview}, Online: true})
		}
	}
	slices.SortFunc(all, func(a, b Listed) int {
		x, _ := parseTag(a.Version)
		y, _ := parseTag(b.Version)
		return y.compare(x)
	})
	return all
}
