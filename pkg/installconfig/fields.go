package installconfig

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// reader walks the document and the schema side by side, fills the one from the
// other, and keeps going after a problem so that all of them are found.
type reader struct {
	*findings
	lenient bool
}

var (
	platformType = reflect.TypeFor[platform.Platform]()
	poolType     = reflect.TypeFor[platform.Pool]()
)

// read fills into from n. A null leaves it empty.
func (r *reader) read(n *yaml.Node, into reflect.Value, path string) {
	n = yamlfile.Followed(n)
	if yamlfile.IsNull(n) {
		return
	}
	switch into.Type() {
	case platformType:
		name, block := r.union(n, path, func(s platform.Spec) any { return s.New() })
		into.Set(reflect.ValueOf(platform.Platform{Name: name, Config: block}))
		return
	case poolType:
		name, block := r.union(n, path, func(s platform.Spec) any { return s.NewPool() })
		into.Set(reflect.ValueOf(platform.Pool{Name: name, Config: block}))
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		r.read(n, into.Elem(), path)
	case reflect.Struct:
		r.object(n, into, path)
	case reflect.Slice:
		r.list(n, into, path)
	case reflect.Map:
		r.words(n, into, path)
	case reflect.Interface:
		if value := r.anything(n, path); value != nil {
			into.Set(reflect.ValueOf(value))
		}
	default:
		r.scalar(n, into, path)
	}
}

// object fills a struct and reports the fields that it does not have.
func (r *reader) object(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.mismatch(n, path, "an object with fields")
		return
	}
	fields := fieldsOf(into.Type())
	r.eachField(n, path, slices.Sorted(maps.Keys(fields)), func(name string, value *yaml.Node) {
		r.read(value, into.Field(fields[name]), under(path, name))
	})
}

// eachField calls found with every field of n that is among names, under its
// proper name, and reports the others.
func (r *reader) eachField(n *yaml.Node, path string, names []string, found func(name string, value *yaml.Node)) {
	as := map[string]string{} // proper name -> as it is written
	var misnamed []string
	for _, f := range r.fields(n, path) {
		name, ok := proper(f.Key.Value, names)
		at := under(path, shorten(f.Key.Value))
		if !ok {
			r.places[at] = placeOf(f.Key, f.Value)
			meant, odd := r.oddKey(f.Key, at, names)
			if !odd {
				meant = r.unknown(path, at, f.Key.Value, names)
			}
			if meant != "" {
				misnamed = append(misnamed, under(path, meant))
			}
			continue
		}
		at = under(path, name)
		if before, twice := as[name]; twice {
			r.add(r.pointing(f.Key, at, "is given twice, as "+before+" and as "+f.Key.Value, "keep one of the two"))
			continue
		}
		as[name] = f.Key.Value
		r.places[at] = placeOf(f.Key, f.Value)
		if name != f.Key.Value {
			r.warn(at, "is written "+f.Key.Value+" in the file", "write "+name)
		}
		found(name, f.Value)
	}
	for _, at := range misnamed {
		if _, given := r.places[at]; !given {
			r.broken[at] = true // it is there, under another name
		}
	}
}

// unknown reports a field that the object does not have, and returns the one that was
// meant, if that is known.
func (r *reader) unknown(object, at, name string, names []string) (meant string) {
	detail := "is not a field of " + object
	if object == "" {
		detail = "is not a field of an install-config"
	}
	hint := r.fieldHint(object, name, names)
	if r.lenient {
		r.warn(at, detail+" and is ignored", hint)
		return ""
	}
	r.fail(at, detail, hint)
	meant, _ = strings.CutPrefix(hint, "did you mean ")
	return strings.TrimSuffix(meant, "?")
}

// fieldHint says what to do about a field that the object, which has those of names, does
// not have.
func (r *reader) fieldHint(object, name string, names []string) string {
	for _, other := range names {
		if squashed(other) == squashed(name) {
			return "did you mean " + other + "?"
		}
	}
	if hint := r.elsewhere(object, name); hint != "" {
		return hint
	}
	if len(names) == 0 {
		return "remove it: " + object + " has no fields"
	}
	if longer := slices.IndexFunc(names, func(s string) bool { return len(name) > 3 && strings.HasPrefix(s, name) }); longer >= 0 {
		return "did you mean " + names[longer] + "?"
	}
	switch near, few := nearOrFew(name, names); {
	case near != "":
		return "did you mean " + near + "?"
	case len(few) == 1:
		return "the only field here is " + few[0]
	case len(few) > 1:
		return "the fields here are " + diag.And(few)
	}
	return "remove it, or indent it below the object that it belongs to"
}

// list fills a slice. An empty list is the same as none.
func (r *reader) list(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		r.mismatch(n, path, "a list")
		return
	}
	if len(n.Content) == 0 {
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	for i, value := range n.Content {
		at := item(path, i)
		r.places[at] = placeOf(value, value)
		r.read(value, into.Index(i), at)
	}
}

// words fills a map of strings, such as labels, whose keys are the user's own.
func (r *reader) words(n *yaml.Node, into reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.mismatch(n, path, "an object with fields")
		return
	}
	for _, f := range r.fields(n, path) {
		if into.IsNil() {
			into.Set(reflect.MakeMap(into.Type()))
		}
		at := under(path, f.Key.Value)
		r.places[at] = placeOf(f.Key, f.Value)
		value := reflect.New(into.Type().Elem()).Elem()
		r.read(f.Value, value, at)
		into.SetMapIndex(reflect.ValueOf(f.Key.Value), value)
	}
}

// anything reads a value of which the schema says nothing.
func (r *reader) anything(n *yaml.Node, path string) any {
	switch n = yamlfile.Followed(n); n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for _, f := range r.fields(n, path) {
			out[f.Key.Value] = r.anything(f.Value, under(path, f.Key.Value))
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for i, value := range n.Content {
			out = append(out, r.anything(value, item(path, i)))
		}
		return out
	default:
		var out any
		r.scalar(n, reflect.ValueOf(&out).Elem(), path)
		return out
	}
}

// scalar fills a string, number or truth value by the rules of YAML 1.1, and
// makes text of a number or a truth value where text is wanted.
func (r *reader) scalar(n *yaml.Node, into reflect.Value, path string) {
	text := into.Kind() == reflect.String
	if n.Kind == yaml.ScalarNode && (text || into.Kind() != reflect.Interface && n.ShortTag() == "!!str") && r.leftover(n, path) {
		if text {
			into.SetString(n.Value)
		}
		return
	}
	if n.Kind != yaml.ScalarNode {
		r.mismatch(n, path, wanted(into.Type()))
		return
	}
	quoted := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	tagged := n.Style&yaml.TaggedStyle != 0
	if tagged && !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool"}, n.ShortTag()) {
		r.broken[path] = true
		r.add(r.pointing(n, path, "begins with !, which makes a YAML tag of its first word",
			"put the value in quotes if it really begins with !, or remove the tag"))
		return
	}
	if n.ShortTag() == "!!str" && (quoted || tagged || strings.ContainsAny(n.Value, " \n")) && (text || into.Kind() == reflect.Interface) {
		into.Set(reflect.ValueOf(n.Value))
		return
	}
	// As the one item of a list the text cannot be taken for anything else.
	source := "- " + n.Value
	if tagged || quoted {
		source = "- " + map[bool]string{true: n.ShortTag() + " "}[tagged] + strconv.Quote(n.Value)
	}
	item := reflect.New(reflect.SliceOf(into.Type()))
	if err := sigsyaml.Unmarshal([]byte(source), item.Interface()); err != nil || item.Elem().Len() != 1 {
		r.mismatch(n, path, wanted(into.Type()))
		return
	}
	value := item.Elem().Index(0)
	into.Set(value)
	if text && value.String() != n.Value {
		as := "does not come out as written"
		if !r.row(path).Secret {
			as = "comes out as " + strconv.Quote(shorten(value.String()))
		}
		r.warn(path, "is taken for a number or a truth value, and "+as, "put the value in quotes")
	}
}

// mismatch reports a value of a wrong kind. It does not quote the value, which
// may be a secret in the wrong place.
func (r *reader) mismatch(n *yaml.Node, path, want string) {
	if r.isBroken(path) || n.Kind == yaml.ScalarNode && r.leftover(n, path) {
		return
	}
	has := "is " + kindOf(n)
	if n.Kind == yaml.ScalarNode {
		switch tag := n.ShortTag(); {
		case tag == "!!bool":
			has = "is true or false"
		case tag != "!!int" && tag != "!!float":
			has = "is text"
		case !strings.HasPrefix(want, "a whole number"):
			has = "is a number"
		case tag == "!!float" && strings.ContainsAny(n.Value, ".eE"):
			has = "has a fraction"
		default:
			has = "is out of range"
		}
	}
	r.add(r.pointing(n, path, "must be "+want+", but "+has, r.mismatchHint(path, want, n)))
	r.broken[path] = true
}

// mismatchHint shows the right form where people are known to write another.
func (r *reader) mismatchHint(path, want string, n *yaml.Node) string {
	switch list := strings.TrimRight(path, "[]0123456789"); {
	case path == "pullSecret":
		return `put the JSON in single quotes: pullSecret: '{"auths":{...}}'`
	case path == "sshKey" && n.Kind == yaml.SequenceNode:
		return "write sshKey: | and below it the keys, indented, one on a line"
	case path == "platform":
		return "write platform: and below it, indented, " + platform.Usual() + ": {}"
	case strings.HasPrefix(path, "platform.") && !strings.Contains(path[len("platform."):], "."):
		return "write " + path[len("platform."):] + ": {}"
	case list == "networking.machineNetwork" && list != path:
		return "write - cidr: 192.168.1.0/24"
	case list == "networking.clusterNetwork" && list != path:
		return "write - cidr: 10.128.0.0/14 and below it hostPrefix: 23"
	case list == "networking.serviceNetwork" && list != path && n.Kind != yaml.ScalarNode:
		return "write - 172.30.0.0/16"
	case want == "a list" && n.Kind == yaml.ScalarNode && list == "networking.machineNetwork":
		return "write - cidr: 192.168.1.0/24 below it"
	case want == "a list" && n.Kind == yaml.ScalarNode && list == "networking.clusterNetwork":
		return "write - cidr: 10.128.0.0/14 below it, and below that hostPrefix: 23"
	case want == "a list" && n.Kind == yaml.ScalarNode && list == "networking.serviceNetwork":
		return "write - 172.30.0.0/16 below it"
	case want == "a list" && n.Kind == yaml.ScalarNode:
		return "begin each entry, even if there is only one, with a dash and a blank"
	case isQuoted(n) && unquoted(n.Value, want):
		return "remove the quotes"
	}
	return r.shapeHint(path, want, n)
}

func isQuoted(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
}

// unquoted reports whether a text would be what is wanted without its quotes.
func unquoted(text, want string) bool {
	if want == wantedBool {
		return text == "true" || text == "false"
	}
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil && strings.HasPrefix(want, "a whole number")
}

// wantedBool is what a field holds that is on or off.
const wantedBool = "true or false"

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return wantedBool
	case reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint32:
		return "a whole number, not negative"
	case reflect.String:
		return "text"
	default:
		return "a single value"
	}
}
