// Package cluster has the commands for a cluster that is being installed or runs: wait
// for it, let machines in, add some, tell how it is, and what is left to remove of it.
package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/pkg/system"
)

// This file holds what all commands share that ask a running cluster.

// adminKubeconfig is where create ignition-configs puts the administrator's key.
const adminKubeconfig = "auth/kubeconfig"

// clusterFlags say which cluster, and how to reach it.
type clusterFlags struct {
	kubeconfig string
	address    string
}

// addClusterFlags adds them; a command that also writes the kubeconfig of the
// directory takes no other.
func addClusterFlags(cmd *cobra.Command, f *clusterFlags, anyKubeconfig bool) {
	flags := cmd.Flags()
	flags.StringVar(&f.address, "api-address", "",
		"host or host:port to connect to instead of the API's name, as long as DNS does not know it")
	if anyKubeconfig {
		flags.StringVar(&f.kubeconfig, "kubeconfig", "", "the administrator's kubeconfig (default: auth/kubeconfig of the asset directory)")
		_ = cmd.MarkFlagFilename("kubeconfig") // the only error is a flag that does not exist
	}
}

// client makes the client of a command.
func client(a *cli.App, f clusterFlags) (*cluster.Client, error) {
	k, err := readKubeconfig(a, f)
	if err != nil {
		return nil, err
	}
	options := cluster.Options{Dial: a.Dial, Proxy: http.ProxyFromEnvironment, Now: a.Now}
	if f.address != "" {
		port := k.Server.Port()
		if port == "" {
			port = "443"
		}
		to, err := hostPort("--api-address", f.address, port)
		if err != nil {
			return nil, err
		}
		options.Proxy = nil
		options.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) { return a.Dial(ctx, network, to) }
	}
	return cluster.NewClient(k, options)
}

func readKubeconfig(a *cli.App, f clusterFlags) (cluster.Kubeconfig, error) {
	if f.kubeconfig == "" {
		name := filepath.Join(a.Dir, filepath.FromSlash(adminKubeconfig))
		files, err := assetdir.ReadOnly(a.Dir, adminKubeconfig)
		if err != nil {
			return cluster.Kubeconfig{}, err
		}
		data, ok := files[adminKubeconfig]
		if !ok {
			return cluster.Kubeconfig{}, diag.Problem{Position: diag.Position{File: name}, Detail: "loading kubeconfig: there is no such file",
				Hint: "name the directory with --dir in which create ignition-configs was run"}
		}
		return cluster.ParseKubeconfig(name, data, nil)
	}
	data, err := a.ReadUpTo(f.kubeconfig, cli.MaxText)
	if err != nil {
		return cluster.Kubeconfig{}, diag.Problem{
			Position: diag.Position{File: f.kubeconfig},
			Detail:   "loading kubeconfig: " + system.Reason(err),
			Hint:     "correct --kubeconfig",
		}
	}
	return cluster.ParseKubeconfig(f.kubeconfig, data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(f.kubeconfig), name)
		}
		data, err := a.ReadUpTo(name, cli.MaxText)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %s", name, system.Reason(err))
		}
		return data, nil
	})
}

// hostPort reads the value of a flag that names an address, with or without a port.
func hostPort(flag, value, port string) (string, error) {
	host := value
	if h, p, err := net.SplitHostPort(value); err == nil {
		host, port = h, p
	} else if value[0] == '[' && value[len(value)-1] == ']' {
		host = value[1 : len(value)-1]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || !isAddress(host) && !isHostName(host) {
		return "", diag.Problem{
			Detail: fmt.Sprintf("%s: %q is not a host with or without a port", flag, value),
			Hint:   "write it as 192.168.1.10, lb.example.com:6443 or [fd00::10]:6443",
		}
	}
	return net.JoinHostPort(host, port), nil
}

// isAddress reports whether it is an IP address, also one of a link: fe80::1%eth0.
func isAddress(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && (ip.Zone() == "" || isHostName(ip.Zone()))
}

func isHostName(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_' {
			return false
		}
	}
	return true
}

// causeError is why the API cannot be reached, as an error of the command.
func causeError(c *cluster.Client, err error, a *cli.App) error {
	if err == nil {
		return nil
	}
	cause := c.Kubeconfig.Explain(err, a.Now())
	return diag.Problem{Detail: cause.Detail, Hint: cause.Hint}
}

// letIn is the command that lets machines in. Anybody who has a machine's Ignition config can
// ask in the name of any node, so who runs it must know the names.
func letIn(a *cli.App, f clusterFlags, nodes []string) string {
	command := a.Name + " approve-csrs"
	if a.Dir != "." && a.Dir != "" {
		command += " --dir " + shell.Word(a.Dir)
	}
	if f.kubeconfig != "" {
		command += " --kubeconfig " + shell.Word(f.kubeconfig)
	}
	if f.address != "" {
		command += " --api-address " + shell.Word(f.address)
	}
	if len(nodes) == 0 {
		return "see what they ask for: " + command + " --nodes NAME --dry-run"
	}
	return "if these are your machines, approve them: " + command + " --nodes " + strings.Join(nodes, ",") + " --watch"
}
