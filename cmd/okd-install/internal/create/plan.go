package create

import (
	"context"
	"fmt"
	"maps"
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
	// request is what the flags ask for: those of the create commands.
	request     asset.Request
	output      string
	showSecrets bool
	exitCode    bool
}

// planTargets are the names of the targets that can be planned.
func planTargets() (names []string) {
	for _, t := range asset.Targets() {
		if _, _, not := t.Unplanned(); !not {
			names = append(names, t.Name)
		}
	}
	return names
}

// usual is the target that is planned unless another is named.
func usual() asset.Target {
	targets := asset.Targets()
	return targets[slices.IndexFunc(targets, func(t asset.Target) bool { return t.Usual })]
}

// planFlags are the flags of the targets that can be planned, with the names of those
// that have each. Where targets word a flag differently, the words of the target that is
// planned by default count, or else those of the first target that has it.
func planFlags() (flags []asset.Flag, of map[string][]string) {
	of = map[string][]string{}
	for _, t := range append([]asset.Target{usual()}, asset.Targets()...) {
		if !slices.Contains(planTargets(), t.Name) {
			continue
		}
		for _, f := range t.Flags {
			if of[f.Name] == nil {
				flags = append(flags, f)
			}
			if !slices.Contains(of[f.Name], t.Name) {
				of[f.Name] = append(of[f.Name], t.Name)
			}
		}
	}
	return flags, of
}

// exitChanges is the exit code of plan --exit-code where something would change.
const exitChanges cli.Exit = 2

// NewPlanCmd shows what the create commands would write.
func NewPlanCmd(a *cli.App) *cobra.Command {
	o := planOptions{App: a}
	targets := planTargets()
	cmd := &cobra.Command{
		Use:   "plan [" + strings.Join(targets, "|") + "]",
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
		ValidArgs: targets,
		RunE:      func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	cli.AddOutputFlag(cmd, &o.output, "text")
	f.BoolVar(&o.showSecrets, "show-secrets", false, "show secrets in the differences")
	f.BoolVar(&o.exitCode, "exit-code", false, "end with 2 if something would be written")
	flags, of := planFlags()
	for _, flag := range flags {
		usage := flag.Usage
		if 2*len(of[flag.Name]) < len(targets) { // what most have needs no list
			usage += "; for " + diag.And(of[flag.Name])
		}
		addFlag(cmd, &o.request, flag, usage)
	}
	return cmd
}

// planTarget refuses what cannot be planned, and flags that the run would not have.
func planTarget(cmd *cobra.Command, args []string) error {
	targets := planTargets()
	all := "the targets are " + strings.Join(targets, ", ")
	if len(args) > 1 {
		return diag.Problem{Detail: "plan takes one target at most, got " + strings.Join(args, " "), Hint: all}
	}
	name := append(args, usual().Name)[0]
	for _, t := range asset.Targets() {
		if why, instead, not := t.Unplanned(); not && t.Name == name {
			return diag.Problem{Detail: "create " + name + " is not planned here: " + why, Hint: instead}
		}
	}
	if !slices.Contains(targets, name) {
		return diag.Problem{Detail: fmt.Sprintf("there is no target %q that can be planned", name), Hint: diag.Meant(name, targets, all)}
	}
	var problems diag.Problems
	flags, of := planFlags()
	for _, f := range flags {
		if cmd.Flags().Changed(f.Name) && !slices.Contains(of[f.Name], name) {
			problems = append(problems, diag.Problem{
				Detail: "create " + name + " has no flag --" + f.Name,
				Hint:   "leave it out, or plan another target",
			})
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
	r := o.request
	r.Dir, r.AllowShared, r.Target, r.Command = o.Dir, o.AllowShared, append(args, usual().Name)[0], "plan"
	r.Environment, r.Version, r.Now, r.Clock = o.Environment(), o.Version(), o.Now(), o.Now
	p, err := asset.Plan(ctx, r, o.showSecrets)
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
	for _, from := range slices.Sorted(maps.Keys(p.MovedAside)) {
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
		o.Log.Infof("%s would make these again, so they will differ from the ones shown: %s", command, strings.Join(p.Makes, ", "))
	}
	if !p.BootAtLatest.IsZero() {
		o.Log.Infof("the machines would have to boot by %s", p.BootAtLatest.Local().Format("Mon 2 Jan 2006 15:04 MST"))
	}
	o.Log.Infof("nothing was written; %s does it", command)
	return nil
}
