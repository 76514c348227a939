package manifests

import (
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
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

func infrastructure(in Inputs) ([]file, error) {
	c, domain := in.Config, in.Config.ClusterDomain()
	row, _ := platform.Find(c.Platform.Name)
	spec, status := platformParts(c.Platform)
	spec["type"], status["type"] = row.Type, row.Type
	partitioning := c.CPUPartitioningMode
	if partitioning == "" {
		partitioning = "None"
	}
	return one(InfrastructureFile, config("Infrastructure", "cluster", object{
		"spec": object{
			"cloudConfig":  object{"name": ""},
			"platformSpec": spec,
		},
		"status": object{
			"apiServerInternalURI":   "https://api-int." + domain + ":6443",
			"apiServerURL":           "https://api." + domain + ":6443",
			"controlPlaneTopology":   controlPlaneTopology(c),
			"cpuPartitioning":        partitioning,
			"etcdDiscoveryDomain":    "",
			"infrastructureName":     in.Identity.InfraID,
			"infrastructureTopology": infrastructureTopology(c),
			"platform":               row.Type,
			"platformStatus":         status,
		},
	}))
}

// platformParts returns what a platform adds to spec.platformSpec and to
// status.platformStatus, beside its type.
func platformParts(p platform.Platform) (spec, status object) {
	spec, status = object{}, object{}
	if external, ok := p.Config.(*platform.External); ok && external != nil {
		named := object{}
		put(named, "platformName", external.PlatformName)
		spec["external"] = named
		state := "None"
		if external.CloudControllerManager == "External" {
			state = "External"
		}
		status["external"] = object{"cloudControllerManager": object{"state": state}}
	}
	return spec, status
}
