package create

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
)

// addFlag adds a flag of a target, which sets its field of the request.
func addFlag(cmd *cobra.Command, r *asset.Request, f asset.Flag, usage string) {
	if f.Switch != nil {
		cmd.Flags().BoolVar(f.Switch(r), f.Name, false, usage)
		return
	}
	cmd.Flags().StringVar(f.Text(r), f.Name, "", usage)
	switch { // the only errors are flags that do not exist
	case f.Name == "release":
		cli.CompleteRelease(cmd)
	case f.Words != nil:
		_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(f.Words, cobra.ShellCompDirectiveNoFileComp))
	case f.Name == "url":
		_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
	}
}
