package installconfig

import (
	"slices"
	"strconv"
	"strings"
)

// Feature sets.
const (
	defaultSet  = ""
	techPreview = "TechPreviewNoUpgrade"
	devPreview  = "DevPreviewNoUpgrade"
	customSet   = "CustomNoUpgrade"
	okdSet      = "OKD"
)

// Gates that decide about fields of the install-config.
const (
	gateDualReplica     = "DualReplica"
	gateMultiDiskSetup  = "MultiDiskSetup"
	gateOSStreams       = "OSStreams"
	gateConfigurablePKI = "ConfigurablePKI"
)

// gates tells in which feature sets a feature is on, beside CustomNoUpgrade.
var gates = map[string][]string{
	gateDualReplica:           {defaultSet, okdSet, techPreview, devPreview},
	gateOSStreams:             {defaultSet, okdSet, techPreview, devPreview},
	"VSphereMultiNetworks":    {defaultSet, okdSet, techPreview, devPreview},
	"VSphereMultiDisk":        {defaultSet, okdSet, techPreview, devPreview},
	"VSphereHostVMGroupZonal": {defaultSet, okdSet, techPreview, devPreview},
	gateMultiDiskSetup:        {techPreview, devPreview},
	gateConfigurablePKI:       {techPreview, devPreview},
	"OnPremDNSRecords":        {techPreview, devPreview},
}

// Enabled tells whether the config's feature set turns a feature gate on. With
// CustomNoUpgrade these are the gates that featureGates lists, and no other.
func (c InstallConfig) Enabled(gate string) bool {
	if c.FeatureSet != customSet {
		return slices.Contains(gates[gate], c.FeatureSet)
	}
	enabled := false
	for _, entry := range c.FeatureGates {
		if name, on, ok := parseGate(entry); ok && name == gate {
			enabled = on
		}
	}
	return enabled
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
	if len(c.FeatureGates) > 0 && c.FeatureSet != customSet && !f.isBroken("featureSet") {
		f.fail("featureGates", "can only be given with featureSet: "+customSet, "set featureSet: "+customSet+", or remove featureGates")
	}
	seen := map[string]bool{}
	for i, entry := range c.FeatureGates {
		name, on, ok := parseGate(entry)
		if !ok {
			f.fail(item("featureGates", i), strconv.Quote(shorten(entry))+" is not of the form Name=true or Name=false", "write such as DualReplica=true")
			continue
		}
		if before, twice := seen[name]; twice && before != on {
			f.fail(item("featureGates", i), name+" is turned on and off", "keep one of the two entries")
		}
		seen[name] = on
	}
}

// gated refuses a field whose feature is not turned on.
func (c *InstallConfig) gated(path, gate string, f *findings) {
	if !c.Enabled(gate) && !f.isBroken("featureSet") && !f.isBroken("featureGates") {
		f.fail(path, "needs the feature gate "+gate+", which is off",
			"remove it, or set featureSet: "+techPreview+" (such a cluster cannot be upgraded)")
	}
}
