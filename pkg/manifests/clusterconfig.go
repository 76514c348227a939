package manifests

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// installConfigNote is what the cluster's own documentation and tools expect to
// read on the ConfigMap, word for word.
const installConfigNote = "The install-config content used to create the cluster.  " +
	"The cluster configuration may have evolved since installation, so check cluster " +
	"configuration resources directly if you are interested in the current cluster state."

// clusterConfig keeps the install-config in the cluster. The etcd operator and
// cluster-bootstrap read it on the bootstrap host. The pull secret has a Secret
// of its own and is taken out.
func clusterConfig(in Inputs) ([]file, error) {
	c := in.Config
	c.PullSecret = ""
	text, err := installconfig.Marshal(c)
	if err != nil {
		return nil, err
	}
	return one(ClusterConfigFile, object{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": object{
			"name":        "cluster-config-v1",
			"namespace":   "kube-system",
			"annotations": object{"kubernetes.io/description": installConfigNote},
		},
		"data": object{"install-config": string(text)},
	})
}

// clusterVersion tells the cluster-version operator who the cluster is, where
// updates come from and which optional components to leave out. BootstrapFiles
// adds the overrides.
func clusterVersion(in Inputs) ([]file, error) {
	spec := object{
		"channel":   "stable-scos-4",
		"upstream":  "https://amd64.origin.releases.ci.openshift.org/graph",
		"clusterID": in.Identity.UUID,
	}
	if caps := in.Config.Capabilities; caps != nil {
		o := object{}
		put(o, "baselineCapabilitySet", caps.BaselineCapabilitySet)
		if len(caps.AdditionalEnabledCapabilities) > 0 {
			o["additionalEnabledCapabilities"] = caps.AdditionalEnabledCapabilities
		}
		spec["capabilities"] = o
	}
	return one(ClusterVersionFile, object{
		"apiVersion": "config.openshift.io/v1",
		"kind":       "ClusterVersion",
		"metadata":   object{"name": "version", "namespace": "openshift-cluster-version"},
		"spec":       spec,
	})
}

func dns(in Inputs) ([]file, error) {
	return one(DNSFile, config("DNS", "cluster", object{
		"spec": object{
			"baseDomain": in.Config.ClusterDomain(),
			"platform":   object{"aws": nil, "type": ""},
		},
		"status": object{},
	}))
}

func ingress(in Inputs) ([]file, error) {
	placement := "Workers"
	if in.Config.Platform.Name == "none" && controlPlaneTopology(in.Config) == singleReplica {
		placement = "ControlPlane"
	}
	return one(IngressFile, config("Ingress", "cluster", object{
		"spec": object{
			"domain":       "apps." + in.Config.ClusterDomain(),
			"loadBalancer": object{"platform": object{"type": ""}},
		},
		"status": object{"defaultPlacement": placement},
	}))
}

// scheduler lets workloads onto the control plane when nothing else could run
// them. Arbiter machines run none, so they do not count.
func scheduler(in Inputs) ([]file, error) {
	return one(SchedulerFile, config("Scheduler", "cluster", object{
		"spec": object{
			"mastersSchedulable":    in.Config.ComputeReplicas() == 0,
			"policy":                object{"name": ""},
			"profileCustomizations": object{"dynamicResourceAllocation": ""},
		},
		"status": object{},
	}))
}

// installManifests records which installer made the cluster, and on whose behalf.
func installManifests(in Inputs) ([]file, error) {
	invoker := in.Invoker
	if invoker == "" {
		invoker = "user"
	}
	return one("openshift/openshift-install-manifests.yaml", object{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   object{"name": "openshift-install-manifests", "namespace": "openshift-config"},
		"data": object{
			"invoker": invoker,
			"version": "v" + strings.TrimPrefix(in.Version, "v"),
		},
	})
}
