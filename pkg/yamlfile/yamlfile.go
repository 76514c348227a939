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
	// Column is that of a tab, and otherwise of the first character of the line.
	Column int
	// Reason is what is wrong, in the parser's words. It quotes nothing of the file.
	Reason string
	// Tab says that a tab indents the line, Alias that a value begins with * and no
	// anchor has its name.
	Tab, Alias bool
}

func (e *SyntaxError) Error() string { return e.Reason }

// undefinedAlias is our wording of the one message of the parser that quotes the file: a
// password that begins with * would be in it.
const undefinedAlias = "an alias (*) refers to no anchor (&)"

// syntaxError takes the parser's message apart, which has the form "yaml: line N: text"
// or "yaml: text".
func syntaxError(data []byte, err error) *SyntaxError {
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
		e.Reason, e.Alias = undefinedAlias, true
	}
	if line, column, ok := findTab(data); ok && !e.Alias {
		return &SyntaxError{Line: line, Column: column, Reason: "a tab cannot indent a line", Tab: true}
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

// TabHint is the next step after a SyntaxError with Tab.
const TabHint = "use blanks instead: YAML is not indented with tabs"

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
