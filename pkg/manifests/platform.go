package manifests

// Platform is what the cluster's platform adds to the manifests. Which platform it is,
// nothing in this package asks.
type Platform struct {
	// Type is its name in the Infrastructure object, such as None.
	Type string
	// Spec and Status are what it says in spec.platformSpec and status.platformStatus of
	// that object, beside the type.
	Spec, Status map[string]any
	// IngressOnSingleNode has the ingress of a control plane of one machine run there, and
	// not on the workers that may join it.
	IngressOnSingleNode bool
}
