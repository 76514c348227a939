package graph

import "slices"

// drawing is a graph as people look at it: what belongs to one list, such as the
// certificates, shares a box. DOT and JSON have the graph as it is.
type drawing struct {
	boxes  []box
	arrows []arrow
}

// box stands for a node, or for a list and its members.
type box struct {
	title string
	// members are the names of what the box holds besides.
	members []string
	kept    bool
	folders bool
	// targets are the names of the targets that the node is.
	targets []string
}

// arrow leads from a box to another, by their indexes.
type arrow struct{ from, to int }

// draw collects the nodes behind the targets into boxes. A node that is in
// several lists is drawn in the shortest of them.
func draw(targets ...Target) drawing {
	nodes := reachable(nodesOf(targets)...)
	home := map[*node]*node{}
	for _, n := range nodes {
		for _, in := range n.inputs {
			if h := home[in]; n.list && (h == nil || len(n.inputs) < len(h.inputs)) {
				home[in] = n
			}
		}
	}
	at := func(n *node) *node {
		if h := home[n]; h != nil {
			return h
		}
		return n
	}
	var d drawing
	index := map[*node]int{}
	for _, n := range nodes {
		if at(n) != n {
			continue
		}
		index[n] = len(d.boxes)
		d.boxes = append(d.boxes, box{title: n.name, kept: n.kept != nil, folders: n.folders != nil})
	}
	for _, n := range nodes {
		to := index[at(n)]
		if b := &d.boxes[to]; at(n) != n {
			b.members, b.kept = append(b.members, n.name), b.kept || n.kept != nil
		}
		for _, in := range n.inputs {
			if a := (arrow{index[at(in)], to}); in.name != "" && a.from != to && !slices.Contains(d.arrows, a) {
				d.arrows = append(d.arrows, a)
			}
		}
	}
	for _, t := range targets {
		b := &d.boxes[index[at(t.Node.any())]]
		b.targets = append(b.targets, t.Name)
	}
	return d
}

// reachable lists the nodes with a name behind others, each after what it is made
// from.
func reachable(of ...Any) []*node {
	var nodes []*node
	seen := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] || n.name == "" {
			return
		}
		seen[n] = true
		for _, in := range n.inputs {
			visit(in)
		}
		nodes = append(nodes, n)
	}
	for _, n := range of {
		visit(n.any())
	}
	return nodes
}

// nodesOf are the nodes of targets.
func nodesOf(targets []Target) []Any {
	nodes := make([]Any, len(targets))
	for i, t := range targets {
		nodes[i] = t.Node
	}
	return nodes
}
