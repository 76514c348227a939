package installconfig

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// union reads a platform block: at most one platform, under its name. Block
// makes the empty config that is filled. A platform with null is not there.
func (r *reader) union(n *yaml.Node, path string, block func(platform.Spec) any) (string, any) {
	if n.Kind != yaml.MappingNode {
		r.mismatch(n, path, "an object with the platform's name as its one field")
		return "", nil
	}
	found, nulls, values := r.blocks(n, path)
	switch {
	case len(found) == 0 && len(nulls) > 0:
		name := shorten(nulls[0])
		r.fail(path, name+" has no value", "write "+name+": {}")
		r.broken[path] = true
		return "", nil
	case len(found) == 0:
		return "", nil
	case len(found) > 1:
		if r.strays(found, path) {
			return "", nil
		}
		for i, name := range found {
			found[i] = shorten(name)
		}
		r.fail(path, fmt.Sprintf("holds %d platforms (%s), but a cluster has one", len(found), strings.Join(found, ", ")), "keep one of them")
		r.broken[path] = true
		return "", nil
	}
	name := found[0]
	spec, ok := platform.Find(name)
	if !ok {
		at := r.places[under(path, shorten(name))]
		key := &yaml.Node{Value: name, Line: at.line, Column: at.column}
		if _, odd := r.oddKey(key, under(path, shorten(name)), platform.Names()); odd {
			r.broken[path] = true
			return "", nil
		}
		detail, hint := unsupported(name)
		if unfilled := yamlfile.Unfilled(name); unfilled != "" {
			detail, hint = unfilled, "write the name of a platform, such as "+platform.Usual()
		}
		if path != "platform" {
			hint = "leave it out: machine pools need no platform block"
		}
		r.fail(under(path, shorten(name)), detail, hint)
		r.broken[path] = true
		return "", nil
	}
	config := block(spec)
	r.read(values[name], reflect.ValueOf(config).Elem(), under(path, name))
	return name, config
}

// strays reports fields of the file that are indented below platform, and reports whether
// there were any.
func (r *reader) strays(found []string, path string) (astray bool) {
	for _, name := range found {
		if slices.Contains(platform.Names(), name) || slices.Contains(platform.Known, name) || len(pathsEndingIn(name)) == 0 {
			continue
		}
		astray = true
		at := under(path, name)
		r.fail(at, "is not a platform, but another field", r.elsewhere("", name))
		r.broken[name] = true
	}
	if astray {
		r.broken[path] = true
	}
	return astray
}

// blocks are the platforms that a block names, in its order, with their values. Those
// with null stand apart.
func (r *reader) blocks(n *yaml.Node, path string) (found, nulls []string, values map[string]*yaml.Node) {
	values = map[string]*yaml.Node{}
	for _, f := range r.fields(n, path) {
		name := f.Key.Value
		if p, ok := proper(name, slices.Concat(platform.Names(), platform.Known)); ok {
			if at := under(path, p); p != name {
				r.warn(at, "is written "+shorten(name)+" in the file", "write "+p)
			}
			name = p
		}
		r.places[under(path, shorten(name))] = placeOf(f.Key, f.Value)
		if yamlfile.IsNull(yamlfile.Followed(f.Value)) {
			nulls = append(nulls, name)
			continue
		}
		if _, twice := values[name]; twice {
			r.fail(path, "holds "+name+" twice, in different case", "keep one of the two")
			continue
		}
		found = append(found, name)
		values[name] = f.Value
	}
	return found, nulls, values
}

// unsupported says what to do about a platform that is not in the table.
func unsupported(name string) (detail, hint string) {
	names := platform.Names()
	if slices.Contains(platform.Known, name) {
		return "is not supported by okd-install yet", "supported are " + diag.And(names) +
			"; machines of any make can be used with " + platform.Usual()
	}
	hint = "supported are " + diag.And(names)
	if len(name) < 64 {
		if near := diag.Nearest(name, names); near != "" {
			hint = "did you mean " + near + "?"
		} else if near := diag.Nearest(name, platform.Known); near != "" {
			hint += "; " + near + " is not supported yet"
		}
	}
	return "is not a platform", hint
}
