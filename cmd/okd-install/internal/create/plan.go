package create

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

type planOptions struct {
	*cli.App
	output        string
	release       string
	releaseImage  string
	leafKey       string
	url           string
	overwrite     bool
	consumeInputs bool
	reissue       bool
	showSecrets   bool
	exitCode      bool

	discardManifests bool
}

// planTargets are the targets that can be planned.
var planTargets = []string{asset.TargetInstallConfig, asset.TargetManifests, asset.TargetIgnitionConfigs, asset.TargetSingleNode, asset.TargetBootstrapPointer}

// exitChanges is the exit code of plan --exit-code where something would change.
const exitChanges cli.Exit = 2

func NewPlanCmd(a *cli.App) *cobra.Command {
	o := planOptions{App: a}
	cmd := &cobra.Command{
		Use:   "plan [" + strings.Join(planTargets, "|") + "]",
		Short: "Show what a create command would write, as a diff",
		Long: `Show what a create command would write or move aside, file by file, and what would
be different in each Ignition config; without the name of a target, what create
ignition-configs would. Nothing is written, and no lock is taken. What create
pivot-config does on a machine is told by its own flag --dry-run.

Keys, certificates and IDs that do not exist yet are made for the plan and thrown
away, so the run makes others. Secrets are numbered and not shown: a secret that
has another number has changed.

The exit code is that of the run: 0 if it would succeed, 3 if install-config.yaml
is not valid, 1 for anything else. With --exit-code it is 2 if the run would
succeed and write something, so that 0 says that all is up to date.`,
		Example: `  okd-install plan --dir mycluster
  okd-install plan ignition-configs --dir mycluster --reissue
  okd-install plan manifests --dir mycluster -o json
  okd-install plan bootstrap-pointer --dir mycluster --url https://example.com/b.ign`,
		Args:      planTarget,
		ValidArgs: planTargets,
		RunE:      func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	cli.AddOutputFlag(cmd, &o.output, "text")
	f.BoolVar(&o.showSecrets, "show-secrets", false, "show secrets in the differences")
	f.BoolVar(&o.exitCode, "exit-code", false, "end with 2 if something would be written")
	f.BoolVar(&o.overwrite, "overwrite", false, "as with create")
	f.BoolVar(&o.discardManifests, "discard-manifests", false, "as with create")
	f.BoolVar(&o.reissue, "reissue", false, "as with create")
	f.BoolVar(&o.consumeInputs, "consume-inputs", false, "as with create")
	f.StringVar(&o.release, "release", "", "as with create")
	f.StringVar(&o.releaseImage, "release-image", "", "as with create")
	f.StringVar(&o.leafKey, "leaf-key", "", "as with create")
	f.StringVar(&o.url, "url", "", "as with create bootstrap-pointer")
	_ = cmd.RegisterFlagCompletionFunc("leaf-key", cobra.FixedCompletions(leafKeys, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("url", cobra.NoFileCompletions)
	cli.CompleteRelease(cmd)
	return cmd
}

// planTarget refuses what cannot be planned, and flags that the run would not have.
func planTarget(cmd *cobra.Command, args []string) error {
	all := "the targets are " + strings.Join(planTargets, ", ")
	switch {
	case len(args) > 1:
		return diag.Problem{Detail: "plan takes one target at most, got " + strings.Join(args, " "), Hint: all}
	case len(args) == 1 && args[0] == asset.TargetPivotConfig:
		return diag.Problem{
			Detail: "create " + asset.TargetPivotConfig + " is not planned here: what matters of it is what it does on the machine",
			Hint:   "create " + asset.TargetPivotConfig + " --dry-run tells that",
		}
	case len(args) == 1 && !slices.Contains(planTargets, args[0]):
		return diag.Problem{Detail: fmt.Sprintf("there is no target %q that can be planned", args[0]), Hint: diag.Meant(args[0], planTargets, all)}
	}
	target := append(args, asset.TargetIgnitionConfigs)[0]
	create, _, err := cmd.Root().Find([]string{"create", target})
	if err != nil {
		return err
	}
	var problems diag.Problems
	for _, name := range []string{"overwrite", "discard-manifests", "reissue", "consume-inputs", "release", "release-image", "leaf-key", "url"} {
		if cmd.Flags().Changed(name) && create.Flags().Lookup(name) == nil {
			problems = append(problems, diag.Problem{Detail: "create " + target + " has no flag --" + name, Hint: "leave it out, or plan another target"})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

func (o planOptions) run(ctx context.Context, args []string) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	target := asset.TargetIgnitionConfigs
	if len(args) == 1 {
		target = args[0]
	}
	p, err := asset.Plan(ctx, asset.Request{
		Dir: o.Dir, Target: target, Command: "plan", Release: o.release, ReleaseImage: o.releaseImage, LeafKey: o.leafKey, URL: o.url,
		Overwrite: o.overwrite, DiscardManifests: o.discardManifests, ConsumeInputs: o.consumeInputs, Reissue: o.reissue,
		AllowShared: o.AllowShared, Environment: o.Environment(), Version: o.Version(), Now: o.Now(),
	}, o.showSecrets)
	if l := p.Lock; l != nil && l.Held {
		o.Log.Warnf("process %d on %s is at work in the directory (%s): what it will write is not seen here", l.PID, l.Host, l.Command)
	}
	o.Tell(logrus.InfoLevel, p.Notes...)
	o.Tell(logrus.WarnLevel, p.Warnings...)
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		err = o.PrintJSON(o.output, p, !o.showSecrets)
	} else {
		err = o.print(p)
	}
	if err == nil && o.exitCode && !p.UpToDate {
		return exitChanges
	}
	return err
}

func (o planOptions) print(p asset.Planned) error {
	for _, from := range sortedNames(p.MovedAside) {
		cli.Say(o.Out, "moved aside %s to %s\n", from, p.MovedAside[from])
	}
	for _, name := range p.Removed {
		cli.Say(o.Out, "consumed file %s\n", name)
	}
	if err := o.PrintChanges(p.Changes, o.showSecrets); err != nil {
		return err
	}
	command := "create " + p.Target
	if p.UpToDate {
		o.Log.Infof("%s would write nothing: all is up to date", command)
		return nil
	}
	if len(p.Makes) > 0 {
		o.Log.Infof("%s would make these anew, and they will be others than the ones shown: %s", command, strings.Join(p.Makes, ", "))
	}
	if !p.BootAtLatest.IsZero() {
		o.Log.Infof("the machines would have to boot by %s", p.BootAtLatest.Local().Format("Mon 2 Jan 2006 15:04 MST"))
	}
	o.Log.Infof("nothing was written; %s does it", command)
	return nil
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
