// Package release knows the OKD releases: which there are, what image each is,
// and what a release can do.
//
// Read a Catalogue with Parse, pick a Release from it with Find, ForImage or
// Default, and ask the Release what it can do with Has and Support, which read
// Features, the one table of what differs between the lines. The package reads no
// registry: it tells what the project's own catalogue file, data/releases.yaml, says, and an
// image that is not in there is taken at the user's word.
package release

import (
	"fmt"
	"strconv"
	"strings"
)

// Release is one OKD release.
type Release struct {
	// Line is the minor version that decides what a payload accepts: 4.22 or 5.0.
	Line string `json:"line"`
	// Version is the tag, such as 4.22.0-okd-scos.10; empty for an image that
	// the user named and the catalogue does not know.
	Version string `json:"version,omitempty"`
	// Image is the pull spec of the release image, by digest where one is known.
	Image string `json:"image"`
	// Kubernetes is the minor version of Kubernetes, such as 1.35.
	Kubernetes string `json:"kubernetes,omitempty"`
	// BootImage is what a machine boots before the cluster updates it.
	BootImage BootImage `json:"bootImage"`
}

// BootImage names a build of a CoreOS stream.
type BootImage struct {
	// Stream is c10s, c9s or, for Fedora CoreOS, stable.
	Stream string `json:"stream"`
	// Build is the build ID, such as 10.0.20251103-0.
	Build string `json:"build"`
}

// AtLeast reports whether the release's line is line or a later one, for tables whose
// rows have a first line; a fact that stands alone is a row of features. It panics if
// line is not a version, since lines in code are constants.
func (r Release) AtLeast(line string) bool {
	want, err := parseLine(line)
	if err != nil {
		panic(err)
	}
	have, err := parseLine(r.Line)
	if err != nil {
		return false
	}
	return have[0] > want[0] || have[0] == want[0] && have[1] >= want[1]
}

// parseLine reads a minor version, written without leading zeros.
func parseLine(s string) ([2]int, error) {
	major, minor, _ := strings.Cut(s, ".")
	var out [2]int
	for i, part := range []string{major, minor} {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != part {
			return [2]int{}, fmt.Errorf("%q is not a release line such as 4.22", s)
		}
		out[i] = int(n)
	}
	return out, nil
}
