package bootkube

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// render writes calls for people: a short one on a line of its own, a long one
// with a line for each argument.
func render(calls []madeCall) string {
	var b strings.Builder
	stage := ""
	for _, call := range calls {
		if call.Stage != stage {
			stage = call.Stage
			b.WriteString("## " + cmp.Or(stage, "no stage") + "\n")
		}
		words := make([]string, len(call.Words))
		for i, word := range call.Words {
			words[i] = quote(word)
		}
		if line := strings.Join(words, " "); len(line) <= 120 {
			b.WriteString(line + "\n")
			continue
		}
		b.WriteString(strings.Join(words[:2], " ") + "\n")
		for _, word := range words[2:] {
			b.WriteString("    " + word + "\n")
		}
	}
	return b.String()
}

func quote(word string) string {
	if word == "" || strings.ContainsAny(word, " \n'\"") {
		return "'" + strings.ReplaceAll(word, "\n", `\n`) + "'"
	}
	return word
}

var temporary = regexp.MustCompile(`/tmp/tmp\.\w+`)

// readable puts the names of images in the place of their digests.
func (s Setup) readable(calls []madeCall) []madeCall {
	c := &call{setup: s}
	pairs := []string{s.Digest, "RELEASE", s.Release, "RELEASE-AS-GIVEN"}
	for _, tag := range payload {
		pairs = append(pairs, c.component(tag), "IMAGE:"+tag)
	}
	replace := strings.NewReplacer(pairs...)
	out := make([]madeCall, len(calls))
	for i, call := range calls {
		out[i].Stage = call.Stage
		for _, word := range call.Words {
			out[i].Words = append(out[i].Words, temporary.ReplaceAllString(replace.Replace(word), "/tmp/TEMPORARY"))
		}
	}
	return out
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with -update and read what it says", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			w := "the end"
			if i < len(wantLines) {
				w = wantLines[i]
			}
			t.Errorf("%s:%d: the scripts now do\n    %s\nand did\n    %s\n(-update rewrites the file)", file, i+1, gotLines[i], w)
			return
		}
	}
	t.Errorf("%s: the scripts now end before line %d", file, len(gotLines)+1)
}
