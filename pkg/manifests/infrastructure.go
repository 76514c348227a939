package manifests

import (
	"maps"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// The topologies that operators ask the Infrastructure object for.
const (
	singleReplica   = "SingleReplica"
	dualReplica     = "DualReplica"
	highlyAvailable = "HighlyAvailable"
	withArbiter     = "HighlyAvailableArbiter"
)

// controlPlaneTopology follows from the number of control plane machines.
func controlPlaneTopology(c installconfig.InstallConfig) string {
	masters := replicas(pool(c, "master"))
	switch {
	case masters == 1:
		return singleReplica
	case replicas(pool(c, "arbiter")) > 0:
		return withArbiter
	case masters == 2:
		return dualReplica
	default:
		return highlyAvailable
	}
}

// infrastructureTopology is that of the machines which run ingress and the
// like: the compute machines, or the control plane where there are none.
func infrastructureTopology(c installconfig.InstallConfig) string {
	switch c.ComputeReplicas() {
	case 0:
		if controlPlaneTopology(c) == singleReplica {
			return singleReplica
		}
		return highlyAvailable
	case 1:
		return singleReplica
	default:
		return highlyAvailable
	}
}

func infrastructure(in Inputs) (values, error) {
	spec, status := object{"type": in.Platform.Type}, object{"type": in.Platform.Type}
	maps.Copy(spec, in.Platform.Spec)
	maps.Copy(status, in.Platform.Status)
	cloudConfig, key := "", ""
	if len(in.Platform.CloudConfig) > 0 {
		cloudConfig, key = "cloud-provider-config", "config"
	}
	partitioning := in.Config.CPUPartitioningMode
	if partitioning == "" {
		partitioning = "None"
	}
	return values{
		"clusterDomain":          in.Config.ClusterDomain(),
		"infraID":                in.Identity.InfraID,
		"cloudConfigName":        cloudConfig,
		"cloudConfigKey":         given(key),
		"platform":               in.Platform.Type,
		"platformSpec":           spec,
		"platformStatus":         status,
		"controlPlaneTopology":   controlPlaneTopology(in.Config),
		"infrastructureTopology": infrastructureTopology(in.Config),
		"cpuPartitioning":        partitioning,
	}, nil
}

// cloudConfig is there if the platform has one.
func cloudConfig(in Inputs) (values, error) {
	if len(in.Platform.CloudConfig) == 0 {
		return nil, nil
	}
	return values{"cloudConfig": in.Platform.CloudConfig}, nil
}
