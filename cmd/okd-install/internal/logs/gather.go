// Package logs has the commands for an installation that stopped: gather its logs, and
// analyze them.
package logs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/ssh"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/gather"
)

type gatherOptions struct {
	*cli.App
	args []string

	bootstrap    string
	masters      []string
	jump         string
	ssh          ssh.Options
	skipAnalysis bool
}

// NewGatherCmd is the command gather.
func NewGatherCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gather",
		Short: "Gather debugging data for a failed installation",
		Long: `Gather what machines of an installation know, for people who have to find out
why it stopped. The data goes into the asset directory.`,
		Example: `  okd-install gather bootstrap --dir mycluster --bootstrap 192.168.1.10`,
	}
	return a.Group(cmd, newGatherBootstrapCmd(a))
}

func newGatherBootstrapCmd(a *cli.App) *cobra.Command {
	o := gatherOptions{App: a}
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Fetch the logs of the bootstrap host and the control plane, and analyze them",
		Long: `Log in on the bootstrap host, have it collect its logs, fetch them, and do the
same with the machines of the control plane. The result is one file in the asset
directory, log-bundle-TIME.tar.gz, which is then analyzed; see analyze --help.

The key that create ignition-configs has made for the bootstrap host is used by
itself. The control plane knows only the sshKey of install-config.yaml: its
private key comes from --key or from the SSH agent. Without either, the usual
keys in ~/.ssh are tried. The control plane is reached through the bootstrap
host, or else directly; no agent is forwarded.

A host that is new is trusted the first time, and its key is remembered in
.okd_install_known_hosts; one that shows another key later is refused. With
--known-hosts, a file of your own decides, and hosts that it lacks are refused.

Machines that cannot be reached are named, and the rest is collected. A transfer
that breaks off goes on where it was, also in the next run. Secrets are taken
out of everything. The exit code is 1 if the bootstrap host itself could not be
collected, even where there is a bundle of the others.`,
		Example: `  # the bootstrap host, and the machines of the control plane that its API knows
  okd-install gather bootstrap --dir mycluster --bootstrap 192.168.1.10

  # with the machines named, since the API may not be there
  okd-install gather bootstrap --dir mycluster --bootstrap 192.168.1.10 \
      --master 192.168.1.11 --master 192.168.1.12 --master 192.168.1.13

  # through another machine
  okd-install gather bootstrap --dir mycluster --bootstrap 192.168.1.10 \
      --jump me@bastion.example.com:2222`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.args = o.Arguments
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.bootstrap, "bootstrap", "", "the bootstrap host: [USER@]HOST[:PORT]")
	f.StringArrayVar(&o.masters, "master", nil, "a machine of the control plane: [USER@]HOST[:PORT]; may be given several times")
	f.StringVar(&o.jump, "jump", "", "go through other machines: [USER@]HOST[:PORT], several separated by commas")
	f.BoolVar(&o.skipAnalysis, "skip-analysis", false, "leave the analysis of the bundle out")
	o.ssh.AddFlags(cmd)
	f.SetNormalizeFunc(establishedSpelling)
	return cmd
}

// establishedSpelling takes the established installer's spelling for ours.
func establishedSpelling(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "skipAnalysis" {
		name = "skip-analysis"
	}
	return pflag.NormalizedName(name)
}

func (o gatherOptions) run(ctx context.Context) error {
	request, err := o.request()
	if err != nil {
		return err
	}
	dir, err := assetdir.Open(ctx, o.Dir, o.Opening("gather bootstrap"))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // the lock ends with the process at the latest
	o.OpenLogFile(withoutHosts(o.args))
	for _, n := range dir.Notices {
		o.Log.Info(n)
	}
	result, err := gather.Bootstrap(ctx, request)
	if errors.Is(err, context.Canceled) {
		o.Log.Warn("Received interrupt signal")
		o.Log.Warn("there is no bundle yet; run the same command again to go on with what was fetched")
		return cli.ExitInterrupted
	}
	if err != nil {
		return err
	}
	return o.tell(ctx, result)
}

// request reads the command line.
func (o gatherOptions) request() (gather.Request, error) {
	r := gather.Request{Dir: o.Dir, Now: o.Now(), Secrets: o.secrets()}
	var problems diag.Problems
	if o.bootstrap == "" {
		problems = append(problems, diag.Problem{
			Detail: "--bootstrap is missing: nothing says which machine is the bootstrap host",
			Hint:   "name it: --bootstrap HOST",
		})
	} else {
		e, err := gather.ParseEndpoint(o.bootstrap)
		problems = ssh.AddProblem(problems, "--bootstrap", err)
		r.Bootstrap = e
	}
	for _, text := range o.masters {
		e, err := gather.ParseEndpoint(text)
		problems = ssh.AddProblem(problems, "--master", err)
		if err == nil && !slices.Contains(r.Masters, e) {
			r.Masters = append(r.Masters, e)
		}
	}
	access, err := o.ssh.Access(o.App, o.jump)
	var more diag.Problems
	if errors.As(err, &more) {
		problems, err = append(problems, more...), nil
	}
	r.Access = access
	return r, errors.Join(problems.Err(), err)
}

// secrets are those of the asset directory that may stand anywhere in a log.
func (o gatherOptions) secrets() []string {
	files, err := assetdir.ReadOnly(o.Dir, "auth/kubeadmin-password")
	if err != nil {
		return nil // whoever opens the directory says what is wrong with it
	}
	return []string{string(files["auth/kubeadmin-password"])}
}

// tell says what became of it, and analyzes the bundle.
func (o gatherOptions) tell(ctx context.Context, r gather.Result) error {
	missing, complete := 0, true
	for _, h := range r.Hosts {
		if h.Err != nil {
			missing++
			complete = complete && h.Role != gather.BootstrapRole
		}
	}
	if missing > 0 {
		o.Log.Warnf("%d of %d machines are missing in the bundle", missing, len(r.Hosts))
	}
	o.Log.Infof("the log bundle is %s", r.Bundle)
	var err error
	if !o.skipAnalysis {
		err = analyzeOptions{App: o.App, output: "text"}.analyze(ctx, r.Bundle)
	}
	if err == nil && !complete {
		o.Log.Log(logrus.ErrorLevel, "the bootstrap host could not be collected")
		return cli.ExitFailure
	}
	return err
}

// withoutHosts leaves addresses and the places of keys out of a command line, as
// the established installer does in its log file, which people hand on.
func withoutHosts(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		flag, _, value := strings.Cut(arg, "=")
		if flag != "--key" && flag != "--master" {
			continue
		}
		if value {
			out[i] = flag + "=REDACTED"
		} else if i+1 < len(out) {
			out[i+1] = "REDACTED"
		}
	}
	return out
}
