package cluster

import "time"

// This file holds the objects of the API that are read, with the fields that
// are read. Their names are those of Kubernetes and OpenShift; see
// https://github.com/openshift/api for what else they have.

// Meta is what every object has.
type Meta struct {
	Name              string            `json:"name"`
	UID               string            `json:"uid"`
	Namespace         string            `json:"namespace"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	CreationTimestamp time.Time         `json:"creationTimestamp"`
}

// Condition is one line of an object's status.
type Condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason"`
	Message            string    `json:"message"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// Conditions is an object's status.
type Conditions []Condition

// find returns the condition, or one with an empty status.
func (cs Conditions) find(kind string) Condition {
	for _, c := range cs {
		if c.Type == kind {
			return c
		}
	}
	return Condition{Type: kind}
}

func (cs Conditions) is(kind, status string) bool { return cs.find(kind).Status == status }

type list[T any] struct {
	Items []T `json:"items"`
}

type configMap struct {
	Metadata Meta              `json:"metadata"`
	Data     map[string]string `json:"data"`
}

type apiVersion struct {
	GitVersion string `json:"gitVersion"`
}

// conditioned is any object of which only the conditions count: Etcd, for one.
type conditioned struct {
	Metadata Meta `json:"metadata"`
	Status   struct {
		Conditions Conditions `json:"conditions"`
	} `json:"status"`
}

type clusterVersion struct {
	Status struct {
		Conditions Conditions `json:"conditions"`
		Desired    struct {
			Version string `json:"version"`
		} `json:"desired"`
		Capabilities struct {
			Enabled []string `json:"enabledCapabilities"`
			Known   []string `json:"knownCapabilities"`
		} `json:"capabilities"`
	} `json:"status"`
}

type route struct {
	Spec struct {
		Host string `json:"host"`
	} `json:"spec"`
	Status struct {
		Ingress []struct {
			Host       string     `json:"host"`
			Conditions Conditions `json:"conditions"`
		} `json:"ingress"`
	} `json:"status"`
}

type infrastructure struct {
	Status struct {
		ControlPlaneTopology string `json:"controlPlaneTopology"`
		InternalURL          string `json:"apiServerInternalURI"`
	} `json:"status"`
}

// Node is a machine that has joined.
type Node struct {
	Metadata Meta `json:"metadata"`
	Status   struct {
		Conditions Conditions `json:"conditions"`
		Addresses  []struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		} `json:"addresses"`
	} `json:"status"`
}

// ready reports whether pods can run there.
func (n Node) ready() bool { return n.Status.Conditions.is("Ready", "True") }

// controlPlane reports whether the node is labelled as one of the control plane.
func (n Node) controlPlane() bool {
	for _, label := range []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"} {
		if _, ok := n.Metadata.Labels[label]; ok {
			return true
		}
	}
	return false
}

// internalIP is the node's first address inside the cluster's network, or empty.
func (n Node) internalIP() string {
	for _, a := range n.Status.Addresses {
		if a.Type == "InternalIP" {
			return a.Address
		}
	}
	return ""
}

// Paths of the API.
const (
	pathVersion         = "/version"
	pathBootstrap       = "/api/v1/namespaces/kube-system/configmaps/bootstrap"
	pathEtcd            = "/apis/operator.openshift.io/v1/etcds/cluster"
	pathEtcdEndpoints   = "/api/v1/namespaces/openshift-etcd/configmaps/etcd-endpoints"
	pathClusterVersion  = "/apis/config.openshift.io/v1/clusterversions/version"
	pathOperators       = "/apis/config.openshift.io/v1/clusteroperators"
	pathInfrastructure  = "/apis/config.openshift.io/v1/infrastructures/cluster"
	pathIngressCA       = "/api/v1/namespaces/openshift-config-managed/configmaps/default-ingress-cert"
	pathConsole         = "/apis/route.openshift.io/v1/namespaces/openshift-console/routes/console"
	pathNodes           = "/api/v1/nodes"
	pathSecrets         = "/api/v1/secrets"
	pathRequests        = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
	pathServerAuthority = "/api/v1/namespaces/openshift-machine-config-operator/configmaps/machine-config-server-ca"
	pathRootAuthority   = "/api/v1/namespaces/kube-system/configmaps/root-ca"
)
