package directory

import (
	"cmp"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/tls"
)

type certsOptions struct {
	*cli.App
	output string
}

// NewCertsCmd is the command certs.
func NewCertsCmd(a *cli.App) *cobra.Command {
	o := certsOptions{App: a}
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "List the certificates of the asset directory and how long they are good",
		Long: `List every certificate in the Ignition configs and the kubeconfig of the asset
directory: how long it is good, and whether a cluster can still be booted with it.
Those that expire first come first. -o wide adds what each is for, who issued it,
and the names in it.

A certificate is fresh while it has more than 12 hours left, and stale after
that. The exit code is 0 while a cluster can be booted from the directory, and
1 when it cannot any more.`,
		Example: `  okd-install certs --dir mycluster

  # for scripts
  okd-install certs --dir mycluster -o json`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	cli.AddOutputFlag(cmd, &o.output, "table", "wide")
	return cmd
}

func (o certsOptions) run() error {
	if err := cli.CheckOutput(o.output, "table", "wide"); err != nil {
		return err
	}
	certs, err := asset.ListCertificates(o.Dir, o.Now())
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		err = o.PrintData(o.output, certs)
	} else {
		err = o.table(certs)
	}
	if err != nil {
		return err
	}
	o.verdict(certs)
	if !certs.State.Bootable() {
		return cli.ExitFailure
	}
	return nil
}

func (o certsOptions) table(certs asset.Certificates) error {
	titles := []string{"NAME", "STATE", "EXPIRES", ">IN"}
	wide := o.output == "wide"
	if wide {
		titles = append(titles, "WHAT IT IS FOR", "ISSUER", "SUBJECT", "NAMES")
	}
	t := o.NewTable(o.Out, titles...)
	for _, c := range certs.Certificates {
		row := []string{c.Name, string(c.State), c.NotAfter.Local().Format(diag.ToTheMinute), diag.Left(c.NotAfter.Sub(o.Now()))}
		if wide {
			issuer := c.Issuer
			if issuer == c.Subject {
				issuer = "itself"
			}
			row = append(row, cmp.Or(c.Purpose, "-"), issuer, c.Subject, cmp.Or(strings.Join(c.SANs, " "), "-"))
		}
		t.Row(row...)
	}
	return t.Flush()
}

// verdict says in words what the list means.
func (o certsOptions) verdict(certs asset.Certificates) {
	now := o.Now()
	latest := certs.BootAtLatest.Local().Format("Mon 2 Jan 2006 15:04 MST")
	again := o.CommandLine("create ignition-configs") + " issues the 24-hour certificates again"
	switch certs.State {
	case tls.Fresh:
		level := logrus.InfoLevel
		if cli.Near(certs.BootBy.Sub(now)) {
			level = logrus.WarnLevel
		}
		o.Log.Logf(level, "fresh: the machines should have booted by %s and must have by %s",
			certs.BootBy.Local().Format("Mon 2 Jan 2006 15:04 MST"), latest)
	case tls.Stale:
		o.Log.Warnf("stale: the certificates expire at %s, in %s; if the machines have not booted yet, %s",
			latest, diag.Hours(certs.BootAtLatest.Sub(now)), again)
	case tls.Expired:
		o.Log.Errorf("expired: no cluster can be booted from here any more since %s; %s", latest, again)
	default:
		o.Log.Errorf("%s: no cluster can be booted from here now; is this machine's clock right? It says %s",
			certs.State, now.Local().Format("Mon 2 Jan 2006 15:04 MST"))
	}
}
