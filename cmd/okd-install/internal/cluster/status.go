package cluster

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/ssh"
	"github.com/okd-project/okd-install/pkg/analyze"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/gather"
)

// Status are the flags of status --cluster.
type Status struct {
	*cli.App
	clusterFlags
	on        bool
	bootstrap string
	jump      string
	ssh       ssh.Options
}

// NewStatus is what status tells with --cluster.
func NewStatus(a *cli.App) *Status { return &Status{App: a} }

// AddFlags adds them to status.
func (o *Status) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.on, "cluster", false, "tell how the cluster itself is, by its API")
	f.StringVar(&o.bootstrap, "bootstrap-host", "", "with --cluster: ask the bootstrap host over SSH too, [USER@]HOST[:PORT]")
	f.StringVar(&o.jump, "jump", "", "go to the bootstrap host through other machines: [USER@]HOST[:PORT], several separated by commas")
	addClusterFlags(cmd, &o.clusterFlags, true)
	o.ssh.AddFlags(cmd)
}

// Asked reports whether --cluster is there, and refuses flags that would be about nothing.
func (o *Status) Asked(flags *pflag.FlagSet) (bool, error) {
	var problems diag.Problems
	complain := func(names []string, missing, hint string) {
		for _, name := range names {
			if flags.Changed(name) {
				problems = append(problems, diag.Problem{Detail: "--" + name + " is for " + missing + ", which is not asked", Hint: hint})
			}
		}
	}
	login := []string{"jump", "key", "known-hosts", "timeout"}
	switch {
	case !o.on:
		complain(append([]string{"api-address", "bootstrap-host", "kubeconfig"}, login...), "the cluster", "add --cluster, or leave it out")
	case o.bootstrap == "":
		complain(login, "the bootstrap host", "add --bootstrap-host HOST, or leave it out")
	}
	return o.on, problems.Err()
}

// Report is what status --cluster tells.
type Report struct {
	SchemaVersion int `json:"schemaVersion"`
	cluster.Report
	// Bootstrap is what the service records on the bootstrap host say.
	Bootstrap *analyze.Report `json:"bootstrap,omitempty"`
}

// Tell prints how the cluster is. That the API cannot be reached is a
// status too; the exit code is then 1 all the same, for scripts.
func (o *Status) Tell(ctx context.Context, output string) error {
	client, err := client(o.App, o.clusterFlags)
	if err != nil {
		return err
	}
	report := Report{SchemaVersion: 1}
	if report.Report, err = client.Look(ctx); err != nil {
		return err
	}
	var notAsked error
	if o.bootstrap != "" {
		report.Bootstrap, notAsked = o.askBootstrap(ctx)
	}
	if cli.IsData(output) {
		err = o.PrintData(output, report)
	} else {
		err = o.print(report)
	}
	if err := errors.Join(err, notAsked); err != nil {
		return err
	}
	if report.Cause != nil {
		return cli.ExitFailure
	}
	return nil
}

// askBootstrap reads the service records of the bootstrap host.
func (o *Status) askBootstrap(ctx context.Context) (*analyze.Report, error) {
	host, err := gather.ParseEndpoint(o.bootstrap)
	if problems := ssh.AddProblem(nil, "--bootstrap-host", err); len(problems) > 0 {
		return nil, problems
	} else if err != nil {
		return nil, err
	}
	access, err := o.ssh.Access(o.App, o.jump)
	if err != nil {
		return nil, err
	}
	records, err := gather.ServiceRecords(ctx, access, host)
	if err != nil {
		return nil, err
	}
	report := analyze.Bootstrap(records)
	return &report, nil
}

func (o *Status) print(r Report) error {
	var b strings.Builder
	t := o.NewTable(&b)
	t.Rowf("cluster", "%s", r.Server)
	t.Rowf("phase", "%s", r.Phase)
	if r.Cause != nil {
		t.Rowf("why", "%s", r.Cause.Detail)
		if r.Cause.Hint != "" {
			t.Rowf("hint", "%s", r.Cause.Hint)
		}
	} else {
		t.Rowf("API", "%s", r.API)
		if r.Version != "" {
			t.Rowf("release", "%s", r.Version)
		}
		if r.Message != "" {
			t.Rowf("says", "%s", r.Message)
		}
		t.Rowf("nodes", "%d of %d ready", r.ReadyNodes(), len(r.Nodes))
		t.Rowf("operators", "%d of %d available, %d not settled", r.AvailableOperators(), len(r.Operators), len(r.Moving()))
		if r.Unanswered > 0 {
			t.Rowf("requests", "%d wait for approve-csrs", r.Unanswered)
		}
		switch {
		case r.Skew > 60:
			t.Rowf("clock", "the API server's is %.0f seconds ahead of this machine's", r.Skew)
		case r.Skew < -60:
			t.Rowf("clock", "the API server's is %.0f seconds behind this machine's", -r.Skew)
		}
	}
	if e := r.NextExpiry; e != nil {
		t.Rowf("next expiry", "%s, %s: %s", e.NotAfter.Local().Format(diag.ToTheMinute), e.In(o.Now()), e.What)
	}
	_ = t.Flush() // a strings.Builder takes everything
	for _, n := range r.Nodes {
		if !n.Ready {
			cli.Say(&b, "\nnode %s is not ready: %s\n", n.Name, n.Why)
		}
	}
	if text := r.PendingText(); text != "" {
		cli.Say(&b, "\n%s\n  hint: %s\n", text, letIn(o.App, o.clusterFlags, r.PendingNodes()))
	}
	for _, op := range r.Moving() {
		cli.Say(&b, "\noperator %s\n", describeOperator(op))
	}
	if r.Bootstrap != nil {
		cli.Say(&b, "\nbootstrap host: %s\n", r.Bootstrap.Summary)
		b.WriteString(r.Bootstrap.Text())
	}
	_, err := io.WriteString(o.Out, b.String())
	return err
}
