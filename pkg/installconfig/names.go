package installconfig

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

const (
	maxDomain = 253 // RFC 1035, without the dot at the end
	maxLabel  = 63
	// maxClusterName leaves room for *.apps. in one label's worth of text.
	maxClusterName = 54
	// maxInfraName is how much of the cluster name goes into the infrastructure ID.
	maxInfraName = 21
)

func validateNames(c *InstallConfig, spec *platform.Spec, f *findings) {
	validateClusterName(c.Metadata.Name, spec, f)
	domain := strings.TrimSuffix(c.BaseDomain, ".")
	switch {
	case c.BaseDomain == "":
		f.fail("baseDomain", missing(f, "baseDomain"), "give the domain that the cluster's names are below, such as example.com")
	case domainProblem(domain) != "":
		f.fail("baseDomain", strconv.Quote(shorten(c.BaseDomain))+" "+domainProblems(domain),
			nameHint(domain, "give a domain such as example.com"))
	case len(c.ClusterDomain()) > maxDomain:
		f.fail("baseDomain",
			fmt.Sprintf("makes %d characters with the cluster's name, more than the %d of a domain", len(c.ClusterDomain()), maxDomain),
			"use shorter names")
	}
	validateBaseDomain(c, f)
	validateMetadata(c, f)
}

func validateClusterName(name string, spec *platform.Spec, f *findings) {
	const path = "metadata.name"
	const hint = "give a name such as okd or prod-1"
	switch problem := domainProblem(name); {
	case name == "":
		f.fail(path, missing(f, path), hint)
	case problem != "":
		f.fail(path, strconv.Quote(shorten(name))+" "+domainProblems(name), nameHint(name, hint))
	case len(name) > maxClusterName:
		f.fail(path, fmt.Sprintf("has %d characters, more than the %d that leave room for *.apps", len(name), maxClusterName),
			"use a shorter name")
	default:
		if spec != nil && spec.ClusterName != nil {
			if problem := spec.ClusterName(name); problem != "" {
				f.fail(path, strconv.Quote(name)+" "+problem, hint)
				return
			}
		}
		if len(name) > maxInfraName {
			f.warn(path,
				fmt.Sprintf("is longer than %d characters: the cluster's infrastructure ID begins with the first %d", maxInfraName, maxInfraName),
				"")
		}
	}
}

// validateMetadata warns of fields that are accepted and do nothing.
func validateMetadata(c *InstallConfig, f *findings) {
	annotations := maps.Clone(c.Metadata.Annotations)
	delete(annotations, hostCryptBypassed)
	for _, field := range []struct {
		name string
		used bool
	}{{"generateName", c.Metadata.GenerateName != ""}, {"labels", len(c.Metadata.Labels) > 0}, {"annotations", len(annotations) > 0}} {
		if field.used {
			f.warn("metadata."+field.name, "has no effect: only metadata.name is used", "remove it")
		}
	}
}

// missing words a value that is not there.
func missing(f *findings, path string) string {
	if f.given(path) {
		return "is empty"
	}
	return "is missing"
}

// domainProblem says why s is not a DNS-1123 subdomain with labels that the DNS
// can hold, or "".
func domainProblem(s string) string {
	if len(s) > maxDomain {
		return fmt.Sprintf("has more than %d characters", maxDomain)
	}
	for label := range strings.SplitSeq(s, ".") {
		switch {
		case label == "":
			return "has a dot too many"
		case len(label) > maxLabel:
			return fmt.Sprintf("has a part of more than %d characters", maxLabel)
		case strings.ContainsFunc(label, func(r rune) bool { return r >= 'A' && r <= 'Z' }):
			return "has upper case letters"
		case strings.ContainsFunc(label, func(r rune) bool { return r != '-' && !isAlphanumeric(r) }):
			return "has a character other than a-z, 0-9, - and ."
		case label[0] == '-' || label[len(label)-1] == '-':
			return "has a part that begins or ends with -"
		}
	}
	return ""
}

func isDomain(s string) bool { return domainProblem(s) == "" }

// isHost reports whether s is a host name, in any case, or an address.
func isHost(s string) bool {
	return isDomain(strings.ToLower(s))
}

func clusterProfileWarning(profile string) diag.Problem {
	detail := "cluster profile " + strconv.Quote(shorten(profile)) + " is experimental"
	hint := "unset OPENSHIFT_INSTALL_EXPERIMENTAL_CLUSTER_PROFILE for a cluster that is supported"
	if known := []string{"self-managed-high-availability", "single-node-developer", "ibm-cloud-managed"}; !slices.Contains(known, profile) {
		if near := diag.Nearest(shorten(profile), known); near != "" {
			hint = "did you mean " + near + "?"
		}
	}
	return diag.Problem{Detail: detail, Hint: hint}
}
