package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A line of code ends before column 140, a tab being one column, and the row of a
// table before column 240. A string is a text from 30 columns on.
const (
	columns     = 140
	rowColumns  = 240
	textColumns = 30
)

// Code is read from the top to the bottom. What goes on past the edge of the window is
// seen by nobody, so only text and tables may: a line that is short but for one string,
// an address in a comment, and the row of a table that stands on one line.
func TestLines(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		for _, line := range longLines(t, file, read(t, file)) {
			t.Errorf("%s:%d has more than %d columns: break it where a reader would", file, line, columns)
		}
	}
}

// The test above would be worth nothing if it accepted every line.
func TestLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", columns)
	for _, c := range []struct {
		name, source string
		want         []int
	}{
		{"short", "package p\n\nvar a = 1\n", nil},
		{"a name", "package p\n\nvar " + long + " = 1\n", []int{3}},
		{"a string", "package p\n\nvar a = f(\"" + long + "\")\n", nil},
		{"a string and long code", "package p\n\nvar a" + long + " = f(\"" + long + "\")\n", []int{3}},
		{"a word", "package p\n\nvar a" + long[5:] + " = f(\"some words\")\n", []int{3}},
		{"two strings", "package p\n\nvar a = f(\"" + long + "\", \"" + long + "\")\n", []int{3}},
		{"a raw string", "package p\n\nvar a = `\n" + long + "\n`\n", nil},
		{"a row", "package p\n\nvar a = []any{\n\tf(" + long + "),\n}\n", nil},
		{"a row of a map", "package p\n\nvar a = map[string]int{\n\t\"a\": " + long + ",\n}\n", nil},
		{"two rows on a line", "package p\n\nvar a = []int{\n\t" + long + ", 1,\n}\n", []int{4}},
		{"too long a row", "package p\n\nvar a = []int{\n\t" + long + long + ",\n}\n", []int{4}},
		{"a field", "package p\n\nvar a = T{\n\tField: " + long + ",\n}\n", []int{4}},
		{"a function in a row", "package p\n\nvar a = []func(){\n\tfunc() {\n\t\tf(" + long + ")\n\t},\n}\n", []int{5}},
		{"a comment", "package p\n\n// " + long + "\n", []int{3}},
		{"an address", "package p\n\n// https://example.com/" + long + "\n", nil},
		{"what is said in another script", "package p\n\n// " + strings.Repeat("ä", 100) + "\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := longLines(t, "p.go", c.source); !slices.Equal(got, c.want) {
				t.Errorf("got lines %v, want %v", got, c.want)
			}
		})
	}
}

// longLines are the lines of a Go file that are longer than they may be.
func longLines(t *testing.T, name, source string) []int {
	t.Helper()
	widths := []int{0} // by line, which start at 1
	over := false
	for line := range strings.Lines(source) {
		width := utf8.RuneCountInString(strings.TrimRight(line, "\r\n"))
		widths = append(widths, width)
		over = over || width > columns
	}
	if !over {
		return nil
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	text := make([]int, len(widths)) // the columns of the longest text
	row := make([]bool, len(widths))
	for _, group := range parsed.Comments {
		for _, comment := range group.List {
			if line := files.Position(comment.Pos()).Line; strings.Contains(comment.Text, "://") {
				text[line] = widths[line]
			}
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				line := files.Position(n.Pos()).Line
				for part := range strings.SplitSeq(strings.Trim(n.Value, "\"`"), "\n") {
					if width := utf8.RuneCountInString(part); width >= textColumns {
						text[line] = max(text[line], width)
					}
					line++
				}
			}
		case *ast.CompositeLit:
			for _, line := range rows(files, n) {
				row[line] = true
			}
		}
		return true
	})
	var long []int
	for line, width := range widths {
		if width-text[line] > columns && (!row[line] || width > rowColumns) {
			long = append(long, line)
		}
	}
	return long
}

// rows are the lines on which one whole element of a table stands, and nothing else.
func rows(files *token.FileSet, table *ast.CompositeLit) []int {
	switch table.Type.(type) {
	case *ast.ArrayType, *ast.MapType:
	default:
		return nil
	}
	var lines []int
	last := files.Position(table.Lbrace).Line
	for i, element := range table.Elts {
		first, end := files.Position(element.Pos()).Line, files.Position(element.End()).Line
		next := files.Position(table.Rbrace).Line
		if i+1 < len(table.Elts) {
			next = files.Position(table.Elts[i+1].Pos()).Line
		}
		if first == end && last < first && end < next {
			lines = append(lines, first)
		}
		last = end
	}
	return lines
}
