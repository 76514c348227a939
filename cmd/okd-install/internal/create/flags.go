package create

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
)

// leafKeys are the kinds of keys that completion proposes for --leaf-key.
var leafKeys = []string{"rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"}

// addFlag adds a flag of a target, which sets its field of the request.
func addFlag(cmd *cobra.Command, r *asset.Request, f asset.Flag, usage string) {
	if f.Switch != nil {
		cmd.Flags().BoolVar(f.Switch(r), f.Name, false, usage)
		return
	}
	cmd.Flags().StringVar(f.Text(r), f.Name, "", usage)
	switch f.Name { // the only errors are flags that do not exist
	case "release":
		cli.CompleteRelease(cmd)
	case "leaf-key":
		_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(leafKeys, cobra.ShellCompDirectiveNoFileComp))
	case "url":
		_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
	}
}
