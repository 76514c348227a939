package yamlfile

import (
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Followed gives what an alias stands for, and any other node itself.
func Followed(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// IsNull reports whether a node has no value: nothing after the colon, ~ or null.
func IsNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// Field is one field of an object.
type Field struct{ Key, Value *yaml.Node }

// Fields lists the fields of an object, with those that << merges in at the end. A
// field of the object itself wins over a merged one, the first merged one over others.
// What follows a << and is neither an object nor a list of them is among the wrong.
func Fields(n *yaml.Node) (fields []Field, wrong []*yaml.Node) {
	var merged []Field
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			more, bad := merges(Followed(value))
			merged, wrong = append(merged, more...), append(wrong, bad...)
			continue
		}
		fields = append(fields, Field{key, value})
		seen[key.Value] = true
	}
	for _, f := range merged {
		if !seen[f.Key.Value] {
			seen[f.Key.Value] = true
			fields = append(fields, f)
		}
	}
	return fields, wrong
}

func merges(n *yaml.Node) (fields []Field, wrong []*yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		return Fields(n)
	case yaml.SequenceNode:
		for _, each := range n.Content {
			more, bad := merges(Followed(each))
			fields, wrong = append(fields, more...), append(wrong, bad...)
		}
		return fields, wrong
	}
	return nil, []*yaml.Node{n}
}

// At is the node of a field below n, or the deepest one on the way that is there; nil
// if n is. An index of a list is written [3].
func At(n *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		next := member(n, name)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Key is the node of a field's name below n, or the deepest node on the way to it.
func Key(n *yaml.Node, names ...string) *yaml.Node {
	last := len(names) - 1
	parent := At(n, names[:last]...)
	if parent == nil || parent.Kind != yaml.MappingNode {
		return parent
	}
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == names[last] {
			return parent.Content[i]
		}
	}
	return parent
}

// member is the value of a field or an item of a list, or nil.
func member(n *yaml.Node, name string) *yaml.Node {
	if n == nil {
		return nil
	}
	switch n = Followed(n); n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		i, err := strconv.Atoi(strings.Trim(name, "[]"))
		if err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}
