package rhcos

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// Catalogue is the builds that okd-install knows. Make one with Load; the zero
// value knows none.
type Catalogue struct {
	builds []Build // by stream, oldest first
}

// Load reads every file of data/coreos.
func Load(files fs.FS) (Catalogue, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return Catalogue{}, err
	}
	var c Catalogue
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return Catalogue{}, diag.Problem{Position: diag.Position{File: name}, Detail: "the file cannot be read: " + err.Error()}
		}
		b, err := ParseBuild(data)
		if err != nil {
			return Catalogue{}, fmt.Errorf("%s: %w", name, err)
		}
		if want := b.Stream.Stream + "-" + b.ID + ".yaml"; path.Base(name) != want {
			return Catalogue{}, diag.Problem{
				Position: diag.Position{File: name},
				Detail:   "the file holds the build " + b.name() + ", so its name must be " + want,
			}
		}
		c.builds = append(c.builds, b)
	}
	slices.SortFunc(c.builds, func(a, b Build) int {
		if d := strings.Compare(a.Stream.Stream, b.Stream.Stream); d != 0 {
			return d
		}
		return compareIDs(a.ID, b.ID)
	})
	return c, nil
}

// Names lists what Choose understands: streams, their other names, and builds.
func (c Catalogue) Names() []string {
	var names []string
	for _, b := range c.builds {
		names = append(names, b.Stream.Stream, b.ID)
	}
	for other := range otherNames {
		names = append(names, other)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// otherNames are what else people and the established installer call a stream.
var otherNames = map[string]string{
	"fcos": "stable", "fedora-coreos": "stable",
	"centos-9": "c9s", "centos-10": "c10s", "scos-9": "c9s", "scos-10": "c10s",
}

// Choose returns the build that a user means with a stream, such as c10s, or the
// ID of a build, or neither. asked is the release that was named, if one was, and
// usual the one that counts otherwise.
//
// A release has one build. A stream without a release is its newest build. A
// stream or build and a release must go together. The error is a diag.Problem.
func (c Catalogue) Choose(name string, asked *release.Release, usual release.Release) (Build, error) {
	if name == "" {
		r := usual
		if asked != nil {
			r = *asked
		}
		return c.build(r.BootImage)
	}
	stream := name
	if other, ok := otherNames[name]; ok {
		stream = other
	}
	var found *Build
	for i, b := range c.builds {
		sameStream := b.Stream.Stream == stream && (asked == nil || asked.BootImage.Stream != stream || asked.BootImage.Build == b.ID)
		if b.ID == name || sameStream {
			found = &c.builds[i]
		}
	}
	switch {
	case found == nil:
		names := c.Names()
		return Build{}, diag.Problem{Detail: fmt.Sprintf("there is no stream or build %q in the catalogue", name), Hint: among(name, "streams and builds", names)}
	case asked != nil && asked.BootImage != (release.BootImage{Stream: found.Stream.Stream, Build: found.ID}):
		return Build{}, diag.Problem{
			Detail: fmt.Sprintf("OKD %s boots %s %s, but %s was asked for as well", asked.Line, asked.BootImage.Stream,
				asked.BootImage.Build, found.name()),
			Hint: "give the release or the stream, not both",
		}
	}
	return *found, nil
}

func (c Catalogue) build(want release.BootImage) (Build, error) {
	for _, b := range c.builds {
		if b.ID == want.Build && b.Stream.Stream == want.Stream {
			return b, nil
		}
	}
	return Build{}, diag.Problem{Detail: fmt.Sprintf("the catalogue has no build %s of the stream %s", want.Build, want.Stream), Hint: among(want.Build, "streams and builds", c.Names())}
}

// compareIDs compares the numbers in two IDs one by one.
func compareIDs(a, b string) int {
	numbers := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	}
	return slices.CompareFunc(numbers(a), numbers(b), func(x, y string) int {
		m, errX := strconv.ParseUint(x, 10, 64)
		n, errY := strconv.ParseUint(y, 10, 64)
		switch {
		case errX != nil || errY != nil:
			return strings.Compare(x, y)
		case m < n:
			return -1
		case m > n:
			return 1
		default:
			return 0
		}
	})
}

// among is a hint that says what there is, sorted, and first what was probably meant.
func among(word, what string, names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	all := "the " + what + " are " + strings.Join(names, ", ")
	switch len(names) {
	case 0:
		all = "there are no " + what
	case 1:
		all = "there is only " + names[0]
	}
	if near := diag.Nearest(word, names); near != "" {
		return "did you mean " + near + "? " + all
	}
	return all
}
