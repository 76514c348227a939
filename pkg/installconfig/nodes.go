package installconfig

import (
	"reflect"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
)

// pair is one field of a mapping.
type pair struct{ key, value *yaml.Node }

// pairs lists the fields of a mapping, with those that << merges in at the end.
// A field of the mapping itself wins over a merged one, the first merged one over others.
func (r *reader) pairs(n *yaml.Node, path string) []pair {
	var own, merged []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, r.merged(followed(value), path)...)
			continue
		}
		own = append(own, pair{key, value})
		seen[key.Value] = true
	}
	for _, p := range merged {
		if !seen[p.key.Value] {
			seen[p.key.Value] = true
			own = append(own, p)
		}
	}
	return own
}

func (r *reader) merged(n *yaml.Node, path string) []pair {
	switch n.Kind {
	case yaml.MappingNode:
		return r.pairs(n, path)
	case yaml.SequenceNode:
		var all []pair
		for _, each := range n.Content {
			all = append(all, r.merged(followed(each), path)...)
		}
		return all
	}
	r.add(r.pointing(n, path, "<< must be followed by an object or an alias of one", "write the fields out instead"))
	return nil
}

// followed gives what an alias stands for, and any other node itself.
func followed(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// isNull tells whether a node has no value: nothing after the colon, ~ or null.
func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func placeOf(at, value *yaml.Node) place {
	value = followed(value)
	p := place{line: at.Line, column: at.Column, null: isNull(value)}
	if value.Style&yaml.LiteralStyle != 0 {
		p.text = value.Line + 1
	}
	return p
}

// pointing is a finding at a node rather than at its field.
func (f *findings) pointing(n *yaml.Node, path, detail, hint string) diag.Problem {
	p := f.at(path, detail, hint)
	if n.Line > 0 {
		p.Line, p.Column = n.Line, n.Column
	}
	return p
}

// fieldsOf maps the names that a struct's fields have in the file to their indexes.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			fields[name] = i
		}
	}
	return fields
}

// proper finds key among names: exactly, or else in another case.
func proper(key string, names []string) (string, bool) {
	for _, name := range names {
		if name == key {
			return name, true
		}
	}
	for _, name := range names {
		if strings.EqualFold(name, key) {
			return name, true
		}
	}
	return "", false
}
