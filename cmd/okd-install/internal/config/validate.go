// Package config has the commands about install-config.yaml as such: validate it,
// explain its fields, print its schema.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/pkg/system"
)

type validateOptions struct {
	*cli.App
	release      string
	releaseImage string
	output       string
}

// NewValidateCmd is the command validate.
func NewValidateCmd(a *cli.App) *cobra.Command {
	o := validateOptions{App: a}
	cmd := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check an install-config and write nothing",
		Long: `Check an install-config as the create commands do, and write nothing at all: no
state, no log, no lock. FILE is the config, or - for standard input; without it,
the install-config.yaml of the directory that --dir names is checked, for the
release that the directory was made for.

Everything that is found goes to standard output, one finding on a line as
compilers print it: file:line:column: severity: field: what is wrong. With
-o json each has its place, field, message and hint. Severities are error,
warning and note; only errors make the config unusable. After 50 findings, errors
first, only the number of the others is printed.

The exit code is 0 if the config can be used, and 3 if it cannot.`,
		Example: `  okd-install validate --dir mycluster
  okd-install validate mycluster/install-config.yaml --release 5.0
  okd-install validate - -o json < mycluster/install-config.yaml`,
		Args: oneConfig,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args, cmd.Flags().Changed("dir")) },
	}
	cli.AddReleaseFlag(cmd, &o.release,
		"OKD release, a line such as 4.22 or a version (default: the newest 4.22, or what the directory was made for)")
	cmd.Flags().StringVar(&o.releaseImage, "release-image", "", "pull spec of the release image, for mirrors and builds of your own")
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func oneConfig(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return diag.Problem{Detail: "validate takes one file, got " + strings.Join(args, " "), Hint: "run it once for each"}
	}
	return nil
}

func (o validateOptions) run(cmd *cobra.Command, args []string, inDir bool) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	if len(args) == 1 && inDir {
		return diag.Problem{Detail: "validate takes a file or --dir, not both", Hint: "leave out one of them"}
	}
	name, dir, data, err := o.read(cmd, args)
	var loaded installconfig.Loaded
	if err == nil {
		var options installconfig.Options
		if options, err = asset.ConfigOptions(dir, o.release, o.releaseImage, o.Environment()); err != nil {
			return err
		}
		loaded, err = installconfig.Load(name, data, options)
	}
	var invalid *installconfig.InvalidError
	if err != nil && !errors.As(err, &invalid) {
		return err
	}
	var problems diag.Problems
	if invalid != nil {
		problems = invalid.Problems
	}
	all := slices.Concat(severe("error", problems), severe("warning", loaded.Warnings), severe("note", loaded.Notes))
	more := max(0, len(all)-diag.Most)
	if err := o.print(name, data, all[:len(all)-more], more, len(problems) == 0); err != nil {
		return err
	}
	if len(problems) > 0 {
		return cli.ExitInstallConfig
	}
	return nil
}

// read returns the config with the name that messages give it, and the asset
// directory that it is in, if it was named by that.
func (o validateOptions) read(cmd *cobra.Command, args []string) (name, dir string, data []byte, err error) {
	if len(args) == 0 {
		name = filepath.Join(o.Dir, installconfig.FileName)
		data, consumed, err := asset.ReadConfig(o.Dir)
		switch {
		case err != nil:
			return "", "", nil, err
		case data == nil:
			hint := asset.NoConfigHint(o.Dir, "write one, or have okd-install create install-config ask for what is in it")
			return name, o.Dir, nil, noConfig(name, "there is no such file", hint)
		case consumed:
			o.Log.Infof("%s was removed by --consume-inputs; what is checked is what okd-install remembers of it", name)
		}
		return name, o.Dir, data, nil
	}
	name = args[0]
	if name == "-" {
		name = "standard input"
		data, err = system.ReadUpTo(cli.Input(cmd), cli.MaxConfig)
	} else {
		data, err = o.ReadUpTo(name, cli.MaxConfig)
	}
	if err := cmd.Context().Err(); err != nil {
		return name, "", nil, err
	}
	if err != nil {
		detail, hint := unread(name, err)
		return name, "", nil, noConfig(name, detail, hint)
	}
	return name, "", data, nil
}

// unread says why the file that was named cannot be read, and what was probably meant.
func unread(name string, err error) (detail, hint string) {
	const otherwise = "name an install-config, or - for standard input"
	detail = "the file cannot be read: " + system.Reason(err)
	folder, base := filepath.Dir(name), filepath.Base(name)
	info, statErr := os.Stat(name)
	switch {
	case statErr == nil && info.IsDir():
		detail = "this is a directory, and FILE is an install-config"
		names := assetdir.Names(name)
		if like := installconfig.LikeFileName(names); like != "" && !slices.Contains(names, installconfig.FileName) {
			return detail, "name the file in it: okd-install validate " + shell.Word(filepath.Join(name, like))
		}
		return detail, "write --dir before it: okd-install validate --dir " + shell.Word(name)
	case errors.Is(statErr, fs.ErrNotExist):
		names := assetdir.Names(folder)
		like := diag.Nearest(strings.TrimSpace(base), names)
		if like == "" && base == installconfig.FileName {
			like = installconfig.LikeFileName(names)
		}
		if like == "" && installconfig.LikeFileName([]string{base}) != "" && slices.Contains(names, installconfig.FileName) {
			like = installconfig.FileName
		}
		if like != "" {
			return detail, "did you mean " + filepath.Join(folder, like) + "?"
		}
	}
	return detail, otherwise
}

func noConfig(name, detail, hint string) error {
	return &installconfig.InvalidError{File: name, Problems: diag.Problems{{Position: diag.Position{File: name}, Detail: detail, Hint: hint}}}
}

// finding is a problem in JSON.
type finding struct {
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Path     string `json:"path,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func severe(severity string, ps diag.Problems) []finding {
	var all []finding
	for _, p := range ps {
		all = append(all, finding{severity, p.File, p.Line, p.Column, diag.Short(p.Path), diag.Short(p.Detail), diag.Short(p.Hint)})
	}
	return all
}

// print prints the findings in a config, after which there are so many more.
func (o validateOptions) print(name string, config []byte, all []finding, more int, valid bool) error {
	if cli.IsData(o.output) {
		return o.PrintData(o.output, ValidateReport{1, name, valid, append([]finding{}, all...), more})
	}
	out, source := o.Findings(), newSource(config)
	for _, f := range all {
		at := diag.Position{File: f.File, Line: f.Line, Column: f.Column}.String()
		line := at + ": " + f.Severity + ": "
		if at == "" {
			line = f.Severity + ": "
		}
		if f.Path != "" {
			line += f.Path + ": "
		}
		lines := []string{diag.Printable(line + f.Message)}
		if f.File == name {
			lines = append(lines, source.excerpt(f, o.Width())...)
		}
		if f.Hint != "" {
			lines = append(lines, "    hint: "+diag.Printable(f.Hint))
		}
		if _, err := fmt.Fprintln(out, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	if more > 0 {
		if _, err := fmt.Fprintln(out, diag.More(more)); err != nil {
			return err
		}
	}
	if valid {
		o.Log.Infof("%s is valid", name)
	}
	return nil
}

// ValidateReport says what is wrong with a config.
type ValidateReport struct {
	SchemaVersion int       `json:"schemaVersion"`
	File          string    `json:"file"`
	Valid         bool      `json:"valid"`
	Findings      []finding `json:"findings"`
	// Omitted is how many more findings there are than the first 50.
	Omitted int `json:"omitted,omitempty"`
}
