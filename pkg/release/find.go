package release

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Default is the newest stable release of DefaultLine.
func (c Catalogue) Default() Release {
	r, err := c.Find(DefaultLine)
	if err != nil {
		return Release{} // only the zero Catalogue: Parse has looked
	}
	return r
}

// All lists every release of the catalogue, newest first.
func (c Catalogue) All() []Entry {
	var all []Entry
	for _, l := range slices.Backward(c.lines) {
		for _, e := range slices.Backward(l.entries) {
			all = append(all, Entry{Release: c.release(l, e), Date: e.date, Preview: e.preview})
		}
	}
	return all
}

// Lines lists the names of the lines, newest first.
func (c Catalogue) Lines() []string {
	names := make([]string, 0, len(c.lines))
	for _, l := range slices.Backward(c.lines) {
		names = append(names, l.name)
	}
	return names
}

// Find returns the release of that name. A line, such as 4.20, means its newest
// stable release, or its newest preview if there is nothing else. The error is a
// diag.Problem that says what there is.
func (c Catalogue) Find(name string) (Release, error) {
	if i := c.lineIndex(name); i >= 0 {
		if e, ok := c.newest(name); ok {
			return c.release(c.lines[i], e), nil
		}
		return Release{}, diag.Problem{Detail: fmt.Sprintf("no release of %s is known", name), Hint: c.linesHint()}
	}
	for _, l := range c.lines {
		for _, e := range l.entries {
			if e.name == name {
				return c.release(l, e), nil
			}
		}
	}
	return Release{}, c.unknown(name)
}

// unknown explains a name that is in no line. A well-formed name is not taken
// for a slip of the keyboard: it may be newer than the catalogue.
func (c Catalogue) unknown(name string) error {
	p := diag.Problem{Detail: fmt.Sprintf("there is no release %q in the catalogue", name), Hint: c.linesHint()}
	if _, err := parseLine(name); err == nil {
		return p
	}
	if t, err := parseTag(name); err == nil {
		if i := c.lineIndex(t.line()); i >= 0 {
			p.Hint = fmt.Sprintf("the catalogue has these releases of %s: %s; look up a newer one first: okd-install releases pin "+
				"--release %s; without a network, give it by digest with --release-image",
				t.line(), c.lines[i].builds(), name)
		}
		return p
	}
	candidates := c.Lines()
	for _, e := range c.All() {
		candidates = append(candidates, e.Version)
	}
	if near := diag.Nearest(name, candidates); near != "" {
		p.Hint = fmt.Sprintf("did you mean %s? ", near) + p.Hint
	}
	return p
}

func (c Catalogue) linesHint() string {
	if len(c.lines) == 0 {
		return ""
	}
	return fmt.Sprintf("give a line, one of %s, or the tag of one of its releases, such as %s",
		strings.Join(c.Lines(), ", "), c.Default().Version)
}

// builds lists the tags of a line in short, newest first: 4.22.0-okd-scos.2, .1, .0.
func (l line) builds() string {
	names := make([]string, 0, len(l.entries))
	for i, e := range slices.Backward(l.entries) {
		switch {
		case i == len(l.entries)-1 || l.entries[i+1].patch != e.patch:
			names = append(names, e.name)
		case e.preview:
			names = append(names, fmt.Sprintf(".ec.%d", e.build))
		default:
			names = append(names, fmt.Sprintf(".%d", e.build))
		}
	}
	return strings.Join(names, ", ")
}

// ForImage returns the release of an image that the user named, from the
// catalogue or from a mirror. Image is pullSpec as it is; only a tag of the
// catalogue's own repository gives way to the digest, where that is known.
//
// The release is recognised by its digest, or else by its tag. For any other
// image Version is empty, and line tells what the payload accepts; if line is
// empty, the tag's beginning does, as in release:4.20, and at last DefaultLine.
//
// line may also be a tag. The error is a diag.Problem: pullSpec is no image
// reference, line is not in the catalogue, or they contradict each other.
func (c Catalogue) ForImage(pullSpec, line string) (Release, error) {
	ref, err := parseReference(pullSpec)
	if err != nil {
		return Release{}, err
	}
	var asked Release
	if line != "" {
		if asked, err = c.Find(line); err != nil {
			return Release{}, err
		}
	}
	known, err := c.recognise(ref)
	switch {
	case err != nil:
		return Release{}, err
	case known.Version != "" && line != "" && line != known.Line && line != known.Version:
		return Release{}, diag.Problem{
			Detail: fmt.Sprintf("the release image is %s, but %s was asked for as well", known.Version, line),
			Hint:   "give the release or the image, not both",
		}
	case known.Version != "" && ref.digest == "" && c.owns(ref):
		return known, nil
	case known.Version != "":
		known.Image = pullSpec
		return known, nil
	}
	if line == "" {
		if asked, err = c.lineOfTag(ref.tag); err != nil {
			return Release{}, err
		}
	}
	asked.Version, asked.Image = "", pullSpec
	return asked, nil
}

// owns reports whether an image is in the repository of the catalogue.
func (c Catalogue) owns(ref reference) bool { return ref.host+"/"+ref.repository == c.repository }

// LineOf returns the line that an image itself says it is of, by a digest that the
// catalogue knows or by its tag. It is empty for an image that says nothing, such as
// scos-release:test. The error is a diag.Problem, as that of ForImage.
func (c Catalogue) LineOf(pullSpec string) (string, error) {
	ref, err := parseReference(pullSpec)
	if err != nil {
		return "", err
	}
	known, err := c.recognise(ref)
	if err != nil || known.Version != "" {
		return known.Line, err
	}
	return c.saidByTag(ref.tag)
}

// recognise returns the catalogue's release for an image, or the zero Release.
// A digest that the catalogue does not know says nothing: mirroring changes it.
func (c Catalogue) recognise(ref reference) (Release, error) {
	var byTag, byDigest Release
	for _, l := range c.lines {
		for _, e := range l.entries {
			if e.name == ref.tag {
				byTag = c.release(l, e)
			}
			if e.digest != "" && e.digest == ref.digest {
				byDigest = c.release(l, e)
			}
		}
	}
	switch {
	case byDigest.Version == "":
		return byTag, nil
	case byTag.Version != "" && byTag.Version != byDigest.Version:
		return Release{}, diag.Problem{
			Detail: fmt.Sprintf("the release image has the tag of %s and the digest of %s", byTag.Version, byDigest.Version),
			Hint:   "remove the wrong one",
		}
	default:
		return byDigest, nil
	}
}

// lineOfTag returns the newest release of the line that a tag such as 4.20 or
// 4.21.0-okd-scos.99 belongs to, or else the default.
func (c Catalogue) lineOfTag(text string) (Release, error) {
	line, err := c.saidByTag(text)
	if err != nil {
		return Release{}, err
	}
	return c.Find(cmp.Or(line, DefaultLine))
}

// saidByTag is the line that a tag begins with, or empty.
func (c Catalogue) saidByTag(text string) (string, error) {
	if t, err := parseTag(text); err == nil && c.lineIndex(t.line()) < 0 {
		return "", diag.Problem{
			Detail: fmt.Sprintf("the release image is of %s, which this version of okd-install does not know", t.line()),
			Hint:   "it knows " + strings.Join(c.Lines(), ", ") + "; give the line that the image behaves like with --release",
		}
	}
	for _, l := range slices.Backward(c.lines) {
		rest, ok := strings.CutPrefix(text, l.name)
		if _, err := strconv.Atoi(rest[:min(1, len(rest))]); ok && err != nil {
			return l.name, nil
		}
	}
	return "", nil
}

func (c Catalogue) lineIndex(name string) int {
	return slices.IndexFunc(c.lines, func(l line) bool { return l.name == name })
}

// newest is the last stable release of a line, or else its last preview.
func (c Catalogue) newest(name string) (entry, bool) {
	i := c.lineIndex(name)
	if i < 0 || len(c.lines[i].entries) == 0 {
		return entry{}, false
	}
	entries := c.lines[i].entries
	for _, e := range slices.Backward(entries) {
		if !e.preview {
			return e, true
		}
	}
	return entries[len(entries)-1], true
}

func (c Catalogue) release(l line, e entry) Release {
	image := c.repository + ":" + e.name
	if e.digest != "" {
		image = c.repository + "@sha256:" + e.digest
	}
	return Release{Line: l.name, Version: e.name, Image: image, Kubernetes: l.kubernetes, BootImage: l.bootImage}
}
