package manifests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
)

// document is a manifest as the bootstrap host's renderers see it: one object.
type document struct {
	path   string
	object object
	// root is the same object with its places; nil for JSON that is not YAML.
	root *yaml3.Node
	// more holds the objects of further YAML documents, which nobody renders.
	more []*yaml3.Node
}

// maxDepth is how deep a manifest may be nested. No API type comes near.
const maxDepth = 200

const otherExtension = "text that is not an object can stay in a file that ends in .txt, which is left out"

// read takes a manifest apart. A file that the renderers would stop at gives no
// document but its problems.
func read(path string, data []byte) (*document, diag.Problems) {
	d := &document{path: path}
	roots, problem := parse(path, data)
	if problem != nil {
		if o, ok := plainJSON(data); ok {
			d.object = o
			problems := d.shape()
			return d, problems
		}
		return nil, diag.Problems{*problem}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, d.refuse(nil, "", "is empty, and the bootstrap host stops at a manifest without an object", "delete the file, or put an object in it")
	}
	if len(roots) == 0 || len(roots) == 1 && isNull(roots[0]) {
		return nil, d.refuse(nil, "", "holds only comments, and the bootstrap host stops at a manifest without an object", "delete the file; "+otherExtension)
	}
	d.root = roots[0]
	switch {
	case isNull(d.root):
		return nil, d.refuse(d.root, "", "begins with an empty YAML document, and the bootstrap host looks at the first one only",
			"delete the lines above the second ---")
	case d.root.Kind == yaml3.SequenceNode:
		return nil, d.refuse(d.root, "", "holds a list instead of an object", "put each object in a file of its own, without the dash in front")
	case d.root.Kind != yaml3.MappingNode:
		return nil, d.refuse(d.root, "", "holds "+single(d.root)+" instead of an object", "write one with apiVersion, kind and metadata; "+otherExtension)
	}
	if problems := d.keys(d.root, "", 0); len(problems) > 0 {
		return nil, problems
	}
	if err := yaml.Unmarshal(data, &d.object); err != nil || d.object == nil {
		return nil, d.refuse(d.root, "", "cannot be turned into an object", "write out what the file says with & and * or <<, and use only text as the names of fields")
	}
	for _, r := range roots[1:] {
		if !isNull(r) {
			d.more = append(d.more, r)
		}
	}
	problems := d.shape()
	return d, problems
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
	lines := bytes.Split(data, []byte("\n"))
	if p.Line < 1 || p.Line > len(lines) {
		p.Line = 0
		return p
	}
	line := lines[p.Line-1]
	p.Column = len(line) - len(bytes.TrimLeft(line, " \t")) + 1
	if tab := bytes.IndexByte(line, '\t'); tab >= 0 && tab < p.Column {
		p.Column, p.Detail = tab+1, "is not valid YAML: a tab cannot indent a line"
		p.Hint = "use spaces instead"
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
	if strings.ContainsAny(key, ". /\n") {
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
	if items, isList := d.object["items"].([]any); kind == "List" || isList && strings.HasSuffix(kind, "List") {
		return d.refuse(d.field("kind"), "kind", fmt.Sprintf("%s holds %s, and the bootstrap host takes one object from each file", kind, count(len(items), "object")),
			"put each of the items in a file of its own")
	}
	if ps := d.required("say which API the "+kind+" belongs to, such as apiVersion: v1", "apiVersion"); ps != nil {
		return ps
	}
	if ps := d.required("name the "+kind+"; names are not generated during the installation", "metadata", "name"); ps != nil {
		return ps
	}
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
// It is nil where nothing has a place.
func (d *document) field(names ...string) *yaml3.Node {
	return find(d.root, names...)
}

func find(n *yaml3.Node, names ...string) *yaml3.Node {
	for _, name := range names {
		if n == nil || n.Kind != yaml3.MappingNode {
			return n
		}
		here := n
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				n = n.Content[i+1]
				break
			}
		}
		if n == here {
			return n
		}
	}
	return n
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

// identity is what an object is known by in the cluster. The version of its API
// is no part of it.
type identity struct{ group, kind, namespace, name string }

func (d *document) identity() identity {
	group, _, found := strings.Cut(d.text("apiVersion"), "/")
	if !found {
		group = ""
	}
	return identity{group, d.text("kind"), d.text("metadata", "namespace"), d.text("metadata", "name")}
}

// String names an object as a user would: ConfigMap kube-system/root-ca.
func (id identity) String() string {
	if id.namespace == "" {
		return shorten(id.kind) + " " + shorten(id.name)
	}
	return shorten(id.kind) + " " + shorten(id.namespace) + "/" + shorten(id.name)
}

// same tells whether two documents say the same, whatever they look like.
func (d *document) same(other *document) bool {
	return reflect.DeepEqual(d.object, other.object)
}

// shorten keeps a message on a screen; names in a cluster have at most 253
// characters.
func shorten(s string) string {
	if len(s) > 253 {
		return strings.ToValidUTF8(s[:250], "") + "..."
	}
	return s
}

func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return strconv.Itoa(n) + " " + noun + "s"
	}
}
