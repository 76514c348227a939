package create

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/pkg/system"
)

type graphOptions struct {
	*cli.App
	outputFile string
	format     string
}

type graphFormat struct {
	name    string
	write   func(io.Writer, ...graph.Target) error
	endings []string
}

// graphFormats are the languages in which the graph can be written, and what the
// names of files in each end with. No ending at all is the first one's.
var graphFormats = []graphFormat{
	{"dot", graph.Dot, []string{"", ".dot", ".gv", ".txt"}},
	{"svg", asset.SVG, []string{".svg"}},
	{"mermaid", graph.Mermaid, []string{".mermaid", ".mmd"}},
	{"json", graph.JSON, []string{".json"}},
}

// dotFormats are forms that Graphviz makes of dot, and this command does not.
var dotFormats = []string{".bmp", ".eps", ".gif", ".jpeg", ".jpg", ".pdf", ".png", ".ps", ".tiff", ".webp"}

// NewGraphCmd draws the graph behind the targets.
func NewGraphCmd(a *cli.App) *cobra.Command {
	o := graphOptions{App: a}
	names := asset.DrawnNames()
	cmd := &cobra.Command{
		Use:   "graph [" + strings.Join(names, "|") + "]",
		Short: "Show what is made from what, as a picture or for programs",
		Long: `Show the graph behind the create commands: each arrow leads from a thing to what
is made of it. Nothing is made. With the name of a target, show only what that
target needs.

--format svg is a picture that every browser shows, and mermaid a text that code
forges draw; in both, what belongs together shares a box. dot is Graphviz'
language, and json is for programs; both have every single certificate. Without
--format the name of the output file decides, such as graph.svg, and else it is dot.

Bold frames are values that are remembered in the asset directory; files that you
may edit are folders in dot, and yellow in the pictures.`,
		Example: `  okd-install graph ignition-configs --format svg > graph.svg
  okd-install graph --output-file graph.svg
  okd-install graph manifests --format mermaid
  okd-install graph ignition-configs > graph.dot`,
		Args:      oneTarget,
		ValidArgs: names,
		RunE:      func(_ *cobra.Command, args []string) error { return o.run(args) },
	}
	cmd.Flags().StringVar(&o.outputFile, "output-file", "", "file to write the graph to, instead of standard output")
	cmd.Flags().StringVar(&o.format, "format", "", "form of the graph: "+strings.Join(formatNames(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formatNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func formatNames() []string {
	var names []string
	for _, f := range graphFormats {
		names = append(names, f.name)
	}
	return names
}

func (o graphOptions) run(args []string) error {
	targets := asset.Drawn()
	if len(args) == 1 {
		targets = slices.DeleteFunc(targets, func(t graph.Target) bool { return t.Name != args[0] })
		if len(targets) == 0 {
			return diag.Problem{Detail: fmt.Sprintf("there is no target %q", args[0]), Hint: diag.Meant(args[0], asset.DrawnNames(), theTargets())}
		}
	}
	write, err := o.writer()
	if err != nil {
		return err
	}
	if o.outputFile == "" {
		return write(o.Data, targets...)
	}
	if err := cli.WriteOutput(o.outputFile, func(w io.Writer) error { return write(w, targets...) }); err != nil {
		return diag.Problem{
			Position: diag.Position{File: o.outputFile},
			Detail:   "the file cannot be written: " + system.Reason(err),
			Hint:     "name another file with --output-file",
		}
	}
	return nil
}

// writer is that of the format, or of the one that the output file is named
// after. A name that says another form than what would be in the file is refused.
func (o graphOptions) writer() (func(io.Writer, ...graph.Target) error, error) {
	ending := strings.ToLower(filepath.Ext(o.outputFile))
	named := slices.IndexFunc(graphFormats, func(f graphFormat) bool { return slices.Contains(f.endings, ending) })
	asked := slices.IndexFunc(graphFormats, func(f graphFormat) bool { return f.name == o.format })
	p := diag.Problem{Detail: fmt.Sprintf("--output-file: nothing tells which form of the graph %s is to have", o.outputFile)}
	switch {
	case o.format != "" && asked < 0:
		p.Detail = fmt.Sprintf("--format: there is no form %q of the graph", o.format)
		p.Hint = diag.Meant(o.format, formatNames(), "the forms are "+strings.Join(formatNames(), ", "))
		return nil, p
	case slices.Contains(dotFormats, ending):
		p.Detail = fmt.Sprintf("--output-file: %s files are not written", strings.TrimPrefix(ending, "."))
		p.Hint = fmt.Sprintf("write %s.svg; or have Graphviz draw it: okd-install graph | dot -T%s -o %s",
			strings.TrimSuffix(o.outputFile, filepath.Ext(o.outputFile)), ending[1:], shell.Word(o.outputFile))
		return nil, p
	case asked >= 0 && named > 0 && asked != named:
		p.Detail = fmt.Sprintf("--format is %s, but --output-file %s says %s", o.format, o.outputFile, graphFormats[named].name)
		p.Hint = "leave out one of them"
		return nil, p
	case asked >= 0:
		return graphFormats[asked].write, nil
	case named >= 0:
		return graphFormats[named].write, nil
	}
	p.Hint = "end its name with " + strings.Join(graphEndings(), ", ") + "; or say the form with --format"
	return nil, p
}

func graphEndings() []string {
	var names []string
	for _, f := range graphFormats {
		names = append(names, "."+f.name)
	}
	return names
}

func oneTarget(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return diag.Problem{Detail: "graph takes one target at most, got " + strings.Join(args, " "), Hint: theTargets()}
	}
	return nil
}

func theTargets() string { return "the targets are " + strings.Join(asset.DrawnNames(), ", ") }
