package installconfig

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// domainProblems says all that keeps s from being a DNS-1123 subdomain with labels that
// the DNS can hold, or "".
func domainProblems(s string) string {
	var all []string
	note := func(wrong bool, text string) {
		if wrong {
			all = append(all, text)
		}
	}
	labels := strings.Split(s, ".")
	anyLabel := func(f func(string) bool) bool {
		for _, label := range labels {
			if label != "" && f(label) {
				return true
			}
		}
		return false
	}
	note(strings.Contains(s, "://"), "begins with a scheme")
	note(strings.HasPrefix(s, "*."), "begins with *.")
	note(strings.ContainsFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' }), "has upper case letters")
	note(strings.Contains(s, "_"), "has a _")
	note(strings.ContainsAny(s, " \t\n"), "has a blank")
	note(portBehind.MatchString(s), "has a port")
	plain := schemeOf.ReplaceAllString(portBehind.ReplaceAllString(strings.TrimPrefix(s, "*."), ""), "")
	note(strings.ContainsFunc(plain, func(r rune) bool {
		return !strings.ContainsRune("-._ \t\n", r) && !isAlphanumeric(r)
	}), "has a character other than a-z, 0-9, - and .")
	note(strings.HasPrefix(s, "."), "begins with a dot")
	note(strings.Contains(strings.TrimPrefix(s, "."), "..") || strings.HasSuffix(s, "."), "has a dot too many")
	note(anyLabel(func(l string) bool { return l[0] == '-' || l[len(l)-1] == '-' }), "has a part that begins or ends with -")
	note(anyLabel(func(l string) bool { return len(l) > maxLabel }), fmt.Sprintf("has a part of more than %d characters", maxLabel))
	if len(all) == 0 {
		return domainProblem(s)
	}
	return diag.And(all)
}

var (
	portBehind = regexp.MustCompile(`:[0-9]+/?$`)
	notInName  = regexp.MustCompile(`[^a-z0-9.-]+`)
)

// properName is the name that was probably meant, or "".
func properName(s string) string {
	s = strings.TrimPrefix(schemeOf.ReplaceAllString(strings.ToLower(strings.TrimSpace(s)), ""), "*.")
	s = strings.TrimRight(portBehind.ReplaceAllString(s, ""), "/.")
	var labels []string
	for label := range strings.SplitSeq(notInName.ReplaceAllString(s, "-"), ".") {
		if label = strings.Trim(label, "-"); label != "" {
			labels = append(labels, label)
		}
	}
	if s = strings.Join(labels, "."); !isDomain(s) || strings.Contains(s, "private-key") {
		return ""
	}
	return s
}

// nameHint is what to write instead of a name, or else the hint that is always right.
func nameHint(name, otherwise string) string {
	if proper := properName(name); proper != "" {
		return "write " + proper
	}
	return otherwise
}

// validateBaseDomain warns of a base domain that holds what is put before it.
func validateBaseDomain(c *InstallConfig, f *findings) {
	name, domain := c.Metadata.Name, strings.TrimSuffix(c.BaseDomain, ".")
	first, rest, _ := strings.Cut(domain, ".")
	switch {
	case name == "" || domain == "" || !isDomain(name) || !isDomain(domain):
	case isAddress(domain):
		f.warn("baseDomain", "is an address, and no name can be below it: "+c.ClusterDomain(), "write a domain, such as example.com")
	case strings.HasPrefix(domain, name+"."):
		f.warn("baseDomain", "begins with the cluster's name, which is put before it: the API would be api."+c.ClusterDomain(),
			"write baseDomain: "+strings.TrimPrefix(domain, name+"."))
	case strings.HasSuffix(name, "."+domain):
		f.warn("metadata.name", "ends in the base domain, which is put behind it: the API would be api."+c.ClusterDomain(),
			"write name: "+strings.TrimSuffix(name, "."+domain))
	case rest != "" && (first == "api" || first == "api-int" || first == "apps"):
		f.warn("baseDomain", "begins with "+first+", as names of the cluster do: the API would be api."+c.ClusterDomain(), "write baseDomain: "+
			strings.TrimPrefix(rest, name+"."))
	}
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// sameAs are other names for words that fields hold, in lower case.
var sameAs = map[string]string{
	"x86_64": "amd64", "x86-64": "amd64", "x86": "amd64", "x64": "amd64", "intel": "amd64", "i386": "amd64", "i686": "amd64", "amd": "amd64",
	"x8664": "amd64", "intel64": "amd64", "aarch64": "arm64", "arm": "arm64", "armv8": "arm64", "arm64v8": "arm64", "aarch": "arm64",
	"ppc64": "ppc64le", "powerpc": "ppc64le", "power": "ppc64le", "ppc": "ppc64le", "ppc64el": "ppc64le", "s390": "s390x", "z": "s390x",
	"true": "Enabled", "on": "Enabled", "yes": "Enabled", "false": "Disabled", "off": "Disabled", "no": "Disabled", "public": "External",
	"private": "Internal", "proxy": "Proxyonly", "all": "AllNodes", "never": "NeverContactSource", "allow": "AllowContactingSource",
	"masters": "master", "controlplane": "master", "workers": "worker", "compute": "worker", "node": "worker", "nodes": "worker",
	"techpreview": "TechPreviewNoUpgrade", "devpreview": "DevPreviewNoUpgrade", "custom": "CustomNoUpgrade",
	"current": "vCurrent", "latest": "vCurrent",
}
