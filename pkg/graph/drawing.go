package graph

import (
	"cmp"
	"slices"
)

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

// draw collects the nodes behind the targets into boxes.
func draw(targets ...Target) drawing {
	nodes := reachable(nodesOf(targets)...)
	home := fold(nodes, targets)
	var d drawing
	index := map[*node]int{}
	for _, n := range nodes {
		if home[n] != n {
			continue
		}
		index[n] = len(d.boxes)
		d.boxes = append(d.boxes, box{title: n.name, kept: n.kept != nil, folders: n.folders != nil})
	}
	for _, n := range nodes {
		to := index[home[n]]
		if b := &d.boxes[to]; home[n] != n {
			b.members, b.kept = append(b.members, n.name), b.kept || n.kept != nil
		}
		for _, in := range n.inputs {
			if a := (arrow{index[home[in]], to}); in.name != "" && a.from != to && !slices.Contains(d.arrows, a) {
				d.arrows = append(d.arrows, a)
			}
		}
	}
	for _, t := range targets {
		b := &d.boxes[index[t.Node.any()]]
		b.targets = append(b.targets, t.Name)
	}
	return d
}

// fold finds the box of each node: that of a list which it is in, or its own. The
// shortest list counts. Boxes can lead round in a circle where nodes do not: when two
// lists each have a member that is made from one of the other's. Then members go to the
// next longer list that has them, and in the end to a box of their own, until there is
// no circle. What is a list itself, a target or the user's to edit looks different
// from a member, and always has its own box.
func fold(nodes []*node, targets []Target) map[*node]*node {
	apart, places, home := map[*node]bool{}, map[*node][]*node{}, map[*node]*node{}
	for _, t := range targets {
		apart[t.Node.any()] = true
	}
	for _, list := range nodes {
		for _, n := range list.inputs {
			if list.list && !apart[n] && !n.list && n.folders == nil {
				places[n] = append(places[n], list)
			}
		}
	}
	for _, n := range nodes {
		slices.SortStableFunc(places[n], func(a, b *node) int { return cmp.Compare(len(a.inputs), len(b.inputs)) })
		places[n] = append(places[n], n)
		home[n] = places[n][0]
	}
	for circle := findCircle(nodes, home); circle != nil; circle = findCircle(nodes, home) {
		n := misplaced(nodes, places, circle)
		places[n] = places[n][1:]
		home[n] = places[n][0]
	}
	return home
}

// findCircle finds boxes that lead round in a circle, or nil.
func findCircle(nodes []*node, home map[*node]*node) (circle []*node) {
	from := map[*node][]*node{}
	for _, n := range nodes {
		for _, in := range n.inputs {
			if in.name != "" && home[in] != home[n] {
				from[home[n]] = append(from[home[n]], home[in])
			}
		}
	}
	var way []*node
	done := map[*node]bool{}
	var closes func(box *node) bool
	closes = func(box *node) bool {
		if i := slices.Index(way, box); i >= 0 {
			circle = slices.Clone(way[i:])
			return true
		}
		if done[box] {
			return false
		}
		way = append(way, box)
		if slices.ContainsFunc(from[box], closes) {
			return true
		}
		way, done[box] = way[:len(way)-1], true
		return false
	}
	for _, n := range nodes {
		if closes(home[n]) {
			break
		}
	}
	return circle
}

// misplaced is the member to take out of its box, of those by which the circle leads
// in and out of boxes. Best is one that another list of the circle has as well: there
// it does not lead out any more. Places are the boxes that each node can still be in.
func misplaced(nodes []*node, places map[*node][]*node, circle []*node) *node {
	on := func(box *node) bool { return slices.Contains(circle, box) }
	var links []*node
	for _, n := range nodes {
		for _, in := range n.inputs {
			if in.name == "" || places[in][0] == places[n][0] || !on(places[in][0]) || !on(places[n][0]) {
				continue
			}
			for _, end := range []*node{in, n} {
				if len(places[end]) > 1 {
					links = append(links, end)
				}
			}
		}
	}
	if i := slices.IndexFunc(links, func(n *node) bool { return slices.ContainsFunc(places[n][1:], on) }); i >= 0 {
		return links[i]
	}
	return links[0] // without a member on it, the circle would be one of nodes
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
