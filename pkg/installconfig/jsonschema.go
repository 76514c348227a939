package installconfig

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// object is a JSON object.
type object = map[string]any

// schemaDialect is the version of JSON Schema that JSONSchema writes.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// JSONSchema describes an install-config for editors and for checks that do not
// run okd-install: the types, words and forms of the table, and those rules
// between fields that a schema can express. With a release it leaves out what
// that release does not know; the zero release has everything.
//
// A config that Load accepts is accepted by the schema, except where Load mends
// with a warning what is not quite right: names in another case, numbers where
// text belongs, YAML 1.1's yes and no. The schema cannot see all that Load
// refuses: overlapping networks, for one.
func JSONSchema(r release.Release) ([]byte, error) {
	s := schema{release: r}
	root := s.object(explainAll())
	root["$schema"] = schemaDialect
	root["$id"] = "urn:okd-install:install-config:" + s.line()
	root["title"] = "install-config.yaml of OKD " + s.line()
	root["allOf"] = s.rules()
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false) // it is read by people, too
	w.SetIndent("", "  ")
	err := w.Encode(root)
	return b.Bytes(), err
}

// schema writes the description for one release.
type schema struct{ release release.Release }

// line is how the release is called in the schema.
func (s schema) line() string {
	if s.release.Line == "" {
		return "of any release"
	}
	return s.release.Line
}

// knows reports whether the release takes a feature on any of the platforms.
func (s schema) knows(feature release.Feature) bool {
	return slices.ContainsFunc(platform.Names(), func(name string) bool { return s.takes(feature, name) })
}

// takes reports whether the release takes a feature on a platform; every one takes none.
func (s schema) takes(feature release.Feature, platform string) bool {
	support, _ := s.release.Support(feature, platform)
	return feature == "" || support > release.Absent
}

// object describes an object with the fields that the release knows.
func (s schema) object(e Explanation) object {
	properties := object{}
	required := []string{}
	for _, f := range e.Fields {
		if !s.knows(f.Feature) {
			continue
		}
		name := f.Path[strings.LastIndex(f.Path, ".")+1:]
		if name == "fencing" && !strings.HasPrefix(f.Path, "controlPlane.") {
			continue // the type has it, and Load refuses it
		}
		properties[name] = s.field(f)
		if f.Required {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if e.Text != "" {
		out["description"] = s.describe(e.Field)
	}
	if len(required) > 0 {
		out["required"] = required
	}
	switch {
	case e.Path == "platform":
		out["minProperties"], out["maxProperties"] = 1, 1
	case strings.HasSuffix(e.Path, ".platform"):
		out["maxProperties"] = 1
	}
	return out
}

// field describes one field. What is not required may also be null, which is the
// same as leaving it out.
func (s schema) field(f Explanation) object {
	var out object
	kind, list := strings.CutPrefix(f.Type, "[]")
	switch {
	case kind == "object":
		out = s.object(f)
	case strings.HasPrefix(kind, "map of "):
		out = object{"type": "object", "additionalProperties": object{"type": "string"}}
	case kind == "any":
		out = object{}
	default:
		out = s.scalar(f, kind, list)
	}
	if list {
		out = object{"type": "array", "items": out}
		if f.Most > 0 {
			out["maxItems"] = f.Most
		}
	}
	if t, ok := out["type"]; ok && !f.Required && parentOf(f.Path) != "platform" {
		out["type"] = []any{t, "null"}
	}
	out["description"] = s.describe(f.Field)
	s.annotate(out, f.Field)
	return out
}

// scalar describes a text, a number or a truth value.
func (s schema) scalar(f Explanation, kind string, entry bool) object {
	out := object{"type": kind}
	mayBeEmpty := !f.Required && !entry
	if len(f.Values) > 0 {
		words := []string{}
		for _, v := range f.Values {
			if s.knows(v.Feature) {
				words = append(words, v.Word)
			}
		}
		if !mayBeEmpty {
			return object{"type": kind, "enum": words}
		}
		// apart, so that an editor does not offer the empty word
		out["anyOf"] = []any{object{"enum": words}, object{"maxLength": 0, "type": []string{"string", "null"}}}
	}
	if p, ok := patterns[f.Form]; ok {
		end := ")$"
		if mayBeEmpty && !p.notEmpty {
			end = ")?$"
		}
		out["pattern"], out["patternErrorMessage"] = "^(?:"+p.regexp+end, p.say
		if p.longest > 0 {
			out["maxLength"] = p.longest
		}
		if f.Form == platform.PEM || f.Form == platform.SSHKeys {
			out["not"] = object{"pattern": "PRIVATE KEY-----"}
		}
	} else if kind == "string" && f.Required && !entry {
		out["minLength"] = 1
	}
	if r := f.Range; r != nil {
		out["minimum"] = r.Min
		if r.Max < manyMachines {
			out["maximum"] = r.Max
		}
	}
	if strings.HasSuffix(f.Path, "rsa.keySize") {
		out["multipleOf"] = stepRSA
	}
	return out
}

// annotate adds what informs and does not decide.
func (s schema) annotate(out object, f Field) {
	if f.Deprecated != "" {
		out["deprecated"] = true
		out["deprecationMessage"] = "use " + f.Deprecated
	}
	var value any
	if f.Default != "" && !f.Secret && yaml.Unmarshal([]byte(f.Default), &value) == nil {
		out["default"] = value
	} else if f.Example != "" && yaml.Unmarshal([]byte(f.Example), &value) == nil {
		out["examples"] = []any{value}
	}
}

// describe words a row for an editor's bubble.
func (s schema) describe(f Field) string {
	var text strings.Builder
	text.WriteString(f.Text)
	for _, v := range f.Values {
		if v.Text != "" && s.knows(v.Feature) {
			text.WriteString("\n- " + v.Word + ": " + v.Text)
		}
	}
	if f.Absent != "" {
		text.WriteString("\nIf absent: " + f.Absent + ".")
	}
	if since := f.Since(); since != "" {
		text.WriteString("\nSince OKD " + since + ".")
	}
	if support, gate := s.release.Support(f.Feature, ""); support == release.Gated {
		text.WriteString("\nNeeds the feature gate " + gate.Gate + ".")
	}
	if f.Deprecated != "" {
		text.WriteString("\nDeprecated: use " + f.Deprecated + ".")
	}
	return text.String()
}
