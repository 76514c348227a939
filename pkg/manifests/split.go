package manifests

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// split cuts a file at the lines with which YAML begins and ends a document.
// Comments and directives in front of --- belong to what follows it; text with
// nothing else in it is no document.
func split(data []byte) (texts [][]byte) {
	var text []byte
	content, begun := false, false
	finish := func() {
		if content || begun {
			texts = append(texts, text)
		}
		text, content, begun = nil, false, false
	}
	for i, line := range bytes.SplitAfter(data, []byte("\n")) {
		bare := line
		if i == 0 {
			bare = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		switch {
		case marks(bare, "..."):
			finish()
			continue
		case marks(bare, "---"):
			if content || begun {
				finish()
			}
			begun = true
		case len(bytes.TrimSpace(bare)) > 0 && bare[0] != '%' && !bytes.HasPrefix(bytes.TrimSpace(bare), []byte("#")):
			content = true
		}
		text = append(text, line...)
	}
	finish()
	return texts
}

// marks reports whether a line is one of YAML's two marks: alone, or with white
// space behind it.
func marks(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && (len(rest) == 0 || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

// placed is a document with the path that it has on the bootstrap host.
type placed struct {
	*document
	name string
}

// places gives each document a file of its own. The machine-config operator
// reads all objects of a file, but cluster-bootstrap creates the first one only.
func places(docs []*document, files map[string][]byte) []placed {
	taken := map[string]bool{}
	for name := range files {
		taken[path.Base(name)] = true
	}
	out := make([]placed, 0, len(docs))
	for _, d := range docs {
		name := d.path
		if d.number > 1 {
			ext := path.Ext(d.path)
			stem := strings.TrimSuffix(d.path, ext)
			for name = fmt.Sprintf("%s-%d%s", stem, d.number, ext); taken[path.Base(name)]; {
				stem += "-object"
				name = fmt.Sprintf("%s-%d%s", stem, d.number, ext)
			}
			taken[path.Base(name)] = true
		}
		out = append(out, placed{d, name})
	}
	return out
}

// content is what the document's own file holds.
func (p placed) content(files map[string][]byte) []byte {
	if p.source != nil {
		return p.source
	}
	return files[p.path]
}

// takenApart names the files that hold several objects.
func takenApart(docs []*document, files map[string][]byte) (notes diag.Problems) {
	names := map[string][]string{}
	for _, p := range places(docs, files) {
		names[p.path] = append(names[p.path], path.Base(p.name))
	}
	for name, parts := range names {
		if len(parts) > 1 {
			notes = append(notes, diag.Problem{
				Position: diag.Position{File: name},
				Detail: "holds " + diag.Count(len(parts), "object") + ", each of which gets a file of its own in bootstrap.ign: " +
					diag.And(diag.Few(parts, mostListed)),
			})
		}
	}
	return notes.Sorted()
}
