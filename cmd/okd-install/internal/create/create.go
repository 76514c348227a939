// Package create has the commands that make what a cluster is installed from, and those
// that show before what they would make.
package create

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/absent"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

type createOptions struct {
	*cli.App
	target asset.Target
	args   []string
	wizard wizardOptions
	// request is what the flags ask for.
	request asset.Request
	// answered tells that the install-config that is there says what the answers say.
	answered bool
}

// NewCmd has a command for each target.
func NewCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create part of an OKD cluster",
		Long: `Create the files that a cluster is installed from, step by step or all at once:
each command makes what it needs of the steps before it.

There is no create cluster: your own machines are not created. You boot them from
these files, and wait-for says how far they are.`,
		Example: `  okd-install create manifests --dir mycluster
  okd-install create ignition-configs --dir mycluster`,
	}
	for _, t := range asset.Targets() {
		if t.OneMachine {
			cmd.AddCommand(newPivotConfigCmd(a, t))
			continue
		}
		cmd.AddCommand(newTargetCmd(a, t))
	}
	return a.Group(cmd, absent.FromCreate(a)...)
}

func newTargetCmd(a *cli.App, t asset.Target) *cobra.Command {
	o := createOptions{App: a, target: t}
	cmd := &cobra.Command{
		Use: t.Name, Short: t.Short, Long: t.Long, Example: t.Example,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.args = o.Arguments
			return o.run(cmd.Context())
		},
	}
	for _, f := range t.Flags {
		addFlag(cmd, &o.request, f, f.Usage)
	}
	if t.Input {
		o.wizard.addFlags(cmd)
	}
	return cmd
}

func (o createOptions) run(ctx context.Context) error {
	o.OpenLogFile(o.args)
	o.WarnAboutEnvironment()
	switch {
	case o.request.FromState:
		if err := o.wizard.refuseAnswers("--from-state takes the whole install-config from the state file"); err != nil {
			return err
		}
	case o.target.Input:
		var err error
		if o.request.Config, err = o.newConfig(ctx); err != nil {
			return err
		}
	}
	report, err := asset.Create(ctx, o.asked())
	o.tell(report, err == nil)
	return err
}

// asked is the whole request.
func (o createOptions) asked() asset.Request {
	r := o.request
	r.Dir, r.AllowShared, r.LockWait, r.Waiting = o.Dir, o.AllowShared, o.LockWait, o.TellWaiting
	r.Target, r.Command = o.target.Name, "create "+o.target.Name
	r.Environment, r.Version, r.Now, r.Clock = o.Environment(), o.Version(), o.Now(), o.Now
	r.Trace = func(node, how string, _ time.Duration) { o.Log.Debugf("%s: %s", node, how) }
	return r
}

// tell prints what happened. After an error it prints only what came before it.
func (o createOptions) tell(r asset.Report, done bool) {
	o.Tell(logrus.InfoLevel, r.Notes...)
	o.Tell(logrus.WarnLevel, r.Warnings...)
	if !done {
		return
	}
	if r.NoProxy != "" {
		o.Log.Info("the cluster will not use the proxy for " + r.NoProxy)
	}
	if r.Aside != "" {
		o.Log.Infof("moved what was in the way to %s", filepath.Join(o.Dir, r.Aside))
	}
	for _, name := range r.Consumed {
		o.Log.Infof("Consuming %s from target directory", name)
	}
	switch {
	case o.target.Input && len(r.Written) == 0 && !o.answered:
		o.Log.Infof("%s is valid", filepath.Join(o.Dir, r.Files[0]))
	case len(r.Written) == 0:
		verb := "is"
		if o.target.Several {
			verb = "are"
		}
		o.Log.Infof("nothing to write: %s %s up to date", o.target.Made, verb)
	default:
		o.Log.Infof("%s created in: %s", o.target.Made, sentence(o.Dir, o.folders(r.Files)))
	}
	if d := r.Deadline; d != nil {
		o.Log.Infof("for OKD release %s (%s)", cmp.Or(r.Release.Version, r.Release.Line), r.Release.Image)
		if !strings.Contains(r.Release.Image, "@") {
			o.Log.Infof("that is a tag, which can be moved: %s has the digest looked up and remembered", o.CommandLine("releases pin"))
		}
		level := logrus.InfoLevel
		if cli.Near(d.Recommended.Sub(o.Now())) {
			level = logrus.WarnLevel
		}
		o.Log.Logf(level, "the machines should have booted by %s: 12 hours after the certificates were issued", o.moment(d.Recommended))
		o.Log.Infof("and must have booted by %s: 24 hours after, when the certificates expire", o.moment(d.Latest))
	}
	o.tellNext(r.Next)
}

// tellNext numbers what is to be done now. Commands are written so that they can
// be copied.
func (o createOptions) tellNext(steps []asset.Step) {
	for i, s := range steps {
		text := s.Why
		if s.Command != "" {
			text = o.CommandLine(s.Command) + "  # " + s.Why
		}
		o.Log.Infof("next, %d: %s", i+1, text)
	}
}

// folders lists the directories of the files, below the asset directory as the
// user wrote it.
func (o createOptions) folders(files []string) []string {
	var dirs []string
	for _, f := range files {
		dir := o.Dir
		if folder, _, ok := strings.Cut(f, "/"); ok {
			dir = filepath.Join(o.Dir, folder)
		}
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// moment is a time as people write it, in local time with the zone.
func (o createOptions) moment(t time.Time) string {
	return fmt.Sprintf("%s, in %s", t.Local().Format("Mon 2 Jan 2006 15:04 MST"), diag.Hours(t.Sub(o.Now())))
}

// sentence joins directories as the established installer does: one, two or
// three by name, more as the directory that holds them all.
func sentence(base string, dirs []string) string {
	slices.Sort(dirs)
	switch n := len(dirs); {
	case n == 0 || n > 3:
		return base
	case n == 1:
		return dirs[0]
	default:
		return strings.Join(dirs[:n-1], ", ") + " and " + dirs[n-1]
	}
}
