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

// pkiSince is the first release line that knows the object which tells the
// cluster's operators what keys to make.
const pkiSince = "4.22"

// What these gates bring has webhooks that the API server of the bootstrap host
// must reach in the cluster: since konnectivitySince, through konnectivity.
const (
	gateCRDCompatibility  = "CRDCompatibilityRequirementOperator"
	gateMachineManagement = "ClusterAPIMachineManagement"
	konnectivitySince     = "5.0"
)

// gate is a feature that decides about fields of the install-config, about
// manifests or about the bootstrap host.
type gate struct {
	// sets are the feature sets that turn it on, beside CustomNoUpgrade.
	sets []string
	// since is the first release line that has it; empty if that only matters
	// to fields, whose rows say so.
	since string
}

var (
	everywhere = []string{defaultSet, okdSet, techPreview, devPreview}
	previews   = []string{techPreview, devPreview}
)

var gates = map[string]gate{
	gateDualReplica:           {sets: everywhere},
	gateOSStreams:             {sets: everywhere},
	"VSphereMultiNetworks":    {sets: everywhere},
	"VSphereMultiDisk":        {sets: everywhere},
	"VSphereHostVMGroupZonal": {sets: everywhere},
	gateMultiDiskSetup:        {sets: previews},
	gateConfigurablePKI:       {sets: previews, since: pkiSince},
	"OnPremDNSRecords":        {sets: previews},
	gateCRDCompatibility:      {sets: previews, since: konnectivitySince},
	gateMachineManagement:     {sets: previews, since: konnectivitySince},
}

// Enabled tells whether the config's feature set turns a feature gate on. With
// CustomNoUpgrade these are the gates that featureGates lists, and no other. A
// gate that the release does not have yet is off.
func (c InstallConfig) Enabled(name string) bool {
	if !hasLine(c.Release, gates[name].since) {
		return false
	}
	if c.FeatureSet != customSet {
		return slices.Contains(gates[name].sets, c.FeatureSet)
	}
	enabled := false
	for _, entry := range c.FeatureGates {
		if n, on, ok := parseGate(entry); ok && n == name {
			enabled = on
		}
	}
	return enabled
}

// Konnectivity tells whether the API server of the bootstrap host reaches the
// cluster through konnectivity. A node that installs itself never needs it.
func (c InstallConfig) Konnectivity() bool {
	return c.Enabled(gateCRDCompatibility) || c.Enabled(gateMachineManagement)
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
func (c *InstallConfig) gated(path, name string, f *findings) {
	if !hasLine(f.release, gates[name].since) {
		return // the row of the field says so
	}
	if !c.Enabled(name) && !f.isBroken("featureSet") && !f.isBroken("featureGates") {
		f.fail(path, "needs the feature gate "+name+", which is off",
			"remove it, or set featureSet: "+techPreview+" (such a cluster cannot be upgraded)")
	}
}
