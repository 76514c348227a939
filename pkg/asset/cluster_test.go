package asset

import "testing"

// TestNodeNamesAreUnique matters because remembered values are found by name.
func TestNodeNamesAreUnique(t *testing.T) {
	byName := map[string]*node{}
	seen := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if other := byName[n.name]; other != nil && n.name != "" {
			t.Errorf("two nodes are called %q", n.name)
		}
		if n.name == "" && n.kept != nil {
			t.Error("a remembered node has no name")
		}
		byName[n.name] = n
		for _, in := range n.inputs {
			visit(in)
		}
	}
	c := NewCluster(Inputs{})
	visit(c.Ignition.node)
	visit(c.Origin.node)
	visit(c.Checked.node)
	visit(c.Certificates.node)
}
