package manifests

import (
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// networking is never nil in a complete config; this keeps an incomplete one
// from being a crash.
func networking(c installconfig.InstallConfig) installconfig.Networking {
	if c.Networking == nil {
		return installconfig.Networking{}
	}
	return *c.Networking
}

func clusterNetworks(n installconfig.Networking) list {
	out := list{}
	for _, e := range n.ClusterNetwork {
		o := object{"cidr": e.CIDR}
		if e.HostPrefix != 0 {
			o["hostPrefix"] = e.HostPrefix
		}
		out = append(out, o)
	}
	return out
}

func network(in Inputs) ([]file, error) {
	n := networking(in.Config)
	anywhere := object{"nodeSelector": nil, "tolerations": nil}
	return one(NetworkFile, config("Network", "cluster", object{
		"spec": object{
			"clusterNetwork": clusterNetworks(n),
			"serviceNetwork": n.ServiceNetwork,
			"networkType":    n.NetworkType,
			// An empty policy refuses every external IP of a Service.
			"externalIP":         object{"policy": object{}},
			"networkDiagnostics": object{"mode": "", "sourcePlacement": anywhere, "targetPlacement": anywhere},
		},
		"status": object{},
	}))
}

// ovnKubernetes configures the network operator itself. It is only made for
// what the cluster's Network object cannot say.
func ovnKubernetes(in Inputs) ([]file, error) {
	n := networking(in.Config)
	if n.OVNKubernetesConfig == nil || n.OVNKubernetesConfig.IPv4 == nil || n.OVNKubernetesConfig.IPv4.InternalJoinSubnet == "" {
		return nil, nil
	}
	return one(OVNFile, object{
		"apiVersion": "operator.openshift.io/v1",
		"kind":       "Network",
		"metadata":   object{"name": "cluster"},
		"spec": object{
			"clusterNetwork": clusterNetworks(n),
			"serviceNetwork": n.ServiceNetwork,
			"defaultNetwork": object{
				"type": "OVNKubernetes",
				"ovnKubernetesConfig": object{
					"egressIPConfig": object{},
					"ipv4":           object{"internalJoinSubnet": n.OVNKubernetesConfig.IPv4.InternalJoinSubnet},
				},
			},
			"disableNetworkDiagnostics":  false,
			"managementState":            "Managed",
			"observedConfig":             nil,
			"unsupportedConfigOverrides": nil,
		},
		"status": object{"readyReplicas": 0},
	})
}

// proxy is made for every cluster. The status, which a running cluster would
// compute, is given too: the bootstrap host has nobody to compute it.
func proxy(in Inputs) ([]file, error) {
	c := in.Config
	spec, status := object{}, object{}
	if p := c.Proxy; p != nil {
		put(spec, "httpProxy", p.HTTPProxy)
		put(spec, "httpsProxy", p.HTTPSProxy)
		put(spec, "noProxy", p.NoProxy)
		if p.HTTPProxy != "" || p.HTTPSProxy != "" {
			put(status, "httpProxy", p.HTTPProxy)
			put(status, "httpsProxy", p.HTTPSProxy)
			put(status, "noProxy", c.NoProxy())
		}
	}
	bundle := ""
	if c.AdditionalTrustBundle != "" && (c.Proxy != nil || c.AdditionalTrustBundlePolicy == "Always") {
		bundle = userBundleName
	}
	spec["trustedCA"] = object{"name": bundle}
	return one(ProxyFile, config("Proxy", "cluster", object{"spec": spec, "status": status}))
}
