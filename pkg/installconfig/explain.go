package installconfig

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// Field is a row of the table of fields.
type Field = platform.Field

// Value is a word that a field may hold.
type Value = platform.Value

// Explanation is what is known of one field: its row, and what its type says.
type Explanation struct {
	Field
	// Name is the path as an error message has it, with [] behind lists, such
	// as networking.clusterNetwork[].cidr; empty for the whole file.
	Name string
	// Type is what the value is: string, integer, boolean, object, any, a list
	// such as []object, or a map of strings.
	Type string
	// Fields are those of an object, or of each entry of a list of objects.
	Fields []Explanation
}

// root is what a path may begin with, as in installconfig.networking.
const root = "installconfig"

// table lists all rows, with full paths: those of the cluster first, then the
// networks, the pools and the platforms.
func table() []Field {
	all := slices.Concat(fieldsOfCluster, fieldsOfNetwork, fieldsOfPools)
	for _, pool := range pools {
		all = append(all, moved(fieldsOfPool, pool)...)
	}
	for _, spec := range platform.Table {
		block := "platform." + spec.Name
		all = append(all, Field{Path: block, Text: spec.Text})
		all = append(all, moved(spec.Fields, block)...)
		for _, pool := range pools {
			all = append(all, Field{Path: pool + "." + block, Text: poolText(spec)})
			all = append(all, moved(spec.PoolFields, pool+"."+block)...)
		}
	}
	return all
}

func poolText(spec platform.Spec) string {
	if len(spec.PoolFields) == 0 {
		return "Accepted, and empty: there are no settings for pools on platform " + spec.Name + "."
	}
	return "Settings of platform " + spec.Name + " for these machines."
}

// moved puts rows below an object.
func moved(rows []Field, below string) []Field {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Path = under(below, out[i].Path)
		if out[i].Deprecated != "" {
			out[i].Deprecated = under(below, out[i].Deprecated)
		}
	}
	return out
}

// Explain returns what is known of the field at path, which may begin with
// installconfig and have any index behind a list. An empty path stands for the
// whole file. The error is a diag.Problem that says which fields there are.
func Explain(path string) (Explanation, error) {
	found := explainAll()
	rest := withoutIndexes(strings.TrimSpace(path))
	if words := strings.SplitN(rest, ".", 2); strings.EqualFold(words[0], root) {
		rest = strings.TrimPrefix(rest[len(words[0]):], ".")
	}
	if rest == "" {
		return found, nil
	}
	for name := range strings.SplitSeq(rest, ".") {
		names := make([]string, len(found.Fields))
		for i, f := range found.Fields {
			names[i] = f.Path[strings.LastIndex(f.Path, ".")+1:]
		}
		proper, ok := proper(name, names)
		if !ok {
			return Explanation{}, unknownField(path, name, found, names)
		}
		found = found.Fields[slices.Index(names, proper)]
	}
	return found, nil
}

// unknownField words that an object has no field of that name.
func unknownField(path, name string, in Explanation, names []string) error {
	object := in.Name
	if object == "" {
		object = "an install-config"
	}
	p := diag.Problem{Path: shorten(path), Detail: shorten(name) + " is not a field of " + object}
	switch {
	case len(names) == 0:
		p.Detail = object + " has no fields"
		p.Hint = "explain " + in.Name
	case diag.Nearest(shorten(name), names) != "":
		p.Hint = "did you mean " + under(in.Name, diag.Nearest(shorten(name), names)) + "?"
	default:
		if elsewhere := pathsEndingIn(name); len(elsewhere) > 0 {
			p.Hint = "did you mean " + diag.Or(elsewhere[:min(3, len(elsewhere))]) + "?"
		} else {
			p.Hint = "the fields here are " + diag.And(names)
		}
	}
	return p
}

// pathsEndingIn finds fields of that name anywhere.
func pathsEndingIn(name string) []string {
	var found []string
	for _, f := range table() {
		if strings.EqualFold(f.Path[strings.LastIndex(f.Path, ".")+1:], name) {
			found = append(found, f.Path)
		}
	}
	return found
}

// Paths lists all fields, for the completion of a command line.
func Paths() []string {
	var all []string
	for _, f := range table() {
		all = append(all, f.Path)
	}
	slices.Sort(all)
	return all
}

// explainAll joins the table and the types.
func explainAll() Explanation {
	rows := map[string]Field{}
	order := map[string]int{}
	for i, f := range table() {
		rows[f.Path], order[f.Path] = f, i
	}
	root := explainType(reflect.TypeFor[InstallConfig](), "", "", rows, order)
	root.Text = "The one file that a cluster is described in, " + FileName + "."
	return root
}

// explainType describes a type and, if it is an object, what is in it.
func explainType(t reflect.Type, path, name string, rows map[string]Field, order map[string]int) Explanation {
	e := Explanation{Field: rows[path], Name: name, Type: typeName(t)}
	e.Path = path
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Slice {
		t, name = t.Elem(), name+"[]"
	}
	if t.Kind() != reflect.Struct {
		return e
	}
	for child, of := range childrenOf(t) {
		f := explainType(of, under(path, child), under(name, child), rows, order)
		e.Fields = append(e.Fields, f)
	}
	slices.SortFunc(e.Fields, func(a, b Explanation) int { return order[a.Path] - order[b.Path] })
	return e
}

// childrenOf lists the fields of an object with their types. Those of a platform
// block are the platforms.
func childrenOf(t reflect.Type) map[string]reflect.Type {
	children := map[string]reflect.Type{}
	switch t {
	case platformType, poolType:
		for _, spec := range platform.Table {
			block := spec.New()
			if t == poolType {
				block = spec.NewPool()
			}
			children[spec.Name] = reflect.TypeOf(block).Elem()
		}
	default:
		for name, i := range fieldsOf(t) {
			children[name] = t.Field(i).Type
		}
	}
	return children
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Struct:
		return "object"
	case reflect.Map:
		return "map of " + typeName(t.Elem()) + "s"
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64, reflect.Uint32:
		return "integer"
	case reflect.String:
		return "string"
	default:
		return "any"
	}
}

// withoutIndexes leaves the brackets of lists, and what is in them, out of a path.
func withoutIndexes(path string) string {
	var b strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// word reports a value that is not among those of the field's row, and tells
// whether it was good.
func (f *findings) word(path, value string) bool {
	row := f.row(path)
	if i := slices.IndexFunc(row.Values, func(v Value) bool { return v.Word == value }); i >= 0 && !f.knows(row.Values[i].Feature) {
		_, needed := f.release.Support(row.Values[i].Feature, "")
		f.fail(path, f.tooEarly(strconv.Quote(value)+" needs", needed, ""), "remove it, or choose a later release with --release")
		return false
	}
	return f.oneOf(path, value, wordsOf(row)...)
}

// knows reports whether the release has a feature that words of fields need; none is
// needed for most.
func (f *findings) knows(feature release.Feature) bool {
	return feature == "" || f.release.Has(feature)
}

// allows reports whether value is among those of the field's row.
func (f *findings) allows(path, value string) bool {
	return slices.Contains(wordsOf(f.row(path)), value)
}

// row returns the row of a field, whatever the indexes in its path.
func (f *findings) row(path string) Field {
	if f.rows == nil {
		f.rows = map[string]Field{}
		for _, r := range table() {
			f.rows[r.Path] = r
		}
	}
	return f.rows[withoutIndexes(path)]
}

func wordsOf(f Field) []string {
	words := make([]string, len(f.Values))
	for i, v := range f.Values {
		words[i] = v.Word
	}
	return words
}

// validateRows holds what the rows say of releases and feature gates against the
// fields that the file has.
func validateRows(c *InstallConfig, f *findings) {
	for _, path := range slices.Sorted(maps.Keys(f.places)) {
		if r := f.row(path); r.Feature != "" && !strings.HasSuffix(path, "]") && f.given(path) {
			c.offers(path, r.Feature, f)
		}
	}
}
