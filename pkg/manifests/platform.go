package manifests

// Platform is what the cluster's platform adds to the manifests. Which platform it is,
// nothing in this package asks.
type Platform struct {
	// Type is its name in the Infrastructure object, such as None.
	Type string
	// Spec and Status are what it says in spec.platformSpec and status.platformStatus of
	// that object, beside the type.
	Spec, Status map[string]any
	// Block is the platform's block as the cluster keeps it in its copy of the
	// install-config, without credentials; nil if all of it may be kept.
	Block any
	// CloudConfig is what the ConfigMap cloud-provider-config holds, with the key config
	// among it; none if it is empty.
	CloudConfig map[string]string
	// IngressOnSingleNode has the ingress of a control plane of one machine run there, and
	// not on the workers that may join it.
	IngressOnSingleNode bool
	// ManagedUserData has the machine-config operator manage what new machines boot with:
	// the Secrets have names of their own then.
	ManagedUserData bool
	// Objects are further manifests, such as machines, by their paths in the asset
	// directory. Rows of the platform explain them, since Table does not.
	Objects map[string]map[string]any
}
