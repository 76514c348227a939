package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

type graphOptions struct {
	*app
	outputFile string
	format     string
}

// graphFormats are the languages in which the graph can be written.
var graphFormats = []struct {
	name  string
	write func(io.Writer, ...asset.Target) error
}{
	{"dot", asset.Dot}, {"svg", asset.SVG}, {"mermaid", asset.Mermaid}, {"json", asset.JSON},
}

func (a *app) newGraphCmd() *cobra.Command {
	o := graphOptions{app: a}
	names := asset.TargetNames()
	cmd := &cobra.Command{
		Use:   "graph [" + strings.Join(names, "|") + "]",
		Short: "Show what is made from what, as a picture or for programs",
		Long: `Show the graph behind the create commands: each arrow leads from a thing to what
is made of it. Nothing is made. With the name of a target, show only what that
target needs.

--format svg is a picture that every browser shows, and mermaid a text that code
forges draw; in both, what belongs together shares a box. dot is Graphviz'
language, and json is for programs; both have every single certificate. Without
--format the name of the output file decides, and else it is dot.

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
	targets := asset.Targets()
	if len(args) == 1 {
		targets = slices.DeleteFunc(targets, func(t asset.Target) bool { return t.Name != args[0] })
		if len(targets) == 0 {
			return diag.Problem{Detail: fmt.Sprintf("there is no target %q", args[0]), Hint: oneOf(args[0], asset.TargetNames(), theTargets())}
		}
	}
	write, err := o.writer()
	if err != nil {
		return err
	}
	if o.outputFile == "" {
		return write(o.out, targets...)
	}
	f, err := os.Create(o.outputFile)
	if err != nil {
		return diag.Problem{Position: diag.Position{File: o.outputFile}, Detail: "the file cannot be written: " + reason(err), Hint: "name another file with --output-file"}
	}
	return errors.Join(write(f, targets...), f.Close())
}

// writer is that of the format, or of the one that the output file is named
// after.
func (o graphOptions) writer() (func(io.Writer, ...asset.Target) error, error) {
	name := o.format
	if name == "" {
		name = "dot"
		if ending := strings.TrimPrefix(filepath.Ext(o.outputFile), "."); slices.Contains(formatNames(), ending) {
			name = ending
		}
	}
	for _, f := range graphFormats {
		if f.name == name {
			return f.write, nil
		}
	}
	return nil, diag.Problem{Detail: fmt.Sprintf("--format: there is no form %q of the graph", name), Hint: oneOf(name, formatNames(), "the forms are "+strings.Join(formatNames(), ", "))}
}

func oneTarget(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return diag.Problem{Detail: "graph takes one target at most, got " + strings.Join(args, " "), Hint: theTargets()}
	}
	return nil
}

func theTargets() string { return "the targets are " + strings.Join(asset.TargetNames(), ", ") }

// reason is what the operating system says, without the path in front.
func reason(err error) string {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}
