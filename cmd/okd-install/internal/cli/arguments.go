package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/pkg/diag"
)

// This file holds what is said about a command line that cannot be understood.

// NoArguments refuses words behind a command that takes none. The likeliest one
// is the asset directory.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	p := diag.Problem{Detail: fmt.Sprintf("%s takes no arguments, got %s", Words(cmd), strings.Join(args, " ")), Hint: SeeHelp(cmd)}
	switch info, err := os.Stat(args[0]); {
	case err != nil:
	case info.IsDir():
		p.Hint = "did you mean --dir " + args[0] + "?"
	case cmd.Flags().Lookup("dir") != nil:
		p.Hint = "name the directory that the file is in: --dir " + filepath.Dir(args[0])
	}
	return p
}

// Takes refuses a command line with more or fewer words than names.
func Takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return diag.Problem{
			Detail: fmt.Sprintf("%s takes %s, got %d of %d", Words(cmd), strings.Join(names, " and "), len(args), len(names)),
			Hint:   SeeHelp(cmd),
		}
	}
}

// Words is a command as it is typed, without the program: create manifests.
func Words(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// SeeHelp is the hint that names the help of a command.
func SeeHelp(cmd *cobra.Command) string {
	return cmd.CommandPath() + " --help shows how it is used"
}

// KnownCommand refuses any argument: a word behind a command that only holds
// others is a command that does not exist.
func KnownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return diag.Problem{
		Detail: fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath()),
		Hint:   diag.Meant(args[0], names, "the commands are "+strings.Join(names, ", ")),
	}
}

// Group is a command that only holds others. Alone it prints its help and
// succeeds, as the established installer does. A word that it does not know is an
// error there too: a script would take a step for done that nobody has taken.
func (a *App) Group(cmd *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	cmd.Args = KnownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(subcommands...)
	return cmd
}

// FlagError says in our words what is wrong with a flag.
func FlagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var valueless *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	p := diag.Problem{Detail: err.Error(), Hint: SeeHelp(cmd)}
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown)
	case errors.As(err, &valueless):
		flag := valueless.GetFlag()
		p.Detail = fmt.Sprintf("--%s needs a value: %s", flag.Name, flag.Usage)
	case errors.As(err, &invalid):
		flag := invalid.GetFlag()
		p.Detail = fmt.Sprintf("--%s: %q is not a %s", flag.Name, invalid.GetValue(), flag.Value.Type())
		if flag.Value.Type() == "bool" {
			p.Detail = fmt.Sprintf("--%s is a switch: it is there or not, and %q says neither", flag.Name, invalid.GetValue())
			p.Hint = "write --" + flag.Name + " alone, or leave it out"
		}
	}
	return p
}

// NothingEmpty refuses flags and words that are given and empty, as with a
// variable of the shell that is not set: the default is not what was meant. An
// answer to the wizard may be empty; its question tells.
func NothingEmpty(cmd *cobra.Command, args []string) error {
	var problems diag.Problems
	completes := strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd) // its last word is what is being typed
	if i := slices.Index(args, ""); i >= 0 && !completes {
		problems = append(problems, diag.Problem{
			Detail: fmt.Sprintf("word %d behind %s is empty", i+1, Words(cmd)),
			Hint:   "give it a value, or leave it out; is a variable of the shell not set?",
		})
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		list, isList := f.Value.(pflag.SliceValue)
		if isList {
			values = list.GetSlice()
		}
		_, mayBeEmpty := f.Value.(interface{ MayBeEmpty() })
		if !mayBeEmpty && (len(values) == 0 || slices.Contains(values, "")) {
			problems = append(problems, diag.Problem{
				Detail: "--" + f.Name + ": is empty",
				Hint:   "give it a value, or leave it out; is a variable of the shell not set?",
			})
		}
	})
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// unknownFlag proposes a flag of the command, or tells whose flag it is.
func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name, dashes := err.GetSpecifiedName(), "--"
	if short := err.GetSpecifiedShortnames(); short != "" {
		name, dashes = short, "-" // such as -dir, with one dash
	}
	p := diag.Problem{Detail: "unknown flag: " + dashes + name, Hint: SeeHelp(cmd)}
	if name == "version" || dashes+name == "-v" || dashes+name == "-V" {
		p.Hint = cmd.Root().Name() + " version prints the version"
		return p
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := diag.Meant(name, names, ""); near != "" {
		p.Hint = strings.Replace(near, "mean ", "mean --", 1)
	} else if others := commandsWith(cmd.Root(), name); len(others) > 0 {
		p.Hint = "it is a flag of " + strings.Join(others, " and ")
	}
	return p
}

// commandsWith names the commands below cmd that have a flag.
func commandsWith(cmd *cobra.Command, flag string) []string {
	var found []string
	for _, c := range cmd.Commands() {
		if c.LocalNonPersistentFlags().Lookup(flag) != nil {
			found = append(found, Words(c))
		}
		found = append(found, commandsWith(c, flag)...)
	}
	slices.Sort(found)
	return found
}
