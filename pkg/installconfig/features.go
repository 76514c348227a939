package installconfig

import (
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// The gates under which the API server of the bootstrap host has to reach webhooks in
// the cluster.
const (
	gateCRDCompatibility  = "CRDCompatibilityRequirementOperator"
	gateMachineManagement = "ClusterAPIMachineManagement"
)

// Enabled reports whether the config's feature set turns a feature gate on in the
// release that is to be installed. With CustomNoUpgrade these are the gates that
// featureGates lists, and no other. A gate that the release does not have yet is off;
// the zero Release stands for one that is not known.
func (c InstallConfig) Enabled(name string, r release.Release) bool {
	if !r.KnowsGate(name) {
		return false
	}
	if c.FeatureSet != release.CustomSet {
		return r.TurnsOn(name, c.FeatureSet)
	}
	enabled := false
	for _, entry := range c.FeatureGates {
		if n, on, ok := parseGate(entry); ok && n == name {
			enabled = on
		}
	}
	return enabled
}

// Konnectivity reports whether the API server of the release's bootstrap host reaches the
// cluster through konnectivity. A node that installs itself never needs it.
func (c InstallConfig) Konnectivity(r release.Release) bool {
	return c.Enabled(gateCRDCompatibility, r) || c.Enabled(gateMachineManagement, r)
}

// parseGate reads Name=true or Name=false.
func parseGate(entry string) (name string, on, ok bool) {
	name, value, ok := strings.Cut(entry, "=")
	if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isAlphanumeric(r) }) {
		return "", false, false
	}
	on, err := strconv.ParseBool(value)
	return name, on, err == nil
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func validateFeatures(c *InstallConfig, f *findings) {
	if c.FeatureSet != "" {
		f.word("featureSet", c.FeatureSet)
	}
	if len(c.FeatureGates) > 0 && c.FeatureSet != release.CustomSet && !f.isBroken("featureSet") {
		f.fail("featureGates", "can only be given with featureSet: "+release.CustomSet,
			"set featureSet: "+release.CustomSet+", or remove featureGates")
	}
	seen := map[string]bool{}
	for i, entry := range c.FeatureGates {
		name, on, ok := parseGate(entry)
		if !ok {
			f.fail(item("featureGates", i), strconv.Quote(shorten(entry))+" is not of the form Name=true or Name=false",
				"write such as DualReplica=true")
			continue
		}
		if before, twice := seen[name]; twice && before != on {
			f.fail(item("featureGates", i), name+" is turned on and off", "keep one of the two entries")
		}
		seen[name] = on
	}
}

// offers reports a feature that the config uses at path and that the release does not
// have on the cluster's platform, or only behind a gate that is off. What is only
// tolerated is a warning.
func (c *InstallConfig) offers(path string, feature release.Feature, f *findings) {
	name := ""
	if spec, ok := platform.Find(c.Platform.Name); ok {
		name = spec.Name
	}
	support, row := f.release.Support(feature, name)
	switch {
	case support == release.Absent && row.Feature == "":
		f.fail(path, "cannot be used on platform "+name, "remove it")
	case support == release.Absent:
		f.fail(path, f.tooEarly("needs", row, name), "remove it, or choose a later release with --release")
	case support == release.Gated, row.Gate != "" && c.FeatureSet == release.CustomSet:
		c.gated(path, row, f) // a custom set turns off what it does not name
	case support == release.Tolerated:
		f.warn(path, "is new in OKD "+row.Since+", but "+f.release.Line+" is to be installed: "+row.Risk,
			"choose a later release with --release, or go without it")
	}
}

// gated refuses what needs a gate that is not on.
func (c *InstallConfig) gated(path string, row release.FeatureRow, f *findings) {
	if c.Enabled(row.Gate, f.release) || f.isBroken("featureSet") || f.isBroken("featureGates") {
		return
	}
	hint := "remove it, or set featureSet: " + release.TechPreview + " (such a cluster cannot be upgraded)"
	switch {
	case c.FeatureSet == release.CustomSet:
		hint = "remove it, or add " + row.Gate + "=true to featureGates"
	case row.GateDefault != "":
		hint += ", or choose OKD " + row.GateDefault + " or later, which has it on"
	}
	f.fail(path, "needs the feature gate "+row.Gate+", which is off", hint)
}

// tooEarly words that what is to be installed does not have something yet.
func (f *findings) tooEarly(needs string, row release.FeatureRow, platform string) string {
	on := ""
	if len(row.Platforms) > 0 && platform != "" {
		on = " on platform " + platform
	}
	return needs + " OKD " + row.Since + " or later" + on + ", but " + f.release.Line + " is to be installed"
}
