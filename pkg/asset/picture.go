package asset

import (
	"io"

	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/tls"
)

// Drawn lists the targets of the drawings, with the graph behind each.
func Drawn() []graph.Target { return drawn(inputs{}) }

func drawn(in inputs) []graph.Target {
	c := newCluster(in)
	var targets []graph.Target
	for _, t := range Targets() {
		if t.node != nil {
			targets = append(targets, graph.Target{Name: t.Name, Node: t.node(c)})
		}
	}
	return targets
}

// DrawnNames lists the names of the targets of the drawings.
func DrawnNames() []string {
	var names []string
	for _, t := range Drawn() {
		names = append(names, t.Name)
	}
	return names
}

// wholeGraph are the nodes of all targets, with those that exist only if a user
// brings something.
func wholeGraph() []graph.Any {
	brought := map[string]tls.KeyPair{}
	for _, row := range tls.KeyPairs {
		if row.UserOnly {
			brought[row.Name] = tls.KeyPair{}
		}
	}
	var nodes []graph.Any
	for _, t := range drawn(inputs{Provided: provisions{KeyPairs: brought}}) {
		nodes = append(nodes, t.Node)
	}
	return nodes
}

// SVG writes the graph behind the targets as a picture that needs no other
// program. Nothing is made.
func SVG(w io.Writer, targets ...graph.Target) error {
	return graph.SVG(w, graph.Words{
		Title: "What okd-install makes from what", Verb: "create",
		Remembered: "remembered in the asset directory", Editable: "yours to edit", Target: "written by a command",
	}, targets...)
}
