// Package root is the tree of commands: it puts the groups together, and has the help.
package root

import (
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/absent"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/cluster"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/config"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/coreos"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/create"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/directory"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/ignition"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/logs"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/releases"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/tool"
)

// NewCmd is the tree of all commands.
func NewCmd(a *cli.App) *cobra.Command {
	root := &cobra.Command{
		Use:   a.Name,
		Short: "Create OKD clusters on your own machines",
		Long: `okd-install turns an install-config.yaml into everything that an OKD cluster
on your own machines needs: manifests, certificates, and the Ignition configs
that the bootstrap host, the control plane and the workers boot with.

It works in one directory, named with --dir. What you put there stays there:
your install-config.yaml and the manifests that you edit are read, never
changed or removed.`,
		Example: `  # check the install-config and write manifests that you can edit
  okd-install create manifests --dir mycluster

  # write bootstrap.ign, master.ign, worker.ign and auth/
  okd-install create ignition-configs --dir mycluster

  # see by when the machines must have booted
  okd-install certs --dir mycluster`,
		Args:          cli.KnownCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.NothingEmpty(cmd, args); err != nil {
				return err
			}
			return a.ApplyLogFlags(cmd.Flags())
		},
	}
	root.PersistentFlags().StringVar(&a.Dir, "dir", a.DefaultDir(), "asset directory; the variable "+cli.DirVariable+" names another default")
	root.PersistentFlags().BoolVar(&a.AllowShared, "allow-shared-dir", false,
		"use the asset directory although users other than you may write to it")
	a.AddLogFlags(root)
	for _, phase := range phases(a) {
		root.AddGroup(&cobra.Group{ID: phase.title, Title: phase.title})
		for _, cmd := range phase.commands {
			cmd.GroupID = phase.title
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(absent.FromRoot(a)...)
	help := newHelpCmd()
	help.GroupID = thisProgram
	root.SetHelpCommand(help)
	root.SetHelpFunc(a.Help)
	root.SetFlagErrorFunc(cli.FlagError)
	root.CompletionOptions.DisableDefaultCmd = true
	_ = root.MarkPersistentFlagDirname("dir") // the only error is a flag that does not exist
	return root
}

// phase is a step on the way to a cluster, with the commands for it.
type phase struct {
	title    string
	commands []*cobra.Command
}

// thisProgram is the title of the commands that are about no cluster.
const thisProgram = "This program"

func phases(a *cli.App) []phase {
	return []phase{
		{"Prepare the asset directory", []*cobra.Command{
			create.NewCmd(a), create.NewPlanCmd(a), config.NewValidateCmd(a), config.NewExplainCmd(a), config.NewSchemaCmd(a), releases.NewCmd(a),
		}},
		{"Look at what was made", []*cobra.Command{
			directory.NewStatusCmd(a, cluster.NewStatus(a)), directory.NewCertsCmd(a), ignition.NewCmd(a), create.NewGraphCmd(a),
		}},
		{"Prepare boot media", []*cobra.Command{coreos.NewCmd(a)}},
		{"Install the cluster", []*cobra.Command{
			cluster.NewWaitForCmd(a), cluster.NewApproveCSRsCmd(a), logs.NewGatherCmd(a), logs.NewAnalyzeCmd(a),
		}},
		{"After the installation", []*cobra.Command{cluster.NewAddNodesCmd(a), cluster.NewDestroyCmd(a)}},
		{thisProgram, []*cobra.Command{tool.NewVersionCmd(a), tool.NewCompletionCmd(a), tool.NewManCmd(a)}},
	}
}

// newHelpCmd is for those who write help in front instead of --help behind.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show what a command does, and its flags",
		Long: `Show what a command does, its flags and examples: the same as the command with
--help.`,
		Example: `  okd-install help
  okd-install help create manifests`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if found, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, c := range found.Commands() {
					if c.IsAvailableCommand() {
						names = append(names, c.Name()+"\t"+c.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if err := cli.KnownCommand(found, rest); err != nil {
				return err
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}
