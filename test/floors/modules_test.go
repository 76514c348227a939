package floors

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// A reader of go.mod sees which modules the program imports, and which only its tests do:
// these have a block of their own.
func TestModulesOfTestsStandApart(t *testing.T) {
	t.Parallel()
	program, tests := directModules(t)
	if len(program) == 0 || len(tests) == 0 {
		t.Fatalf("go.mod has %d modules for the program and %d for tests", len(program), len(tests))
	}
	used := map[string]bool{}
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "test/") || strings.HasPrefix(file, "tools/") {
			continue
		}
		for _, imported := range imports(t, file) {
			for dir := imported; dir != "."; dir = path.Dir(dir) {
				used[dir] = true
			}
		}
	}
	for _, m := range program {
		if !used[m] {
			t.Errorf("go.mod: only tests import %s: move it to their block", m)
		}
	}
	for _, m := range tests {
		if used[m] {
			t.Errorf("go.mod: the program imports %s: move it to the first block", m)
		}
	}
}

// directModules are the modules of go.mod that are not there for others: those in the
// block whose comment speaks of tests, and the rest.
func directModules(t *testing.T) (program, tests []string) {
	t.Helper()
	block := &program
	for line := range strings.Lines(read(t, "go.mod")) {
		switch words := strings.Fields(line); {
		case strings.HasPrefix(line, "// Only tests "):
			block = &tests
		case strings.HasPrefix(line, ")"):
			block = &program
		case strings.HasPrefix(line, "\t") && len(words) > 1 && !slices.Contains(words, "indirect"):
			*block = append(*block, words[0])
		}
	}
	return program, tests
}
