package asset

import (
	"testing"

	"github.com/okd-project/okd-install/pkg/graph"
)

// TestNodeNamesAreUnique matters because remembered values are found by name.
func TestNodeNamesAreUnique(t *testing.T) {
	c := newCluster(Inputs{})
	seen := map[string]bool{}
	for _, n := range graph.Nodes(c.Ignition, c.Origin, c.Checked, c.Certificates) {
		if seen[n.Name] {
			t.Errorf("two nodes are called %q", n.Name)
		}
		seen[n.Name] = true
	}
	if !seen["bootstrap.ign"] || !seen["manifests-origin"] {
		t.Error("the graph is not looked at as a whole")
	}
}

// nodesByName are the nodes of the whole graph.
func nodesByName() map[string]graph.Info {
	byName := map[string]graph.Info{}
	for _, n := range graph.Nodes(wholeGraph()...) {
		byName[n.Name] = n
	}
	return byName
}
