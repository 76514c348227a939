package installconfig

import (
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// fieldsOfNetwork are the rows of the networks.
var fieldsOfNetwork = []Field{
	{Path: "networking", Text: "Networks of the cluster. They must not overlap each other, nor anything else that the machines have to reach."},
	{
		Path: "networking.networkType", Default: ovnKubernetes,
		Text: "Network plug-in. OVNKubernetes is the one that comes with OKD; with any other name the installation waits " +
			"until you have added the manifests of that plug-in.",
	},
	{Path: "networking.machineNetwork", Text: "Networks that the machines themselves have their addresses in."},
	{
		Path: "networking.machineNetwork.cidr", Required: true, Form: platform.CIDR, Default: defaultMachineNetwork,
		Text: "Network of the machines, as it really is: it goes into the addresses that are reached without a proxy. " +
			"The default is filled in only where the list is absent.",
	},
	{Path: "networking.clusterNetwork", Text: "Networks that pods have their addresses in. Only the cluster uses them."},
	{
		Path: "networking.clusterNetwork.cidr", Required: true, Form: platform.CIDR, Default: defaultClusterNetwork,
		Text: "Network of pods. The default is filled in only where the list is absent.",
	},
	{
		Path: "networking.clusterNetwork.hostPrefix", Range: platform.Between(0, 128), Default: "23",
		Text: "Length of the part of the network that each machine gets for its pods: 23 gives 510 addresses. It must be 64 " +
			"for IPv6, and the same in all IPv4 entries. The default is filled in only where the list is absent.",
	},
	{
		Path: "networking.clusterNetwork.hostSubnetLength", Range: platform.Between(0, 128), Deprecated: "networking.clusterNetwork.hostPrefix",
		Text: "Bits of an address that hostPrefix does not count.",
	},
	{
		Path: "networking.serviceNetwork", Form: platform.ServiceCIDR, Default: "[" + defaultServiceNetwork + "]", Most: 2,
		Text: "Networks that services have their addresses in: one, or one of each address family. Their families are the " +
			"cluster's, and the first is the one that is preferred, which may be IPv6 since OKD " +
			release.Since(release.IPv6First, platform.Usual()) +
			". Only the cluster uses them.",
	},
	{
		Path: "networking.clusterNetworkMTU", Range: platform.Between(0, 0), Absent: "the network operator measures it",
		Text: "Largest packet in the pods' network. It can only be given on AWS.",
	},
	{Path: "networking.ovnKubernetesConfig", Absent: "OVN-Kubernetes' own ranges", Text: "Settings of OVN-Kubernetes, and only for it."},
	{Path: "networking.ovnKubernetesConfig.ipv4", Text: "Ranges that OVN-Kubernetes uses for itself."},
	{
		Path: "networking.ovnKubernetesConfig.ipv4.internalJoinSubnet", Form: platform.IPv4CIDR, Absent: "100.64.0.0/16",
		Example: "100.65.0.0/16",
		Text:    "Network that connects the machines' routers. Move it where your own network has addresses in the one that it is by default.",
	},
	{Path: "networking.type", Deprecated: "networking.networkType", Text: "Network plug-in."},
	{Path: "networking.machineCIDR", Form: platform.CIDR, Deprecated: "networking.machineNetwork", Text: "Network of the machines."},
	{Path: "networking.serviceCIDR", Form: platform.CIDR, Deprecated: "networking.serviceNetwork", Text: "Network of the services."},
	{Path: "networking.clusterNetworks", Deprecated: "networking.clusterNetwork", Text: "Networks of the pods."},
	{Path: "networking.clusterNetworks.cidr", Required: true, Form: platform.CIDR, Deprecated: "networking.clusterNetwork.cidr", Text: "Network of pods."},
	{Path: "networking.clusterNetworks.hostPrefix", Range: platform.Between(0, 128), Deprecated: "networking.clusterNetwork.hostPrefix", Text: "Length of the part that each machine gets."},
	{Path: "networking.clusterNetworks.hostSubnetLength", Range: platform.Between(0, 128), Deprecated: "networking.clusterNetwork.hostPrefix", Text: "Bits of an address that hostPrefix does not count."},
}

// fieldsOfPools are the rows of the groups of machines: what differs between them.
var fieldsOfPools = []Field{
	{Path: "controlPlane", Text: "Machines of the control plane, which run the API and etcd."},
	{Path: "controlPlane.name", Default: "master", Values: []Value{{Word: "master"}}, Text: "Name of the pool. It is always master."},
	{
		Path: "controlPlane.replicas", Default: "3", Range: platform.Between(1, manyMachines),
		Text: "Number of machines: 3, of which one may fail, or 1 for a single node. 5 tolerate two failures. 2 are no majority " +
			"of anything when they lose sight of each other, and need an arbiter or fencing.",
	},
	{
		Path: "arbiter", Feature: release.Arbiter, Absent: "there is no arbiter",
		Text: "A small machine that votes beside two control plane nodes, and runs nothing else.",
	},
	{Path: "arbiter.name", Default: "arbiter", Values: []Value{{Word: "arbiter"}}, Text: "Name of the pool. It is always arbiter."},
	{Path: "arbiter.replicas", Required: true, Range: platform.Between(1, manyMachines), Example: "1", Text: "Number of machines, usually 1."},
	{Path: "compute", Most: 1, Text: "Pools of machines for the workloads. On your own machines there is one, named worker, which is added where it is not listed."},
	{Path: "compute.name", Required: true, Default: "worker", Values: []Value{{Word: "worker"}}, Text: "Name of the pool."},
	{
		Path: "compute.replicas", Default: "3", Range: platform.Between(0, manyMachines),
		Text: "Number of machines. With 0 the control plane takes the workloads, and the ingress routers with them: the load " +
			"balancer's ports 80 and 443 have to lead there.",
	},
}

// manyMachines bounds replicas where nothing else does; it is that of the type.
const manyMachines = 1<<63 - 1

// architectures are the kinds of processors that OKD is built for.
var architectures = []string{defaultArchitecture, "arm64", "s390x", "ppc64le"}

// valuesOf makes values of words that say all.
func valuesOf(words []string) []Value {
	values := make([]Value, len(words))
	for i, w := range words {
		values[i] = Value{Word: w}
	}
	return values
}

// pools are where the rows of fieldsOfPool and of the platforms' pool blocks hold.
var pools = []string{"controlPlane", "arbiter", "compute"}

// fieldsOfPool are the rows that every pool has, from the top of the pool.
var fieldsOfPool = []Field{
	{
		Path: "platform", Absent: "nothing: most platforms have no settings for pools",
		Text: "Settings of the platform for these machines: one block under the name of the cluster's platform.",
	},
	{
		Path: "hyperthreading", Default: "Enabled", Values: []Value{{Word: "Enabled"}, {Word: "Disabled"}},
		Text: "Whether each core of the processors works as two. Disabled halves what the machines can do, for those who must.",
	},
	{
		Path: "architecture", Default: defaultArchitecture,
		Values: valuesOf(architectures),
		Text:   "Kind of processor. On your own machines all pools have the same.",
	},
	{
		Path: "management", Feature: release.PoolManagement, Absent: "MachineAPI",
		Values: []Value{{Word: "MachineAPI"}, {Word: "ClusterAPI", Text: "only on AWS"}},
		Text:   "What manages the machines, on platforms where the cluster makes them.",
	},
	{
		Path: "diskSetup", Feature: release.DiskSetup, Absent: "everything is on the disk of the system",
		Text: "Further disks of the machines. Without effect on the platforms " + noDiskSetup + ": use a MachineConfig there.",
	},
	{
		Path: "diskSetup.type", Required: true,
		Values: []Value{{Word: "etcd", Text: "only in the control plane"}, {Word: "swap"}, {Word: "user-defined"}},
		Text:   "What the disk is for. The block with that name has to be there, and no other: etcd, swap or userDefined.",
	},
	{Path: "diskSetup.etcd", Text: "The disk that etcd has for itself."},
	{Path: "diskSetup.etcd.platformDiskID", Required: true, Text: "Name of the disk on the platform."},
	{Path: "diskSetup.swap", Text: "The disk for swap space."},
	{Path: "diskSetup.swap.platformDiskID", Required: true, Text: "Name of the disk on the platform."},
	{Path: "diskSetup.userDefined", Text: "A disk of your own."},
	{Path: "diskSetup.userDefined.platformDiskID", Required: true, Text: "Name of the disk on the platform, at most 12 characters."},
	{Path: "diskSetup.userDefined.mountPath", Required: true, Form: platform.Disk, Example: "/var/lib/data", Text: "Folder that the disk is mounted on."},
	{
		Path: "fencing", Feature: release.Fencing, Absent: "there are not 2 nodes without an arbiter",
		Text: "How two nodes power each other off. Only in controlPlane, and for 2 nodes without an arbiter, which cannot do without.",
	},
	{Path: "fencing.credentials", Most: 2, Text: "Management controllers of the two nodes, one entry for each."},
	{Path: "fencing.credentials.hostName", Example: "master-0", Text: "Name that the node has in the cluster. It has to be given, unless the release takes macAddress."},
	{Path: "fencing.credentials.macAddress", Feature: release.FencingByMAC, Form: platform.MAC, Example: "52:54:00:ab:cd:01", Text: "MAC address that the node boots from."},
	{Path: "fencing.credentials.username", Required: true, Text: "User of the management controller."},
	{Path: "fencing.credentials.password", Required: true, Secret: true, Text: "Password of that user."},
	{
		Path: "fencing.credentials.address", Required: true, Example: "redfish+https://192.168.111.1:8000/redfish/v1/Systems/1",
		Text: "Address of the node's Redfish system.",
	},
	{
		Path: "fencing.credentials.certificateVerification", Absent: "Enabled", Values: []Value{{Word: "Enabled"}, {Word: "Disabled"}},
		Text: "Whether the certificate of the management controller is verified.",
	},
}
