package graph

// Ingredient is a node and what it is made from.
type Ingredient struct {
	Name string `json:"name"`
	// Says tells what the node is where its name does not.
	Says string `json:"says,omitempty"`
	// Remembered tells that the value is kept between runs.
	Remembered bool         `json:"remembered,omitempty"`
	MadeFrom   []Ingredient `json:"madeFrom,omitempty"`
	// Shown tells that what it is made from stands elsewhere in the list already.
	Shown bool `json:"shown,omitempty"`
}

// WhatFrom follows the nodes of these names, among those behind of, down to what
// is made from nothing. says gives the words for a node. What is made from what
// is told once; names that no node has are left out.
func WhatFrom(names []string, says func(node string) string, of ...Any) []Ingredient {
	byName := map[string]*node{}
	for _, n := range reachable(of...) {
		byName[n.name] = n
	}
	list, seen := []Ingredient{}, map[string]bool{}
	for _, name := range names {
		if n := byName[name]; n != nil {
			list = append(list, n.ingredient(says, seen))
		}
	}
	return list
}

func (n *node) ingredient(says func(node string) string, seen map[string]bool) Ingredient {
	in := Ingredient{Name: n.name, Says: says(n.name), Remembered: n.kept != nil}
	if seen[n.name] {
		in.Shown = len(n.inputs) > 0
		return in
	}
	seen[n.name] = true
	for _, input := range n.inputs {
		if input.name != "" {
			in.MadeFrom = append(in.MadeFrom, input.ingredient(says, seen))
		}
	}
	return in
}
