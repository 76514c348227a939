package installconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// Network plug-ins whose names the installer knows.
const (
	ovnKubernetes = "OVNKubernetes"
	openShiftSDN  = "OpenShiftSDN"
	kuryr         = "Kuryr"
)

// maxNetworks bounds the time that it takes to find overlaps.
const maxNetworks = 1000

// network is one network of the config that could be read.
type network struct {
	path   string
	prefix netip.Prefix
	// hostPrefix is set on cluster networks.
	hostPrefix int32
	// entry is the path of the list entry that a cluster network comes from.
	entry string
}

// networks are those of the config, without the ones that could not be read.
type networks struct {
	machine, service, cluster []network
	join                      *network // OVN-Kubernetes' join subnet, if the user chose it
}

func validateNetworking(c *InstallConfig, spec *platform.Spec, f *findings) {
	n := c.Networking
	validateNetworkType(n, f)
	if n.ClusterNetworkMTU != 0 {
		f.fail("networking.clusterNetworkMTU", "can only be given on AWS", "remove it: the network operator measures the MTU of the nodes")
	}
	isOVN := n.NetworkType == ovnKubernetes
	if sum := len(n.MachineNetwork) + len(n.ServiceNetwork) + len(n.ClusterNetwork); sum > maxNetworks {
		f.fail("networking", fmt.Sprintf("has %d networks, more than the %d that are compared with each other", sum, maxNetworks),
			"join them into larger ones")
		return
	}
	all := readNetworks(n, f)
	if !isOVN && n.OVNKubernetesConfig != nil {
		f.fail("networking.ovnKubernetesConfig", "is only for networkType: "+ovnKubernetes, "remove it")
	}
	for _, s := range all.service {
		validateServiceSize(s, f)
	}
	reserved := reservedFor(n, all.join)
	for _, one := range slices.Concat(all.machine, all.service, all.cluster) {
		validateReserved(one, reserved, f)
	}
	validateOverlaps(all, f)
	validateHostPrefixes(all.cluster, isOVN, f)
	if isOVN && all.join != nil {
		validateJoinSubnet(all, f)
	}
	validateFamilies(c, all, spec, f)
	if !f.isBroken("networking") {
		validateCapacity(c, all.cluster, f)
	}
}

func validateNetworkType(n *Networking, f *findings) {
	const path = "networking.networkType"
	switch {
	case n.NetworkType == ovnKubernetes:
	case n.NetworkType == openShiftSDN || strings.EqualFold(n.NetworkType, kuryr):
		f.fail(path, n.NetworkType+" is not part of OKD any more", "use "+ovnKubernetes)
	default:
		hint := "the installation waits until you have added the manifests of that network plug-in"
		if strings.HasPrefix(squashed(n.NetworkType), "ovn") ||
			diag.Nearest(shorten(n.NetworkType), []string{ovnKubernetes, openShiftSDN}) != "" {
			hint = "did you mean " + ovnKubernetes + "?"
		}
		f.warn(path, strconv.Quote(shorten(n.NetworkType))+" is not a network plug-in of OKD", hint)
	}
}

// readNetworks parses the networks and reports those that are no networks.
func readNetworks(n *Networking, f *findings) networks {
	var all networks
	for i, m := range n.MachineNetwork {
		if p, ok := readCIDR(item("networking.machineNetwork", i)+".cidr", m.CIDR, f); ok {
			all.machine = append(all.machine, p)
		}
	}
	for i, s := range n.ServiceNetwork {
		if p, ok := readCIDR(item("networking.serviceNetwork", i), s, f); ok {
			all.service = append(all.service, p)
		}
	}
	for i, e := range n.ClusterNetwork {
		entry := item("networking.clusterNetwork", i)
		if p, ok := readCIDR(entry+".cidr", e.CIDR, f); ok {
			p.hostPrefix, p.entry = e.HostPrefix, entry
			all.cluster = append(all.cluster, p)
		}
	}
	if o := n.OVNKubernetesConfig; o != nil && o.IPv4 != nil && o.IPv4.InternalJoinSubnet != "" {
		path := "networking.ovnKubernetesConfig.ipv4.internalJoinSubnet"
		if p, ok := readCIDR(path, o.IPv4.InternalJoinSubnet, f); ok && p.prefix.Addr().Is4() {
			all.join = &p
		} else if ok {
			f.fail(path, o.IPv4.InternalJoinSubnet+" is not an IPv4 network", "use one such as 100.64.0.0/16")
		}
	}
	return all
}

func readCIDR(path, cidr string, f *findings) (network, bool) {
	p, err := netip.ParsePrefix(cidr)
	switch {
	case cidr == "":
		f.fail(path, missing(f, path), "give a network such as 192.168.1.0/24")
	case err != nil:
		problem, hint := networkSlip(cidr)
		f.fail(path, strconv.Quote(shorten(cidr))+" "+problem, hint)
	case p.Addr().Is4In6():
		hint := "write the IPv4 network itself"
		if p.Bits() >= 96 {
			hint = "write " + netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked().String()
		}
		f.fail(path, cidr+" is an IPv4 network in IPv6 form", hint)
	case p != p.Masked():
		f.fail(path, cidr+" is the address of a host, not of a network", "write "+p.Masked().String())
	case p.Addr().IsUnspecified():
		f.fail(path, cidr+" begins at the unspecified address", "give the network that is really used, such as 192.168.1.0/24")
	default:
		return network{path: path, prefix: p}, true
	}
	return network{}, false
}

// validateServiceSize refuses ranges that the API server does: it keeps a bitmap
// of all addresses.
func validateServiceSize(s network, f *findings) {
	smallest := 12
	example := "such as 172.30.0.0/16"
	if s.prefix.Addr().Is6() {
		smallest, example = 108, "such as fd02::/112"
	}
	if s.prefix.Bits() < smallest {
		f.fail(s.path, fmt.Sprintf("%s is too large for services, which may have a /%d at most", s.prefix, smallest),
			"use a smaller network, "+example)
	}
	// The API takes the first address and the DNS the tenth.
	if s.prefix.Addr().BitLen()-s.prefix.Bits() < 4 {
		f.fail(s.path, s.prefix.String()+" is too small: the cluster's DNS has the tenth address of it", "use a larger network, "+example)
	}
}

// validateFamilies compares the address families of the networks: those of
// serviceNetwork are the cluster's.
func validateFamilies(c *InstallConfig, all networks, spec *platform.Spec, f *findings) {
	const services, machines, pods = "networking.serviceNetwork", "networking.machineNetwork", "networking.clusterNetwork"
	n := c.Networking
	if len(all.service) != len(n.ServiceNetwork) || len(all.machine) != len(n.MachineNetwork) || len(all.cluster) != len(n.ClusterNetwork) ||
		f.isBroken(services) || f.isBroken(machines) || f.isBroken(pods) {
		return // some could not be read, and may be of any family
	}
	service, machine, pod := familiesOf(all.service), familiesOf(all.machine), familiesOf(all.cluster)
	most := 1
	if service == bothFamilies {
		most = 2
		validateDualStack(c, all.service, spec, f)
	}
	if len(all.service) > most {
		f.fail(services, fmt.Sprintf("has %d networks, but there can be only one of each address family", len(all.service)),
			"remove those that are too many")
	}
	if pod != service {
		f.fail(pods, "is "+pod.String()+", but serviceNetwork is "+service.String(), "use the same address families in both")
	}
	switch {
	case machine&service == service:
	case service == bothFamilies:
		f.fail(machines, "is "+machine.String()+", but serviceNetwork is "+service.String(),
			"add the machines' network of the other address family")
	default:
		f.warn(machines, "is "+machine.String()+", but serviceNetwork is "+service.String(),
			"give the network in which the machines have their "+service.String()+" addresses")
	}
	if service == ipv6Family && spec != nil && !spec.IPv6Only {
		f.fail(services, "has no IPv4 network, which platform "+spec.Name+" needs", "add an IPv4 network")
	}
}

func validateDualStack(c *InstallConfig, services []network, spec *platform.Spec, f *findings) {
	const path = "networking.serviceNetwork"
	switch {
	case spec == nil:
	case spec.DualStack == platform.NoDualStack:
		f.fail(path, "has both address families, which platform "+spec.Name+" does not support", "keep one of them")
	case spec.DualStack == platform.IPv4First && services[0].prefix.Addr().Is6():
		f.fail(path, "must begin with the IPv4 network on platform "+spec.Name, "change the order")
	case services[0].prefix.Addr().Is6():
		c.offers(path, release.IPv6First, f)
	}
}

// family is a set of address families.
type family int

const (
	ipv4Family   family = 1
	ipv6Family   family = 2
	bothFamilies        = ipv4Family | ipv6Family
)

// String names the families as users know them.
func (f family) String() string {
	return [...]string{"of no family", "IPv4", "IPv6", "IPv4 and IPv6"}[f]
}

func familiesOf(list []network) family {
	var all family
	for _, n := range list {
		if n.prefix.Addr().Is4() {
			all |= ipv4Family
		} else {
			all |= ipv6Family
		}
	}
	return all
}

func machineCIDRs(c *InstallConfig) []string {
	out := make([]string, len(c.Networking.MachineNetwork))
	for i, m := range c.Networking.MachineNetwork {
		out[i] = m.CIDR
	}
	return out
}
