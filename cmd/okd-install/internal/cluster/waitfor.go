package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
)

const (
	waitBootstrap = "bootstrap-complete"
	waitInstall   = "install-complete"
)

type waitOptions struct {
	*cli.App
	clusterFlags
	target       string
	args         []string
	timeout      time.Duration
	apiTimeout   time.Duration
	output       string
	showPassword bool

	screen liveScreen
	update asset.Update
}

// NewWaitForCmd is the command wait-for.
func NewWaitForCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "wait-for",
		Short: "Wait until the bootstrap host can go, or the cluster is complete",
		Long: `Wait for a cluster that is coming up, and say what it is doing and what is in its
way. A wait changes nothing in the cluster; it can be stopped and started again at
any time.`,
		Example: `  okd-install wait-for bootstrap-complete --dir mycluster
  okd-install wait-for install-complete --dir mycluster`,
	}
	return a.Group(cmd, newWaitBootstrapCmd(a), newWaitInstallCmd(a))
}

func newWaitBootstrapCmd(a *cli.App) *cobra.Command {
	return waitCmd(a, waitBootstrap, &cobra.Command{
		Use:   waitBootstrap,
		Short: "Wait until the bootstrap host is not needed any more",
		Long: `Wait until the control plane runs without the bootstrap host: the API answers, the
bootstrap host reports that it is done, and etcd has moved off it. Then the last
lines say what to take out of the load balancer.

While the API cannot be reached, the cause is told apart: a name that does not
resolve, a port that nothing listens on, a load balancer without a backend, the
certificate of another cluster, an expired one, a wrong clock. Without --timeout
the wait goes on after its time for as long as anything moves.

The exit code is 0 when the bootstrap host can go, 5 if that did not happen in
time, and 8 after an interrupt: run the command again to wait on.`,
		Example: `  okd-install wait-for bootstrap-complete --dir mycluster

  # three hours at most, whatever moves
  okd-install wait-for bootstrap-complete --dir mycluster --timeout 3h

  # the name of the API is not in DNS yet
  okd-install wait-for bootstrap-complete --dir mycluster --api-address 192.168.1.10

  # for programs
  okd-install wait-for bootstrap-complete --dir mycluster -o json`,
	})
}

func newWaitInstallCmd(a *cli.App) *cobra.Command {
	return waitCmd(a, waitInstall, &cobra.Command{
		Use:   waitInstall,
		Short: "Wait until the cluster is complete",
		Long: `Wait until every operator of the cluster is available and has settled, add the
authority of the cluster's ingress to auth/kubeconfig, and say where the console
is. On a terminal the operators that still move are shown with what they say.

Workers join only when their certificates are approved. Machines that wait for that
are named, with the command that lets them in: see approve-csrs.

The password of kubeadmin is not printed, but where it is. With --show-password
it goes to the terminal, and never to the log file.

The exit code is 0 when the cluster is complete, 6 if that did not happen in time,
7 if it is there but operators did not settle, and 8 after an interrupt: run the
command again to wait on.`,
		Example: `  okd-install wait-for install-complete --dir mycluster

  # give up after two hours, whatever moves
  okd-install wait-for install-complete --dir mycluster --timeout 2h`,
	})
}

// waitCmd adds what both waits share.
func waitCmd(a *cli.App, target string, cmd *cobra.Command) *cobra.Command {
	o := &waitOptions{App: a, target: target}
	cmd.Args = cli.NoArguments
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.args = o.Arguments
		return o.run(cmd.Context())
	}
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", 0,
		"end of each stage after the API, such as 90m, whatever still moves (default 20m to 60m by stage and platform, and longer "+
			"while there is progress)")
	f.DurationVar(&o.apiTimeout, "api-timeout", 0, "end of the wait for the API (default 20m, and longer while there is progress)")
	addClusterFlags(cmd, &o.clusterFlags, false)
	cli.AddEventsFlag(cmd, &o.output)
	if target == waitInstall {
		f.BoolVar(&o.showPassword, "show-password", false, "print the password of kubeadmin on the terminal")
		f.Bool("skip-password-print", false, "print no password; this is the default")
		_ = f.MarkHidden("skip-password-print") // the only error is a flag that does not exist
	}
	return cmd
}

func (o *waitOptions) run(ctx context.Context) error {
	if err := cli.CheckEvents(o.output); err != nil {
		return err
	}
	for flag, value := range map[string]time.Duration{"--timeout": o.timeout, "--api-timeout": o.apiTimeout} {
		if value < 0 {
			return diag.Problem{Detail: fmt.Sprintf("%s: %s is in the past", flag, value), Hint: "write a time such as 90m or 2h"}
		}
	}
	o.OpenLogFile(o.args)
	client, err := client(o.App, o.clusterFlags)
	if err != nil {
		return err
	}
	known, err := asset.ReadRunning(o.Dir)
	if err != nil {
		return err
	}
	o.update = o.Update("wait-for " + o.target)
	letIn := func(nodes []string) string { return letIn(o.App, o.clusterFlags, nodes) }
	o.screen = liveScreen{w: o.Stderr, on: o.liveTerminal(), letIn: letIn}
	wait := &cluster.Wait{
		Client: client, Now: o.Now, Sleep: o.Sleep, Interval: 2 * time.Second,
		API: cluster.Limit{After: o.apiTimeout, Hard: o.apiTimeout > 0}, Rest: cluster.Limit{After: o.timeout, Hard: o.timeout > 0},
		LetIn: letIn, Tell: o.event,
		Show: func(stage string, since time.Time, s cluster.Status) { o.screen.draw(stage, since, o.Now(), s) },
	}
	if o.target == waitBootstrap {
		err = o.bootstrap(ctx, wait, known)
	} else {
		err = o.install(ctx, wait, known)
	}
	o.screen.clear()
	return o.interrupted(err)
}

// interrupted says after Ctrl-C that nothing is lost.
func (o *waitOptions) interrupted(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	o.Log.Warn("Received interrupt signal")
	o.Log.Info("the cluster goes on by itself: to keep waiting, run the same command again")
	return cli.ExitInterrupted
}

func (o *waitOptions) bootstrap(ctx context.Context, wait *cluster.Wait, known asset.RunningCluster) error {
	_, err := wait.WaitForBootstrap(ctx, known.Limits.Bootstrap)
	var stuck *cluster.StageError
	if errors.As(err, &stuck) {
		o.operators(stuck.Status)
		o.Log.Infof("collect the logs of the machines: %s gather bootstrap --help", o.Name)
		o.Tell(logrus.ErrorLevel, diag.Problem{Detail: stuck.Detail, Hint: stuck.Hint})
		o.Log.Error("the bootstrap is not complete")
		return cli.ExitBootstrap
	}
	if err != nil {
		return err
	}
	o.elapsed(wait)
	return nil
}

func (o *waitOptions) install(ctx context.Context, wait *cluster.Wait, known asset.RunningCluster) error {
	var notKept error
	installed, err := wait.WaitForInstall(ctx, known.Limits.Install, func(pem []byte) error {
		added, err := asset.AddIngressCA(ctx, o.update, pem)
		if added {
			o.Log.Infof("the authority of the cluster's ingress was added to %s", filepath.Join(o.Dir, filepath.FromSlash(adminKubeconfig)))
		}
		notKept = err
		return nil // the cluster is no worse for it: said at the end
	})
	var stuck *cluster.StageError
	if errors.As(err, &stuck) {
		o.operators(stuck.Status)
		o.Tell(logrus.ErrorLevel, diag.Problem{Detail: stuck.Detail, Hint: stuck.Hint})
		if stuck.Stage == cluster.StageStable {
			o.Log.Error("the cluster is there, but not all of its operators have settled")
			return cli.ExitUnstable
		}
		o.Log.Error("the installation is not complete")
		return cli.ExitInstall
	}
	if err != nil {
		return err
	}
	o.access(installed)
	o.elapsed(wait)
	if notKept != nil {
		o.Log.Error("the authority of the cluster's ingress could not be added to the kubeconfig: " + notKept.Error())
		return cli.ExitInstall
	}
	return nil
}

// access says how to get into the new cluster.
func (o *waitOptions) access(done cluster.Installed) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		dir = o.Dir
	}
	o.Log.Info("to use the cluster with oc:")
	o.Log.Infof("    export KUBECONFIG=%s", filepath.Join(dir, filepath.FromSlash(adminKubeconfig)))
	if done.Console == "" {
		return
	}
	o.Log.Infof("the web console is at %s", done.Console)
	const passwordFile = "auth/kubeadmin-password"
	files, err := assetdir.ReadOnly(o.Dir, passwordFile)
	password := strings.TrimSpace(string(files[passwordFile]))
	switch {
	case err != nil || password == "":
		o.Log.Warn("there is no auth/kubeadmin-password here: log in to the console with the password that you brought yourself")
	case o.showPassword:
		// past the logger, which also writes to a file, and past the filter for secrets
		cli.Say(o.Stderr, "Login to the console with user: \"kubeadmin\", and password: \"%s\"\n", password)
	default:
		o.Log.Infof("Login to the console with user: \"kubeadmin\", and the password in %s", filepath.Join(dir, filepath.FromSlash(passwordFile)))
	}
}

// operators says what keeps the operators and nodes that have not settled.
func (o *waitOptions) operators(s cluster.Status) {
	for _, n := range s.Nodes {
		if !n.Ready {
			o.Log.Warnf("node %s is not ready: %s", n.Name, n.Why)
		}
	}
	for _, op := range s.Moving() {
		o.Log.Warnf("operator %s", describeOperator(op))
	}
}

// describeOperator is an operator that has not settled, on one line.
func describeOperator(op cluster.OperatorStatus) string {
	var is []string
	if !op.Available {
		is = append(is, "not available")
	}
	if op.Degraded {
		is = append(is, "degraded")
	}
	if op.Progressing {
		is = append(is, "progressing")
	}
	text := op.Name + ": " + strings.Join(is, ", ")
	if op.Turns > 1 {
		text += fmt.Sprintf(", for the %d. time", op.Turns+1)
	}
	if op.Why != "" {
		text += ": " + op.Why
	}
	return text
}

// elapsed says how long each stage took.
func (o *waitOptions) elapsed(wait *cluster.Wait) {
	stages := wait.Stages()
	width := 0
	for _, s := range stages {
		width = max(width, len(s.Name))
	}
	o.Log.Debug("Time elapsed per stage:")
	for _, s := range stages {
		o.Log.Debugf("%*s: %s", width, s.Name, s.Took.Round(time.Second))
	}
	o.Log.Infof("Time elapsed: %s", wait.Elapsed().Round(time.Second))
}

// urgent are causes that seldom pass by waiting.
var urgent = map[string]bool{
	cluster.CauseProxy: true, cluster.CauseName: true, cluster.CauseNotTLS: true, cluster.CauseOtherCluster: true,
	cluster.CauseIntercepted: true, cluster.CauseHostname: true, cluster.CauseExpired: true, cluster.CauseClock: true,
	cluster.CauseClient: true, cluster.CauseForbidden: true, cluster.CauseNotAPI: true,
}

// event tells one thing that happened: to programs on standard output, and as a
// log line.
func (o *waitOptions) event(e cluster.Event) {
	o.screen.clear()
	if o.output == "json" {
		o.WriteJSONLine(e)
	}
	level := logrus.InfoLevel
	switch {
	case e.Type == cluster.EventFailed, e.Type == cluster.EventInterrupted:
		return // the command says more about it
	case e.Type == cluster.EventWarning, e.Type == cluster.EventRequests, e.Cause != nil && urgent[e.Cause.Kind]:
		level = logrus.WarnLevel
	case e.Type == cluster.EventStageEnd:
		level = logrus.DebugLevel
	case e.Type == cluster.EventStatus && o.screen.on:
		level = logrus.DebugLevel // it is on the screen
	}
	if e.Type == cluster.EventDone {
		o.Log.Info(e.Message)
		for _, line := range e.Steps {
			o.Log.Info(line)
		}
		return
	}
	o.Log.Log(level, diag.Problem{Detail: e.Message, Hint: e.Hint}.Error())
}
