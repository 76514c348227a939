package floors

import (
	"go/build/constraint"
	"path"
	"strings"
	"testing"
)

// What differs from one operating system to another stands in pkg/system, so that the
// packages above it are one text for all, and a port has one place to look at. Tests may
// be of one system only.
func TestSystemsDifferInOnePlace(t *testing.T) {
	t.Parallel()
	systems := []string{"aix", "darwin", "freebsd", "linux", "netbsd", "openbsd", "plan9", "solaris", "unix", "windows"}
	for _, file := range sources(t) {
		if _, floor := room(path.Dir(file)); floor < 0 || strings.HasSuffix(file, "_test.go") || path.Dir(file) == "pkg/system" {
			continue
		}
		for _, system := range systems {
			if strings.HasSuffix(file, "_"+system+".go") {
				t.Errorf("%s is for one operating system: move what differs to pkg/system", file)
			}
		}
		for line := range strings.Lines(read(t, file)) {
			if constraint.IsGoBuild(line) {
				t.Errorf("%s has a build constraint: move what differs to pkg/system", file)
			}
			if strings.HasPrefix(line, "package ") {
				break
			}
		}
	}
}
