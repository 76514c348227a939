package tool

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/diag"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

// bareBash does what the script for bash otherwise has the package
// bash-completion do, which is not everywhere. Bash cuts words at = and :, and
// here they are put together again.
const bareBash = `
if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    __%[1]s_init_completion()
    {
        local word glue=no
        COMPREPLY=() words=() cword=0
        for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
            if [[ ${#words[@]} -gt 1 && ( $glue == yes || $word =~ ^[=:]+$ ) ]]; then
                words[cword]+=$word
            else
                cword=${#words[@]}
                words[cword]=$word
            fi
            glue=no
            [[ $word =~ ^[=:]+$ ]] && glue=yes
        done
        cur=${words[cword]}
        [[ $cword -gt 0 ]] && prev=${words[cword-1]}
        return 0
    }
fi
if ! declare -F _filedir >/dev/null 2>&1; then
    _filedir()
    {
        local name ending
        while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -d -- "$cur")
        [[ ${1-} == -d ]] && return
        [[ $# -eq 0 ]] && while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$cur")
        for ending in ${1//|/ }; do
            while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -X "!*.$ending" -- "$cur")
        done
        type compopt >/dev/null 2>&1 && compopt -o filenames
        return 0
    }
fi
`

// NewCompletionCmd is the command completion.
func NewCompletionCmd(a *cli.App) *cobra.Command {
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
				if err := root.GenBashCompletionV2(a.Text, true); err != nil {
					return err
				}
				_, err := fmt.Fprintf(a.Text, bareBash, root.Name())
				return err
			case "zsh":
				return root.GenZshCompletion(a.Text)
			case "fish":
				return root.GenFishCompletion(a.Text, true)
			default:
				return root.GenPowerShellCompletionWithDesc(a.Text)
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
