// Package yamlfile reads the YAML files of users, and knows where in them everything
// stands. It is the one reader of the install-config, of manifests, of the wizard's
// answers, of catalogues, and of texts whose secrets are to be hidden.
//
// Documents is where to begin: it gives the trees of a file, or the one place where the
// file stops being YAML. Examine then finds what a tree has that YAML allows and nobody
// means: a field that is given twice, nesting without end, aliases that multiply. At
// and Fields lead through a tree. Decode is for files of a form that is known.
//
// The package says where and what; how that is worded, and how much of it is allowed in
// a file of its kind, stays with the rooms.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Documents reads all documents of a file, each as a node of kind DocumentNode with the
// root below it. An empty file has none, and neither has one that holds only comments.
// The error is a *SyntaxError; the documents before it are returned with it.
func Documents(data []byte) ([]*yaml.Node, error) {
	var documents []*yaml.Node
	for decoder := yaml.NewDecoder(bytes.NewReader(data)); ; {
		n := new(yaml.Node)
		switch err := decoder.Decode(n); {
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil:
			return documents, syntaxError(data, err)
		case len(n.Content) == 1:
			documents = append(documents, n)
		}
	}
}

// SyntaxError says why and where a file is not YAML.
type SyntaxError struct {
	// Line counts from 1. It is that of the fault where the package can tell, and
	// otherwise the one that the parser names, which may be off by one; 0 if neither
	// knows a line that the file has.
	Line int
	// Column is that of the fault, and otherwise of the first character of the line.
	Column int
	// Reason is what is wrong. It quotes no value of the file. With Odd it goes on after
	// the name of that character.
	Reason string
	// Hint is the next step, or empty if nothing is known but where the parser stopped.
	Hint string
	// Field is the name of the field on the line, or empty; for comparing, not for showing.
	Field string
	// Odd is a character that looks like one of YAML's own and is none, or 0.
	Odd rune
}

func (e *SyntaxError) Error() string {
	return e.Words(func(r rune) string { return fmt.Sprintf("%U", r) })
}

// Words is the reason, with the odd character named by a function.
func (e *SyntaxError) Words(name func(rune) string) string {
	if e.Odd == 0 {
		return e.Reason
	}
	return name(e.Odd) + " " + e.Reason
}

// undefinedAlias is our wording of the one message of the parser that quotes the file: a
// password that begins with * would be in it.
const undefinedAlias = "an alias (*) refers to no anchor (&)"

// syntaxError says what is wrong with a file at which the parser stopped.
func syntaxError(data []byte, err error) *SyntaxError {
	e := parserError(data, err)
	if f, ok := blame(data); ok && (f.line <= e.Line+2 || !e.stopped()) {
		tab, column, tabbed := findTab(data)
		if !tabbed || tab > f.line {
			return &SyntaxError{Line: f.line, Column: f.column, Reason: f.reason, Hint: f.hint, Field: f.field, Odd: f.odd}
		}
		return tabError(tab, column)
	}
	if line, column, ok := findTab(data); ok && e.Reason != undefinedAlias {
		return tabError(line, column)
	}
	lines := bytes.Split(data, []byte("\n"))
	if e.Line < 1 || e.Line > len(lines) {
		e.Line = 0
		return e
	}
	line := lines[e.Line-1]
	e.Column = len(line) - len(bytes.TrimLeft(line, " \t")) + 1
	return e
}

// stopped reports whether the line is where the parser stopped, rather than where the
// block began in which it did.
func (e *SyntaxError) stopped() bool {
	return !strings.HasPrefix(e.Reason, "did not find expected") && !strings.HasPrefix(e.Reason, "found unexpected end")
}

// Tab reports whether the fault is a tab that indents a line.
func (e *SyntaxError) Tab() bool { return e.Reason == indentedByTab }

const indentedByTab = "a tab cannot indent a line"

func tabError(line, column int) *SyntaxError {
	return &SyntaxError{Line: line, Column: column, Reason: indentedByTab, Hint: "use blanks instead: YAML is not indented with tabs"}
}

// parserError takes the parser's message apart, which has the form "yaml: line N: text"
// or "yaml: text".
func parserError(data []byte, err error) *SyntaxError {
	e := &SyntaxError{Line: 1, Reason: strings.TrimPrefix(err.Error(), "yaml: ")} // the parser leaves out the number of the first line
	if rest, ok := strings.CutPrefix(e.Reason, "line "); ok {
		number, text, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			e.Line, e.Reason = line, text
		}
	}
	if name, ok := strings.CutPrefix(e.Reason, "unknown anchor '"); ok {
		name, _, _ = strings.Cut(name, "'")
		e.Line = 1 + bytes.Count(data[:max(0, bytes.Index(data, []byte("*"+name)))], []byte("\n"))
		e.Reason, e.Hint = undefinedAlias, "put the value in quotes if it really begins with *"
	}
	return e
}

// Decode reads a file that has the form of a struct, and no field besides, into it. The
// error gives the reason on one line. A second document is one.
func Decode(data []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	switch err := decoder.Decode(into); {
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case err != nil:
		return errors.New(strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("it holds more than one YAML document")
	}
	return nil
}
