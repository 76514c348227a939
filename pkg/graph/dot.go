package graph

import (
	"fmt"
	"io"
	"strings"
)

// Target is a node that somebody asks for by a name.
type Target struct {
	Name string
	Node Any
}

// Dot writes the graph behind the targets in Graphviz' language: an arrow from
// what is needed to what is made of it. Remembered values have a bold frame,
// files that the user may edit are folders, and targets are double circles.
// Nothing is made.
func Dot(w io.Writer, targets ...Target) error {
	var b strings.Builder
	b.WriteString("strict digraph G {\n  rankdir=LR;\n  node [shape=box];\n")
	seen := map[*node]bool{}
	for _, t := range targets {
		dotNode(&b, t.Node.any(), seen)
		fmt.Fprintf(&b, "  %q [shape=doublecircle];\n  %q -> %q;\n", "Target "+t.Name, t.Node.any().name, "Target "+t.Name)
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func dotNode(b *strings.Builder, n *node, seen map[*node]bool) {
	if seen[n] || n.name == "" {
		return
	}
	seen[n] = true
	for _, in := range n.inputs {
		dotNode(b, in, seen)
	}
	switch {
	case n.kept != nil:
		fmt.Fprintf(b, "  %q [style=bold];\n", n.name)
	case n.folders != nil:
		fmt.Fprintf(b, "  %q [shape=folder];\n", n.name)
	default:
		fmt.Fprintf(b, "  %q;\n", n.name)
	}
	for _, in := range n.inputs {
		if in.name != "" {
			fmt.Fprintf(b, "  %q -> %q;\n", in.name, n.name)
		}
	}
}
