package floors

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// offeredMethods are the exported methods that only tests of other packages call: which
// test does, and why that counts.
var offeredMethods = []struct{ method, by, why string }{
	{"cmd/okd-install/internal/cli.App.SetStreams", "cmd/okd-install/help_test.go", "a test has streams of its own, as a process has"},
	{"cmd/okd-install/internal/cli.App.SetUpLog", "cmd/okd-install/bounds_unix_test.go", "as for SetStreams"},
	{"pkg/release.Release.AtLeast", "pkg/installconfig/jsonschema_test.go", "it holds the schema of each release to what the release has"},
	{"pkg/rhcos/iso/isotest.Layout.Files", "pkg/rhcos/iso/iso_test.go", "the package makes images for tests"},
	{"pkg/rhcos/iso/isotest.Layout.Image", "cmd/okd-install/everycommand_test.go", "the package makes images for tests"},
}

// program is the source of all packages of the program, with types.
type program struct {
	fset    *token.FileSet
	info    *types.Info
	files   map[string][]*ast.File // by import path
	checked map[string]*types.Package
	others  types.Importer
	// elsewhere are the names that files for other systems select.
	elsewhere map[string]bool
}

// Import gives a package that was checked here, or what the compiler knows of another.
func (p *program) Import(path string) (*types.Package, error) {
	if own := p.checked[path]; own != nil {
		return own, nil
	}
	return p.others.Import(path)
}

// loadProgram checks the types of the program, without its tests. go list compiles what
// it imports, if that was not done before, and names each package behind its imports.
func loadProgram(t *testing.T) *program {
	t.Helper()
	var said bytes.Buffer
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps",
		"-json=ImportPath,Dir,Export,GoFiles,IgnoredGoFiles", "./cmd/...", "./pkg/...", "./data/...")
	list.Dir, list.Stderr = root, &said
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, said.String())
	}
	exports := map[string]string{}
	p := &program{
		fset: token.NewFileSet(), files: map[string][]*ast.File{}, checked: map[string]*types.Package{}, elsewhere: map[string]bool{},
		info: &types.Info{
			Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
		},
	}
	p.others = importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir, Export string
			GoFiles, IgnoredGoFiles []string
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			return p
		} else if err != nil {
			t.Fatal(err)
		}
		exports[listed.ImportPath] = listed.Export
		if !strings.HasPrefix(listed.ImportPath, module) {
			continue
		}
		parse := func(name string) *ast.File {
			file, err := parser.ParseFile(p.fset, filepath.Join(listed.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			return file
		}
		for _, name := range listed.GoFiles {
			p.files[listed.ImportPath] = append(p.files[listed.ImportPath], parse(name))
		}
		for _, name := range listed.IgnoredGoFiles {
			maps.Copy(p.elsewhere, selected(parse(name)))
		}
		config := types.Config{Importer: p}
		p.checked[listed.ImportPath], err = config.Check(listed.ImportPath, p.fset, p.files[listed.ImportPath], p.info)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// selected are the names that stand behind a dot.
func selected(file *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			names[selector.Sel.Name] = true
		}
		return true
	})
	return names
}

// usedElsewhere are the methods that a package other than their own names.
func (p *program) usedElsewhere() map[types.Object]bool {
	used := map[types.Object]bool{}
	for path, files := range p.files {
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				if ident, ok := n.(*ast.Ident); ok {
					if f, ok := p.info.Uses[ident].(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() != path {
						used[f.Origin()] = true
					}
				}
				return true
			})
		}
	}
	return used
}

// interfaces are those that have methods, of the program and of all that it imports, by the
// names of the methods.
func (p *program) interfaces() map[string][]*types.Interface {
	found := map[string][]*types.Interface{}
	add := func(t types.Type) {
		if of, ok := t.(*types.Named); ok && of.TypeParams().Len() > 0 {
			return
		}
		if i, ok := t.Underlying().(*types.Interface); ok {
			for m := range i.Methods() {
				found[m.Name()] = append(found[m.Name()], i)
			}
		}
	}
	seen := map[*types.Package]bool{}
	var visit func(*types.Package)
	visit = func(from *types.Package) {
		if seen[from] {
			return
		}
		seen[from] = true
		for _, name := range from.Scope().Names() {
			if of, ok := from.Scope().Lookup(name).(*types.TypeName); ok {
				add(of.Type())
			}
		}
		for _, imported := range from.Imports() {
			visit(imported)
		}
	}
	for _, own := range p.checked {
		visit(own)
	}
	for _, of := range p.info.Types {
		if of.IsType() {
			add(of.Type)
		}
	}
	return found
}

// methods are the exported methods of the program, as folder.Type.Name.
func (p *program) methods() map[string]*types.Func {
	found := map[string]*types.Func{}
	for path, files := range p.files {
		for _, file := range files {
			for _, decl := range file.Decls {
				if decl, ok := decl.(*ast.FuncDecl); ok && decl.Recv != nil && decl.Name.IsExported() {
					f := p.info.Defs[decl.Name].(*types.Func)
					of := f.Signature().Recv().Type()
					if pointer, ok := of.(*types.Pointer); ok {
						of = pointer.Elem()
					}
					found[strings.TrimPrefix(path, module)+"."+of.(*types.Named).Obj().Name()+"."+f.Name()] = f
				}
			}
		}
	}
	return found
}

// A method that no other package calls is written with a small letter, as any other name
// is. A method also counts as called where its type satisfies an interface that has it, and so
// do those of errors, which package errors asks for by interfaces of its own.
//
// Fields are not held: of those that no other package names, most are the cells of tables or are
// digested, compared and decoded by reflection, which has to see them.
func TestMethodsAreCalled(t *testing.T) {
	t.Parallel()
	p := loadProgram(t)
	methods, used, interfaces := p.methods(), p.usedElsewhere(), p.interfaces()
	called := func(f *types.Func) bool {
		of := f.Signature().Recv().Type()
		if _, ok := of.(*types.Pointer); !ok {
			of = types.NewPointer(of)
		}
		return used[f] || p.elsewhere[f.Name()] || slices.Contains([]string{"As", "Is", "Unwrap"}, f.Name()) ||
			slices.ContainsFunc(interfaces[f.Name()], func(i *types.Interface) bool { return types.Implements(of, i) })
	}
	excused := map[string]bool{}
	for _, row := range offeredMethods {
		excused[row.method] = true
		f := methods[row.method]
		if f == nil || called(f) || row.why == "" {
			t.Errorf("%s is listed as offered to %s: take it from the list, or say why", row.method, row.by)
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), row.by, read(t, row.by), parser.SkipObjectResolution)
		if err != nil || !selected(file)[f.Name()] {
			t.Errorf("%s is not called by %s: %v", row.method, row.by, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		if !called(methods[name]) && !excused[name] {
			t.Errorf("method %s is called by no other package: begin it with a small letter", name)
		}
	}
	if len(methods) < 100 || len(used) < 100 || len(interfaces["String"]) == 0 {
		t.Errorf("%d methods, %d used and %d interfaces cannot be all", len(methods), len(used), len(interfaces))
	}
}
