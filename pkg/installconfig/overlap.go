package installconfig

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/okd-project/okd-install/pkg/diag"
)

// taken is a range of addresses that has a meaning already.
type taken struct {
	prefix  netip.Prefix
	meaning string
}

func mustTake(cidr, meaning string) taken {
	return taken{netip.MustParsePrefix(cidr), meaning}
}

// reservedRanges cannot be the network of anything.
var reservedRanges = []taken{
	mustTake("127.0.0.0/8", "loopback addresses"),
	mustTake("169.254.0.0/16", "link-local addresses"),
	mustTake("224.0.0.0/4", "multicast"),
	mustTake("::1/128", "the loopback address"),
	mustTake("fe80::/10", "link-local addresses"),
	mustTake("ff00::/8", "multicast"),
}

// dockerBridge is where container engines put their bridge on many machines.
var dockerBridge = netip.MustParsePrefix("172.17.0.0/16")

// defaultJoin is OVN-Kubernetes' join subnet unless internalJoinSubnet is given.
var defaultJoin = mustTake("100.64.0.0/16", "OVN-Kubernetes' join subnet")

// ovnRanges are those that OVN-Kubernetes uses inside of every node, beside its
// IPv4 join subnet and the link-local addresses that it masquerades with.
var ovnRanges = []taken{
	mustTake("100.88.0.0/16", "OVN-Kubernetes' transit subnet"),
	mustTake("fd98::/64", "OVN-Kubernetes' join subnet"),
	mustTake("fd97::/64", "OVN-Kubernetes' transit subnet"),
	mustTake("fd69::/112", "OVN-Kubernetes' masquerading"),
}

// reservedFor lists what no network of the config may overlap. With OVN-Kubernetes
// that includes its own ranges; the join subnet only where the user left it alone.
func reservedFor(n *Networking, join *network) []taken {
	ranges := slices.Clone(reservedRanges)
	if n.NetworkType == ovnKubernetes {
		ranges = append(ranges, ovnRanges...)
		if join == nil {
			ranges = append(ranges, defaultJoin)
		}
	}
	return ranges
}

func validateReserved(n network, reserved []taken, f *findings) {
	if n.prefix.Overlaps(dockerBridge) {
		f.warn(n.path, fmt.Sprintf("%s overlaps %s, where container engines have their bridge by default", n.prefix, dockerBridge),
			"if the machines run one of their own, choose another network or move the bridge")
	}
	for _, r := range reserved {
		if n.prefix.Overlaps(r.prefix) {
			hint := "choose another network"
			if r == defaultJoin {
				hint += ", or move that subnet with networking.ovnKubernetesConfig.ipv4.internalJoinSubnet"
			}
			f.fail(n.path, fmt.Sprintf("%s overlaps %s, which is for %s", n.prefix, r.prefix, r.meaning), hint)
			return
		}
	}
}

// validateOverlaps compares each network with those that are more fixed than it:
// machine networks exist, services and pods can go elsewhere.
func validateOverlaps(all networks, f *findings) {
	var before []network
	for _, list := range [][]network{all.machine, all.service, all.cluster} {
		for _, n := range list {
			for _, other := range before {
				if n.prefix.Overlaps(other.prefix) {
					f.fail(n.path, fmt.Sprintf("%s overlaps %s of %s", n.prefix, other.prefix, other.path),
						"choose networks that have no address in common")
					break
				}
			}
			before = append(before, n)
		}
	}
}

// longestHostPrefix still leaves a node some addresses for pods, beside those of
// the gateway and of the node itself.
const longestHostPrefix = 29

// validateHostPrefixes checks the part of each cluster network that a node gets.
// Plug-ins other than OVN-Kubernetes may do without.
func validateHostPrefixes(cluster []network, isOVN bool, f *findings) {
	first := int32(0)
	for _, n := range cluster {
		if n.hostPrefix == 0 && !isOVN {
			continue
		}
		path := n.entry + ".hostPrefix"
		if n.prefix.Addr().Is6() {
			validateHostPrefix6(n, path, f)
			continue
		}
		switch good := validateHostPrefix4(n, path, f); {
		case good && first == 0:
			first = n.hostPrefix
		case good && n.hostPrefix != first:
			f.fail(path, fmt.Sprintf("%d differs from the %d of another cluster network", n.hostPrefix, first),
				"use the same hostPrefix in all IPv4 cluster networks")
		}
	}
}

func validateHostPrefix4(n network, path string, f *findings) bool {
	length := int32(n.prefix.Bits())
	hint := fmt.Sprintf("use a number from %d to %d, such as %d", length, longestHostPrefix, max(length, defaultHostPrefix))
	if length > longestHostPrefix {
		hint = "use a larger network, such as " + defaultClusterNetwork + " with hostPrefix: 23"
	}
	switch {
	case n.hostPrefix == 0 && !f.given(path):
		f.fail(path, "is missing", "write hostPrefix: 23, which gives every node 510 addresses")
	case n.hostPrefix < length:
		f.fail(path, fmt.Sprintf("%d gives a node more addresses than the whole network has, a /%d", n.hostPrefix, length), hint)
	case n.hostPrefix > 32:
		f.fail(path, fmt.Sprintf("%d is more than the 32 bits of an IPv4 address", n.hostPrefix), hint)
	case n.hostPrefix > longestHostPrefix:
		f.fail(path, fmt.Sprintf("%d leaves a node no address for pods", n.hostPrefix), hint)
	default:
		return true
	}
	return false
}

func validateHostPrefix6(n network, path string, f *findings) {
	switch length := n.prefix.Bits(); {
	case n.hostPrefix == 0 && !f.given(path):
		f.fail(path, "is missing", "write hostPrefix: 64")
	case n.hostPrefix != 64:
		f.fail(path, fmt.Sprintf("is %d, but must be 64 for an IPv6 network", n.hostPrefix), "write hostPrefix: 64")
	case length > 64:
		f.fail(path, fmt.Sprintf("64 gives a node more addresses than the whole network has, a /%d", length),
			"use a network with a /64 for each node, such as fd01::/48")
	}
}

// subnets is how many nodes a cluster network has room for; at most 2^62.
func subnets(n network) int64 {
	more := int(n.hostPrefix) - n.prefix.Bits()
	if more < 0 || int(n.hostPrefix) > n.prefix.Addr().BitLen() {
		return 0
	}
	return 1 << min(more, 62)
}

// room adds up the nodes that the cluster networks of one family have room for.
func room(cluster []network, v6 bool) int64 {
	const most = 1 << 62
	var sum int64
	for _, n := range cluster {
		if n.prefix.Addr().Is6() == v6 {
			sum = min(sum+min(subnets(n), most-sum), most)
		}
	}
	return sum
}

// validateCapacity refuses cluster networks that cannot give every node its part.
func validateCapacity(c *InstallConfig, cluster []network, f *findings) {
	const path = "networking.clusterNetwork"
	nodes := saturated(c.ComputeReplicas(), saturated(replicas(c.ControlPlane), replicas(c.Arbiter)))
	for _, v6 := range []bool{false, true} {
		sum := room(cluster, v6)
		if sum == 0 || sum >= nodes || len(cluster) != len(c.Networking.ClusterNetwork) {
			continue // no such family, enough room, or a problem that is reported already
		}
		f.fail(path, "has room for "+diag.Count(sum, "node")+fmt.Sprintf(", but the pools have %d", nodes),
			"use a larger network, or a larger hostPrefix so that each node gets less of it")
	}
}

func saturated(a, b int64) int64 {
	if sum := a + b; sum >= a && sum >= b {
		return sum
	}
	return max(a, b)
}

// validateJoinSubnet checks that the join subnet is free, and that every node
// finds an address in it.
func validateJoinSubnet(all networks, f *findings) {
	join := all.join
	for _, r := range slices.Concat(reservedRanges, ovnRanges) {
		if join.prefix.Overlaps(r.prefix) {
			f.fail(join.path, fmt.Sprintf("%s overlaps %s, which is for %s", join.prefix, r.prefix, r.meaning),
				"use a private network such as 100.64.0.0/16")
			return
		}
	}
	for _, other := range slices.Concat(all.machine, all.service, all.cluster) {
		if join.prefix.Overlaps(other.prefix) {
			f.fail(join.path, fmt.Sprintf("%s overlaps %s of %s", join.prefix, other.prefix, other.path),
				"choose networks that have no address in common")
			return
		}
	}
	has := int64(1)<<(32-join.prefix.Bits()) - 3
	if needs := room(all.cluster, false); needs >= has {
		f.fail(join.path, fmt.Sprintf("%s has too few addresses for the %d nodes that the cluster networks have room for", join.prefix, needs),
			"use a larger join subnet, or smaller cluster networks")
	}
}
