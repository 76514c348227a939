package manifests

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// document is one object of a manifest, as the bootstrap host's programs see it.
type document struct {
	path   string
	object object
	// root is the same object with its places; nil for JSON that is not YAML.
	root *yaml3.Node
	// number counts the objects of a file, from 1.
	number int
	// source is the document as it stands in its file, or nil if the file can
	// stay as it is.
	source []byte
}

// maxDepth is how deep a manifest may be nested. No API type comes near.
const maxDepth = 200

const otherExtension = "text that is not an object can stay in a file that ends in .txt, which is left out"

// read takes a manifest apart. Documents that the bootstrap host would stop at
// are not among the result; what is wrong with them is.
func read(path string, data []byte) (docs []*document, problems diag.Problems) {
	file := &document{path: path}
	roots, problem := parse(path, data)
	if problem != nil {
		if o, ok := plainJSON(data); ok {
			d := &document{path: path, object: o, number: 1}
			if problems := d.shape(); len(problems) > 0 {
				return nil, problems
			}
			return []*document{d}, nil
		}
		return nil, diag.Problems{*problem}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, file.refuse(nil, "", "is empty, and the bootstrap host stops at a manifest without an object",
			"delete the file, or put an object in it")
	}
	if !slices.ContainsFunc(roots, func(n *yaml3.Node) bool { return !yamlfile.IsNull(n) }) {
		return nil, file.refuse(nil, "", "holds only comments, and the bootstrap host stops at a manifest without an object",
			"delete the file; "+otherExtension)
	}
	texts := [][]byte{data}
	if len(roots) > 1 {
		if texts = split(data); len(texts) != len(roots) {
			return nil, file.refuse(roots[1], "", "cannot be taken apart into its objects", "write --- on a line of its own between two objects")
		}
	}
	for i, root := range roots {
		if yamlfile.IsNull(root) {
			continue
		}
		d := &document{path: path, root: root, number: len(docs) + 1, source: texts[i]}
		found := d.decode(texts[i])
		problems = append(problems, found...)
		docs = append(docs, d)
	}
	// cluster-bootstrap stops at an empty document in front, as templates leave it
	// where they make nothing; behind the object nobody looks.
	if len(docs) == 1 && !yamlfile.IsNull(roots[0]) {
		docs[0].source = nil
	}
	return slices.DeleteFunc(docs, func(d *document) bool { return d.object == nil }), problems
}

// decode fills in the object. It stays nil if anything is wrong with it.
func (d *document) decode(text []byte) diag.Problems {
	switch d.root.Kind {
	case yaml3.MappingNode:
	case yaml3.SequenceNode:
		return d.refuse(d.root, "", "holds a list instead of an object", "put each object in a file of its own, without the dash in front")
	default:
		return d.refuse(d.root, "", "holds "+single(d.root)+" instead of an object",
			"write one with apiVersion, kind and metadata; "+otherExtension)
	}
	if problems := d.keys(); len(problems) > 0 {
		return problems
	}
	if err := yaml.Unmarshal(text, &d.object); err != nil || d.object == nil {
		d.object = nil
		return d.refuse(d.root, "", "cannot be turned into an object",
			"write out what the file says with & and * or <<, and use only text as the names of fields")
	}
	problems := d.shape()
	if len(problems) > 0 {
		d.object = nil
	}
	return problems
}

// parse reads all YAML documents of a file.
func parse(path string, data []byte) ([]*yaml3.Node, *diag.Problem) {
	documents, err := yamlfile.Documents(data)
	if err != nil {
		p := syntax(path, err)
		return nil, &p
	}
	roots := make([]*yaml3.Node, len(documents))
	for i, d := range documents {
		roots[i] = d.Content[0]
	}
	return roots, nil
}

// syntax words why a file is not YAML.
func syntax(path string, err error) diag.Problem {
	p := diag.Problem{
		Position: diag.Position{File: path},
		Detail:   "is not valid YAML: " + err.Error(),
		Hint:     "check the indentation, quotes and brackets around this line",
	}
	var at *yamlfile.SyntaxError
	if errors.As(err, &at) {
		p.Line, p.Column, p.Detail = at.Line, at.Column, "is not valid YAML: "+at.Words(diag.Rune)
		p.Hint = cmp.Or(at.Hint, p.Hint)
	}
	return p
}

// plainJSON reads the few JSON objects that are not YAML as well, such as those
// indented with tabs.
func plainJSON(data []byte) (object, bool) {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return nil, false
	}
	var o object
	return o, json.Unmarshal(data, &o) == nil
}

func single(n *yaml3.Node) string {
	if n.Tag == "!!str" {
		return "plain text"
	}
	return "a single value"
}

// keys finds fields that are given twice, anywhere in the object. Which of the
// two counts differs from one reader to the next.
func (d *document) keys() (problems diag.Problems) {
	for _, f := range yamlfile.Examine(d.root, maxDepth).Faults {
		path := ""
		for _, s := range f.Path {
			if s.InList {
				path = fmt.Sprintf("%s[%d]", path, s.Index)
			} else {
				path = join(path, s.Key)
			}
		}
		switch {
		case f.Kind == yamlfile.TooDeep:
			return d.refuse(f.At, "", fmt.Sprintf("is nested more than %d levels deep", maxDepth), "check that this is the right file")
		case f.Kind == yamlfile.NotAName && f.At.Kind != yaml3.AliasNode:
			problems = append(problems, d.refuse(f.At, path, "has an object or a list where the name of a field belongs",
				"put text that begins with { or [ in quotes; if this is a template, fill it in")...)
		case f.Kind == yamlfile.Twice && f.At.Tag != "!!merge":
			problems = append(problems, d.refuse(f.At, path, "is given twice, first on line "+strconv.Itoa(f.First), "keep one of the two")...)
		}
	}
	return problems
}

// join extends a field path; a key of more than one word stays readable.
func join(path, key string) string {
	key = shorten(key)
	if key == "" || strings.ContainsAny(key, ". /\n") {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// shape finds what makes an object one that no API server takes.
func (d *document) shape() diag.Problems {
	if ps := d.required("say what the object is, such as kind: ConfigMap; "+otherExtension, "kind"); ps != nil {
		return ps
	}
	kind := shorten(d.text("kind"))
	// The bootstrap host takes any object with items for a list, whatever its kind.
	if items, isList := d.object["items"]; kind == "List" || isList {
		items, _ := items.([]any)
		return d.refuse(d.field("kind"), "kind",
			fmt.Sprintf("%s holds %s, and the bootstrap host takes one object from each file", kind, diag.Count(len(items), "object")),
			"put each of the items in a file of its own")
	}
	if ps := d.required("say which API the "+kind+" belongs to, such as apiVersion: v1", "apiVersion"); ps != nil {
		return ps
	}
	if d.generated() {
		return d.namespaceShape()
	}
	if ps := d.required("name the "+kind, "metadata", "name"); ps != nil {
		return ps
	}
	return d.namespaceShape()
}

// generated reports whether the API makes the name up when the object is created.
// The machine-config operator reads its own kinds before that, and needs names.
func (d *document) generated() bool {
	name := d.value("metadata", "name")
	return (name == nil || name == "") && d.text("metadata", "generateName") != "" && d.identity().group != mcoGroup
}

func (d *document) namespaceShape() diag.Problems {
	if d.value("metadata", "namespace") != nil {
		return d.required("name a namespace, or leave the field out", "metadata", "namespace")
	}
	return nil
}

// required is the problem with a field that must hold text, if it has one. YAML
// takes y, on and 0123 for something else than text.
func (d *document) required(hint string, names ...string) diag.Problems {
	field := strings.Join(names, ".")
	switch v := d.value(names...).(type) {
	case nil:
		return d.refuse(d.field(names...), field, "is missing", hint)
	case string:
		if v == "" {
			return d.refuse(d.field(names...), field, "is empty", hint)
		}
		return nil
	case bool:
		return d.refuse(d.field(names...), field, "means true or false in YAML, where a name belongs", "put the value in quotes")
	case float64:
		return d.refuse(d.field(names...), field, "is a number, where a name belongs", "put the value in quotes")
	default:
		return d.refuse(d.field(names...), field, "is not text", hint)
	}
}

// refuse is a problem at a node, or with the file as a whole if there is none.
func (d *document) refuse(at *yaml3.Node, field, detail, hint string) diag.Problems {
	p := diag.Problem{Position: diag.Position{File: d.path}, Path: field, Detail: detail, Hint: hint}
	if at != nil {
		p.Line, p.Column = at.Line, at.Column
	}
	return diag.Problems{p}
}

// field is the node of a field, or the deepest one on the way that is there.
// It is nil where nothing has a place. An index of a list is written [3].
func (d *document) field(names ...string) *yaml3.Node { return yamlfile.At(d.root, names...) }

// key is the node of a field's name, or the deepest node on the way to it.
func (d *document) key(names ...string) *yaml3.Node { return yamlfile.Key(d.root, names...) }

// value is what stands at a field, or nil.
func (d *document) value(names ...string) any {
	var v any = d.object
	for _, name := range names {
		o, ok := v.(object)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

// text is the string at a field; empty if there is none or something else.
func (d *document) text(names ...string) string {
	s, _ := d.value(names...).(string)
	return s
}

// shorten keeps a message on a screen; names in a cluster have at most 253
// characters.
func shorten(s string) string {
	return diag.Clip(s, 253)
}

// mostListed is how many names a message lists.
const mostListed = 12
