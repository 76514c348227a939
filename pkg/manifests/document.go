package manifests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
		return nil, file.refuse(nil, "", "is empty, and the bootstrap host stops at a manifest without an object", "delete the file, or put an object in it")
	}
	if !slices.ContainsFunc(roots, func(n *yaml3.Node) bool { return !isNull(n) }) {
		return nil, file.refuse(nil, "", "holds only comments, and the bootstrap host stops at a manifest without an object", "delete the file; "+otherExtension)
	}
	texts := [][]byte{data}
	if len(roots) > 1 {
		if texts = split(data); len(texts) != len(roots) {
			return nil, file.refuse(roots[1], "", "cannot be taken apart into its objects", "write --- on a line of its own between two objects")
		}
	}
	for i, root := range roots {
		if isNull(root) {
			continue
		}
		d := &document{path: path, root: root, number: len(docs) + 1, source: texts[i]}
		found := d.decode(texts[i])
		problems = append(problems, found...)
		docs = append(docs, d)
	}
	// cluster-bootstrap stops at an empty document in front, as templates leave it
	// where they make nothing; behind the object nobody looks.
	if len(docs) == 1 && !isNull(roots[0]) {
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
		return d.refuse(d.root, "", "holds "+single(d.root)+" instead of an object", "write one with apiVersion, kind and metadata; "+otherExtension)
	}
	if problems := d.keys(d.root, "", 0); len(problems) > 0 {
		return problems
	}
	if err := yaml.Unmarshal(text, &d.object); err != nil || d.object == nil {
		d.object = nil
		return d.refuse(d.root, "", "cannot be turned into an object", "write out what the file says with & and * or <<, and use only text as the names of fields")
	}
	problems := d.shape()
	if len(problems) > 0 {
		d.object = nil
	}
	return problems
}

// parse reads all YAML documents of a file.
func parse(path string, data []byte) ([]*yaml3.Node, *diag.Problem) {
	var roots []*yaml3.Node
	for decoder := yaml3.NewDecoder(bytes.NewReader(data)); ; {
		var n yaml3.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			p := syntax(path, data, err)
			return nil, &p
		}
		if len(n.Content) == 1 {
			roots = append(roots, n.Content[0])
		}
	}
}

// syntax puts the YAML parser's message, "yaml: line N: text", in its place.
func syntax(path string, data []byte, err error) diag.Problem {
	p := diag.Problem{Position: diag.Position{File: path}, Hint: "check the indentation, quotes and brackets around this line"}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, message, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			p.Line, text = line, message
		}
	} else {
		p.Line = 1 // the parser leaves out the number of the first line
	}
	if name, ok := strings.CutPrefix(text, "unknown anchor '"); ok {
		// The name may be a password that begins with an asterisk.
		name, _, _ = strings.Cut(name, "'")
		p.Line = 1 + bytes.Count(data[:max(0, bytes.Index(data, []byte("*"+name)))], []byte("\n"))
		text, p.Hint = "an alias (*) refers to no anchor (&)", "put text that begins with * in quotes"
	}
	p.Detail = "is not valid YAML: " + text
	if line, column, ok := yamlfile.Tab(data); ok {
		p.Line, p.Column, p.Detail, p.Hint = line, column, "is not valid YAML: "+yamlfile.TabDetail, yamlfile.TabHint
		return p
	}
	lines := bytes.Split(data, []byte("\n"))
	if p.Line < 1 || p.Line > len(lines) {
		p.Line = 0
		return p
	}
	line := lines[p.Line-1]
	p.Column = len(line) - len(bytes.TrimLeft(line, " \t")) + 1
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

func isNull(n *yaml3.Node) bool {
	return n.Kind == yaml3.ScalarNode && n.Tag == "!!null"
}

// keys finds fields that are given twice, anywhere in the object. Which of the
// two counts differs from one reader to the next.
func (d *document) keys(n *yaml3.Node, path string, depth int) (problems diag.Problems) {
	if depth > maxDepth {
		return d.refuse(n, "", fmt.Sprintf("is nested more than %d levels deep", maxDepth), "check that this is the right file")
	}
	switch n.Kind {
	case yaml3.MappingNode:
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			field := join(path, key.Value)
			line, twice := seen[key.Value]
			switch {
			case key.Kind != yaml3.ScalarNode && key.Kind != yaml3.AliasNode:
				problems = append(problems, d.refuse(key, path, "has an object or a list where the name of a field belongs",
					"put text that begins with { or [ in quotes; if this is a template, fill it in")...)
				continue
			case twice && key.Tag != "!!merge":
				problems = append(problems, d.refuse(key, field, "is given twice, first on line "+strconv.Itoa(line), "keep one of the two")...)
			}
			seen[key.Value] = key.Line
			problems = append(problems, d.keys(value, field, depth+1)...)
		}
	case yaml3.SequenceNode:
		for i, value := range n.Content {
			problems = append(problems, d.keys(value, fmt.Sprintf("%s[%d]", path, i), depth+1)...)
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
		return d.refuse(d.field("kind"), "kind", fmt.Sprintf("%s holds %s, and the bootstrap host takes one object from each file", kind, diag.Count(len(items), "object")),
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
func (d *document) field(names ...string) *yaml3.Node {
	n := d.root
	for _, name := range names {
		if n != nil && n.Kind == yaml3.AliasNode {
			n = n.Alias
		}
		next := member(n, name)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// member is the value of a field or an item of a list, or nil.
func member(n *yaml3.Node, name string) *yaml3.Node {
	switch {
	case n == nil:
	case n.Kind == yaml3.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
	case n.Kind == yaml3.SequenceNode:
		i, err := strconv.Atoi(strings.Trim(name, "[]"))
		if err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

// key is the node of a field's name, or the deepest node on the way to it.
func (d *document) key(names ...string) *yaml3.Node {
	last := len(names) - 1
	parent := d.field(names[:last]...)
	if parent == nil || parent.Kind != yaml3.MappingNode {
		return parent
	}
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == names[last] {
			return parent.Content[i]
		}
	}
	return parent
}

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
