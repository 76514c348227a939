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

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// Where platforms are known by their names: their folders, their blocks, and the table
// of what a release line can do on which platform.
var knowPlatforms = []string{"pkg/platform/", "pkg/installconfig/platform/", "pkg/release/features.go"}

// notPlatforms are words that read like a platform's name and are none, by the file that
// they may stand in.
var notPlatforms = map[string][]string{
	"pkg/installconfig/capabilities.go": {"baremetal"}, // a component of the cluster
	// where the stream of boot images has an image, and what people call that
	"pkg/rhcos/image.go":   {"aws", "azure", "gcp", "ibmcloud", "powervs", "vsphere", "baremetal"},
	"pkg/wizard/wizard.go": {"none"}, // the answer to a question of the wizard
}

// No room and no command knows a platform: it is asked for what differs. A name is known
// where it is a word of its own in the code, where a text says "platform" before it, or
// where the type of its block is used.
func TestPlatformsAreValues(t *testing.T) {
	t.Parallel()
	names := slices.Concat(platform.Names(), platform.Known)
	types := map[string]bool{}
	for _, name := range names {
		types[name] = true
	}
	said := regexp.MustCompile(`(?i)(?:^|[^-])\bplatforms? (` + strings.Join(names, "|") + `)\b`)
	for _, file := range sources(t) {
		if _, floor := room(file); floor < 0 || strings.HasSuffix(file, "_test.go") ||
			slices.ContainsFunc(knowPlatforms, func(p string) bool { return strings.HasPrefix(file, p) }) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				text, err := strconv.Unquote(n.Value)
				if n.Kind != token.STRING || err != nil {
					return true
				}
				if slices.Contains(names, text) && !slices.Contains(notPlatforms[file], text) || said.MatchString(text) {
					t.Errorf("%s knows a platform by its name: %s; let its row in pkg/platform say what differs", file, n.Value)
				}
			case *ast.SelectorExpr:
				if of, ok := n.X.(*ast.Ident); ok && (of.Name == "platform" || of.Name == "block") && types[strings.ToLower(n.Sel.Name)] {
					t.Errorf("%s uses the block %s.%s; let its row in pkg/platform say what differs", file, of.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}
