package installconfig

import (
	"reflect"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// fields lists the fields of an object, and reports a << that merges nothing.
func (r *reader) fields(n *yaml.Node, path string) []yamlfile.Field {
	fields, wrong := yamlfile.Fields(n)
	for _, n := range wrong {
		r.add(r.pointing(n, path, "<< must be followed by an object or an alias of one", "write the fields out instead"))
	}
	return fields
}

func placeOf(at, value *yaml.Node) place {
	value = yamlfile.Followed(value)
	p := place{line: at.Line, column: at.Column, null: yamlfile.IsNull(value)}
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
