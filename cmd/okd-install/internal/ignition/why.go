package ignition

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
)

type whyOptions struct {
	*cli.App
	output string
}

func newWhyCmd(a *cli.App) *cobra.Command {
	o := whyOptions{App: a}
	cmd := &cobra.Command{
		Use:   "why FILE PATH",
		Short: "Tell where a file of an Ignition config comes from",
		Long: `Tell what a file in one of okd-install's own Ignition configs is, which fields of
the install-config it depends on, and what it is made from: the part of the graph
behind it, down to install-config.yaml. PATH is as with ignition cat.

It works on the config alone: the asset directory need not be there.`,
		Example: `  okd-install ignition why mycluster/bootstrap.ign /opt/openshift/tls/kubelet-client.crt
  okd-install ignition why mycluster/bootstrap.ign cluster-dns-02-config.yml
  okd-install ignition why mycluster/master.ign ignition.config.merge[0] -o json`,
		Args:              cli.Takes("a config", "a path in it"),
		ValidArgsFunction: completeEntry,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0], args[1]) },
	}
	cli.AddOutputFlag(cmd, &o.output, "text")
	return cmd
}

func (o whyOptions) run(cmd *cobra.Command, file, name string) error {
	if err := cli.CheckOutput(o.output, "text"); err != nil {
		return err
	}
	config, err := readConfig(cmd, file)
	if err != nil {
		return err
	}
	e, err := config.Find(file, name)
	if err != nil {
		return err
	}
	why, err := asset.Explain(file, config, e)
	if err != nil {
		return err
	}
	if cli.IsData(o.output) {
		return o.PrintData(o.output, why)
	}
	var b strings.Builder
	cli.Say(&b, "%s\n    is %s\n", why.Path, why.Is)
	if len(why.Way) > 1 {
		cli.Say(&b, "by way of\n    %s\n", strings.Join(why.Way, " -> "))
	}
	if len(why.Fields) > 0 {
		cli.Say(&b, "depends in install-config.yaml on\n    %s\n", strings.Join(why.Fields, ", "))
	}
	if len(why.MadeFrom) > 0 {
		b.WriteString("made from\n")
		writeIngredients(&b, why.MadeFrom, "    ")
	}
	_, err = io.WriteString(o.Out, b.String())
	return err
}

func writeIngredients(b *strings.Builder, list []graph.Ingredient, pad string) {
	for _, in := range list {
		b.WriteString(pad + diag.Printable(in.Name))
		if in.Says != "" {
			b.WriteString(": " + diag.Printable(in.Says))
		}
		if in.Remembered {
			b.WriteString(" (remembered)")
		}
		if in.Shown {
			b.WriteString(" (see above)")
		}
		b.WriteString("\n")
		writeIngredients(b, in.MadeFrom, pad+"  ")
	}
}
