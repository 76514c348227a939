package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/diag"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) newCompletionCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a completion script for your shell",
		Long: `Print a script that completes okd-install's commands, flags and their values in
your shell. Load it in the shell's start-up file.`,
		Example: `  # bash, for this session
  source <(okd-install completion bash)

  # fish, for good
  okd-install completion fish > ~/.config/fish/completions/okd-install.fish`,
		Args:      oneShell,
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
		},
	}
}

// oneShell wants the name of a shell.
func oneShell(_ *cobra.Command, args []string) error {
	all := "name one of " + strings.Join(shells, ", ")
	switch {
	case len(args) == 0:
		return diag.Problem{Detail: "completion needs the name of your shell", Hint: all}
	case len(args) > 1:
		return diag.Problem{Detail: "completion takes the name of one shell, got " + strings.Join(args, " "), Hint: all}
	case !slices.Contains(shells, args[0]):
		return diag.Problem{Detail: fmt.Sprintf("there is no completion for the shell %q", args[0]), Hint: all}
	}
	return nil
}
