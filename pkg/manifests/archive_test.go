package manifests

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// archive is a text file with files in it: a comment, then for each file a line
// "-- name --" and its content, as in Go's txtar format.
type archive struct {
	comment string
	files   []archived
}

type archived struct {
	name string
	data []byte
}

func parseArchive(t *testing.T, name string) *archive {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{}
	for line := range strings.Lines(string(data)) {
		if file, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(file, " --\n") {
			a.files = append(a.files, archived{name: strings.TrimSuffix(file, " --\n")})
			continue
		}
		if len(a.files) == 0 {
			a.comment += line
			continue
		}
		last := &a.files[len(a.files)-1]
		last.data = append(last.data, line...)
	}
	if len(a.files) == 0 {
		t.Fatalf("%s holds no files", name)
	}
	return a
}

func (a *archive) format() []byte {
	var b bytes.Buffer
	b.WriteString(a.comment)
	for _, f := range a.files {
		b.WriteString("-- " + f.name + " --\n")
		b.Write(f.data)
	}
	return b.Bytes()
}
