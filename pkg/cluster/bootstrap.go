package cluster

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// Bootstrapped is what is known when the bootstrap host is not needed any more.
type Bootstrapped struct {
	// Remove lists what the bootstrap host must leave, as sentences.
	Remove []string
}

// WaitForBootstrap waits until the control plane runs without the bootstrap
// host: the API answers, the bootstrap host has reported that it is done, and
// etcd has let go of its member there. The limit is how long the bootstrap host may
// take before it must show progress. The error is a *StageError, or the context's.
func (w *Wait) WaitForBootstrap(ctx context.Context, limit time.Duration) (Bootstrapped, error) {
	w.start()
	if err := w.waitForAPI(ctx); err != nil {
		return Bootstrapped{}, w.failed(err)
	}
	if err := w.waitForReport(ctx, limit); err != nil {
		return Bootstrapped{}, w.failed(err)
	}
	address := w.bootstrapAddress(ctx)
	if err := w.waitForEtcd(ctx); err != nil {
		return Bootstrapped{}, w.failed(err)
	}
	done := Bootstrapped{Remove: w.backends(ctx, address)}
	w.tell(Event{Type: EventDone, Message: "It is now safe to remove the bootstrap resources", Steps: done.Remove, Seconds: w.Elapsed().Seconds()})
	return done, nil
}

// waitForReport waits for what the bootstrap host writes as its last act.
func (w *Wait) waitForReport(ctx context.Context, limit time.Duration) error {
	return w.run(ctx, stage{
		name: "Bootstrap Complete", phase: "the bootstrap host brings up the control plane", limit: w.limit(limit),
		look: func(ctx context.Context) (bool, error) {
			var report configMap
			if err := w.Client.get(ctx, pathBootstrap, &report); err != nil && !notFound(err) {
				return false, err
			}
			if report.Data["status"] == "complete" {
				return true, nil
			}
			return false, w.survey(ctx)
		},
		unfinished: func() (string, string) {
			masters, ready := 0, 0
			for _, n := range w.status.Nodes {
				if n.ControlPlane {
					masters++
					if n.Ready {
						ready++
					}
				}
			}
			detail := fmt.Sprintf("%d machines of the control plane have joined, and %d are ready", masters, ready)
			if masters == 0 {
				return "no machine of the control plane has joined", "look at the console of one: it must fetch its config from api-int " +
					"on port 22623, and master.ign and bootstrap.ign must come from the same run"
			}
			return detail, "gather bootstrap collects the logs that show why; to keep waiting, run the same command again"
		},
	})
}

// etcdLimit bounds the last stage, which usually takes two or three minutes.
const etcdLimit = 20 * time.Minute

func (w *Wait) waitForEtcd(ctx context.Context) error {
	var last Condition
	return w.run(ctx, stage{
		name: "Bootstrap Etcd Member Removed", phase: "etcd moves off the bootstrap host", limit: w.limit(etcdLimit),
		look: func(ctx context.Context) (bool, error) {
			var etcd conditioned
			if err := w.Client.get(ctx, pathEtcd, &etcd); err != nil && !notFound(err) {
				return false, err
			}
			if last = etcd.Status.Conditions.find("EtcdBootstrapMemberRemoved"); last.Status == "True" {
				return true, nil
			}
			return false, w.survey(ctx)
		},
		unfinished: func() (string, string) {
			said := ""
			if last.Message+last.Reason != "" {
				said = " (" + why(last) + ")"
			}
			return "etcd still has its member on the bootstrap host" + said,
				"leave the bootstrap host up: without it etcd may lose its quorum; check the operator etcd, and whether all machines of " +
					"the control plane have joined"
		},
	})
}

// bootstrapAddress is the bootstrap host's address, which etcd's endpoints name
// as long as it has a member there; empty if they do not.
func (w *Wait) bootstrapAddress(ctx context.Context) string {
	var endpoints configMap
	if err := w.Client.get(ctx, pathEtcdEndpoints, &endpoints); err != nil {
		return ""
	}
	ip := net.ParseIP(endpoints.Metadata.Annotations["alpha.installer.openshift.io/etcd-bootstrap"])
	if ip == nil {
		return ""
	}
	return ip.String()
}

// backends says what the bootstrap host must leave, and who stays.
func (w *Wait) backends(ctx context.Context, address string) []string {
	host := "the bootstrap host"
	if address != "" {
		host += " (" + address + ")"
	}
	api, internal := "the API", "its internal name"
	if domain := w.Client.Kubeconfig.domain(); domain != "" {
		api, internal = "api."+domain, "api-int."+domain
	}
	said := []string{
		fmt.Sprintf("take %s out of the load balancer's backends for port 6443 of %s and %s", host, api, internal),
		fmt.Sprintf("and out of those for port 22623 of %s", internal),
	}
	var stay []string
	if nodes, err := w.Client.nodes(ctx); err == nil {
		for _, n := range nodes {
			if ip := n.internalIP(); n.controlPlane() {
				stay = append(stay, strings.TrimSuffix(fmt.Sprintf("%s (%s)", n.Metadata.Name, oneLine(ip, 60)), " ()"))
			}
		}
	}
	if len(stay) > 0 {
		said = append(said, "keep behind both: "+oneLine(strings.Join(stay, ", "), 400))
	}
	return said
}
