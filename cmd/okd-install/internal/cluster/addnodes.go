package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/shell"
)

// workerFile is the config that a new worker boots with.
const workerFile = "worker.ign"

type addNodesOptions struct {
	*cli.App
	clusterFlags
	args          []string
	nodes         string
	serverAddress string
	overwrite     bool
	output        string
}

// AddNodesReport is what the command prints for programs.
type AddNodesReport struct {
	SchemaVersion int            `json:"schemaVersion"`
	File          string         `json:"file"`
	Written       bool           `json:"written"`
	Authority     string         `json:"authority"`
	Server        string         `json:"machineConfigServer"`
	Offer         *cluster.Offer `json:"offer,omitempty"`
	Cause         *cluster.Cause `json:"cause,omitempty"`
	Next          []string       `json:"next"`
}

// NewAddNodesCmd is the command add-nodes.
func NewAddNodesCmd(a *cli.App) *cobra.Command {
	o := &addNodesOptions{App: a}
	cmd := &cobra.Command{
		Use:   "add-nodes",
		Short: "Write a fresh worker.ign for machines that join a running cluster",
		Long: `Write worker.ign for machines that shall join a cluster that runs already, on the
day of its installation or years later. The worker.ign of the installation may not
do any more: the cluster renews the authority of its machine config server. This
one has the authority that the cluster trusts now, read through the API.

Then the machine config server is asked for a worker's config, as a new machine
will ask: on port 22623, by that authority. If this machine cannot reach it, that
is a warning: the port is often closed to all but the cluster's own machines.

The asset directory need not be that of the installation: with --kubeconfig any
directory of yours will do. The last lines say how to go on: put worker.ign into a
boot medium, boot the machine, and approve its certificates.`,
		Example: `  okd-install add-nodes --dir mycluster --nodes worker-2,worker-3

  # for a cluster that was installed elsewhere
  okd-install add-nodes --dir more --kubeconfig mycluster/auth/kubeconfig`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.args = o.Arguments
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.nodes, "nodes", "", "names of the machines that shall join, with commas, as for approve-csrs")
	f.StringVar(&o.serverAddress, "server-address", "",
		"host or host:port to connect to instead of the machine config server's name, for the check")
	f.BoolVar(&o.overwrite, "overwrite", false, "move a worker.ign that is in the way aside")
	addClusterFlags(cmd, &o.clusterFlags, true)
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func (o *addNodesOptions) run(ctx context.Context) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	nodes, err := o.declared()
	if err != nil {
		return err
	}
	options, err := o.serverOptions()
	if err != nil {
		return err
	}
	o.OpenLogFile(o.args)
	client, err := client(o.App, o.clusterFlags)
	if err != nil {
		return err
	}
	worker, err := client.FetchWorker(ctx)
	if err != nil {
		var problem diag.Problem
		if ctx.Err() != nil || errors.As(err, &problem) {
			return err
		}
		return causeError(client, err, o.App)
	}
	offer, cause := worker.CheckServer(ctx, options)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	update := o.Update("add-nodes")
	update.Overwrite = o.overwrite
	written, aside, err := asset.WriteFiles(ctx, update, asset.Files{workerFile: worker.Pointer})
	if err != nil {
		return err
	}
	if aside != "" {
		o.Log.Infof("moved what was in the way to %s", filepath.Join(o.Dir, aside))
	}
	report := AddNodesReport{
		SchemaVersion: 1,
		File:          filepath.Join(o.Dir, workerFile),
		Written:       len(written) > 0,
		Authority:     worker.Source,
		Server:        offer.Address,
		Next:          o.next(nodes),
	}
	if report.Cause = cause; cause == nil {
		report.Offer = &offer
	}
	return o.tell(report)
}

// declared are the machines that --nodes names, which may be none.
func (o *addNodesOptions) declared() ([]cluster.DeclaredNode, error) {
	if o.nodes == "" {
		return nil, nil
	}
	return cluster.ParseNodes("--nodes", o.nodes, false)
}

// serverOptions is how the machine config server is reached.
func (o *addNodesOptions) serverOptions() (cluster.Options, error) {
	options := cluster.Options{Dial: o.Dial, Now: o.Now}
	if o.serverAddress != "" {
		to, err := hostPort("--server-address", o.serverAddress, "22623")
		if err != nil {
			return options, err
		}
		options.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) { return o.Dial(ctx, network, to) }
	}
	return options, nil
}

// next are the commands that go on from here.
func (o *addNodesOptions) next(nodes []cluster.DeclaredNode) []string {
	names := "<names>"
	if len(nodes) > 0 {
		names = shell.Word(o.nodes)
	}
	which := "--dir " + shell.Word(o.Dir)
	if o.kubeconfig != "" {
		which = "--kubeconfig " + shell.Word(o.kubeconfig)
	}
	return []string{
		fmt.Sprintf("%s coreos iso ignition embed --help", o.Name),
		fmt.Sprintf("%s approve-csrs %s --nodes %s --watch", o.Name, which, names),
	}
}

func (o *addNodesOptions) tell(r AddNodesReport) error {
	if cli.IsData(o.output) {
		return o.PrintData(o.output, r)
	}
	if r.Written {
		o.Log.Infof("%s created, with the authority that the cluster publishes in %s", r.File, r.Authority)
	} else {
		o.Log.Infof("nothing to write: %s is up to date", r.File)
	}
	if r.Cause != nil {
		o.Tell(logrus.WarnLevel, diag.Problem{Detail: "the machine config server was not reached: " + r.Cause.Detail, Hint: r.Cause.Hint})
	} else {
		o.Log.Infof("the machine config server at %s offers a config of %d bytes, Ignition %s; its certificate is valid until %s",
			r.Server, r.Offer.Bytes, r.Offer.Spec, r.Offer.Expires.Local().Format("2 Jan 2006"))
	}
	o.Log.Info("put it into a boot medium, boot the machine with it, and let it join:")
	for _, line := range r.Next {
		o.Log.Info("    " + line)
	}
	return nil
}
