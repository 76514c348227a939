package cluster

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
)

// NewDestroyCmd is the command destroy.
func NewDestroyCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Say what is left to remove of a cluster on your own machines",
		Long: `Remove what an installation has made outside of the asset directory. On machines of
your own that is nothing: you made them, and you remove them. The commands are here
for scripts that know them, and succeed.`,
		Example: `  okd-install destroy bootstrap --dir mycluster
  okd-install destroy cluster --dir mycluster`,
	}
	for _, c := range []struct {
		name, short, long string
		bootstrap         bool
	}{
		{
			"cluster", "Say what is left to remove of the cluster",
			`There is nothing to destroy of a cluster on machines of your own: okd-install has
made files, and nothing else. What is left for you is said: the machines, the load
balancer and the DNS records.

A cluster that another program has made in a cloud is refused, by the platform in
metadata.json: destroy it with that program.`,
			false,
		},
		{
			"bootstrap", "Say what is left to remove of the bootstrap host",
			`There is nothing to destroy of a bootstrap host that is a machine of your own. What
is left for you is said: its places in the load balancer, and the machine.

Do it when wait-for bootstrap-complete has succeeded, not before: until then the
cluster does not live without it.`,
			true,
		},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: c.name, Short: c.short, Long: c.long,
			Example: "  okd-install destroy " + c.name + " --dir mycluster",
			Args:    cli.NoArguments,
			RunE:    func(*cobra.Command, []string) error { return destroy(a, c.bootstrap) },
		})
	}
	return a.Group(cmd)
}

// destroy checks that there is a cluster of this kind, and says what is left.
func destroy(a *cli.App, bootstrap bool) error {
	left, err := asset.Left(a.Dir, bootstrap)
	if err != nil {
		return err
	}
	a.Log.Info("nothing to destroy: the machines are yours, and okd-install has made nothing outside of the asset directory")
	for _, line := range left {
		a.Log.Info("    " + line)
	}
	return nil
}
