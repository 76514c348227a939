// Package ignition has the commands that look into Ignition configs.
package ignition

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition/inspect"
	"github.com/okd-project/okd-install/pkg/redact"
	"github.com/okd-project/okd-install/pkg/system"
)

// NewCmd holds the commands that read Ignition configs.
func NewCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ignition",
		Short: "Look into Ignition configs: list, print, unpack, compare, check",
		Long: `Read Ignition configs, those that okd-install makes and any other, of every spec:
list what is in one, print a file of it decoded, unpack it, compare two, check
one by Ignition's own rules, and ask where a file comes from.

FILE is a config, or - for standard input. What a config only names by a URL is
shown as such and never fetched. Private keys, passwords, tokens and pull secrets
are hidden wherever text is shown, unless --show-secrets is given.`,
		Example: `  okd-install ignition ls mycluster/bootstrap.ign
  okd-install ignition cat mycluster/bootstrap.ign bootkube.service`,
	}
	return a.Group(cmd, newListCmd(a), newTreeCmd(a), newCatCmd(a), newExtractCmd(a),
		newDiffCmd(a), newValidateCmd(a), newWhyCmd(a))
}

// readInput reads a config file, or standard input for -.
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		raw, err := system.ReadUpTo(cli.Input(cmd), cli.MaxIgnition)
		if err != nil {
			return nil, cli.Unreadable("standard input", err, "")
		}
		return raw, nil
	}
	raw, err := system.ReadFile(cmd.Context(), name, cli.MaxIgnition)
	switch {
	case errors.Is(err, system.ErrFolder):
		return nil, diag.Problem{
			Position: diag.Position{File: name},
			Detail:   "is a folder, not an Ignition config",
			Hint:     "name a file in it, such as bootstrap.ign",
		}
	case err != nil:
		return nil, cli.Unreadable(name, err, "")
	}
	return raw, nil
}

// readConfig reads a config as inspect.Read does: an error about contents comes
// with the rest of the config.
func readConfig(cmd *cobra.Command, name string) (inspect.Config, error) {
	raw, err := readInput(cmd, name)
	if err != nil {
		return inspect.Config{}, err
	}
	return inspect.Read(name, raw)
}

// completeConfigs offers *.ign for the first words of a command line.
func completeConfigs(words int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) < words {
			return []string{"ign"}, cobra.ShellCompDirectiveFilterFileExt
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeEntry offers a config and then what is in it.
func completeEntry(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return completeConfigs(1)(cmd, args, word)
	}
	config, err := readConfig(cmd, args[0])
	if err != nil || args[0] == "-" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var paths []string
	for _, e := range config.Entries {
		if strings.HasPrefix(e.Path, word) {
			paths = append(paths, e.Path)
		}
		if name := path.Base(e.Path); word != "" && strings.HasPrefix(e.Path, "/") && strings.HasPrefix(name, word) {
			paths = append(paths, name) // as the commands take it, such as bootkube.service
		}
	}
	return paths, cobra.ShellCompDirectiveNoFileComp
}

type catOptions struct {
	*cli.App
	showSecrets bool
	// screen tells that the output goes to a terminal.
	screen bool
}

func newCatCmd(a *cli.App) *cobra.Command {
	o := catOptions{App: a}
	cmd := &cobra.Command{
		Use:   "cat FILE PATH",
		Short: "Print a file of an Ignition config as the machine would have it",
		Long: `Print the content of a file in an Ignition config, decoded, byte for byte. PATH is
its path on the machine, the name of a unit, or the last parts of a path if only
one file ends so; also what ignition ls lists below other names, such as
ignition.security.tls.certificateAuthorities[0].

Into a pipe or a file go the exact bytes, whatever they are. On a terminal secrets
are hidden unless --show-secrets is given, and a file that is no text is refused.`,
		Example: `  okd-install ignition cat mycluster/bootstrap.ign /usr/local/bin/bootkube.sh

  # a unit by its name, and one of its drop-ins
  okd-install ignition cat mycluster/bootstrap.ign kubelet.service
  okd-install ignition cat mycluster/bootstrap.ign okd-machine-os-disabled.conf`,
		Args:              cli.Takes("a config", "a path in it"),
		ValidArgsFunction: completeEntry,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.screen = o.StdoutIsTerminal()
			return o.run(cmd, args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&o.showSecrets, "show-secrets", false, "print secrets on a terminal, too")
	return cmd
}

func (o catOptions) run(cmd *cobra.Command, file, name string) error {
	config, unreadable := readConfig(cmd, file)
	if config.Version == "" {
		return unreadable
	}
	e, err := config.Find(file, name)
	if err != nil {
		return errors.Join(err, unreadable)
	}
	if e.Unreadable {
		return unreadable
	}
	if err := printableEntry(file, e); err != nil {
		return err
	}
	for _, url := range e.Remote() {
		o.Log.Warnf("a part of %s is at %s, and is not here", e.Path, redact.URL(url))
	}
	data := e.Data()
	if o.screen {
		if data, err = o.forScreen(file, e.Path, data); err != nil {
			return err
		}
	}
	_, err = o.Data.Write(data)
	return err
}

// forScreen is what a terminal gets of a file.
func (o catOptions) forScreen(file, path string, data []byte) ([]byte, error) {
	if inspect.Binary(data) {
		return nil, diag.Problem{
			Position: diag.Position{File: file},
			Path:     path,
			Detail:   fmt.Sprintf("is no text, and a terminal might do anything with its %d bytes", len(data)),
			Hint:     "redirect the output to a file, or pipe it",
		}
	}
	if o.showSecrets {
		return data, nil
	}
	text, hidden := new(inspect.Mask).Text(path, data)
	if hidden {
		o.Log.Info("secrets are hidden on a terminal: --show-secrets shows them; a pipe or a file gets everything")
	}
	return []byte(text), nil
}

// printableEntry refuses what has no content that could be printed.
func printableEntry(file string, e inspect.Entry) error {
	p := diag.Problem{Position: diag.Position{File: file}, Path: e.Path}
	switch {
	case e.Kind == inspect.Directory:
		p.Detail, p.Hint = "is a directory", "run ignition ls to list the paths of the config in it"
	case e.Kind == inspect.Link:
		p.Detail = "is a link to " + e.Target
	case len(e.Parts) == 0 && e.Kind == inspect.Unit:
		p.Detail = "is a unit of the boot image: the config only switches it on or off, or adds a drop-in"
	case len(e.Parts) > 0 && len(e.Remote()) == len(e.Parts):
		p.Detail, p.Hint = "is not in the config, only its address: "+redact.URL(e.Remote()[0]), "fetch it from there"
	default:
		return nil
	}
	return p
}

// trouble ends a command that compares, whose exit code 1 has a meaning, with 2.
func trouble(a *cli.App, err error) error {
	var quiet cli.Exit
	if err == nil || errors.As(err, &quiet) {
		return err
	}
	a.LogFindings(logrus.ErrorLevel, err)
	return exitTrouble
}

// exitTrouble is the exit code of a comparison that could not be made.
const exitTrouble cli.Exit = 2
