package asset

import (
	"reflect"
	"testing"

	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// TestNodeNamesAreUnique matters because remembered values are found by name.
func TestNodeNamesAreUnique(t *testing.T) {
	c := newCluster(inputs{})
	// every node that a command asks for, whatever fields Cluster will have
	var asked []graph.Any
	for _, field := range reflect.ValueOf(c).Fields() {
		asked = append(asked, field.Interface().(graph.Any))
	}
	seen := map[string]bool{}
	for _, n := range graph.Nodes(asked...) {
		if seen[n.Name] {
			t.Errorf("two nodes are called %q", n.Name)
		}
		seen[n.Name] = true
	}
	for _, name := range []string{ignition.BootstrapFile, ignition.InPlaceFile, "manifests-origin", "single-node-ignition-config"} {
		if !seen[name] {
			t.Errorf("%s is not looked at", name)
		}
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
