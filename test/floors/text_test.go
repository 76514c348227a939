package floors

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is what a reader keeps in mind of one file. Tests may have more: they
// are mostly rows.
const (
	maxLines     = 400
	maxTestLines = 600
)

// tables are the other files that may be longer, since they are rows and not code.
var tables = []string{}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		limit := maxLines
		if strings.HasSuffix(file, "_test.go") {
			limit = maxTestLines
		}
		if n := strings.Count(read(t, file), "\n"); n > limit && !slices.Contains(tables, file) {
			t.Errorf("%s has %d lines, more than %d: split it, or list it as a table", file, n, limit)
		}
	}
}

// A path of the machine that somebody worked on says nothing to anybody else.
func TestNoMachinePaths(t *testing.T) {
	t.Parallel()
	for _, file := range files(t) {
		text := read(t, file)
		for _, top := range []string{"/wo" + "rk/", "/ro" + "ot/go", "/tm" + "p/brief", "/tm" + "p/bash_jobs"} {
			if i := strings.Index(text, top); i >= 0 {
				t.Errorf("%s:%d mentions %s", file, 1+strings.Count(text[:i], "\n"), top)
			}
		}
	}
}

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	identifier = regexp.MustCompile("`([A-Za-z_][A-Za-z0-9_]*)`")
)

// Every relative link of every document leads to a file, and to a heading where it names one.
func TestLinks(t *testing.T) {
	t.Parallel()
	names := files(t)
	for _, file := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, file), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") {
				continue
			}
			if target == "" {
				target = path.Base(file)
			}
			target = path.Join(path.Dir(file), target)
			if strings.HasSuffix(target, ".md") && anchor != "" && slices.Contains(names, target) &&
				!slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s links to %s, and there is no such heading", file, match[1])
			}
			exists := slices.ContainsFunc(names, func(name string) bool { return name == target || strings.HasPrefix(name, target+"/") })
			if !exists {
				t.Errorf("%s links to %s, which does not exist", file, match[1])
			}
		}
	}
}

var (
	heading = regexp.MustCompile("(?ms)^```.*?^```|^#+ ([^\n]+)$")
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the names that code forges give to the headings of a page.
func anchors(text string) []string {
	var found []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		if m[1] != "" { // not a block
			found = append(found, strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
		}
	}
	return found
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	got := anchors("# Ärger, and `code`\n```sh\n# no heading\n```\n## 6. The files\n### orphan_file\n")
	if want := []string{"ärger-and-code", "6-the-files", "orphan_file"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The tour names functions. Each step links the file, and what the step names as
// code, one word in backquotes, has to stand in one of the files it links.
func TestTourNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	const tour = "docs/tour.md"
	if !slices.Contains(files(t), tour) {
		t.Fatalf("%s does not exist", tour)
	}
	checked := 0
	for step := range strings.SplitSeq(read(t, tour), "\n\n") {
		var code strings.Builder
		for _, match := range link.FindAllStringSubmatch(step, -1) {
			if strings.HasSuffix(match[1], ".go") {
				code.WriteString(read(t, path.Join("docs", match[1])))
			}
		}
		if code.Len() == 0 {
			continue
		}
		for _, match := range identifier.FindAllStringSubmatch(step, -1) {
			checked++
			if !regexp.MustCompile(`\b` + match[1] + `\b`).MatchString(code.String()) {
				t.Errorf("%s names %s, which is in none of the files that the step links:\n%s", tour, match[1], step)
			}
		}
	}
	if checked == 0 {
		t.Errorf("%s names no function", tour)
	}
}

var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (v[^ ]+) \\|")

// The page on dependencies lists the modules that go.mod requires, at its
// versions, but for those that only other modules import.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	const page = "docs/decisions/0002-dependencies.md"
	explained := map[string]string{}
	for _, match := range row.FindAllStringSubmatch(read(t, page), -1) {
		explained[match[1]] = match[2]
	}
	required := map[string]string{}
	for line := range strings.Lines(read(t, "go.mod")) {
		if words := strings.Fields(line); len(words) >= 2 && strings.Contains(words[0], ".") && strings.HasPrefix(words[1], "v") {
			required[words[0]] = words[1]
		}
	}
	for name, version := range explained {
		if required[name] != version {
			t.Errorf("%s has %s at %s, go.mod at %q", page, name, version, required[name])
		}
	}
	var nested []string // modules of their own say what they need on pages of their own
	for _, file := range files(t) {
		if dir, found := strings.CutSuffix(file, "/go.mod"); found {
			nested = append(nested, dir+"/")
		}
	}
	for _, file := range sources(t) {
		if slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(file, dir) }) {
			continue
		}
		for _, imported := range imports(t, file) {
			for name := range required {
				if (imported == name || strings.HasPrefix(imported, name+"/")) && explained[name] == "" {
					t.Errorf("%s imports %s, which %s does not explain", file, imported, page)
				}
			}
		}
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(files(t), func(f string) bool { return !strings.HasSuffix(f, ".md") })
}
