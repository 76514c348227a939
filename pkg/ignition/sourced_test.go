package ignition

import (
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The folder of a script says whether it is run, is a library, or is sourced for
// the stages in it.
func TestFoldersSayWhatIsSourced(t *testing.T) {
	t.Parallel()
	known := []string{
		"bootstrap-in-place.sh", "bootstrap-service-record.sh", "bootstrap-verify-api-server-urls.sh", "release-image.sh",
		"wait-for-ha-api.sh",
	}
	sources := regexp.MustCompile(`(?m)^ *source (/usr/\S+)`)
	sourced := map[string]bool{}
	for name, text := range scripts(t) {
		for _, m := range sources.FindAllStringSubmatch(text, -1) {
			sourced[m[1]] = true
			if path.Dir(m[1])+"/" == libraryDir+"stages/" && name != binDir+"bootkube.sh" {
				t.Errorf("%s sources %s, which is bootkube's", name, m[1])
			}
		}
	}
	for name, text := range scripts(t) {
		switch folder := path.Dir(name) + "/"; {
		case strings.HasPrefix(folder, libraryDir):
			if strings.HasPrefix(text, "#!") || !sourced[name] {
				t.Errorf("%s is a program, or nothing sources it: it belongs in %s", name, binDir)
			}
		case folder == binDir:
			if library := strings.HasPrefix(text, "# shellcheck"); library != slices.Contains(known, path.Base(name)) || library != sourced[name] {
				t.Errorf("%s: is a library is %t, is sourced is %t: what is sourced belongs in %s", name, library, sourced[name], libraryDir)
			}
		}
	}
}

// A library that does something when it is sourced would do it in every script
// that needs one of its functions.
func TestLibrariesOnlyDefine(t *testing.T) {
	t.Parallel()
	for name := range scripts(t) {
		if path.Dir(name)+"/" != libraryDir {
			continue
		}
		// Without a PATH any program that it calls is missed, and said so. The one thing
		// that stages.sh needs before its functions is the folder of its notes.
		out, code := runBash(t, t.TempDir(),
			`text=$(sed '/^source/d; s|^mkdir --parents /run/okd-install$||; s|/run/okd-install|.|' "$L/lib/okd-install/`+path.Base(name)+`")
RELEASE_IMAGE_DIGEST=''
PATH=/nowhere
eval "${text}"`)
		if out != "" || code != 0 {
			t.Errorf("%s does more than define: exit code %d\n%s", name, code, out)
		}
	}
}

// Whoever reads the head of a file of stages learns which ones are in it.
func TestStageFilesSayTheirStages(t *testing.T) {
	t.Parallel()
	all := scripts(t)
	stage := regexp.MustCompile(`(?m)^[^#\n]*\bstage ([a-z][a-z-]+)`)
	var inOrder []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if path.Dir(name)+"/" != libraryDir+"stages/" {
			continue
		}
		inOrder = append(inOrder, "source "+name)
		found := stage.FindAllStringSubmatch(all[name], -1)
		if len(found) < 2 {
			t.Fatalf("%s has %d stages", filepath.Base(name), len(found))
		}
		if want := "\n# From " + found[0][1] + " to " + found[len(found)-1][1] + ":"; !strings.Contains(all[name], want) {
			t.Errorf("%s does not say %q", name, strings.TrimSpace(want))
		}
	}
	var bootkube []string
	for line := range strings.Lines(all[binDir+"bootkube.sh"]) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "source "+libraryDir+"stages/") {
			bootkube = append(bootkube, line)
		}
	}
	if !slices.Equal(bootkube, inOrder) || len(bootkube) != 4 {
		t.Errorf("bootkube sources %q, and the folder lists %q", bootkube, inOrder)
	}
}
