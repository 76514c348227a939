package platform

import (
	"cmp"
	"slices"
)

// Table lists the supported platforms, in the order in which they are offered. Each
// block's file puts its own row here; nothing changes it after that.
var Table []Spec

// offer puts a block's row into Table.
func offer(s Spec) Spec { //nolint:unparam // the blank variable of a block's file needs a value
	Table = append(Table, s)
	slices.SortStableFunc(Table, func(a, b Spec) int { return cmp.Compare(a.Place, b.Place) })
	return s
}

// Usual is the platform that is offered first.
func Usual() string { return Table[0].Name }

// Which lists the platforms of which something holds, in the order of Table.
func Which(holds func(Spec) bool) []string {
	var names []string
	for _, s := range Table {
		if holds(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Known lists the platforms that the established installer knows besides none and
// external. The error for one of them without a row in Table can say so.
var Known = []string{"aws", "azure", "baremetal", "gcp", "ibmcloud", "nutanix", "openstack", "ovirt", "powervc", "powervs", "vsphere"}

// Spec is one platform: its types, and what it requires of a cluster.
type Spec struct {
	// Place is where the platform stands among those that are offered; the least
	// comes first.
	Place int
	// Name is the key in the install-config.
	Name string
	// Type is the platform's name in the cluster's Infrastructure object.
	Type string
	// New returns a pointer to an empty config block.
	New func() any
	// NewPool returns a pointer to an empty block of a machine pool.
	NewPool func() any

	// Title is what the platform is called where the user chooses one.
	Title string
	// Text says whom the platform is for.
	Text string
	// Fields explains the fields of the block, and PoolFields those of a machine
	// pool's block.
	Fields, PoolFields []Field

	// ClusterName says what is wrong with a cluster name that is otherwise
	// good, or "". Nil if the platform has no rule of its own.
	ClusterName func(name string) string
	// Complete converts deprecated fields of the block and fills in defaults;
	// what it converted is reported as a warning. It may be nil.
	Complete func(config any, warn Report)
	// Validate reports what is wrong with the block. It may be nil.
	Validate func(config any, c Cluster, fail Report)
	// Capabilities lists the optional components that the platform cannot do without.
	Capabilities func(config any) []string

	// DualStack tells in which order both address families may be used.
	DualStack DualStack
	// IPv6Only reports whether a cluster may do without IPv4.
	IPv6Only bool
	// SingleNode allows one control plane node.
	SingleNode bool
	// InPlaceUsual tells that one control plane node usually installs itself, with
	// bootstrapInPlace.
	InPlaceUsual bool
	// MixedArchitectures allows compute pools of another architecture than the control plane's.
	MixedArchitectures bool
	// DiskSetup tells that the diskSetup of machine pools has an effect.
	DiskSetup bool
	// CredentialsModes are the values of credentialsMode; with none it must be unset.
	CredentialsModes []string
	// Publish are the values of publish beside External.
	Publish []string
}

// DualStack says what a platform makes of clusters with both address families.
type DualStack int

// The order that matters is that of networking.serviceNetwork.
const (
	NoDualStack DualStack = iota
	IPv4First
	EitherFirst
)

// Cluster is what a platform's rules may know of the rest of the install-config.
type Cluster struct {
	// Name is metadata.name, Domain is the name with the base domain.
	Name, Domain string
	// MachineNetworks are the networks of the machines, in CIDR form.
	MachineNetworks []string
	// ControlPlane and Compute are numbers of machines.
	ControlPlane, Compute int64
}

// Report takes one finding in a platform's block: the field's path inside the
// block, what is wrong, and the next step or "".
type Report func(path, detail, hint string)
