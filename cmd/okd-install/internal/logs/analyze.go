package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/analyze"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

type analyzeOptions struct {
	*cli.App
	file   string
	output string
}

// NewAnalyzeCmd is the command analyze.
func NewAnalyzeCmd(a *cli.App) *cobra.Command {
	o := analyzeOptions{App: a}
	cmd := &cobra.Command{
		Use:   "analyze [FILE|FOLDER]",
		Short: "Say where an installation stopped and why, from a log bundle",
		Long: `Read a log bundle and say in which stage the bootstrap host stopped or waits,
what the likely cause is, and what helps. The lines of the bundle that speak for
a cause are shown with their file and number; where nothing in the bundle says
why, the usual causes of such a stage are named as what they are, a guess.

The bundle is a log-bundle-….tar.gz of gather bootstrap, of this program or of
the established installer, or a folder that one was unpacked to. Without an
argument it is the only one in the asset directory. Nothing is unpacked to disk.

The exit code is 0 when the bundle could be read, whatever it says.`,
		Example: `  # the bundle in the asset directory
  okd-install analyze --dir mycluster

  # another one, for programs
  okd-install analyze log-bundle-20260302091500.tar.gz -o json`,
		Args: atMostOneBundle,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return bundleNames(o.Dir), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	cmd.Flags().StringVar(&o.file, "file", "", "the bundle; a relative name is one in the asset directory")
	_ = cmd.RegisterFlagCompletionFunc("file", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := bundleNames(o.Dir)
		for i := range names {
			names[i] = filepath.Base(names[i]) // a relative name is one in the directory
		}
		if len(names) == 0 {
			return []string{"gz"}, cobra.ShellCompDirectiveFilterFileExt
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func atMostOneBundle(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return diag.Problem{Detail: fmt.Sprintf("analyze takes one bundle, got %s", strings.Join(args, " ")), Hint: cli.SeeHelp(cmd)}
}

func (o analyzeOptions) run(ctx context.Context, args []string) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	name := o.file
	switch {
	case name != "" && len(args) > 0:
		return diag.Problem{Detail: "there are two bundles to analyze: " + args[0] + " and --file " + name, Hint: "name one"}
	case len(args) > 0:
		name = args[0]
	case name == "":
		var err error
		if name, err = onlyBundle(o.Dir); err != nil {
			return err
		}
	case !filepath.IsAbs(name):
		name = filepath.Join(o.Dir, name)
	}
	return o.analyze(ctx, name)
}

// bundlePattern is the name of bundles.
const bundlePattern = "log-bundle-*.tar.gz"

// bundleNames are the bundles of a directory, as one would type them.
func bundleNames(dir string) []string {
	names, _ := filepath.Glob(filepath.Join(dir, bundlePattern)) // the pattern of a name that holds [ finds nothing
	return names
}

// onlyBundle finds the bundle of a directory.
func onlyBundle(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", diag.Problem{
			Position: diag.Position{File: dir},
			Detail:   "the directory cannot be read: " + system.Reason(err),
			Hint:     "name a bundle, or its directory with --dir",
		}
	}
	var names []string
	for _, e := range entries {
		if ok, _ := filepath.Match(bundlePattern, e.Name()); ok && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	switch len(names) {
	case 0:
		return "", diag.Problem{
			Position: diag.Position{File: dir},
			Detail:   "there is no log bundle here",
			Hint:     "make one with gather bootstrap, or name one: analyze FILE",
		}
	case 1:
		return filepath.Join(dir, names[0]), nil
	}
	return "", diag.Problem{
		Position: diag.Position{File: dir},
		Detail:   fmt.Sprintf("there are %d log bundles here: %s", len(names), strings.Join(names, ", ")),
		Hint:     "name one; the newest is " + filepath.Join(dir, names[len(names)-1]),
	}
}

// analyze reads a bundle and prints what it says.
func (o analyzeOptions) analyze(ctx context.Context, name string) error {
	report, err := readBundle(ctx, name)
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		err = o.PrintData(o.output, report)
	} else {
		_, err = io.WriteString(o.Out, report.Text())
	}
	o.verdict(report)
	return err
}

func readBundle(ctx context.Context, name string) (analyze.Report, error) {
	info, err := os.Stat(name)
	if err != nil {
		return analyze.Report{}, bundleProblem(name, "cannot be read: "+system.Reason(err),
			"name a log-bundle-….tar.gz, or a folder that it was unpacked to")
	}
	if info.IsDir() {
		if inside, err := onlyBundle(name); err == nil {
			return readBundle(ctx, inside)
		}
		// a root does not follow links that lead out of it
		folder, err := os.OpenRoot(name)
		if err != nil {
			return analyze.Report{}, bundleProblem(name, "cannot be read: "+system.Reason(err), "check its permissions")
		}
		report, err := analyze.FS(folder.FS())
		return report, errors.Join(err, folder.Close())
	}
	if !info.Mode().IsRegular() {
		return analyze.Report{}, bundleProblem(name, "is not a regular file", "name a log-bundle-….tar.gz")
	}
	f, err := os.Open(name)
	if err != nil {
		return analyze.Report{}, bundleProblem(name, "cannot be read: "+system.Reason(err), "check its permissions")
	}
	defer func() { _ = f.Close() }() // it is only read
	report, err := analyze.Tar(system.Interruptible(ctx, f))
	if ctx.Err() != nil {
		return report, cli.ExitInterrupted
	}
	var p diag.Problem
	if errors.As(err, &p) {
		p.File = name
		return report, p
	}
	return report, err
}

func bundleProblem(name, what, hint string) error {
	return diag.Problem{Position: diag.Position{File: name}, Detail: "the bundle " + what, Hint: hint}
}

// verdict says in one line what the report means.
func (o analyzeOptions) verdict(r analyze.Report) {
	switch r.Verdict {
	case analyze.Complete:
		o.Log.Info(r.Summary)
	case analyze.Waiting:
		o.Log.Warn(r.Summary)
	default:
		o.Log.Error(r.Summary)
	}
}
