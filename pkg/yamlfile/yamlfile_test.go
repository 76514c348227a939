package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "# none\n": 0, "a: 1": 1, "---\na: 1\n---\n---\nb: 2\n": 3, "\ufeffa: 1\r\nb: 2\r\n": 1} {
		if documents, err := Documents([]byte(text)); err != nil || len(documents) != want {
			t.Errorf("%q has %d documents, %v; want %d", text, len(documents), err, want)
		}
	}
}

// A place is that of the fault, and no word of the file is in the reason.
func TestSyntaxError(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// indentation: the line that is wrong, not the block that it ends
		"a: 1\n b: 2\n":                         "2:2 the line is indented further than line 1, which has a value already",
		"a: 1\n---\nb: 1\n c: 2\n":              "4:2 the line is indented further than line 3, which has a value already",
		"a:\n  b: 1\n c: 2\n":                   "3:2 the line is not indented like those that it belongs to",
		"a:\n- b: 1\n  c: 1\n d: 2\n":           "4:2 the line is not indented like those that it belongs to",
		"a:\n  b:\n  - c: 1\n    d: 2\n   e: 1": "5:4 the line is not indented like those that it belongs to",
		"a:\n- b: 1\n    c: 1\n":                "3:5 the line is indented further than line 2, which has a value already",
		"a:\nb: 1\n  c: 2\n  d: 3\n":            "2:1 the line is not indented like line 3, though both are below line 1",
		"  a: 1\nb: 1\n":                        "2:1 the line is not indented like those that it belongs to",
		"a: 1\nb:\n\tc: 2\n":                    "3:1 a tab cannot indent a line",
		// quotes and brackets: where they open
		"a: [":                       "1:4 the [ is not closed",
		"a: {b: [1, 2}\n":            "1:13 a } closes what a [ opened",
		"a: {b: 1\nc: 2\n":           "1:4 the { is not closed",
		"a: {b: \"1}\nc: 2\n":        "1:4 the { is not closed: a quote \" in it goes on to the end of the file",
		"pullSecret: '{\"auths\": 1": "1:13 the quote ' is not closed",
		"a: \"x\nb: 1\nc: 'y'\n":     "1:4 the quote \" is not closed",
		"x: 1\na: \"{\"b\":1}\"\n":   "2:4 JSON has double quotes of its own, and the first of them ends the value",
		"a: \"b\" c\n":               "1:7 text stands behind the quote that ends the value",
		"a: 'it's'\n":                "1:8 text stands behind the quote that ends the value",
		"a: [1] 2\n":                 "1:7 text stands behind the bracket that ends the value",
		// values
		"a: 1\nb:\n  c: *SECRET\n":   "3:6 an alias (*) refers to no anchor (&)",
		"a: *.b\n":                   "1:4 the value begins with *, which refers to an anchor",
		"a: & b\n":                   "1:4 the value begins with &, which names an anchor",
		"a: @b\n":                    "1:4 a value cannot begin with @",
		"a: b: c\n":                  "1:5 the value has a colon that YAML takes for the end of a field's name",
		"a:\n- fd00:: \n- c: d: e\n": "3:7 the value has a colon that YAML takes for the end of a field's name",
		"a: - b\n":                   "1:4 a list cannot begin on the line of its field",
		"a: | x\n  y\nb: 1\n c: 1\n": "1:5 text stands behind the |",
		"a: {{ b }}/24\n":            "1:4 a template ({{ }}) was left unfilled",
		"a: {% if b %}\n":            "1:4 a template ({% %}) was left unfilled",
		"a: `b`\n":                   "1:4 a shell command (` `) was left in, which only a shell replaces",
		// lines that are no field
		"a: 1\nb:2\nc: 3\n":          "2:3 the colon after the field's name has no blank behind it",
		"a:\n-b: 1\n  c: 2\n":        "2:2 the dash has no blank behind it",
		"a: 1\nb=2\nc: 3\n":          "2:2 a field has a colon behind its name, not =",
		"a: 1\n// b\nc: 3\n":         "2:1 // begins no comment in YAML",
		"a: 1\nhunter2\nc: 3\n":      "2:1 the line is not a field: it has no colon behind a name",
		"a: 1\n<<<<<<< HEAD\nb: 1\n": "2:1 the line marks a merge conflict of git",
		"```yaml\na: 1\n```\n":       "1:1 the line is the fence of a block in Markdown",
		"a: 1\nEOF\n":                "2:1 EOF is the end of a here-document of the shell, and not a field",
		"a: 1\n...\nb\n":             "3:1 text stands behind the line ... that ends the document",
		// text below a |
		"a: |\nb\n":                "2:1 the text below | or > has to be indented further than its field",
		"a: |\n    b\n  c\n":       "2:5 the first line of the text is indented further than the next",
		"a: |\n  b\n  c\nd\n  e\n": "4:1 the line stands to the left of the text that it belongs to, which begins in line 2",
		// characters that look like others
		"a:\u00a0b\nc: 1\n":               "1:3 U+00A0 stands where a blank belongs behind the colon",
		"a:\n\u2013 b: 1\n  c: 1\n":       "2:1 U+2013 stands where a list needs the dash -",
		"a:\n-\u200bb: 1\n  c: 1\n":       "2:2 U+200B stands where a blank belongs behind the dash",
		"a: 1\nb\uff1a 2\nc: 3\n":         "2:2 U+FF1A stands where a field needs a colon",
		"a: 1\n\uff03 b\nc: 2\n":          "2:1 U+FF03 stands where a comment begins with #",
		"a: 1\r\n\u3000b: 1\r\n c: 2\r\n": "2:1 U+3000 stands where the line is indented with blanks",
	} {
		_, err := Documents([]byte(text))
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := fmt.Sprintf("%d:%d %s", e.Line, e.Column, e)
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestExamine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"good":            {"a: 1\nb: [x, {c: 2}]\n", "written 9"},
		"twice":           {"a: 1\nb:\n- c: 1\n  c: 2\n  c: 3\n", "written 12, twice 4:3 b[0].c first 3, twice 5:3 b[0].c first 3"},
		"twice by alias":  {"&x a: 1\n*x : 2\n", "written 5, not a name 2:1 , twice 2:1 a first 1"},
		"merged twice":    {"x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "written 9 aliased 6, twice 4:3 y.<< first 3"},
		"object as a key": {"a:\n  {b: 1}: {c: 1, c: 2}\n", "written 4, not a name 2:3 a"},
		"too deep":        {"a: {b: {c: {d: {e: 1}}}}\n", "written 8, too deep 1:16 a.b.c.d"},
		"endless":         {"a: &x [1, *x]\n", "written 4, endless 1:11 a[1]"},
		"aliases":         {"a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n", "written 9 aliased 20"},
	} {
		documents, err := Documents([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		e := Examine(documents[0].Content[0], 3)
		got := fmt.Sprintf("written %d", e.Written)
		if e.Aliased > 0 {
			got += fmt.Sprintf(" aliased %d", e.Aliased)
		}
		for _, f := range e.Faults {
			got += fmt.Sprintf(", %s %d:%d %s",
				[]string{"too deep", "not a name", "twice", "endless"}[f.Kind], f.At.Line, f.At.Column, dotted(f.Path))
			if f.First > 0 {
				got += fmt.Sprintf(" first %d", f.First)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func dotted(steps []Step) (path string) {
	for _, s := range steps {
		if s.InList {
			path += fmt.Sprintf("[%d]", s.Index)
		} else {
			path += "." + s.Key
		}
	}
	return strings.TrimPrefix(path, ".")
}

// Each alias doubles what there is, and still each node is visited once.
func TestExamineBomb(t *testing.T) {
	t.Parallel()
	text := "a0: &a0 [x, x]\n"
	for i := 1; i < 100; i++ {
		text += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	documents, err := Documents([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if e := Examine(documents[0].Content[0], 10); e.Aliased < 1<<29 || len(e.Faults) > 0 {
		t.Errorf("%+v", e)
	}
}

func TestFieldsAndPlaces(t *testing.T) {
	t.Parallel()
	documents, err := Documents([]byte("base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nx:\n  a: 0\n  <<: [*base, *more, nothing]\nlist: [{k: v}]\nalso: *base\n"))
	if err != nil {
		t.Fatal(err)
	}
	root := documents[0].Content[0]
	fields, wrong := Fields(At(root, "x"))
	var got []string
	for _, f := range fields {
		got = append(got, f.Key.Value+"="+f.Value.Value)
	}
	if strings.Join(got, " ") != "a=0 b=2 c=4" || len(wrong) != 1 || wrong[0].Value != "nothing" {
		t.Errorf("fields %v, wrong %v", got, wrong)
	}
	for names, want := range map[string]string{
		"x a": "4:6", "list [0] k": "6:12", "list [1] k": "6:7", "also b": "1:23", "nowhere": "1:1", "x a deeper": "4:6",
	} {
		n := At(root, strings.Fields(names)...)
		if got := fmt.Sprintf("%d:%d", n.Line, n.Column); got != want {
			t.Errorf("%s is at %s, want %s", names, got, want)
		}
	}
	if n := Key(root, "x", "a"); n.Value != "a" || n.Line != 4 {
		t.Errorf("the key is %+v", n)
	}
	if At(nil, "x") != nil || Key(nil, "x") != nil {
		t.Error("there is something in nothing")
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\n":             "",
		"":                   "it is empty",
		"a: 1\nb: 2\n":       "unmarshal errors: line 2: field b not found in type struct { A int \"yaml:\\\"a\\\"\" }",
		"a: 1\na: 2\n":       "unmarshal errors: line 2: mapping key \"a\" already defined at line 1",
		"a: 1\n---\na: 2\n":  "it holds more than one YAML document",
		"a: 1\n---\na: [1\n": "it holds more than one YAML document",
	} {
		var into struct {
			A int `yaml:"a"`
		}
		got := ""
		if err := Decode([]byte(text), &into); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// keeps reports whether the writers of the libraries keep a value: -0 becomes 0, and
// the keys 5 and 5.0 become one.
func keeps(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for _, field := range v {
			if !keeps(field) {
				return false
			}
		}
		return true
	case []any:
		return !slices.ContainsFunc(v, func(entry any) bool { return !keeps(entry) })
	case nil, string, bool, int:
		return true
	}
	return false
}

// What is read has its places in the file; written and read again it is the same.
func FuzzDocuments(f *testing.F) {
	for _, text := range []string{
		"a: 1\nb: [x, {c: 2}]\n", "---\na: &x [1]\nb: *x\n---\nc: !!str 1\n", "a: |\n  x\n  y\nb: >-\n  z\n", "a:\n\tb", "a: *b",
		"{a: 1}: b", "? a\n: b\n", "a: &a [*a]", "-.00", "{5,5.0}", "\"\\t\\n\"",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, err := Documents(data)
		lines := 2 + strings.Count(strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(string(data)), "\n")
		var e *SyntaxError
		if err != nil && (!errors.As(err, &e) || e.Line < 0 || e.Line > lines || e.Reason == "" || strings.Contains(e.Reason, "\n")) {
			t.Fatalf("%#v", err)
		}
		for _, d := range documents {
			root := d.Content[0]
			found := Examine(root, 50)
			for _, fault := range found.Faults {
				if fault.At.Line < 1 || fault.At.Line > lines || fault.At.Column < 1 {
					t.Fatalf("%+v is in no place of the file", fault)
				}
			}
			if err != nil || len(found.Faults) > 0 || found.Aliased > 1000 {
				continue
			}
			var before, after any
			if root.Decode(&before) != nil || !keeps(before) {
				continue
			}
			// version 2 writes it: version 3 makes a block of a text that begins with a
			// tab, and cannot read it
			again, err := yamlv2.Marshal(before)
			if err != nil {
				continue
			}
			if second, err := Documents(again); err != nil || len(second) != 1 || second[0].Content[0].Decode(&after) != nil {
				t.Fatalf("%q is written as %q, which cannot be read: %v", data, again, err)
			}
			if third, err := yamlv2.Marshal(after); err != nil || !bytes.Equal(again, third) {
				t.Fatalf("%q becomes %q and then %q", data, again, third)
			}
		}
	})
}

// Files that the parser reads have nothing that can be blamed.
func TestBlameIsForFaultsOnly(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"odd but right": "---\n\"a b\": &x {c: [1, 'it''s', \"\\\"\"], d: {}}\nf: *x\n<<: *x\ng:\n- - 1\n  - 2\n-   h: 1\n    i: " +
			"|2-\n      j\n     k\n" +
			"l: >\n\n   m: n\n  # comment\no: p\n  q r\ns:\n  t\nu: !!str v # w\nx: http://y:1/z#a\n",
		"quotes over lines": "a: \"b\n  c\"\nd: [e,\n  f: g]\nh: {\n  i: j\n}\n",
		"JSON":              "{\n\"a\": [\n{\"b\": \"c: d\"}\n]\n}\n",
	}
	for _, pattern := range []string{
		"../../data/*/*.yaml", "../../data/*/*/*.yaml", "../../data/*.yaml", "../installconfig/testdata/*.yaml", "../installconfig/testdata/*/*.yaml",
	} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(data)
		}
	}
	if len(files) < 50 {
		t.Errorf("only %d files were looked at", len(files))
	}
	for name, text := range files {
		if _, err := Documents([]byte(text)); err != nil {
			continue // a test of something that is wrong
		}
		if base := filepath.Base(name); base == "scalar.yaml" || base == "key-not-a-name.yaml" {
			continue // not a file of fields
		}
		if f, ok := blame([]byte(text)); ok {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
