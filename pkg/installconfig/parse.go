package installconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
		at := diag.Position{File: file, Line: line}
		return nil, diag.Problems{{Position: at, Detail: detail, Hint: hint}}
	}
	if len(data) > maxBytes {
		return refuse(0, fmt.Sprintf("has more than the %d bytes that an install-config may have", maxBytes),
			"check that this is the right file")
	}
	if line := binaryLine(data); line > 0 {
		return refuse(line, "is not a text file in UTF-8", "check that this is the right file, and save it as plain text")
	}
	documents := yaml.NewDecoder(bytes.NewReader(data))
	var document, next yaml.Node
	switch err := documents.Decode(&document); {
	case errors.Is(err, io.EOF):
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, nil
	case err != nil:
		return nil, diag.Problems{unreadable(file, data, err, "check the indentation, quotes and brackets here and on the lines around")}
	}
	if err := documents.Decode(&next); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, diag.Problems{unreadable(file, data, err, "check the text after the end of the first document")}
		}
		return refuse(next.Line, "starts a second YAML document", "an install-config is one document: remove the line --- and what does not belong")
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, nil
	}
	if root.Kind != yaml.MappingNode {
		return refuse(root.Line, "holds "+kindOf(root)+" instead of fields",
			"an install-config begins with a line such as apiVersion: v1")
	}
	m := measure{file: file, sizes: map[*yaml.Node]int{}}
	if total := m.visit(root); len(m.problems) == 0 && total-m.written > maxAliased {
		return refuse(root.Line, "repeats itself through aliases until it has more than "+strconv.Itoa(maxAliased)+" additional values",
			"write the values out instead of using & and *")
	}
	if m.written > maxValues {
		return refuse(root.Line, fmt.Sprintf("has %d values, more than the %d that an install-config may have", m.written, maxValues),
			"check that this is the right file")
	}
	return root, m.problems.Sorted()
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

// undefinedAlias is our wording of the one message of the YAML parser that quotes
// the file: a password that begins with * would be in it.
const undefinedAlias = "an alias (*) refers to no anchor (&)"

// syntaxError takes the line out of the YAML parser's message, which has the
// form "yaml: line N: text" or "yaml: text".
func syntaxError(err error) (int, string) {
	detail := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1 // the parser leaves out the number of the first line
	if before, _, ok := strings.Cut(detail, "unknown anchor"); ok {
		line, detail = 0, before+undefinedAlias
	}
	if rest, ok := strings.CutPrefix(detail, "line "); ok {
		if number, text, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				return line, text
			}
		}
	}
	return line, detail
}

// unreadable words why a file is not YAML, at the place where the fault is: for the
// mistakes that the parser's words hide best, that is not where the parser stopped.
func unreadable(file string, data []byte, err error, hint string) diag.Problem {
	line, detail := syntaxError(err)
	p := diag.Problem{Position: diag.Position{File: file, Line: line}, Detail: "is not YAML: " + detail, Hint: hint}
	if strings.Contains(detail, undefinedAlias) {
		p.Hint = "put the value in quotes if it really begins with *"
		return p
	}
	if line, column, ok := yamlfile.Tab(data); ok {
		p.Line, p.Column, p.Detail, p.Hint = line, column, "is not YAML: "+yamlfile.TabDetail, yamlfile.TabHint
		return p
	}
	// The parser counts a line too few or too many where a block ends too early.
	lines := sourceLines(data)
	for at := max(line-1, 1); at <= min(line+1, len(lines)); at++ {
		if edge := strings.TrimSpace(lines[at-1]); pemfile.IsEdge(edge) {
			p.Line, p.Column = at, 1+len([]rune(lines[at-1]))-len([]rune(strings.TrimLeft(lines[at-1], " ")))
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
