package yamlfile

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// findTab returns the line and the column, from 1, of the tab that keeps a file from
// being YAML: the parser names that line, the one before, or the beginning of a block, as
// it happens. It is not ok if there is none, or if the file is broken before.
func findTab(data []byte) (line, column int, ok bool) {
	data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	var tabs []place
	offset := 0
	for number, text := range bytes.SplitAfter(data, []byte("\n")) {
		offset += len(text)
		indent := text[:len(text)-len(bytes.TrimLeft(text, " \t-?"))]
		if at := bytes.IndexByte(indent, '\t'); at >= 0 {
			tabs = append(tabs, place{number + 1, at + 1, offset})
		}
	}
	// Up to the first of them that is wrong the file can be read, and from there on
	// it cannot.
	i := sort.Search(len(tabs), func(i int) bool { return stumbles(data[:tabs[i].end]) })
	if i == len(tabs) {
		return 0, 0, false
	}
	return tabs[i].line, tabs[i].column, true
}

// place is a tab in front of a line that ends at an offset.
type place struct{ line, column, end int }

// stumbles reports whether the parser stops at a tab.
func stumbles(data []byte) bool {
	for documents := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var n yaml.Node
		switch err := documents.Decode(&n); {
		case errors.Is(err, io.EOF):
			return false
		case err != nil:
			return strings.Contains(err.Error(), "tab character") || strings.Contains(err.Error(), "cannot start any token")
		}
	}
}
