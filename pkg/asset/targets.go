package asset

import (
	"io"

	"github.com/okd-project/okd-install/pkg/graph"
)

// Targets lists the targets with the graph behind each, for printing.
func Targets() []graph.Target {
	c := NewCluster(Inputs{})
	return []graph.Target{
		{Name: TargetManifests, Node: c.Manifests},
		{Name: TargetIgnitionConfigs, Node: c.Ignition},
		{Name: TargetSingleNode, Node: c.SingleNode},
	}
}

// TargetNames lists the names of the targets.
func TargetNames() []string {
	var names []string
	for _, t := range Targets() {
		names = append(names, t.Name)
	}
	return names
}

// wholeGraph are the nodes of all targets.
func wholeGraph() []graph.Any {
	var nodes []graph.Any
	for _, t := range Targets() {
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
