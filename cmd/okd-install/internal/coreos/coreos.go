// Package coreos has the commands for boot images: find, check, download, and put an
// Ignition config into them, as ISO and for PXE.
package coreos

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// NewCmd holds what is done with boot images, before and beside a cluster.
func NewCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "coreos",
		Short: "Find, check, download and prepare boot images",
		Long: `Work with the CoreOS images that the machines of a cluster boot first: find the
one that goes with the release and the machine, check that the two go together,
download it, and put an Ignition config into it.

The program carries what has been published about the builds that OKD releases
were made for; only download needs a network.`,
		Example: `  okd-install coreos image --platform metal --format iso
  okd-install coreos check --release 4.22 --image c10s
  okd-install coreos print-stream-json > stream.json`,
	}
	return a.Group(cmd, newImageCmd(a), newCheckCmd(a), newDownloadCmd(a), newPrintStreamCmd(a), newImportStreamCmd(a),
		newISOCommand(a), newPXECommand(a))
}
