package manifests

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// shape is what may stand at a field, as far as the operators care: they stop
// at a value of another type.
type shape struct {
	// is names the type in words; empty takes anything.
	is string
	// fields are the known fields of an object.
	fields map[string]shape
	// each is what the items of a list, or the values of an object, are.
	each *shape
	// closed says that fields besides the known ones are dropped.
	closed bool
	// nullable says that the API takes null here, too.
	nullable bool
}

const (
	isText   = "text"
	isFlag   = "true or false"
	isNumber = "a whole number"
	isObject = "an object"
	isList   = "a list"
)

var (
	aText    = shape{is: isText}
	aFlag    = shape{is: isFlag}
	aNumber  = shape{is: isNumber}
	texts    = shape{is: isList, each: &aText}
	textMap  = shape{is: isObject, each: &aText}
	anything = shape{}
	anObject = shape{is: isObject}
)

// orNull is the shape of a field that may also be null.
func orNull(s shape) shape {
	s.nullable = true
	return s
}

func fields(f map[string]shape) shape { return shape{is: isObject, fields: f} }

func listOf(s shape) shape { return shape{is: isList, each: &s} }

// misfits finds what does not have its shape: as problems what is of another
// type, as warnings the fields that nobody reads.
func (d *document) misfits(s shape, steps ...string) (problems, warnings diag.Problems) {
	return d.misfit(s, d.value(steps...), steps)
}

func (d *document) misfit(s shape, v any, steps []string) (problems, warnings diag.Problems) {
	if s.is == "" || v == nil && s.nullable {
		return nil, nil
	}
	if kind := typeOf(v); kind != s.is {
		return d.refuse(d.field(steps...), pathOf(steps), typeProblem(v, s), typeHint(v, s)), nil
	}
	step := func(inner shape, v any, name string) {
		p, w := d.misfit(inner, v, append(slices.Clone(steps), name))
		problems, warnings = append(problems, p...), append(warnings, w...)
	}
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if s.each != nil {
				step(*s.each, item, fmt.Sprintf("[%d]", i))
			}
		}
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner, known := s.fields[name]
			switch {
			case known:
				step(inner, v[name], name)
			case s.each != nil:
				step(*s.each, v[name], name)
			case s.closed:
				warnings = append(warnings, d.unknown(s, append(slices.Clone(steps), name))...)
			}
		}
	}
	return problems, warnings
}

// ignitionSections are the fields that an Ignition config has at its top.
var ignitionSections = []string{"ignition", "passwd", "storage", "systemd", "networkd"}

// unknown warns of a field that the operator drops.
func (d *document) unknown(s shape, steps []string) diag.Problems {
	name := steps[len(steps)-1]
	id := d.identity()
	hint := "remove it; a " + id.kind + " has " + diag.And(diag.Few(slices.Sorted(maps.Keys(s.fields)), mostListed)) + " here"
	if near := diag.Nearest(name, slices.Collect(maps.Keys(s.fields))); near != "" {
		hint = "write " + near
	} else if id.kind == "MachineConfig" && slices.Contains(ignitionSections, name) {
		hint = "indent it so that it is below spec.config"
	} else if _, inSpec := machineConfigSpec.fields[name]; inSpec && id.kind == "MachineConfig" {
		hint = "indent it so that it is below spec"
	}
	return d.refuse(d.key(steps...), pathOf(steps), "is not a field of a "+id.kind+", and is silently dropped", hint)
}

// typeOf names the type of a value that was read from JSON.
func typeOf(v any) string {
	switch v := v.(type) {
	case string:
		return isText
	case bool:
		return isFlag
	case float64:
		if v == math.Trunc(v) {
			return isNumber
		}
		return "a fraction"
	case object:
		return isObject
	case []any:
		return isList
	default:
		return "nothing"
	}
}

func typeProblem(v any, s shape) string {
	got := typeOf(v)
	if v == nil {
		return "is null, which the API refuses: " + s.is + " belongs here"
	}
	return "is " + got + ", and the bootstrap host stops at that: " + s.is + " belongs here"
}

func typeHint(v any, s shape) string {
	switch {
	case v == nil:
		return "leave the field out, or give it a value"
	case s.is == isText && (typeOf(v) == isFlag || typeOf(v) == isNumber || typeOf(v) == "a fraction"):
		return "put the value in quotes"
	case s.is == isFlag:
		return "write true or false, without quotes"
	case s.is == isNumber:
		return "write a number, without quotes"
	case s.is == isList:
		return "write each item on a line of its own, with a dash in front"
	case s.is == isObject:
		return "write fields below it, each as a name, a colon and a value"
	}
	return "write one value, in quotes"
}

// pathOf writes the steps to a field as the project writes paths.
func pathOf(steps []string) string {
	path := ""
	for _, name := range steps {
		if strings.HasPrefix(name, "[") {
			path += name
		} else {
			path = join(path, name)
		}
	}
	return path
}

// stepsOf takes a path apart: storage.files[3].mode.
func stepsOf(path string) (steps []string) {
	for _, part := range strings.Split(path, ".") {
		name, indexes, found := strings.Cut(part, "[")
		if name != "" {
			steps = append(steps, name)
		}
		for _, index := range strings.Split(indexes, "[") {
			if found {
				steps = append(steps, "["+index)
			}
		}
	}
	return steps
}
