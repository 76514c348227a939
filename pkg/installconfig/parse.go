package installconfig

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/pemfile"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// Bounds of a file that is still believed to be an install-config. Real ones
// have some hundred values, ten levels and a few kilobytes.
const (
	maxBytes = 1 << 20
	maxDepth = 100
	// maxAliased is how many values aliases may add to those that are written.
	maxAliased = 10_000
	maxValues  = 50_000
)

// parse reads data as one YAML document that holds a mapping. An empty file is
// an empty mapping. The problems concern the file as a whole, except that all
// duplicate keys are listed.
func parse(file string, data []byte) (*yaml.Node, diag.Problems) {
	refuse := func(line int, detail, hint string) (*yaml.Node, diag.Problems) {
		at := diag.Position{File: file, Line: line, Column: min(line, 1)}
		return nil, diag.Problems{{Position: at, Detail: detail, Hint: hint}}
	}
	if len(data) > maxBytes {
		return refuse(0, fmt.Sprintf("has more than the %d bytes that an install-config may have", maxBytes),
			"check that this is the right file")
	}
	if line, column, char := controlAt(data); line > 0 && char > 0 {
		return nil, diag.Problems{{
			Position: diag.Position{File: file, Line: line, Column: column},
			Detail:   "has the control character " + diag.Rune(char) + " in it, which a text file has not",
			Hint:     "remove it, or check that this is the right file",
		}}
	}
	if line := binaryLine(data); line > 0 {
		return refuse(line, "is not a text file in UTF-8", "check that this is the right file, and save it as plain text")
	}
	documents, err := yamlfile.Documents(data)
	switch {
	case len(documents) > 1:
		return refuse(documents[1].Line, "starts a second YAML document",
			"an install-config is one document: remove the line --- and what does not belong")
	case err != nil:
		hint := "check the indentation, quotes and brackets here and on the lines around"
		if len(documents) == 1 {
			hint = "check the text after the end of the first document"
		}
		return nil, diag.Problems{unreadable(file, data, err, hint)}
	case len(documents) == 0 || yamlfile.IsNull(documents[0].Content[0]):
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, nil
	}
	root := documents[0].Content[0]
	if root.Kind != yaml.MappingNode {
		return refuse(root.Line, "holds "+kindOf(root)+" instead of fields",
			"an install-config begins with a line such as apiVersion: v1")
	}
	found := yamlfile.Examine(root, maxDepth)
	if len(found.Faults) == 0 && found.Aliased > maxAliased {
		return refuse(root.Line, "repeats itself through aliases until it has more than "+strconv.Itoa(maxAliased)+" additional values",
			"write the values out instead of using & and *")
	}
	if found.Written > maxValues {
		return refuse(root.Line, fmt.Sprintf("has %d values, more than the %d that an install-config may have", found.Written, maxValues),
			"check that this is the right file")
	}
	var problems diag.Problems
	for _, f := range found.Faults[:min(len(found.Faults), maxProblems)] {
		problems = append(problems, faulty(file, f, data))
	}
	if kind := yamlfile.At(root, "kind"); len(problems) == 0 && kind != root && kind.Kind == yaml.ScalarNode &&
		kind.Value != "InstallConfig" && simpleWord.MatchString(kind.Value) {
		return refuse(kind.Line, "is of kind "+kind.Value+", and not an install-config", "name the install-config instead, which has no kind")
	}
	return root, problems.Sorted()
}

// faulty words what is wrong with the file's form.
func faulty(file string, f yamlfile.Fault, data []byte) diag.Problem {
	p := diag.Problem{Position: diag.Position{File: file, Line: f.At.Line, Column: f.At.Column}}
	for _, s := range f.Path {
		if s.InList {
			p.Path = item(p.Path, s.Index)
		} else {
			p.Path = under(p.Path, shorten(s.Key))
		}
	}
	switch f.Kind {
	case yamlfile.TooDeep:
		p.Detail, p.Hint = "is nested more than "+strconv.Itoa(maxDepth)+" levels deep", "check that this is the right file"
	case yamlfile.NotAName:
		if braced(data, f.At) {
			p.Column = max(1, p.Column-1)
			p.Detail, p.Hint = "a template ({{ }}) was left unfilled", yamlfile.TemplateHint
			break
		}
		p.Detail, p.Hint = "has "+kindOf(f.At)+" where a field name belongs", "write the name of a field before the colon"
	case yamlfile.Twice:
		p.Detail, p.Hint = "is given twice, first on line "+strconv.Itoa(f.First), "keep one of the two"
	case yamlfile.Endless:
		p.Detail, p.Hint = "the alias *"+shorten(f.At.Value)+" is inside of what it stands for", "write the value out instead"
	}
	return p
}

// braced reports whether a node is in two braces, as a template is.
func braced(data []byte, n *yaml.Node) bool {
	lines := sourceLines(data)
	if n.Line < 1 || n.Line > len(lines) {
		return false
	}
	line := []rune(lines[n.Line-1])
	at := func(i int) bool { return i >= 0 && i < len(line) && line[i] == '{' }
	return at(n.Column-1) && (at(n.Column-2) || at(n.Column))
}

var simpleWord = regexp.MustCompile(`^[A-Za-z]{1,60}$`)

// controlAt returns the place of the one control character of a text that has no other
// fault, or 0: a file with more of them is of another kind.
func controlAt(data []byte) (line, column int, char rune) {
	if !utf8.Valid(data) {
		return 0, 0, 0
	}
	found := 0
	for number, text := range bytes.Split(data, []byte("\n")) {
		at := 0
		for _, r := range string(text) {
			if at++; (r < ' ' || r == 0x7f) && r != '\r' && r != '\t' {
				if found++; found == 1 {
					line, column, char = number+1, at, r
				}
			}
		}
	}
	if found != 1 {
		return 0, 0, 0
	}
	return line, column, char
}

// binaryLine returns the line of the first byte that a text cannot have, or 0.
func binaryLine(data []byte) int {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return 1
	}
	line := 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size < 2 || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return line
		}
		if r == '\n' {
			line++
		}
		i += size
	}
	return 0
}

// pullSecretForm shows how a pull secret is written.
const pullSecretForm = `: pullSecret: '{"auths":{...}}'`

// unreadable words why a file is not YAML, at the place where the fault is: for the
// mistakes that the parser's words hide best, that is not where the parser stopped.
func unreadable(file string, data []byte, err error, hint string) diag.Problem {
	var syntax *yamlfile.SyntaxError
	if !errors.As(err, &syntax) {
		return diag.Problem{Position: diag.Position{File: file}, Detail: "is not YAML", Hint: hint}
	}
	p := diag.Problem{
		Position: diag.Position{File: file, Line: syntax.Line, Column: syntax.Column},
		Detail:   "is not YAML: " + syntax.Words(diag.Rune),
		Hint:     cmp.Or(syntax.Hint, hint),
	}
	if _, err := Explain(syntax.Field); err == nil && syntax.Field != "" {
		p.Path = syntax.Field
	}
	switch {
	case syntax.Field != "pullSecret":
	case strings.HasPrefix(p.Hint, "put the JSON"):
		p.Hint += pullSecretForm
	case strings.HasSuffix(syntax.Reason, "is not closed") && !strings.Contains(syntax.Reason, "quote"):
		p.Hint += ", and put the JSON in single quotes" + pullSecretForm
	}
	// The parser counts a line too few or too many where a block ends too early.
	lines, from, to := sourceLines(data), p.Line-1, p.Line+1
	if syntax.Hint != "" {
		from, to = p.Line, p.Line
	}
	for at := max(from, 1); at <= min(to, len(lines)) && !strings.HasPrefix(syntax.Reason, "the first line") && !syntax.Tab(); at++ {
		if edge := strings.TrimSpace(lines[at-1]); pemfile.IsEdge(edge) {
			p.Line, p.Column, p.Path = at, 1+len([]rune(lines[at-1]))-len([]rune(strings.TrimLeft(lines[at-1], " "))), ""
			p.Detail, p.Hint = "is not YAML: "+edge+" stands too far to the left", "indent all lines of the certificates alike, below their field"
			return p
		}
	}
	return p
}

// kindOf names what a node is, for a user.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}
