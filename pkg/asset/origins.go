package asset

import (
	"slices"

	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/manifests"
)

// origin says where a file of the bootstrap host comes from. Certificates and
// manifests have no rows here: tables of their own say it all.
type origin struct {
	// pattern matches the path on the host; the first row that matches counts.
	pattern string
	// of is the one config that the row is for, or empty.
	of string
	// is says what the file is.
	is string
	// nodes are those that the content comes from, way those that it passed.
	nodes, way []string
	// fields are those of the install-config that it says, besides those that the
	// nodes look at. A test changes each and looks what else changes.
	fields []string
}

// viewFields are the fields of the install-config that the narrow views on it
// look at.
var viewFields = map[string][]string{
	"cluster-name":  {"metadata.name"},
	"cluster-names": {"metadata.name", "baseDomain", "networking.serviceNetwork"},
	"signer-key":    {"featureSet", "pki"},
	"platform":      {"platform"},
}

// nodeWords say what a node is where its name does not.
var nodeWords = map[string]string{
	"install-config":     "read, and found good",
	"strictness":         "OPENSHIFT_INSTALL_INVOKER and others that decide how strictly it is read",
	"environment":        "OPENSHIFT_INSTALL_BOOTSTRAP_NODE_IP, OPENSHIFT_INSTALL_EXPERIMENTAL_CLUSTER_PROFILE, OPENSHIFT_INSTALL_EXPERIMENTAL_DISABLE_IMAGE_POLICY",
	"pointer-edits":      "what you changed in <role>.ign",
	"cluster-config":     "with its defaults",
	"cluster-id":         "random",
	"platform":           "what a cluster gets because of its platform",
	"kubeadmin-password": "random, or the user's in tls/",
	"release":            "--release, --release-image, or the default",
	"leaf-key":           "--leaf-key",
	"issue-time":         "when the 24-hour certificates were issued",
	"provenance":         "the version of okd-install, and OPENSHIFT_INSTALL_INVOKER",
	"service-account":    "random",
	"bootstrap-ssh":      "random",
}

var (
	byManifests = []string{"generated-manifests", "manifests", "checked-manifests"}
	config      = []string{"cluster-config"}
)

// staticOrigin is that of everything that is the same on every bootstrap host.
var staticOrigin = origin{is: "a part of okd-install itself, the same for every cluster of the release line", nodes: []string{"release"}}

// featureFields are those that turn features of the cluster on.
var featureFields = []string{"featureSet", "featureGates"}

// What the environment file of every host has. A node that bootstraps itself never
// has konnectivity, whatever its features.
const hostKnows = "what the scripts of the host need to know"

var (
	hostKnowsFrom   = []string{"cluster-config", "release", "environment", "platform"}
	hostKnowsFields = []string{"metadata.name", "baseDomain", "networking.serviceNetwork", "osImageStream"}
)

// conditionOrigins are those of what only some hosts of a release line have. The
// content is the same there, but whether the file is there depends on the cluster.
var conditionOrigins = map[ignition.Condition]origin{
	ignition.Always: staticOrigin,
	ignition.WithKonnectivity: {
		is:    "a part of okd-install itself, the same wherever features of the cluster need konnectivity on the bootstrap host",
		nodes: []string{"cluster-config", "release"}, fields: featureFields,
	},
	ignition.InPlace: {
		is:    "a part of okd-install itself, the same for every single node of the release line that bootstraps itself",
		nodes: []string{"cluster-config", "release"}, fields: []string{"bootstrapInPlace"},
	},
}

// origins is the table of the files whose content depends on the cluster.
var origins = []origin{
	{pattern: "/etc/containers/registries.conf", is: "the mirrors to pull images from", nodes: config, fields: []string{"imageDigestSources", "imageContentSources"}},
	{pattern: "/etc/ignition-machine-config-encapsulated.json", is: "whether the kernel is to run in FIPS mode", nodes: config, fields: []string{"fips"}},
	{pattern: ignition.EnvironmentFile, of: ignition.InPlaceFile, is: hostKnows, nodes: hostKnowsFrom,
		fields: append([]string{"bootstrapInPlace"}, hostKnowsFields...)},
	{pattern: ignition.EnvironmentFile, is: hostKnows, nodes: hostKnowsFrom, fields: slices.Concat(hostKnowsFields, featureFields)},
	{pattern: "/etc/pki/ca-trust/source/anchors/ca.crt", is: "authorities that the host is to trust", nodes: config, fields: []string{"additionalTrustBundle"}},
	{pattern: "/etc/profile.d/proxy.sh", is: "the proxy, for shells", nodes: config, fields: installconfig.NoProxyFields},
	{pattern: "/etc/systemd/system.conf.d/10-default-env.conf", is: "the proxy, for services", nodes: config, fields: installconfig.NoProxyFields},
	{pattern: "/root/.docker/config.json", is: "the pull secret", nodes: config, fields: []string{"pullSecret"}},
	{pattern: `passwd.users\[core\]`, is: "the user to log in as: your SSH key, and the one that gather uses",
		nodes: []string{"cluster-config", "bootstrap-ssh"}, fields: []string{"sshKey"}},
	{pattern: "/opt/openshift/original_cvo_overrides.patch", is: "the overrides of the cluster version that come back after the bootstrap, from cvo-overrides.yaml", nodes: []string{"environment"}, way: byManifests},

	{pattern: "/opt/openshift/manifests/*", is: "a manifest that okd-install does not make: somebody added it to manifests/",
		nodes: []string{"manifests"}, way: []string{"manifests", "checked-manifests"}},
	{pattern: "/opt/openshift/openshift/*", is: "a manifest that okd-install does not make: somebody added it to openshift/",
		nodes: []string{"manifests"}, way: []string{"manifests", "checked-manifests"}},
}

// manifestOrigin says where a manifest comes from, by its row in the table that
// it is made from.
func manifestOrigin(row manifests.Row) origin {
	o := origin{is: row.Is, nodes: slices.Concat(row.Sources, row.OnHost), fields: row.Fields}
	if !row.HostOnly {
		o.way = byManifests
	}
	return o
}
