package ignition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	ignerrors "github.com/coreos/ignition/v2/config/shared/errors"
	"github.com/coreos/ignition/v2/config/v3_2"
	"github.com/coreos/ignition/v2/config/v3_2/types"
	vpath "github.com/coreos/vcontext/path"
	"github.com/coreos/vcontext/report"
	"github.com/coreos/vcontext/tree"

	"github.com/okd-project/okd-install/pkg/diag"
)

// maxConfig is the largest config that is read, in bytes.
const maxConfig = 64 << 20

// validateConfig reads a config with Ignition's own parser and validator. Whatever
// these report is an error here, be it called a warning or only information:
// something that Ignition ignores is something that someone wanted. The error
// is diag.Problems, with name as the file.
func validateConfig(name string, raw []byte) error {
	_, problems := parse(name, raw)
	return problems.Err()
}

// parse reads a config of spec 3.2.0 or an older one of the same generation,
// which it translates to 3.2.0.
func parse(name string, raw []byte) (types.Config, diag.Problems) {
	file := diag.Position{File: name}
	if len(bytes.TrimSpace(raw)) == 0 {
		return types.Config{}, diag.Problems{{Position: file, Detail: "is empty", Hint: "delete the file to have it made again"}}
	}
	if len(raw) > maxConfig {
		return types.Config{}, diag.Problems{{Position: file, Detail: fmt.Sprintf("is larger than %d MiB", maxConfig>>20)}}
	}
	config, rpt, err := v3_2.Parse(raw)
	if errors.Is(err, ignerrors.ErrUnknownVersion) {
		config, rpt, err = v3_2.ParseCompatibleVersion(raw)
	}
	if err == nil {
		return config, reported(name, rpt)
	}
	// The library does not tell where JSON goes wrong, so what it refuses is read again.
	if problems := checkJSON(name, raw); problems != nil {
		return types.Config{}, problems
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return types.Config{}, diag.Problems{jsonProblem(name, raw, err)}
	}
	problems := reported(name, rpt)
	if len(problems) == 0 {
		problems = diag.Problems{versionProblem(file, raw)}
	}
	return types.Config{}, problems
}

// versionProblem stands for the library's refusals that carry no report: they
// all concern the version.
func versionProblem(file diag.Position, raw []byte) diag.Problem {
	var v struct {
		Ignition struct {
			Version *string `json:"version"`
		} `json:"ignition"`
	}
	p := diag.Problem{
		Position: file, Path: "ignition.version",
		Detail: "is missing",
		Hint: "write the config for spec " + specVersion +
			", which is what the boot images of every release read (Butane: variant fcos, version 1.3.0)",
	}
	if json.Unmarshal(raw, &v) == nil && v.Ignition.Version != nil {
		p.Detail = fmt.Sprintf("%.20q is not a supported spec: 3.0.0, 3.1.0 and %s are supported", *v.Ignition.Version, specVersion)
	}
	return p
}

// reported turns the validator's report into problems.
func reported(name string, rpt report.Report) diag.Problems {
	var problems diag.Problems
	for _, e := range rpt.Entries {
		line, column := e.Marker.Start()
		p := diag.Problem{
			Position: diag.Position{File: name, Line: int(line), Column: int(column)},
			Path:     fieldPath(e.Context),
			Detail:   detail(e.Message),
			Hint:     "correct the field, or move the file away to have it made again",
		}
		if strings.HasPrefix(e.Message, "unused key ") {
			p.Detail = "is not a field of Ignition's spec " + specVersion
			p.Hint = "correct the name or remove it: Ignition would silently ignore it"
		}
		problems = append(problems, p)
	}
	return problems
}

// detail is the validator's message without what it quotes of the config, which
// may be a secret.
func detail(message string) string {
	for _, quoting := range []string{"found garbage after section name", "expected base64, got"} {
		if i := strings.Index(message, quoting); i >= 0 {
			return message[:i] + strings.TrimSuffix(quoting, ", got")
		}
	}
	return message
}

// fieldPath writes the validator's path as the project writes paths:
// storage.files[3].mode.
func fieldPath(c vpath.ContextPath) string {
	var b strings.Builder
	for _, step := range c.Path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			b.WriteString("." + step)
		case tree.Key:
			b.WriteString("." + string(step))
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}

// checkJSON finds where raw is not JSON, and each key that stands twice in one
// object: json.Unmarshal would silently take the last.
func checkJSON(name string, raw []byte) diag.Problems {
	if err := json.Unmarshal(raw, new(json.RawMessage)); err != nil {
		return diag.Problems{jsonProblem(name, raw, err)}
	}
	type level struct {
		keys  map[string]bool // nil for an array
		value bool            // the next token is the value of a key
	}
	var problems diag.Problems
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	stack := []level{{}}
	for {
		tok, err := dec.Token()
		if err != nil { // the end: raw is JSON
			return problems
		}
		top := &stack[len(stack)-1]
		if key, isString := tok.(string); isString && top.keys != nil && !top.value {
			if top.keys[key] {
				problems = append(problems, diag.Problem{
					Position: position(name, raw, dec.InputOffset()-1),
					Detail:   fmt.Sprintf("the key %.40q appears twice in the same object", key),
					Hint:     "merge the two: only the last would count",
				})
			}
			top.keys[key], top.value = true, true
			continue
		}
		top.value = false
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{keys: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
	}
}

// jsonProblem words an error of encoding/json.
func jsonProblem(name string, raw []byte, err error) diag.Problem {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typed):
		return diag.Problem{
			Position: position(name, raw, typed.Offset-1), Path: jsonField(typed.Field),
			Detail: fmt.Sprintf("a JSON %s is not allowed here; %s is expected", typed.Value, jsonKind(typed.Type.Kind().String())),
		}
	case errors.As(err, &syntax) && syntax.Error() != endOfJSON:
		return diag.Problem{Position: position(name, raw, syntax.Offset-1), Detail: "is not JSON: " + syntax.Error()}
	case syntax != nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return diag.Problem{
			Position: position(name, raw, int64(len(raw))), Detail: "is not JSON: it ends too early",
			Hint: "the file may have been cut short; delete it to have it made again",
		}
	default:
		return diag.Problem{Position: diag.Position{File: name}, Detail: "is not JSON: " + err.Error()}
	}
}

// endOfJSON is how encoding/json words a text that ends too early; it has no
// error of its own for it.
const endOfJSON = "unexpected end of JSON input"

// jsonField is the path of a field without the names of embedded structs, which
// encoding/json puts among the keys. Ignition's own keys begin in lower case.
func jsonField(path string) string {
	steps := strings.Split(path, ".")
	return strings.Join(slices.DeleteFunc(steps, func(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' }), ".")
}

// jsonKind names what a Go type is in JSON.
func jsonKind(kind string) string {
	switch kind {
	case "struct", "map":
		return "an object"
	case "slice":
		return "an array"
	case "bool":
		return "true or false"
	case "string":
		return "a string"
	default:
		return "a whole number"
	}
}

// position is the line and column, in bytes, of the byte at an offset.
func position(name string, raw []byte, offset int64) diag.Position {
	before := raw[:min(max(offset, 0), int64(len(raw)))]
	return diag.Position{
		File:   name,
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}
