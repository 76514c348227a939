package installconfig

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/yamlfile"
)

// NoProxyFields are the fields that NoProxy is made from.
var NoProxyFields = []string{
	"proxy", "baseDomain", "metadata.name", "networking.clusterNetwork", "networking.machineNetwork",
	"networking.serviceNetwork",
}

// NoProxy is the effective list of what the cluster reaches without its proxy:
// the user's list and all that is inside of the cluster, sorted, each entry
// once, joined by commas. It is empty without a proxy, and just * if the user
// said so.
func (c InstallConfig) NoProxy() string {
	if c.Proxy == nil || c.Proxy.HTTPProxy == "" && c.Proxy.HTTPSProxy == "" {
		return ""
	}
	if c.Proxy.NoProxy == "*" {
		return "*"
	}
	all := []string{"127.0.0.1", "localhost", ".svc", ".cluster.local", "api-int." + c.ClusterDomain()}
	if n := c.Networking; n != nil {
		all = append(all, n.ServiceNetwork...)
		for _, m := range n.MachineNetwork {
			all = append(all, m.CIDR)
		}
		for _, e := range n.ClusterNetwork {
			all = append(all, e.CIDR)
		}
	}
	for entry := range strings.SplitSeq(c.Proxy.NoProxy, ",") {
		if entry != "" {
			all = append(all, entry)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

func validateProxy(c *InstallConfig, f *findings) {
	p := c.Proxy
	if p == nil {
		return
	}
	if p.HTTPProxy == "" && p.HTTPSProxy == "" {
		f.fail("proxy", "names no proxy", "give httpProxy or httpsProxy, or remove proxy")
	}
	validateProxyURL(c, "proxy.httpProxy", p.HTTPProxy, []string{"http"}, f)
	validateProxyURL(c, "proxy.httpsProxy", p.HTTPSProxy, []string{"http", "https"}, f)
	validateNoProxy(p.NoProxy, f)
}

// validateProxyURL checks the URL of a proxy, and never quotes more of it than
// its scheme and host, since the rest may be a password.
func validateProxyURL(c *InstallConfig, path, value string, schemes []string, f *findings) {
	if value == "" {
		return
	}
	const hint = "write such as http://proxy.example.com:3128"
	if unfilled := yamlfile.Unfilled(value); unfilled != "" && !strings.Contains(value, "@") {
		f.fail(path, unfilled, hint)
		return
	}
	if char, _, odd := diag.Odd(value); odd {
		f.fail(path, "has "+diag.Rune(char)+" in it", hint+"; special characters in a password are written as %xx")
		return
	}
	u, err := url.ParseRequestURI(value)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "" && oneSlash.MatchString(value):
		problem, next := proxySlip(value)
		f.fail(path, problem, next)
		return
	case !slices.Contains(schemes, u.Scheme):
		f.fail(path, fmt.Sprintf("has the scheme %s instead of %s", strconv.Quote(shorten(u.Scheme)), diag.Or(schemes)), hint)
		return
	case u.Hostname() == "":
		f.fail(path, "names no host", hint)
		return
	case !isPort(u.Port()):
		f.fail(path, "has the port "+u.Port()+", which does not exist", hint)
		return
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		if problem := domainProblem(strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))); problem != "" &&
			!strings.Contains(u.Hostname(), "_") {
			f.fail(path, "has a host that "+problem, hint)
		}
		return
	}
	if at, network := insideCluster(c, ip.Unmap()); at != "" {
		f.fail(path, fmt.Sprintf("%s is inside of %s, the network of %s, where there cannot be a proxy", ip, network, at),
			"use another proxy, or another network")
	}
}

// insideCluster finds the network of the config that only exists inside of the
// cluster and holds ip.
func insideCluster(c *InstallConfig, ip netip.Addr) (path, network string) {
	n := c.Networking
	type inner struct{ path, cidr string }
	var all []inner
	for i, e := range n.ClusterNetwork {
		all = append(all, inner{item("networking.clusterNetwork", i), e.CIDR})
	}
	for i, s := range n.ServiceNetwork {
		all = append(all, inner{item("networking.serviceNetwork", i), s})
	}
	if o := n.OVNKubernetesConfig; o != nil && o.IPv4 != nil {
		all = append(all, inner{"networking.ovnKubernetesConfig.ipv4.internalJoinSubnet", o.IPv4.InternalJoinSubnet})
	}
	for _, one := range all {
		if p, err := netip.ParsePrefix(one.cidr); err == nil && p.Contains(ip) {
			return one.path, one.cidr
		}
	}
	return "", ""
}

func validateNoProxy(list string, f *findings) {
	const path = "proxy.noProxy"
	if list == "" || list == "*" {
		return
	}
	for entry := range strings.SplitSeq(list, ",") {
		if problem, hint := noProxyProblem(entry); problem != "" {
			f.failAt(path, strings.TrimSpace(entry), problem, hint)
		}
	}
}

// noProxyProblem says why an entry is none of address, network and domain, or "".
func noProxyProblem(entry string) (problem, hint string) {
	quoted := strconv.Quote(shorten(entry))
	bare := strings.TrimSpace(entry)
	_, addrErr := netip.ParseAddr(entry)
	_, cidrErr := netip.ParsePrefix(entry)
	domain := strings.TrimSuffix(strings.TrimPrefix(entry, "."), ".")
	switch {
	case rangeIn.MatchString(entry):
		return quoted + " is a range of addresses, not a network", "write " + ranged(entry)
	case addrErr == nil || cidrErr == nil || isDomain(domain):
		return "", ""
	case strings.ContainsAny(entry, "@:") && strings.Contains(entry, "//"), strings.Contains(entry, "@"):
		// not quoted: a URL may hold a password
		return "has an entry that is a URL or holds an @", "name only the host, such as registry.example.com"
	case bare == "":
		return "has an empty entry", "remove the comma that is too many"
	case strings.ContainsAny(bare, " \t\n"):
		return "has blanks in the entry " + quoted, "write a comma between two entries, and no blank"
	case bare != entry:
		return "has blanks around the entry " + quoted, "write commas alone between the entries, as in .example.com,10.1.0.0/16"
	case strings.ContainsAny(entry, ";|"):
		return quoted + " has " + entry[strings.IndexAny(entry, ";|"):][:1] + " in it", "write commas between the entries"
	case isDomain(strings.ToLower(domain)):
		return quoted + " has upper case letters", "write " + shorten(strings.ToLower(entry))
	case starIPv4.MatchString(entry):
		return quoted + " has a *, which only works alone", "write the network: " + starred(entry)
	case strings.Contains(entry, "*") && isDomain(strings.TrimLeft(entry, "*.")):
		return quoted + " has a *, which only works alone",
			"write ." + strings.TrimLeft(entry, "*.") + ", which stands for the domain and all below it"
	case strings.Contains(entry, "*"):
		return quoted + " has a *, which only works alone", "for a domain and all below it write it with a dot in front, such as .example.com"
	case strings.Contains(entry, "/"):
		problem, hint := networkSlip(entry)
		return quoted + " " + problem, hint
	case bracketPort.MatchString(entry) && isAddress(bracketPort.ReplaceAllString(entry, "$1")):
		return quoted + " has brackets or a port", "write the address alone: " + bracketPort.ReplaceAllString(entry, "$1")
	case isHost(portBehind.ReplaceAllString(domain, "")):
		return quoted + " has a port", "write the host alone: " + portBehind.ReplaceAllString(entry, "")
	case entry == "<local>":
		return quoted + " is known to Windows alone", "write the domain of your own hosts, such as .example.com"
	case strings.Contains(entry, "_"):
		return quoted + " has a _, which the name of a host has not", "write the host's address, or its domain, such as .example.com"
	}
	return quoted + " is neither an address, nor a network, nor a domain", "write such as 10.1.0.0/16 or .example.com"
}
