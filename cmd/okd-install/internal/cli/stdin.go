package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/system"
)

// Input is the standard input of a command. A read that blocks ends with the
// command: when somebody presses Ctrl-C while nothing comes, there is no byte
// that could wake it.
func Input(cmd *cobra.Command) io.Reader {
	return system.Interruptible(cmd.Context(), cmd.InOrStdin())
}
