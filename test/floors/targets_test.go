package floors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/asset"
)

// Nothing asks what a target is called: its row says what it does, so that a new target
// is a row. A name may be looked up, to propose the command.
func TestTargetsAreRows(t *testing.T) {
	t.Parallel()
	var names []string
	for _, row := range asset.Targets() {
		names = append(names, row.Name)
	}
	declared := regexp.MustCompile(`^[tT]arget[A-Z]`)
	for _, file := range sources(t) {
		if strings.HasSuffix(file, "_test.go") || !strings.HasPrefix(file, "pkg/asset/") && !strings.HasPrefix(file, "cmd/") {
			continue
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, file, read(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(with ...ast.Expr) {
			for _, e := range with {
				name := ""
				switch e := e.(type) {
				case *ast.BasicLit:
					name, _ = strconv.Unquote(e.Value)
				case *ast.Ident:
					name = e.Name
				case *ast.SelectorExpr:
					name = e.Sel.Name
				}
				if slices.Contains(names, name) || declared.MatchString(name) {
					t.Errorf("%s asks whether a target is called %s; let its row in pkg/asset/targets.go say what differs", files.Position(e.Pos()), name)
				}
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.EQL || n.Op == token.NEQ {
					refuse(n.X, n.Y)
				}
			case *ast.CaseClause:
				refuse(n.List...)
			}
			return true
		})
	}
}
