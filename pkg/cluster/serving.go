package cluster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// checkServing is for the certificate with which a kubelet answers the API.
func (j *judgement) checkServing() {
	j.checkUsages("server auth")
	if j.request.Spec.Username != nodePrefix+j.Node || j.Node == "" {
		j.refuse("%s is not the node itself", j.request.Spec.Username)
	}
	j.checkGroups(nodeGroup)
	node, joined := j.node()
	if !joined {
		j.refuse("no node of that name has joined, so there is nothing to compare its addresses with")
		return
	}
	if len(j.csr.DNSNames)+len(j.csr.IPAddresses) == 0 {
		j.refuse("it asks for neither a name nor an address")
	}
	for _, name := range j.csr.DNSNames {
		if !j.hasName(node, name) {
			j.refuse("%s is not a name of %s", name, j.Node)
		}
	}
	for _, raw := range j.csr.IPAddresses {
		ip, ok := netip.AddrFromSlice(raw)
		if !ok {
			j.refuse("it asks for something that is not an address")
			continue
		}
		j.checkAddress(node, ip.Unmap())
	}
}

// hasName reports whether the node goes by the name. A node writes the names in
// its status itself, so others than its own name must begin with it, and be the
// name of no other node.
func (j *judgement) hasName(node Node, name string) bool {
	if name == j.Node {
		return true
	}
	if j.taken[strings.ToLower(name)] {
		return false
	}
	short, _, _ := strings.Cut(j.Node, ".")
	for _, a := range node.Status.Addresses {
		if a.Address == name && strings.HasSuffix(a.Type, "DNS") || a.Address == name && a.Type == "Hostname" {
			return name == short || strings.HasPrefix(name, short+".")
		}
	}
	return false
}

// checkAddress wants an address that was declared, or, if none was, one that the
// node has and no other node.
func (j *judgement) checkAddress(node Node, ip netip.Addr) {
	node0 := j.declared[j.Node]
	switch {
	case ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast():
		j.refuse("%s is not an address of a machine", ip)
	case j.facts.Reserved[ip] != "":
		j.refuse("%s is the address of %s", ip, j.facts.Reserved[ip])
	case len(node0.Addresses) > 0:
		if !slices.Contains(node0.Addresses, ip) {
			j.refuse("%s is not one of the addresses that %s was declared with", ip, j.Node)
			j.Hint = fmt.Sprintf("if the machine has that address too, declare it: --nodes %s=%s", j.Node, ip)
		}
	case !slices.Contains(j.holders[ip], node.Metadata.Name):
		j.refuse("%s is not an address of the node %s", ip, j.Node)
	}
	for _, other := range j.holders[ip] {
		if other != j.Node {
			j.refuse("%s is an address of the node %s", ip, other)
		}
	}
	for _, other := range j.owners[ip] {
		if other != j.Node {
			j.refuse("%s is declared as an address of %s", ip, other)
		}
	}
}
