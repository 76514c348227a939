package manifests

import (
	"os"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/release"
)

// The table of docs/edit-manifests.md says what the code does.
func TestDocumentedMachineConfigFacts(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/edit-manifests.md")
	if err != nil {
		t.Fatal(err)
	}
	first := release.Release{Line: "4.16"}
	specs, extensions := "| newest Ignition spec |", "| `extensions` | `"+strings.Join(first.Extensions(), "`, `")+"` |"
	for _, line := range []string{"4.16", "4.18", "4.19", "4.22"} {
		specs += " " + (release.Release{Line: line}).IgnitionSpec() + " |"
	}
	for _, want := range []string{specs, extensions} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
