package installconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// apiVersion is what this package reads and writes.
const apiVersion = "v1"

// earlierVersions differ from apiVersion only in fields that are still read.
var earlierVersions = []string{"v1beta3", "v1beta4"}

// convert copies deprecated fields into their successors and says so. The
// deprecated fields stay, as the components that read the config in the cluster
// have always found them.
func convert(c *InstallConfig, f *findings) {
	convertVersion(c, f)
	if n := c.Networking; n != nil {
		convertNetworkType(n, f)
		convertMachineCIDR(n, f)
		convertServiceCIDR(n, f)
		convertClusterNetworks(n, f)
	}
	if len(c.ImageContentSources) > 0 {
		f.deprecated("imageContentSources", "imageDigestSources")
	}
}

func (f *findings) deprecated(old, successor string) {
	f.warn(old, "is deprecated", "use "+successor)
}

func (f *findings) contradicts(old, successor string) {
	f.fail(old, "is the deprecated form of "+successor+" and says something else", "remove "+old)
}

func convertVersion(c *InstallConfig, f *findings) {
	switch {
	case c.APIVersion == apiVersion:
	case c.APIVersion == "":
		detail := "is missing"
		if f.given("apiVersion") {
			detail = "is empty"
		} else if len(f.places) == 0 {
			detail = "is missing: the file is empty"
		}
		f.fail("apiVersion", detail, "an install-config begins with the line apiVersion: v1")
	case slices.Contains(earlierVersions, c.APIVersion):
		f.warn("apiVersion", c.APIVersion+" is deprecated and read as "+apiVersion, "write "+apiVersion)
		c.APIVersion = apiVersion
	default:
		f.fail("apiVersion", strconv.Quote(shorten(c.APIVersion))+" is not a version that okd-install can read", "write "+apiVersion)
	}
}

func convertNetworkType(n *Networking, f *findings) {
	if n.Type != "" {
		const old, successor = "networking.type", "networking.networkType"
		f.deprecated(old, successor)
		switch {
		case n.NetworkType == "":
			n.NetworkType = n.Type
			f.inherit(successor, old)
		case !strings.EqualFold(n.NetworkType, n.Type):
			f.contradicts(old, successor)
		}
	}
	for _, proper := range []string{ovnKubernetes, openShiftSDN} {
		if strings.EqualFold(n.NetworkType, proper) {
			n.NetworkType = proper
		}
	}
}

func convertMachineCIDR(n *Networking, f *findings) {
	if n.MachineCIDR == "" {
		return
	}
	const old, successor = "networking.machineCIDR", "networking.machineNetwork"
	f.deprecated(old, successor)
	switch {
	case len(n.MachineNetwork) == 0:
		n.MachineNetwork = []MachineNetworkEntry{{CIDR: n.MachineCIDR}}
		f.inherit(item(successor, 0)+".cidr", old)
	case !sameCIDR(n.MachineNetwork[0].CIDR, n.MachineCIDR):
		f.contradicts(old, successor)
	}
}

func convertServiceCIDR(n *Networking, f *findings) {
	if n.ServiceCIDR == "" {
		return
	}
	const old, successor = "networking.serviceCIDR", "networking.serviceNetwork"
	f.deprecated(old, successor)
	switch {
	case len(n.ServiceNetwork) == 0:
		n.ServiceNetwork = []string{n.ServiceCIDR}
		f.inherit(item(successor, 0), old)
	case !sameCIDR(n.ServiceNetwork[0], n.ServiceCIDR):
		f.contradicts(old, successor)
	}
}

func convertClusterNetworks(n *Networking, f *findings) {
	const old, successor = "networking.clusterNetworks", "networking.clusterNetwork"
	convertHostSubnetLength(n.ClusterNetworks, old, f)
	convertHostSubnetLength(n.ClusterNetwork, successor, f)
	if len(n.ClusterNetworks) == 0 {
		return
	}
	f.deprecated(old, successor)
	if len(n.ClusterNetwork) > 0 {
		if !slices.EqualFunc(n.ClusterNetwork, n.ClusterNetworks, func(a, b ClusterNetworkEntry) bool {
			return sameCIDR(a.CIDR, b.CIDR) && a.HostPrefix == b.HostPrefix
		}) {
			f.contradicts(old, successor)
		}
		return
	}
	n.ClusterNetwork = slices.Clone(n.ClusterNetworks)
	for i := range n.ClusterNetworks {
		for _, field := range []string{"", ".cidr", ".hostPrefix", ".hostSubnetLength"} {
			f.inherit(item(successor, i)+field, item(old, i)+field)
		}
	}
}

// convertHostSubnetLength fills in hostPrefix: the bits of an address that
// hostSubnetLength does not count.
func convertHostSubnetLength(entries []ClusterNetworkEntry, path string, f *findings) {
	for i := range entries {
		e := &entries[i]
		if e.HostSubnetLength == 0 {
			continue
		}
		old, successor := item(path, i)+".hostSubnetLength", item(path, i)+".hostPrefix"
		f.deprecated(old, "hostPrefix")
		network, err := netip.ParsePrefix(e.CIDR)
		if err != nil {
			continue // reported with the CIDR itself
		}
		bits := int32(network.Addr().BitLen())
		prefix := bits - e.HostSubnetLength
		switch {
		case e.HostSubnetLength < 0 || prefix < 0:
			f.fail(old, fmt.Sprintf("%d is not a number of bits of an address, which has %d", e.HostSubnetLength, bits),
				"use hostPrefix: 23 instead")
			f.broken[successor] = true
		case e.HostPrefix == 0:
			e.HostPrefix = prefix
			f.inherit(successor, old)
		case e.HostPrefix != prefix:
			f.contradicts(old, successor)
		}
	}
}

// inherit lets a field that conversion filled be found, or be as broken as, where
// its value comes from.
func (f *findings) inherit(field, from string) {
	if p, ok := f.places[from]; ok {
		f.places[field] = p
	}
	if f.broken[from] {
		f.broken[field] = true
	}
}

func sameCIDR(a, b string) bool {
	pa, errA := netip.ParsePrefix(a)
	pb, errB := netip.ParsePrefix(b)
	return a == b || errA == nil && errB == nil && pa == pb
}
