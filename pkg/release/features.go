package release

import "slices"

// Feature names something that not every release line has, or not on every
// platform, or only where a feature gate is on.
type Feature string

// The features that an install-config may use.
const (
	Arbiter              Feature = "arbiter"
	Fencing              Feature = "fencing"
	FencingByMAC         Feature = "fencing-by-mac"
	IPv6First            Feature = "ipv6-first"
	OSImageStream        Feature = "os-image-stream"
	ConfigurablePKI      Feature = "configurable-pki"
	DiskSetup            Feature = "disk-setup"
	PoolManagement       Feature = "pool-management"
	OKDFeatureSet        Feature = "okd-feature-set"
	Capabilities417      Feature = "capabilities-4.17"
	Capabilities418      Feature = "capabilities-4.18"
	ClusterAPIComponents Feature = "cluster-api-components"
)

// The features that decide what okd-install makes, and what machines boot.
const (
	// BootstrapScripts are those that okd-install has for the bootstrap host.
	BootstrapScripts Feature = "bootstrap-scripts"
	// NodeImageOverlay has a host run the node image without a reboot. Hosts of
	// lines without it have to pivot to the image on their disk.
	NodeImageOverlay Feature = "node-image-overlay"
	// SCOSMedia are boot images of CentOS Stream CoreOS. Lines without them boot
	// Fedora CoreOS.
	SCOSMedia Feature = "scos-media"
	// SCOS10 is CentOS Stream 10 on the nodes; before, it is 9.
	SCOS10 Feature = "scos-10"
	// DashedOSTreeStore and OSTreeStore are where a live host checks the node
	// image out: /var/ostree-container and /var/ostreecontainer.
	DashedOSTreeStore Feature = "dashed-ostree-store"
	OSTreeStore       Feature = "ostree-store"
	ImagePolicy       Feature = "image-policy"
	Konnectivity      Feature = "konnectivity"
)

// FeatureRow says which lines have a feature. A feature that differs from
// platform to platform, or that any of several gates turns on, has several rows.
type FeatureRow struct {
	Feature Feature
	// Title is what the feature is called in the documentation.
	Title string
	// Platforms are those that the row is about; none if it is about all.
	Platforms []string
	// Since and Until are the first and the last line that has the feature. An
	// empty Until is open.
	Since, Until string
	// Gate is the feature gate that has to be on; empty if there is none. The
	// preview feature sets turn it on.
	Gate string
	// GateDefault is the first line that has the gate on in every cluster; empty
	// if none has yet.
	GateDefault string
	// Tolerated is the first line, before Since, for which a config may use the
	// feature all the same, with a warning; empty if it must not.
	Tolerated string
	// Risk says what becomes of the feature on a line that is only tolerated.
	Risk string
}

// features is the one table of what differs between the lines. Where the facts
// come from: the release branches of openshift/installer, openshift/api and of
// the operators; for what an install-config may say between 4.19 and 4.20, runs of
// the established installer.
var features = []FeatureRow{
	{Feature: BootstrapScripts, Title: "scripts for the bootstrap host", Since: "4.16"},
	{Feature: NodeImageOverlay, Title: "the bootstrap host runs the node image without a reboot, so that it may be a live system", Since: "4.19"},
	{Feature: SCOSMedia, Title: "boot images of CentOS Stream CoreOS", Since: "4.19"},
	{Feature: SCOS10, Title: "CentOS Stream 10 on the nodes, which needs x86-64-v3", Since: "4.20"},
	{Feature: DashedOSTreeStore, Title: "node image of a live host in `/var/ostree-container`", Since: "4.20", Until: "4.20"},
	{Feature: OSTreeStore, Title: "node image of a live host in `/var/ostreecontainer`", Since: "4.21"},
	{Feature: ImagePolicy, Title: "image policy of the cluster", Since: "4.21"},
	{Feature: Konnectivity, Title: "konnectivity on the bootstrap host", Since: "5.0", Gate: "CRDCompatibilityRequirementOperator"},
	{Feature: Konnectivity, Title: "konnectivity on the bootstrap host", Since: "5.0", Gate: "ClusterAPIMachineManagement"},

	{Feature: Arbiter, Title: "`arbiter`", Platforms: []string{"baremetal"}, Since: "4.19", Gate: "HighlyAvailableArbiter", GateDefault: "4.20"},
	{Feature: Arbiter, Title: "`arbiter`", Platforms: []string{"none", "external"}, Since: "4.22"},
	{
		Feature: Fencing, Title: "two control plane nodes with `controlPlane.fencing`", Platforms: []string{"baremetal", "none", "external"},
		Since: "4.20", Gate: "DualReplica", GateDefault: "4.22",
	},
	{
		Feature: FencingByMAC, Title: "`macAddress` in place of `hostName` in `controlPlane.fencing.credentials`", Platforms: []string{"baremetal", "none", "external"},
		Since: "5.0", Tolerated: "4.22",
		Risk: "the first releases of this line find a node's credentials by its host name only",
	},
	{
		Feature: IPv6First, Title: "IPv6 before IPv4 in `networking.serviceNetwork`", Platforms: []string{"none", "external"},
		Since: "4.21", Tolerated: "4.16",
		Risk: "the established installer refuses it for this line, and nobody tries such a cluster",
	},
	{Feature: IPv6First, Title: "IPv6 before IPv4 in `networking.serviceNetwork`", Platforms: []string{"baremetal", "openstack", "vsphere"}, Since: "4.16"},
	{Feature: OSImageStream, Title: "`osImageStream`", Since: "4.22"},
	{Feature: ConfigurablePKI, Title: "`pki`", Since: "4.22", Gate: "ConfigurablePKI"},
	{Feature: DiskSetup, Title: "`diskSetup` of a pool", Since: "4.20", Gate: "MultiDiskSetup"},
	{
		Feature: PoolManagement, Title: "`management` of a pool", Since: "5.0", Tolerated: "4.16",
		Risk: "this line does not have the field, which has no effect on machines of your own",
	},
	{Feature: OKDFeatureSet, Title: "`featureSet: OKD`", Since: "4.22"},
	{Feature: Capabilities417, Title: "capability set `v4.17`", Since: "4.17"},
	{Feature: Capabilities418, Title: "capability set `v4.18`, with OperatorLifecycleManagerV1", Since: "4.18"},
	{Feature: ClusterAPIComponents, Title: "capabilities `CompatibilityRequirements` and `ClusterAPI`", Since: "5.0"},
}

// gates are the gates that guard no row of features, but that okd-install is
// asked about.
var gates = []FeatureRow{
	{Gate: "OSStreams", Since: "4.22", GateDefault: "5.0"},
}

// Support is what a release makes of a feature.
type Support int

// From worst to best.
const (
	// Absent: the release does not have it, and a config must not use it.
	Absent Support = iota
	// Tolerated: the release does not have it, and a config may use it with a warning.
	Tolerated
	// Gated: the release has it where a feature gate is on.
	Gated
	// Present: every cluster of the release has it.
	Present
)

// Support reports what the release makes of a feature on a platform, and the row
// that says so, which is the zero row if the platform never has the feature. With an
// empty platform it is that of the platform that has most. A release without a line
// has what the newest has.
func (r Release) Support(f Feature, platform string) (Support, FeatureRow) {
	best, found := Absent, FeatureRow{}
	for _, row := range features {
		if row.Feature != f || platform != "" && !row.on(platform) {
			continue
		}
		if s := r.supports(row); s > best || found.Feature == "" {
			best, found = s, row
		}
	}
	return best, found
}

func (r Release) supports(row FeatureRow) Support {
	switch {
	case r.has(row.Since) && (row.Until == "" || r.Line == row.Until || r.Line != "" && !r.AtLeast(row.Until)):
		if row.Gate == "" || row.GateDefault != "" && r.has(row.GateDefault) {
			return Present
		}
		return Gated
	case row.Tolerated != "" && r.has(row.Tolerated):
		return Tolerated
	default:
		return Absent
	}
}

// Since is the first line that has a feature on one of the platforms, be it behind a
// gate; empty if the table does not know it there.
func Since(f Feature, platforms ...string) string {
	since := ""
	for _, row := range features {
		if row.Feature == f && slices.ContainsFunc(platforms, row.on) && (since == "" || compareLines(row.Since, since) < 0) {
			since = row.Since
		}
	}
	return since
}

// GateOf is the row with the gate that a feature needs on one of the platforms; the
// zero row if it needs none.
func GateOf(f Feature, platforms ...string) FeatureRow {
	i := slices.IndexFunc(features, func(row FeatureRow) bool {
		return row.Feature == f && row.Gate != "" && slices.ContainsFunc(platforms, row.on)
	})
	if i < 0 {
		return FeatureRow{}
	}
	return features[i]
}

// Has reports whether the release has a feature on any platform, be it behind a gate.
func (r Release) Has(f Feature) bool {
	s, _ := r.Support(f, "")
	return s >= Gated
}

// has is AtLeast, for a release that may be without a line.
func (r Release) has(line string) bool { return r.Line == "" || r.AtLeast(line) }

// on reports whether the row is about a platform.
func (row FeatureRow) on(platform string) bool {
	return len(row.Platforms) == 0 || slices.Contains(row.Platforms, platform)
}

// GateNote words from which line on the row's gate needs no feature set; empty if
// there is no such line.
func (row FeatureRow) GateNote() string {
	if row.Gate == "" || row.GateDefault == "" {
		return ""
	}
	return "on by default since " + row.GateDefault
}

// Feature sets.
const (
	defaultSet  = ""
	TechPreview = "TechPreviewNoUpgrade"
	DevPreview  = "DevPreviewNoUpgrade"
	CustomSet   = "CustomNoUpgrade"
	OKDSet      = "OKD"
)

// KnowsGate reports whether the release has a feature gate. One that no row is
// about is taken to be known.
func (r Release) KnowsGate(gate string) bool {
	known := true
	for _, row := range slices.Concat(features, gates) {
		if row.Gate != gate {
			continue
		}
		if r.has(row.Since) {
			return true
		}
		known = false
	}
	return known
}

// TurnsOn reports whether a feature set turns a gate on in this release. The custom
// set turns on none by itself.
func (r Release) TurnsOn(gate, set string) bool {
	for _, row := range slices.Concat(features, gates) {
		if row.Gate != gate || !r.has(row.Since) {
			continue
		}
		switch set {
		case TechPreview, DevPreview:
			return true
		case defaultSet, OKDSet:
			if row.GateDefault != "" && r.has(row.GateDefault) {
				return true
			}
		}
	}
	return false
}
