package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Whoever writes past the filters has to be on one of these lists, with a reason.
var (
	// drawing is what moves the cursor or asks, and cleans what it shows itself.
	drawing = []string{"cli/streams.go", "cli/log.go", "cluster/waitfor.go", "coreos/progress.go", "create/wizard.go"}
	// asData is what programs read byte for byte.
	asData = []string{
		"cli/streams.go", "cli/json.go", // JSON, which is escaped
		// documents, scripts, places of files
		"config/schema.go", "create/graph.go", "coreos/image.go", "coreos/pxe_boot.go", "coreos/download.go",
		// the content of files
		"ignition/ignition.go", "coreos/iso.go", "coreos/iso_ignition.go", "coreos/iso_network.go", "coreos/pxe.go", "create/pivot.go",
	}
	// asText is what has no secrets, or shows those that somebody asked for.
	asText = []string{"cli/streams.go", "cli/app.go", "cli/help.go", "tool/completion.go", "config/explain.go"}
)

// The commands are given an app, whatever they call it; its streams are told from
// other fields by that.
func TestStreamsAreFiltered(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		code, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(filepath.ToSlash(name), "internal/")
		for pattern, allowed := range map[string][]string{
			`\b[aopw]\.(?:[sS]tdout|[sS]tderr)\b`: drawing, `\b[aop]\.Data\b`: asData, `\b[aop]\.Text\b`: asText,
			`os\.Std(?:out|err)\b`: {"cli/app.go"}, `fmt\.Print(?:f|ln)?\(`: nil, `tabwriter\.NewWriter`: {"cli/streams.go"},
		} {
			switch found := regexp.MustCompile(pattern).Find(code); {
			case found != nil && !slices.Contains(allowed, name):
				t.Errorf("%s uses %s: write to Out or Err, whose secrets and control characters are taken out", name, found)
			case found != nil:
				used[name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(drawing, asData, asText) {
		if !used[name] {
			t.Errorf("%s is on a list, and writes nothing past the filters", name)
		}
	}
}
