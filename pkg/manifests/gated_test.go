package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A field of a feature gate must not stand in a manifest that every cluster gets: the
// definitions of the feature set that is for everybody do not know it, and the API server
// leaves it out with a warning. `make truth` finds such a field with the real definitions.
func TestFieldsOfFeatureGates(t *testing.T) {
	gated := []string{"profileCustomizations", "dynamicResourceAllocation"}
	files, err := filepath.Glob("testdata/files/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range gated {
			if strings.Contains(string(raw), field+":") {
				t.Errorf("%s has the field %s, which belongs to a feature gate", file, field)
			}
		}
	}
}
