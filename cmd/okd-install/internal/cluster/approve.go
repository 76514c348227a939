package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/platform"
)

type approveOptions struct {
	*cli.App
	clusterFlags
	args      []string
	nodes     string
	nodesFile string
	rejoin    []string
	watch     bool
	dryRun    bool
	expect    int
	timeout   time.Duration
	output    string
	// told are the requests that were said to be refused, with the reasons.
	told map[string]string
	// nodeNames are those of the declared nodes.
	nodeNames map[string]bool
}

// NewApproveCSRsCmd is the command approve-csrs.
func NewApproveCSRsCmd(a *cli.App) *cobra.Command {
	o := &approveOptions{App: a, told: map[string]string{}}
	cmd := &cobra.Command{
		Use:   "approve-csrs",
		Short: "Approve the certificates of the nodes that you declare, and no others",
		Long: `Approve the certificate signing requests with which machines join the cluster. Two
per machine: one for its kubelet as a client, and when that has joined, one for
what the kubelet serves.

A request is approved only if the node is one of those that --nodes or
--nodes-file declares, or that install-config.yaml has as hosts, and if everything
in it is as a kubelet asks: who asks, in which groups, for which signer, subject,
usages, names and addresses. Whatever else is pending is shown with all that
speaks against it, and left alone: it is neither approved nor denied.

A node is declared by the name that it gives itself, which is its host name;
worker-[0-4] declares five of them. With
addresses behind it, its certificate may be for these only; without, for those
that the node has. A request for a first certificate in the name of a node that
has joined already is refused, unless --rejoin names the node.

After 50 refused requests only the number of the others is printed; those for declared
nodes come first.

With --watch the command goes on until every declared node has both certificates,
or as many as --expect says.`,
		Example: `  okd-install approve-csrs --dir mycluster --nodes worker-0,worker-1 --dry-run

  # three workers, until they have joined
  okd-install approve-csrs --dir mycluster --nodes 'worker-[0-2]' --watch

  # with the addresses that their certificates may be for
  okd-install approve-csrs --dir mycluster --nodes worker-0=192.168.1.30 --watch

  # until two of the machines in the file have joined
  okd-install approve-csrs --dir mycluster --nodes-file nodes.txt --expect 2`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.args = o.Arguments
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.nodes, "nodes", "", "names of the nodes, with commas, or ranges such as worker-[0-4]; an address follows "+
		"its name after =, and others after +")
	f.StringVar(&o.nodesFile, "nodes-file", "", "file with the name of one node a line, and its addresses behind it")
	f.StringSliceVar(&o.rejoin, "rejoin", nil, "nodes that were reinstalled, and may get a first certificate again")
	f.BoolVar(&o.watch, "watch", false, "go on until all declared nodes have joined")
	f.IntVar(&o.expect, "expect", 0, "go on until so many of the declared nodes have joined")
	f.DurationVar(&o.timeout, "timeout", 0, "end of the watch, such as 30m (default: none)")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be approved")
	addClusterFlags(cmd, &o.clusterFlags, true)
	cli.AddEventsFlag(cmd, &o.output)
	_ = cmd.MarkFlagFilename("nodes-file") // the only error is a flag that does not exist
	return cmd
}

func (o *approveOptions) run(ctx context.Context) error {
	approver, err := o.prepare()
	if err != nil {
		return err
	}
	if o.watch || o.expect > 0 {
		return o.keepOn(ctx, approver)
	}
	round, err := approver.Round(ctx)
	o.tell(round, err == nil && o.output == "json")
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return causeError(approver.Client, err, o.App)
	}
	if len(round.Approved)+len(round.Refused) == 0 {
		o.Log.Info("no request is pending")
	}
	o.Log.Info(progress(approver, round.Joined, len(approver.Facts.Declared)))
	return nil
}

// prepare reads everything that the command is told.
func (o *approveOptions) prepare() (*cluster.Approver, error) {
	if err := cli.CheckEvents(o.output); err != nil {
		return nil, err
	}
	nodes, known, err := o.declared()
	if err != nil {
		return nil, err
	}
	var problems diag.Problems
	complain := func(detail, hint string) { problems = append(problems, diag.Problem{Detail: detail, Hint: hint}) }
	for _, name := range o.rejoin {
		if !slices.ContainsFunc(nodes, func(n cluster.DeclaredNode) bool { return n.Name == name }) {
			complain(fmt.Sprintf("--rejoin: %s is not one of the declared nodes", name), "declare it with --nodes as well")
		}
	}
	switch {
	case o.expect < 0 || o.expect > len(nodes):
		complain(fmt.Sprintf("--expect: %d of %d declared nodes cannot join", o.expect, len(nodes)),
			"declare all nodes that may join, and expect no more")
	case o.timeout < 0:
		complain(fmt.Sprintf("--timeout: %s is in the past", o.timeout), "write a time such as 30m")
	case o.timeout > 0 && !o.watch && o.expect == 0:
		complain("--timeout ends a watch, and there is none", "add --watch or --expect")
	case o.dryRun && (o.watch || o.expect > 0):
		complain("--dry-run looks once, and --watch and --expect wait for what it does not do", "leave out one of them")
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if !o.dryRun && o.kubeconfig == "" { // else the directory is nobody's
		o.OpenLogFile(o.args)
	}
	client, err := client(o.App, o.clusterFlags)
	if err != nil {
		return nil, err
	}
	o.nodeNames = map[string]bool{}
	for _, n := range nodes {
		o.nodeNames[n.Name] = true
	}
	facts := cluster.Facts{Declared: nodes, Rejoin: o.rejoin, Reserved: reserved(known.Declared)}
	return &cluster.Approver{Client: client, Facts: facts, DryRun: o.dryRun}, nil
}

// reserved are the virtual addresses in the install-config: whatever machine holds one
// just now, they are never a node's.
func reserved(known platform.Declared) map[netip.Addr]string {
	addresses := map[netip.Addr]string{}
	for what, vips := range map[string][]string{"the API": known.APIVIPs, "the ingress": known.IngressVIPs} {
		for _, vip := range vips {
			// with a load balancer of the user's own both may be one
			if ip, err := netip.ParseAddr(vip); err == nil && addresses[ip.Unmap()] != "the API" {
				addresses[ip.Unmap()] = what
			}
		}
	}
	return addresses
}

// declared collects the nodes from the flags, or else from the install-config.
func (o *approveOptions) declared() ([]cluster.DeclaredNode, asset.RunningCluster, error) {
	var nodes []cluster.DeclaredNode
	add := func(more []cluster.DeclaredNode, err error) error {
		for _, n := range more {
			if slices.ContainsFunc(nodes, func(m cluster.DeclaredNode) bool { return m.Name == n.Name }) {
				return diag.Problem{Detail: n.Name + " is declared both by --nodes and by --nodes-file", Hint: "leave one out"}
			}
			nodes = append(nodes, n)
		}
		return err
	}
	if o.nodes != "" {
		if err := add(cluster.ParseNodes("--nodes", o.nodes, false)); err != nil {
			return nil, asset.RunningCluster{}, err
		}
	}
	if o.nodesFile != "" {
		data, err := o.ReadUpTo(o.nodesFile, cli.MaxText)
		if err != nil {
			return nil, asset.RunningCluster{}, cli.Unreadable(o.nodesFile, err, "correct --nodes-file")
		}
		if err := add(cluster.ParseNodes(o.nodesFile, string(data), true)); err != nil {
			return nil, asset.RunningCluster{}, err
		}
	}
	var known asset.RunningCluster
	if o.kubeconfig == "" { // else the directory may be another cluster's
		var err error
		if known, err = asset.ReadRunning(o.Dir); err != nil {
			return nil, known, err
		}
	}
	if len(nodes) == 0 && len(known.Hosts) > 0 {
		if err := add(cluster.ParseNodes("install-config.yaml", strings.Join(known.Hosts, ","), false)); err != nil {
			return nil, known, err
		}
		o.Log.Infof("declared by install-config.yaml: %s", strings.Join(known.Hosts, ", "))
	}
	if len(nodes) == 0 {
		return nil, known, diag.Problem{Detail: "no node is declared, so no request can be approved",
			Hint: "list the machines that may join with --nodes or --nodes-file, by their host names; oc get csr shows who asks"}
	}
	return nodes, known, nil
}

// approveInterval is the time between two looks of a watch.
const approveInterval = 5 * time.Second

// keepOn looks again and again until enough nodes have joined.
func (o *approveOptions) keepOn(ctx context.Context, a *cluster.Approver) error {
	want := o.expect
	if want == 0 {
		want = len(a.Facts.Declared)
	}
	begin, cause := o.Now(), ""
	o.Log.Infof("waiting until %d of %d declared nodes have joined", want, len(a.Facts.Declared))
	var joined []string
	for {
		round, err := a.Round(ctx)
		if ctx.Err() != nil {
			o.Log.Warn("Received interrupt signal")
			return cli.ExitInterrupted
		}
		if !slices.Equal(round.Joined, joined) && err == nil {
			joined = round.Joined
			o.Log.Infof("%s, after %s", progress(a, joined, want), o.Now().Sub(begin).Round(time.Second))
			o.tell(round, o.output == "json")
		} else {
			o.tell(round, false)
		}
		switch {
		case err == nil && len(joined) >= want:
			return nil
		case err == nil:
			cause = ""
		case a.Client.Kubeconfig.Explain(err, o.Now()).Final:
			return causeError(a.Client, err, o.App)
		default:
			if now := causeError(a.Client, err, o.App).Error(); now != cause {
				o.Log.Warn(now)
				cause = now
			}
		}
		if o.timeout > 0 && o.Now().Sub(begin) >= o.timeout {
			return o.missing(a, joined, want, err)
		}
		if err := o.Sleep(ctx, approveInterval); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// notJoined are the declared nodes that are still missing.
func notJoined(a *cluster.Approver, joined []string) (names []string) {
	for _, n := range a.Facts.Declared {
		if !slices.Contains(joined, n.Name) {
			names = append(names, n.Name)
		}
	}
	return names
}

// progress says which of the declared nodes have joined, and which are missing.
func progress(a *cluster.Approver, joined []string, want int) string {
	text := fmt.Sprintf("joined: %d of %d", len(joined), want)
	if len(joined) > 0 {
		text += ": " + strings.Join(joined, ", ")
	}
	if missing := notJoined(a, joined); len(missing) > 0 {
		text += "; not yet: " + strings.Join(diag.Few(missing, 20), ", ")
	}
	return text
}

// missing says who has not joined when the time is over; last is why the API could
// not be asked in the end, if so.
func (o *approveOptions) missing(a *cluster.Approver, joined []string, want int, last error) error {
	names := notJoined(a, joined)
	p := diag.Problem{
		Detail: fmt.Sprintf("%d of %d expected nodes have joined after %s; not yet: %s", len(joined), want, o.timeout,
			diag.And(diag.Few(names, 20))),
		Hint: "look at their consoles: do they fetch their config from port 22623? to keep waiting, run the same command again",
	}
	if last != nil {
		cause := a.Client.Kubeconfig.Explain(last, o.Now())
		p.Detail, p.Hint = p.Detail+"; the API could not be asked: "+cause.Detail, cause.Hint
	}
	return p
}
