package installconfig

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// currentSet is the set of all capabilities that a release knows.
const currentSet = "vCurrent"

// capabilitySet is a baseline: what it adds to the sets before it.
type capabilitySet struct {
	name string
	// feature is what a release must have to know the set; empty if all do.
	feature release.Feature
	adds    []string
	// addsFeature is what a release must have to know what the set adds; empty if
	// all do that know the set.
	addsFeature release.Feature
}

// capabilitySets are the baselines in the order in which they grow.
var capabilitySets = []capabilitySet{
	{name: "None"},
	{name: "v4.11", adds: []string{"baremetal", "marketplace", "openshift-samples", "MachineAPI"}},
	{name: "v4.12", adds: []string{"Console", "Insights", "Storage", "CSISnapshot"}},
	{name: "v4.13", adds: []string{"NodeTuning"}},
	{name: "v4.14", adds: []string{"Build", "DeploymentConfig", "ImageRegistry"}},
	{name: "v4.15", adds: []string{"OperatorLifecycleManager", "CloudCredential"}},
	{name: "v4.16", adds: []string{"Ingress", "CloudControllerManager"}},
	{name: "v4.17", feature: release.Capabilities417},
	{name: "v4.18", feature: release.Capabilities418, adds: []string{"OperatorLifecycleManagerV1"}},
	{name: currentSet, adds: []string{"CompatibilityRequirements", "ClusterAPI"}, addsFeature: release.ClusterAPIComponents},
}

// capabilitiesOf lists what a baseline set turns on.
func capabilitiesOf(set string) []string {
	var all []string
	for _, s := range capabilitySets {
		all = append(all, s.adds...)
		if s.name == set {
			return all
		}
	}
	return nil
}

// hasCapability reports whether an optional component will be in the cluster.
func (c InstallConfig) hasCapability(name string) bool {
	if c.Capabilities == nil {
		return slices.Contains(capabilitiesOf(currentSet), name)
	}
	return slices.Contains(capabilitiesOf(c.Capabilities.BaselineCapabilitySet), name) ||
		slices.Contains(c.Capabilities.AdditionalEnabledCapabilities, name)
}

// valuesOfSets are the baselines as values of their field.
func valuesOfSets() []Value {
	values := make([]Value, len(capabilitySets))
	for i, s := range capabilitySets {
		values[i] = Value{Word: s.name, Feature: s.feature}
	}
	return values
}

// valuesOfCapabilities are the capabilities as values of their field.
func valuesOfCapabilities() []Value {
	var values []Value
	for _, s := range capabilitySets {
		for _, name := range s.adds {
			values = append(values, Value{Word: name, Feature: cmp.Or(s.addsFeature, s.feature)})
		}
	}
	return values
}

func validateCapabilities(c *InstallConfig, spec *platform.Spec, o Options, f *findings) {
	if c.Capabilities == nil {
		return
	}
	const baseline, additional = "capabilities.baselineCapabilitySet", "capabilities.additionalEnabledCapabilities"
	set := c.Capabilities.BaselineCapabilitySet
	good := validateBaseline(set, o, f)
	for i, name := range c.Capabilities.AdditionalEnabledCapabilities {
		good = f.word(item(additional, i), name) && good
	}
	if !good || f.isBroken("capabilities") || f.isBroken(additional) {
		return // what follows from a set that is not known would mislead
	}
	needed := []string{"Ingress"}
	on := "a cluster"
	if spec != nil && spec.Capabilities != nil {
		needed = append(needed, spec.Capabilities(c.Platform.Config)...)
		on = "platform " + spec.Name
	}
	for _, name := range needed {
		if !c.hasCapability(name) {
			f.fail("capabilities", "leave out "+name+", which "+on+" cannot do without", "add "+name+" to additionalEnabledCapabilities")
		}
	}
	if c.hasCapability("marketplace") && !c.hasCapability("OperatorLifecycleManager") {
		f.fail("capabilities", "have marketplace without OperatorLifecycleManager, which it needs",
			"add OperatorLifecycleManager to additionalEnabledCapabilities, or choose a set without marketplace")
	}
}

func validateBaseline(set string, o Options, f *findings) bool {
	const path = "capabilities.baselineCapabilitySet"
	var names []string
	for _, s := range capabilitySets {
		names = append(names, s.name)
		if s.name == set && s.feature != "" && !o.Release.Has(s.feature) {
			f.fail(path, set+" is newer than OKD "+o.Release.Line+", which is to be installed",
				"use v"+strings.TrimPrefix(o.Release.Line, "v")+" or "+currentSet)
			return false
		}
	}
	if set == "" {
		f.fail(path, missing(f, path), "write "+currentSet+" for all components, None for the fewest, or a release such as v4.18")
		return false
	}
	if strings.HasPrefix(set, "v") && !slices.Contains(names, set) {
		newest := capabilitySets[len(capabilitySets)-2].name
		f.fail(path, strconv.Quote(shorten(set))+" is not a set", "use "+currentSet+" for all components; the sets with a number end at "+newest)
		return false
	}
	return f.word(path, set)
}
