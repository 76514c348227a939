// Package directory has the commands that tell what an asset directory holds.
package directory

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

type statusOptions struct {
	*cli.App
	output  string
	cluster ClusterStatus
}

// ClusterStatus is what status tells of with --cluster.
type ClusterStatus interface {
	// AddFlags adds --cluster, and the flags that go with it.
	AddFlags(cmd *cobra.Command)
	// Asked reports whether it is wanted, and finds flags that would be about nothing.
	Asked(flags *pflag.FlagSet) (bool, error)
	// Tell prints it.
	Tell(ctx context.Context, output string) error
}

// NewStatusCmd is the command status.
func NewStatusCmd(a *cli.App, cluster ClusterStatus) *cobra.Command {
	o := statusOptions{App: a, cluster: cluster}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell what is in the asset directory and what to do next, or how the cluster is",
		Long: `Tell what is in the asset directory: which cluster and release it is for, what
okd-install made, what you have edited, added or deleted since, what no longer
fits the install-config.yaml, by when the machines must boot, whether a run is
under way or was stopped in the middle, and the next command.

It only looks: nothing is written, no lock is taken, no key is made. The exit code
is 0 whatever there is to tell, and 1 if the directory cannot be read; for scripts
there is one word for the whole directory, condition, in the JSON.

With --cluster it tells how the cluster is instead, by its API: what it is doing,
its nodes and operators, and which certificate expires first. With
--bootstrap-host the service records of the bootstrap host are read too, over SSH
with the key that was made for it. The exit code is 1 if the API cannot be reached.`,
		Example: `  okd-install status --dir mycluster
  okd-install status --dir mycluster -o json

  # the cluster itself
  okd-install status --cluster --dir mycluster`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := o.cluster.Asked(cmd.Flags())
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), wanted)
		},
	}
	cli.AddOutputFlag(cmd, &o.output, "text")
	o.cluster.AddFlags(cmd)
	return cmd
}

func (o statusOptions) run(ctx context.Context, cluster bool) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	if cluster {
		return o.cluster.Tell(ctx, o.output)
	}
	s, err := asset.GetStatus(ctx, asset.Request{
		Dir:         o.Dir,
		AllowShared: o.AllowShared,
		Environment: o.Environment(),
		Version:     o.Version(),
		Now:         o.Now(),
		Clock:       o.Now,
	})
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		return o.PrintData(o.output, s)
	}
	var b strings.Builder
	o.head(&b, s)
	if len(s.Files) > 0 {
		b.WriteByte('\n')
		o.fileTable(&b, s.Files)
	}
	for _, p := range s.Problems {
		p.Hint = o.FullCommands(p.Hint)
		cli.Say(&b, "\nproblem: %s\n", error(p))
	}
	if s.Omitted > 0 {
		fmt.Fprintf(&b, "\n%s\n", diag.More(s.Omitted))
	}
	b.WriteString("\nnext:\n")
	for _, step := range s.Next {
		if step.Command == "" {
			b.WriteString(diag.Wrap(diag.Printable(step.Why), "  ", o.Width()) + "\n")
			continue
		}
		fmt.Fprintf(&b, "  %s\n%s\n", o.CommandLine(step.Command), diag.Wrap(diag.Printable(step.Why), "      ", o.Width()))
	}
	_, err = io.WriteString(o.Findings(), b.String())
	return err
}

// conditions say in words what the condition of a directory means.
var conditions = map[asset.Condition]string{
	asset.Empty:      "there is no install-config.yaml",
	asset.Configured: "there is a config, and nothing was made of it",
	asset.Manifested: "there are manifests, and no Ignition configs yet",
	asset.Ready:      "machines can boot from it",
	asset.Aging:      "machines can boot from it, but time is running out",
	asset.Expired:    "no machine can boot from it: the certificates have expired",
	asset.Stale:      "what was made does not fit what is there now",
	asset.Blocked:    "the next run would stop",
	asset.Unfinished: "a run was stopped while it wrote its result",
}

// head is what concerns the directory as a whole.
func (o statusOptions) head(b *strings.Builder, s asset.Status) {
	t := o.NewTable(b)
	t.Rowf("directory", "%s", s.Dir)
	t.Rowf("condition", "%s: %s", s.Condition, conditions[s.Condition])
	if c := s.Cluster; c != nil {
		text := c.Domain + ", platform " + cmp.Or(c.Platform, "unknown")
		if c.InfraID != "" {
			text += ", infra ID " + c.InfraID
		}
		t.Row("cluster", text)
	}
	if r := s.Release; r != nil {
		from := "by default; no run has settled it yet"
		if r.Remembered {
			from = r.Image
		}
		t.Rowf("release", "%s (%s)", cmp.Or(r.Version, r.Line), from)
	}
	if !s.BootAtLatest.IsZero() {
		t.Rowf("boot by", "%s", o.when(s.BootBy))
		t.Rowf("at the latest", "%s", o.when(s.BootAtLatest))
	}
	if l := s.Lock; l != nil {
		t.Rowf("in use by", "process %d on %s (%s), since %s", l.PID, l.Host, l.Command, l.Since.Local().Format("15:04:05 MST"))
	}
	if s.Condition == asset.Unfinished {
		t.Rowf("unfinished", "%s", cmp.Or(strings.Join(s.Unfinished, ", "), "only the last step, which clears up"))
	}
	_ = t.Flush() // a strings.Builder takes everything
}

func (o statusOptions) when(t time.Time) string {
	text := t.Local().Format("Mon 2 Jan 2006 15:04 MST")
	if left := t.Sub(o.Now()); left > 0 {
		return text + ", in " + diag.Hours(left)
	}
	return text + ", which is over"
}

func (o statusOptions) fileTable(b *strings.Builder, files []asset.FileStatus) {
	t := o.NewTable(b, "FILE", "STATE")
	for _, f := range files {
		detail := ""
		if f.Detail != "" {
			detail = ": " + o.FullCommands(f.Detail)
		}
		t.Row(f.Path, string(f.State)+detail)
	}
	_ = t.Flush()
}
