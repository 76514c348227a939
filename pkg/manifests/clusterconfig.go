package manifests

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// clusterConfig leaves the pull secret out, which has a Secret of its own.
func clusterConfig(in Inputs) (values, error) {
	c := in.Config
	c.PullSecret = ""
	if in.Platform.Block != nil {
		c.Platform.Config = in.Platform.Block
	}
	text, err := installconfig.Marshal(c)
	if err != nil {
		return nil, err
	}
	return values{"installConfig": string(text)}, nil
}

// clusterVersion has no overrides: BootstrapFiles adds them.
func clusterVersion(in Inputs) (values, error) {
	v := values{"clusterID": in.Identity.UUID, "capabilities": nil}
	if caps := in.Config.Capabilities; caps != nil {
		o := object{}
		put(o, "baselineCapabilitySet", caps.BaselineCapabilitySet)
		if len(caps.AdditionalEnabledCapabilities) > 0 {
			o["additionalEnabledCapabilities"] = caps.AdditionalEnabledCapabilities
		}
		v["capabilities"] = o
	}
	return v, nil
}

func dns(in Inputs) (values, error) {
	return values{"clusterDomain": in.Config.ClusterDomain()}, nil
}

func ingress(in Inputs) (values, error) {
	placement := "Workers"
	if in.Platform.IngressOnSingleNode && controlPlaneTopology(in.Config) == singleReplica {
		placement = "ControlPlane"
	}
	return values{"clusterDomain": in.Config.ClusterDomain(), "defaultPlacement": placement}, nil
}

func scheduler(in Inputs) (values, error) {
	return values{"mastersSchedulable": in.Config.ComputeReplicas() == 0}, nil
}

func provenance(in Inputs) (values, error) {
	invoker := in.Invoker
	if invoker == "" {
		invoker = "user"
	}
	return values{"invoker": invoker, "version": strings.TrimPrefix(in.Version, "v")}, nil
}
