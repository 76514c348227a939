// Package tls makes the certificates, keys and kubeconfigs that a new cluster
// is born with.
//
// What there is stands in tables: Certificates, bundles, KeyPairs and
// Kubeconfigs, one row each, and docs/tls.md shows them as prose. How a row
// becomes bytes is four functions: Certificate.Mint, Bundle.PEM, NewKeyPair and
// Kubeconfig.Render. HostFiles lays all of it out as it stands on the bootstrap
// host, Provided reads what a user brought instead, and Check says how long a
// cluster can still be booted from a set. Adding a certificate is adding a row.
//
// The package knows a cluster's names, not its install-config, and neither disk
// nor clock: values in, values out. Its one outside source is crypto/rand. It
// leaves out what the cluster's operators make for themselves on the bootstrap
// host, such as etcd's certificates.
package tls

import (
	"net/netip"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Names is all that certificates and kubeconfigs say about a cluster.
type Names struct {
	// ClusterName is the first label of ClusterDomain.
	ClusterName string `json:"clusterName"`
	// ClusterDomain is the domain below which api and api-int stand.
	ClusterDomain string `json:"clusterDomain"`
	// ServiceIPs holds the first address of each service network, in their order.
	// The service called kubernetes has that of the first network and no other: it is
	// of a single family even where both are in use.
	ServiceIPs []string `json:"serviceIPs"`
	// APIVIPs holds the virtual addresses of the API on platforms that have
	// them. Machines may fetch their config by address there.
	APIVIPs []string `json:"apiVIPs,omitempty"`
}

// A row spells a name that differs from cluster to cluster with one of these
// placeholders. The last two are used alone, and the last stands for a list.
const (
	domain     = "<domain>"
	serviceIPs = "<service address>"
	apiVIPs    = "<API VIP>"
)

// expand replaces the placeholders in a row's patterns, in order.
func (n Names) expand(patterns []string) []string {
	var out []string
	for _, p := range patterns {
		switch p {
		case serviceIPs:
			out = append(out, canonical(n.ServiceIPs[:min(1, len(n.ServiceIPs))])...)
		case apiVIPs:
			out = append(out, canonical(n.APIVIPs)...)
		default:
			out = append(out, strings.ReplaceAll(p, domain, n.ClusterDomain))
		}
	}
	return out
}

// canonical writes addresses in their shortest form. What is not an address
// stays as it is, for check to name.
func canonical(addresses []string) []string {
	out := make([]string, 0, len(addresses))
	for _, a := range addresses {
		if ip, err := netip.ParseAddr(a); err == nil {
			a = ip.Unmap().String()
		}
		out = append(out, a)
	}
	return out
}

// check reports whether patterns can be expanded. Path names the row in the
// problems.
func (n Names) check(path string, patterns []string) diag.Problems {
	var ps diag.Problems
	addresses := func(what string, list []string, needed bool) {
		if needed && len(list) == 0 {
			ps = append(ps, diag.Problem{Path: path, Detail: "no " + what + " is known"})
		}
		for _, a := range list {
			if ip, err := netip.ParseAddr(a); err != nil || ip.Zone() != "" {
				ps = append(ps, diag.Problem{Path: path, Detail: what + " " + quote(a) + " is not an IP address"})
			}
		}
	}
	for _, p := range patterns {
		switch {
		case p == serviceIPs:
			addresses("service address", n.ServiceIPs, true)
		case p == apiVIPs:
			addresses("API VIP", n.APIVIPs, false)
		case strings.Contains(p, domain) && n.ClusterDomain == "":
			ps = append(ps, diag.Problem{Path: path, Detail: "no cluster domain is known"})
		}
	}
	return ps
}
