package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/tls"
)

type certsOptions struct {
	*app
	output string
}

func newCertsCmd(a *app) *cobra.Command {
	o := certsOptions{app: a}
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "List the certificates of the asset directory and how long they are good",
		Long: `List every certificate in the Ignition configs and the kubeconfig of the asset
directory: what it is for, how long it is good, and whether a cluster can
still be booted with it. Those that expire first come first.

A certificate is fresh while it has more than 12 hours left, and stale after
that. The exit code is 0 while a cluster can be booted from the directory, and
1 when it cannot any more.`,
		Example: `  okd-install certs --dir mycluster

  # for scripts
  okd-install certs --dir mycluster -o json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	addOutputFlag(cmd, &o.output, "table")
	return cmd
}

func (o certsOptions) run() error {
	if err := checkOutput(o.output, "table"); err != nil {
		return err
	}
	certs, err := asset.ListCertificates(o.dir, o.now())
	if err != nil {
		return err
	}
	if isData(o.output) {
		err = o.printData(o.output, certs)
	} else {
		err = o.table(certs)
	}
	if err != nil {
		return err
	}
	o.verdict(certs)
	if !certs.State.Bootable() {
		return exitFailure
	}
	return nil
}

func (o certsOptions) table(certs asset.Certificates) error {
	t := newTable(o.out)
	t.row("NAME", "STATE", "NOT AFTER", "WHAT IT IS FOR", "ISSUER", "SUBJECT", "NAMES")
	for _, c := range certs.Certificates {
		issuer := c.Issuer
		if issuer == c.Subject {
			issuer = "itself"
		}
		names := strings.Join(c.SANs, " ")
		if names == "" {
			names = "-"
		}
		t.row(c.Name, string(c.State), c.NotAfter.Local().Format("2006-01-02 15:04 MST"), cmp.Or(c.Purpose, "-"), issuer, c.Subject, names)
	}
	return t.flush()
}

// verdict says in words what the list means.
func (o certsOptions) verdict(certs asset.Certificates) {
	now := o.now()
	latest := certs.BootAtLatest.Local().Format("Mon 2 Jan 2006 15:04 MST")
	const again = "create ignition-configs issues the 24-hour certificates anew"
	switch certs.State {
	case tls.Fresh:
		o.log.Infof("fresh: the machines should have booted by %s and must have by %s", certs.BootBy.Local().Format("Mon 2 Jan 2006 15:04 MST"), latest)
	case tls.Stale:
		o.log.Warnf("stale: the certificates expire at %s, in %s; if the machines have not booted yet, %s", latest, hours(certs.BootAtLatest.Sub(now)), again)
	case tls.Expired:
		o.log.Errorf("expired: no cluster can be booted from here any more since %s; %s", latest, again)
	default:
		o.log.Errorf("%s: no cluster can be booted from here now; is this machine's clock right? It says %s", certs.State, now.Local().Format("Mon 2 Jan 2006 15:04 MST"))
	}
}
