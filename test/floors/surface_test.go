package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// offered are the names that a package offers though no other package names them
// outside of its tests: who does, and why that counts.
var offered = []struct {
	names []string
	by    string // the test that names them
	why   string
}{
	{
		[]string{
			"cmd/okd-install/internal/cluster.AddNodesReport", "cmd/okd-install/internal/cluster.ApprovalEvent",
			"cmd/okd-install/internal/cluster.Report",
			"cmd/okd-install/internal/config.ExplainReport", "cmd/okd-install/internal/config.ValidateReport",
			"cmd/okd-install/internal/coreos.DownloadReport",
			"cmd/okd-install/internal/coreos.ISOReport", "cmd/okd-install/internal/coreos.ImageReport",
			"cmd/okd-install/internal/ignition.Comparison",
			"cmd/okd-install/internal/ignition.List", "cmd/okd-install/internal/ignition.Validation", "cmd/okd-install/internal/tool.VersionReport",
		},
		"cmd/okd-install/output_test.go", "it holds the documents on -o json to the shapes that the commands print",
	},
	{[]string{"cmd/okd-install/internal/cli.LogFile"}, "cmd/okd-install/everycommand_test.go", "it reads what every command logs"},
	{[]string{"pkg/analyze.Failed"}, "test/gather/records_test.go", "it analyzes what a real journal holds"},
	{[]string{"pkg/graph.Nodes"}, "pkg/asset/cluster_test.go", "the graph knows nothing of OKD, so its one user tests what it says of a cluster"},
	{[]string{"pkg/installconfig/platform.EitherFirst"}, "pkg/installconfig/network_test.go", "it is a value of DualStack, whose others platforms set"},
	{[]string{"pkg/installconfig/platform.None"}, "pkg/manifests/files_test.go", "it makes a config without reading a file, as for External"},
	{[]string{"pkg/installconfig/platform.Report"}, "pkg/installconfig/load_test.go", "it adds a platform to the table, as a newcomer would"},
	{[]string{"pkg/manifests.Table"}, "pkg/asset/why_test.go", "it holds the source of each row to the nodes of the graph"},
	{[]string{"pkg/rhcos.RHCOS"}, "pkg/rhcos/pivot/plan_test.go", "it is a value of OS, whose others pivots ask for"},
	{[]string{"pkg/rhcos/iso/isotest.Build", "pkg/rhcos/iso/isotest.DefaultKargs", "pkg/rhcos/iso/isotest.KargSize", "pkg/rhcos/iso/isotest.Layout"}, "pkg/rhcos/iso/iso_test.go", "the package makes images for tests"},
	{[]string{"pkg/rhcos/live.NetworkDir"}, "pkg/rhcos/pxe/pxe_test.go", "where keyfiles lie is said once, for media of both kinds"},
	{[]string{"pkg/rhcos/pivot.OSTreeRef"}, "test/pivot/finish_test.go",
		"it runs the steps on real file systems and looks at what they leave"},
	{[]string{"pkg/tls.ECDSA"}, "pkg/asset/sshkey_test.go", "it is a value of Algorithm, whose other the graph asks for"},
}

// What a package offers is what others use of it. A name that nobody else uses can
// be changed by reading one package only, and is written with a small letter so that
// this shows. A type may also be reached through another name that is offered: as
// a field of it, an argument or a result.
func TestSurfacesAreSmall(t *testing.T) {
	t.Parallel()
	offers, reached, used, testers := map[string]string{}, map[string]bool{}, map[string]bool{}, map[string][]string{}
	for _, file := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		test := strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "test/") || strings.HasPrefix(file, "tools/")
		for name := range namedElsewhere(parsed) {
			if !test {
				used[name] = true
			}
			testers[name] = append(testers[name], file)
		}
		dir := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || !strings.HasPrefix(dir, "pkg/") && !strings.HasPrefix(dir, "cmd/okd-install/internal/") {
			continue
		}
		for _, decl := range parsed.Decls {
			for name, kind := range exported(decl) {
				offers[dir+"."+name] = kind
			}
			for _, name := range mentioned(decl) {
				reached[dir+"."+name] = true
			}
		}
	}
	excused := map[string]bool{}
	for _, row := range offered {
		for _, name := range row.names {
			excused[name] = true
			if used[name] || offers[name] == "" || !slices.Contains(testers[name], row.by) || row.why == "" {
				t.Errorf("%s is listed as offered to %s: take it from the list, or say why", name, row.by)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(offers)) {
		if !used[name] && !excused[name] && (offers[name] != "type" || !reached[name]) {
			t.Errorf("%s %s is used by no other package: begin it with a small letter", offers[name], name)
		}
	}
	if len(offers) < 100 || len(used) < 100 {
		t.Errorf("%d names are offered and %d used, which cannot be all", len(offers), len(used))
	}
}

// exported are the exported names on the top level that a declaration declares, with their kinds.
func exported(decl ast.Decl) map[string]string {
	names := map[string]string{}
	add := func(kind string, idents ...*ast.Ident) {
		for _, ident := range idents {
			if ident.IsExported() {
				names[ident.Name] = kind
			}
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			add("func", decl.Name)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add("type", spec.Name)
			case *ast.ValueSpec:
				add(decl.Tok.String(), spec.Names...)
			}
		}
	}
	return names
}

// mentioned are the names of the package that one has to know to use what a
// declaration offers: the types of its arguments, results and exported fields.
func mentioned(decl ast.Decl) []string {
	var names []string
	add := func(self string, node ast.Node) {
		ast.Inspect(node, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				hidden := len(n.Names) > 0 && !slices.ContainsFunc(n.Names, (*ast.Ident).IsExported)
				_, isStruct := node.(*ast.StructType)
				return !hidden || !isStruct
			case *ast.SelectorExpr, *ast.BlockStmt:
				return false
			case *ast.Ident:
				if n.Name != self {
					names = append(names, n.Name)
				}
			}
			return true
		})
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Name.IsExported() {
			add("", decl.Type)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					add(spec.Name.Name, spec.Type)
				}
			case *ast.ValueSpec:
				if slices.ContainsFunc(spec.Names, (*ast.Ident).IsExported) {
					for _, value := range append(slices.Clone(spec.Values), spec.Type) {
						if literal, ok := value.(*ast.CompositeLit); ok {
							value = literal.Type
						}
						if value != nil {
							add("", value)
						}
					}
				}
			}
		}
	}
	return names
}

// namedElsewhere are the names of other packages of the module that a file uses,
// as folder.Name.
func namedElsewhere(file *ast.File) map[string]bool {
	dirs := map[string]string{}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if own, ok := strings.CutPrefix(imported, module); ok && err == nil {
			name := path.Base(own)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			dirs[name] = own
		}
	}
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if from, ok := selector.X.(*ast.Ident); ok && dirs[from.Name] != "" {
				names[dirs[from.Name]+"."+selector.Sel.Name] = true
			}
		}
		return true
	})
	return names
}
