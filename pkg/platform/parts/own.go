package parts

import (
	"fmt"

	"github.com/okd-project/okd-install/pkg/rhcos"
)

// OwnImage is the boot image of machines that nothing is known about.
var OwnImage = rhcos.Query{Platform: "metal", Format: "iso"}

// OwnProvide is what users set up where the cluster has no addresses of its own: names
// and load balancers.
func OwnProvide(s Site) []Step {
	domain := s.Config.ClusterDomain()
	if s.Alone {
		return []Step{{"", fmt.Sprintf("DNS: api.%s, api-int.%s and *.apps.%s name the node", domain, domain, domain)}}
	}
	ingress := "the workers"
	switch {
	case !s.WorkersJoin():
		ingress = "the control plane, as there are no workers"
	case s.Scheduling.ControlPlane:
		ingress = "the workers and the control plane, as both take workloads"
	}
	return []Step{
		{"", fmt.Sprintf("DNS: api.%s and api-int.%s name the API's load balancer, *.apps.%s that of the ingress", domain, domain, domain)},
		{"", "load balancers: 6443 and 22623 go to the bootstrap host and the control plane, 80 and 443 to " + ingress},
	}
}

// WorkersJoin reports whether machines are booted with worker.ign: those that the
// install-config counts, or those that must come from elsewhere because the control
// plane takes no workloads.
func (s Site) WorkersJoin() bool {
	return s.Config.ComputeReplicas() > 0 || !s.Scheduling.ControlPlane
}

// OwnLeft is what users remove where they have made everything themselves.
func OwnLeft(r Remains) []string {
	domain := ""
	if r.Domain != "" {
		domain = "." + r.Domain
	}
	if r.Bootstrap {
		return []string{
			"only after wait-for bootstrap-complete has succeeded:",
			fmt.Sprintf("take the bootstrap host out of the load balancer's backends for port 6443 of api%s and api-int%s, and for port 22623 of api-int%s",
				domain, domain, domain),
			"then switch it off, or reinstall it as a worker",
		}
	}
	return []string{
		"switch the machines off, and wipe their disks before they are used again",
		fmt.Sprintf("remove the DNS records api%s, api-int%s and *.apps%s, and the load balancers behind them", domain, domain, domain),
		"keep or remove the asset directory: it holds the keys of the cluster",
	}
}
