// Package floors holds the architecture: which package may import which, how
// long a file and a line may be, and that what the documents point at exists. It reads the
// source and runs nothing but go list, so that it sees the files of every platform.
package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/okd-project/okd-install/"

// floors names the packages from the top to the bottom. Imports go down only,
// and packages on one floor do not import each other; what is in a folder below
// one of these belongs to it.
var floors = [][]string{
	{"cmd/okd-install"},
	{"pkg/wizard"},
	{"pkg/asset", "pkg/cluster", "pkg/gather", "pkg/media"},
	{"pkg/platform"},
	{"pkg/installconfig", "pkg/manifests", "pkg/tls", "pkg/ignition", "pkg/release", "pkg/rhcos", "pkg/analyze"},
	{"pkg/assetdir", "pkg/graph"},
	{"data", "pkg/diag", "pkg/pemfile", "pkg/redact", "pkg/shell", "pkg/system", "pkg/yamlfile"},
}

// shared are the plain types that every room may import from its neighbours.
var shared = []string{"pkg/installconfig", "pkg/installconfig/platform", "pkg/release"}

// outside says where an import from outside of the module may stand. The first
// pattern that matches the import decides; what matches none may stand anywhere.
var outside = []struct{ imports, files []string }{
	{[]string{"github.com/AlecAivazis/survey/v2", "github.com/AlecAivazis/survey/v2/*"}, []string{"pkg/wizard/prompt.go"}},
	{[]string{"os"}, []string{
		"cmd/okd-install/*", "cmd/okd-install/internal/*/*", "pkg/asset/tree.go", "pkg/assetdir/*", "pkg/gather/*", "pkg/media/*",
		"pkg/system/*", "pkg/wizard/disk.go", "pkg/wizard/keys.go", "pkg/wizard/prompt.go",
	}},
	{[]string{"os/*", "log", "log/*", "github.com/sirupsen/logrus"}, []string{
		"cmd/okd-install/*", "cmd/okd-install/internal/*/*", "pkg/asset/*", "pkg/system/*",
	}},
}

func TestImportsGoDown(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		from, floor := room(path.Dir(file))
		if floor < 0 || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, imported := range imports(t, file) {
			if own, ok := strings.CutPrefix(imported, module); ok {
				to, below := room(own)
				if to != from && below <= floor && (below < floor || !slices.Contains(shared, own)) {
					t.Errorf("%s imports %s, which is not on a floor below %s", file, own, from)
				}
				continue
			}
			for _, rule := range outside {
				if matches(rule.imports, imported) {
					if !matches(rule.files, file) {
						t.Errorf("%s imports %s, which belongs in %s", file, imported, strings.Join(rule.files, ", "))
					}
					break
				}
			}
		}
	}
}

// The wizard looks at files and reads them. What it writes goes through pkg/assetdir, which
// keeps it within the directory and from other users.
func TestWizardOnlyReads(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if !strings.HasPrefix(file, "pkg/wizard/") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, call := range []string{
			"os.Create", "os.OpenFile(", "os.WriteFile(", "os.Mkdir", "os.Chmod(", "os.Rename(", "os.Remove", "os.Symlink(", "os.Link(",
		} {
			if strings.Contains(read(t, file), call) {
				t.Errorf("%s has %s: write with pkg/assetdir", file, strings.TrimSuffix(call, "("))
			}
		}
	}
}

// clocks are the rooms that may read the clock: the process, and what waits for other
// machines, which has to notice that nothing comes any more.
var clocks = []string{"cmd/okd-install", "pkg/gather", "pkg/media"}

// Elsewhere the time is an argument. Reading it would make output that differs from
// run to run, and tests that cannot set the clock. A lock is waited for, and tells
// others since when it is held, by the clock that they go by.
func TestClockIsGiven(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		name, floor := room(path.Dir(file))
		if floor < 0 || slices.Contains(clocks, name) || strings.HasSuffix(file, "_test.go") || file == "pkg/assetdir/lock.go" {
			continue
		}
		for _, call := range []string{"time.Now", "time.Since", "time.Until"} {
			if strings.Contains(read(t, file), call) {
				t.Errorf("%s has %s: take the time as an argument", file, call)
			}
		}
	}
}

// A command gets the process as an app: its arguments, environment, streams and clock.
// So a test can give it others, and no command forgets what the app does with them.
func TestCommandsAreGivenTheProcess(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if !strings.HasPrefix(file, "cmd/") || strings.HasSuffix(file, "_test.go") ||
			file == "cmd/okd-install/main.go" || strings.HasPrefix(file, "cmd/okd-install/internal/cli/") {
			continue
		}
		for _, call := range []string{
			"os.Args", "os.Getenv(", "os.LookupEnv(", "os.Environ(", "os.UserHomeDir(", "os.Getwd(",
			"os.Stdin", "os.Stdout", "os.Stderr", "os.Exit(", "time.Now", "time.Since(", "time.Until(", "signal.Notify",
		} {
			if strings.Contains(read(t, file), call) {
				t.Errorf("%s has %s: take it from the app", file, call)
			}
		}
	}
}

// Command groups do not know each other: what two of them need is below them, and
// what is made of several is put together by the tree.
func TestCommandGroupsStandApart(t *testing.T) {
	t.Parallel()
	const groups = "cmd/okd-install/internal/"
	const base = "cli"
	shared := []string{"absent", "ssh"} // by groups, and stand on the base themselves
	for _, file := range sources(t) {
		group, isGroup := strings.CutPrefix(path.Dir(file), groups)
		if !isGroup || group == "root" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, imported := range imports(t, file) {
			other, isGroup := strings.CutPrefix(imported, module+groups)
			if isGroup && (group == base || other != base && (slices.Contains(shared, group) || !slices.Contains(shared, other))) {
				t.Errorf("%s imports the command group %s", file, other)
			}
		}
	}
}

// What a release line can do stands in the table of pkg/release and in the rows of
// other tables. A line that is written where it is asked for is a fact that neither
// the documents nor explain know.
func TestLinesAreRows(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "pkg/release/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "AtLeast" {
				if _, row := call.Args[0].(*ast.SelectorExpr); !row {
					t.Errorf("%s asks for a release line that is no row: add it to features in pkg/release, and ask with Has", file)
				}
			}
			return true
		})
	}
}

// The test above it would be worth nothing if its table were misspelt.
func TestFloorsExist(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"cmd/okd-install", "pkg/asset", "pkg/installconfig", "pkg/release", "pkg/diag"} {
		found := slices.ContainsFunc(sources(t), func(file string) bool { return path.Dir(file) == want })
		if _, floor := room(want); floor < 0 || !found {
			t.Errorf("%s has no source, or no floor", want)
		}
	}
}

// room is the package of the table that a folder belongs to, and its floor; -1
// for what is on no floor, such as these tests.
func room(dir string) (string, int) {
	for floor, rooms := range floors {
		for _, name := range rooms {
			if dir == name || strings.HasPrefix(dir, name+"/") {
				return name, floor
			}
		}
	}
	return "", -1
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// root is the top of the repository.
const root = "../.."

// sources are the Go files of the repository, from its top, with slashes.
func sources(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(files(t), func(f string) bool { return !strings.HasSuffix(f, ".go") })
}

// files are all files of the repository but what git ignores.
func files(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err = filepath.Rel(root, name)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "demo"}, name) {
			return fs.SkipDir
		}
		if d.Type().IsRegular() && name != ".git" && !strings.HasSuffix(name, ".test") && !strings.HasSuffix(name, ".out") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
