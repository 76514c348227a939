package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
)

func newDestroyCmd(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Say what is left to remove of a cluster on your own machines",
		Long: `Remove what an installation has made outside of the asset directory. On machines of
your own that is nothing: you made them, and you remove them. The commands are here
for scripts that know them, and succeed.`,
		Example: `  okd-install destroy bootstrap --dir mycluster
  okd-install destroy cluster --dir mycluster`,
	}
	for _, c := range []struct {
		name, short, long string
		left              func(domain string) []string
	}{
		{
			"cluster", "Say what is left to remove of the cluster",
			`There is nothing to destroy of a cluster on machines of your own: okd-install has
made files, and nothing else. What is left for you is said: the machines, the load
balancer and the DNS records.

A cluster that another program has made in a cloud is refused, by the platform in
metadata.json: destroy it with that program.`,
			func(domain string) []string {
				return []string{
					"switch the machines off, and wipe their disks before they are used again",
					fmt.Sprintf("remove the DNS records api%s, api-int%s and *.apps%s, and the load balancers behind them", domain, domain, domain),
					"keep or remove the asset directory: it holds the keys of the cluster",
				}
			},
		},
		{
			"bootstrap", "Say what is left to remove of the bootstrap host",
			`There is nothing to destroy of a bootstrap host that is a machine of your own. What
is left for you is said: its places in the load balancer, and the machine.

Do it when wait-for bootstrap-complete has succeeded, not before: until then the
cluster does not live without it.`,
			func(domain string) []string {
				return []string{
					"only after wait-for bootstrap-complete has succeeded:",
					fmt.Sprintf("take the bootstrap host out of the load balancer's backends for port 6443 of api%s and api-int%s, and for port 22623 of api-int%s", domain, domain, domain),
					"then switch it off, or install it anew as a worker",
				}
			},
		},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: c.name, Short: c.short, Long: c.long,
			Example: "  okd-install destroy " + c.name + " --dir mycluster",
			Args:    cli.NoArguments,
			RunE:    func(*cobra.Command, []string) error { return destroy(a, c.left) },
		})
	}
	return a.Group(cmd)
}

// destroy checks that there is a cluster of this kind, and says what is left.
func destroy(a *cli.App, left func(domain string) []string) error {
	const metadata = "metadata.json"
	files, err := assetdir.ReadOnly(a.Dir, metadata)
	if err != nil {
		return err
	}
	place := diag.Position{File: filepath.Join(a.Dir, metadata)}
	data, ok := files[metadata]
	if !ok {
		return diag.Problem{Position: place, Detail: "there is no such file, so this directory has made no cluster", Hint: "name the directory of the cluster with --dir"}
	}
	var cluster map[string]json.RawMessage
	if json.Unmarshal(data, &cluster) != nil {
		return diag.Problem{Position: place, Detail: "the file is damaged: it is not JSON", Hint: "run the same create command again"}
	}
	if made := cloudOf(cluster); made != "" {
		return diag.Problem{Position: place, Path: made, Detail: "another program has made this cluster on " + made + ", and okd-install does not know what it made there",
			Hint: "destroy it with the program that made it"}
	}
	known, err := asset.ReadRunning(a.Dir)
	if err != nil {
		return err
	}
	domain := ""
	if known.Domain != "" {
		domain = "." + known.Domain
	}
	a.Log.Info("nothing to destroy: the machines are yours, and okd-install has made nothing outside of the asset directory")
	for _, line := range left(domain) {
		a.Log.Info("    " + strings.TrimSpace(line))
	}
	return nil
}

// cloudOf is the platform that metadata.json names, which it does where resources
// were made for the cluster; empty for platforms none and external.
func cloudOf(metadata map[string]json.RawMessage) string {
	clouds := []string{"aws", "azure", "baremetal", "gcp", "ibmcloud", "nutanix", "openstack", "ovirt", "powervc", "powervs", "vsphere"}
	for _, name := range clouds {
		if value, ok := metadata[name]; ok && !slices.Contains([]string{"null", "{}"}, string(value)) {
			return name
		}
	}
	return ""
}
