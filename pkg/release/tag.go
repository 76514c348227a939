package release

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// tag is the name of a release taken apart: 4.22.0-okd-scos.7, or
// 5.0.0-okd-scos.ec.3 for a preview.
type tag struct {
	name                string
	major, minor, patch int
	preview             bool
	build               int
}

// parseTag reads the name of a release. Numbers are written without leading
// zeros, so that a release has one name only.
func parseTag(s string) (tag, error) {
	version, build, ok := strings.Cut(s, "-okd-scos.")
	build, preview := strings.CutPrefix(build, "ec.")
	parts := strings.Split(version, ".")
	if !ok || len(parts) != 3 {
		return tag{}, notATag(s)
	}
	var numbers [4]int
	for i, part := range append(parts, build) {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != part {
			return tag{}, notATag(s)
		}
		numbers[i] = int(n)
	}
	return tag{name: s, major: numbers[0], minor: numbers[1], patch: numbers[2], preview: preview, build: numbers[3]}, nil
}

func notATag(s string) error {
	return fmt.Errorf("%q is not the name of a release such as 4.22.0-okd-scos.7", s)
}

// line is the line that the release belongs to.
func (t tag) line() string { return fmt.Sprintf("%d.%d", t.major, t.minor) }

// compare orders tags by age: by number, and previews before what they preview.
func (t tag) compare(other tag) int {
	stable := func(t tag) int {
		if t.preview {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(t.major, other.major),
		cmp.Compare(t.minor, other.minor),
		cmp.Compare(t.patch, other.patch),
		cmp.Compare(stable(t), stable(other)),
		cmp.Compare(t.build, other.build),
	)
}

// compareLines orders two lines by number; what is no line comes first.
func compareLines(a, b string) int {
	x, _ := parseLine(a)
	y, _ := parseLine(b)
	return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
}
