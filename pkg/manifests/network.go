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

func network(in Inputs) (values, error) {
	n := networking(in.Config)
	return values{"clusterNetwork": clusterNetworks(n), "serviceNetwork": n.ServiceNetwork, "networkType": n.NetworkType}, nil
}

func ovnKubernetes(in Inputs) (values, error) {
	n := networking(in.Config)
	if n.OVNKubernetesConfig == nil || n.OVNKubernetesConfig.IPv4 == nil || n.OVNKubernetesConfig.IPv4.InternalJoinSubnet == "" {
		return nil, nil
	}
	return values{
		"clusterNetwork":     clusterNetworks(n),
		"serviceNetwork":     n.ServiceNetwork,
		"internalJoinSubnet": n.OVNKubernetesConfig.IPv4.InternalJoinSubnet,
	}, nil
}

// proxy gives the status only where there is a proxy: noProxy alone has none.
func proxy(in Inputs) (values, error) {
	c := in.Config
	v := values{"trustedCA": "", "statusHTTPProxy": nil, "statusHTTPSProxy": nil, "statusNoProxy": nil}
	var p installconfig.Proxy
	if c.Proxy != nil {
		p = *c.Proxy
	}
	v["httpProxy"], v["httpsProxy"], v["noProxy"] = given(p.HTTPProxy), given(p.HTTPSProxy), given(p.NoProxy)
	if p.HTTPProxy != "" || p.HTTPSProxy != "" {
		v["statusHTTPProxy"], v["statusHTTPSProxy"], v["statusNoProxy"] = given(p.HTTPProxy), given(p.HTTPSProxy), given(c.NoProxy())
	}
	if c.AdditionalTrustBundle != "" && (c.Proxy != nil || c.AdditionalTrustBundlePolicy == "Always") {
		v["trustedCA"] = userBundleName
	}
	return v, nil
}
