package main

import "github.com/spf13/cobra"

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
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
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
