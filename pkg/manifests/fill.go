package manifests

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	yaml3 "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/data"
)

// This file fills the files of data/manifests. Such a file is parsed as YAML, and
// then its places are filled: a value that is $(name), or has it in the midst of
// other text. No text is pasted into YAML, so that no value can break out of its
// place, whatever the user has written.

// values fill the places of a file, by their names. What is alone in its place
// may be anything that can be marshalled; beside other text it is a string. nil
// removes the key that the place is the value of.
type values map[string]any

// place is where a value goes.
var place = regexp.MustCompile(`\$\(([A-Za-z]+)\)`)

// frames holds the files that were parsed, by their paths.
var frames sync.Map

// frame is a file of data/manifests as it stands. It is shared: it must not be
// changed.
func frame(path string) (object, error) {
	if o, ok := frames.Load(path); ok {
		return o.(object), nil
	}
	text, err := data.Manifests.ReadFile("manifests/" + path)
	if err != nil {
		return nil, fmt.Errorf("data/manifests has no %s", path)
	}
	var o object
	if err := yaml3.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("data/manifests/%s: %w", path, err)
	}
	frames.Store(path, o)
	return o, nil
}

// fill makes an object of a file. Each place has to have a value and each value a
// place, so that a file and what fills it cannot drift apart.
func fill(path string, v values) (object, error) {
	o, err := frame(path)
	if err != nil {
		return nil, err
	}
	f := filling{values: v, used: map[string]bool{}}
	filled, _ := f.fill(o).(object)
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if !f.used[name] {
			f.wrong = append(f.wrong, "has no place $("+name+")")
		}
	}
	if len(f.wrong) > 0 {
		return nil, fmt.Errorf("data/manifests/%s: %s", path, strings.Join(f.wrong, ", "))
	}
	return filled, nil
}

type filling struct {
	values values
	used   map[string]bool
	wrong  []string
}

// fill returns a copy of what stands in a file, with its places filled; nil if it
// is a place without a value. What has no places stays what it is.
func (f *filling) fill(node any) any {
	switch node := node.(type) {
	case object:
		out := make(object, len(node))
		for key, value := range node {
			if filled := f.fill(value); filled != nil || value == nil {
				out[key] = filled
			}
		}
		return out
	case list:
		out := make(list, 0, len(node))
		for _, value := range node {
			out = append(out, f.fill(value))
		}
		return out
	case string:
		return f.text(node)
	default:
		return node
	}
}

func (f *filling) text(text string) any {
	if !strings.Contains(text, "$(") {
		return text
	}
	if found := place.FindString(text); found == text {
		return f.value(text[2 : len(text)-1])
	}
	return place.ReplaceAllStringFunc(text, func(place string) string {
		value, ok := f.value(place[2 : len(place)-1]).(string)
		if !ok {
			f.wrong = append(f.wrong, place+" stands in the midst of text, but is not text")
		}
		return value
	})
}

func (f *filling) value(name string) any {
	v, ok := f.values[name]
	if !ok {
		f.wrong = append(f.wrong, "nothing fills $("+name+")")
	}
	f.used[name] = true
	v, err := plain(v)
	if err != nil {
		f.wrong = append(f.wrong, "$("+name+"): "+err.Error())
	}
	return v
}

// plain is a value as objects, lists and scalars, in the shape that its type has
// as JSON. An object of such values can be marshalled as it is: sigs.k8s.io/yaml
// does the same by writing all of it as JSON and reading that again.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int, int32, int64:
		return v, nil
	case []string:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case object:
		if v == nil {
			return nil, nil
		}
		out := make(object, len(v))
		for key, value := range v {
			p, err := plain(value)
			if err != nil {
				return nil, err
			}
			out[key] = p
		}
		return out, nil
	case list:
		if v == nil {
			return nil, nil
		}
		out := make(list, 0, len(v))
		for _, value := range v {
			p, err := plain(value)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	err = yaml3.Unmarshal(text, &out) // unlike encoding/json, it tells integers from others
	return out, err
}

// given is a text for a place, or nothing if it is empty, as the API leaves such
// fields out.
func given(text string) any {
	if text == "" {
		return nil
	}
	return text
}
