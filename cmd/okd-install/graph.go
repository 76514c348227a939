package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

type graphOptions struct {
	*app
	outputFile string
}

func (a *app) newGraphCmd() *cobra.Command {
	o := graphOptions{app: a}
	names := asset.TargetNames()
	cmd := &cobra.Command{
		Use:   "graph [" + strings.Join(names, "|") + "]",
		Short: "Print what is made from what, in Graphviz' language",
		Long: `Print the graph behind the create commands in Graphviz' DOT language: each arrow
leads from a thing to what is made of it. Nothing is made. With the name of a
target, print only what that target needs.

Bold frames are values that are remembered in the asset directory, folders are
files that you may edit.`,
		Example: `  okd-install graph ignition-configs > graph.dot
  okd-install graph --output-file graph.dot`,
		Args:      oneTarget,
		ValidArgs: names,
		RunE:      func(_ *cobra.Command, args []string) error { return o.run(args) },
	}
	cmd.Flags().StringVar(&o.outputFile, "output-file", "", "file to write the graph to, instead of standard output")
	return cmd
}

func (o graphOptions) run(args []string) error {
	targets := asset.Targets()
	if len(args) == 1 {
		targets = slices.DeleteFunc(targets, func(t asset.Target) bool { return t.Name != args[0] })
		if len(targets) == 0 {
			return diag.Problem{Detail: fmt.Sprintf("there is no target %q", args[0]), Hint: oneOf(args[0], asset.TargetNames(), theTargets())}
		}
	}
	if o.outputFile == "" {
		return asset.Dot(o.out, targets...)
	}
	f, err := os.Create(o.outputFile)
	if err != nil {
		return diag.Problem{Position: diag.Position{File: o.outputFile}, Detail: "the file cannot be written: " + reason(err), Hint: "name another file with --output-file"}
	}
	return errors.Join(asset.Dot(f, targets...), f.Close())
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
