package asset

import "github.com/okd-project/okd-install/pkg/ignition"

// origin says where a file of the bootstrap host comes from. Certificates have
// no rows here: tables of their own say it all.
type origin struct {
	// pattern matches the path on the host; the first row that matches counts.
	pattern string
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
	"strictness":         "OPENSHIFT_INSTALL_INVOKER and others that say how strictly it is read",
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

const (
	manifestDir  = "/opt/openshift/manifests/"
	openshiftDir = "/opt/openshift/openshift/"
)

var (
	byManifests = []string{"generated-manifests", "manifests", "checked-manifests"}
	config      = []string{"cluster-config"}
	// proxyFields are what the list of hosts that need no proxy is made of.
	proxyFields = []string{"proxy", "baseDomain", "metadata.name", "networking.clusterNetwork", "networking.machineNetwork", "networking.serviceNetwork"}
)

// staticOrigin is that of everything that is the same on every bootstrap host.
var staticOrigin = origin{is: "a part of okd-install itself, the same for every cluster of the release line", nodes: []string{"release"}}

// origins is the table of the files whose content depends on the cluster.
var origins = []origin{
	{pattern: "/etc/containers/registries.conf", is: "the mirrors to pull images from", nodes: config, fields: []string{"imageDigestSources", "imageContentSources"}},
	{pattern: "/etc/ignition-machine-config-encapsulated.json", is: "whether the kernel is to run in FIPS mode", nodes: config, fields: []string{"fips"}},
	{pattern: ignition.EnvironmentFile, is: "what the scripts of the host have to know", nodes: []string{"cluster-config", "release", "environment", "platform"},
		fields: []string{"metadata.name", "baseDomain", "networking.serviceNetwork", "osImageStream"}},
	{pattern: "/etc/pki/ca-trust/source/anchors/ca.crt", is: "authorities that the host is to trust", nodes: config, fields: []string{"additionalTrustBundle"}},
	{pattern: "/etc/profile.d/proxy.sh", is: "the proxy, for shells", nodes: config, fields: proxyFields},
	{pattern: "/etc/systemd/system.conf.d/10-default-env.conf", is: "the proxy, for services", nodes: config, fields: proxyFields},
	{pattern: "/root/.docker/config.json", is: "the pull secret", nodes: config, fields: []string{"pullSecret"}},
	{pattern: `passwd.users\[core\]`, is: "the user that people log in as: your SSH key, and the one that gather uses", nodes: []string{"cluster-config", "bootstrap-ssh"}, fields: []string{"sshKey"}},
	{pattern: "/opt/openshift/original_cvo_overrides.patch", is: "the overrides of the cluster version that come back after the bootstrap, from cvo-overrides.yaml", nodes: []string{"environment"}, way: byManifests},

	manifest(manifestDir+"cluster-config.yaml", "the install-config, without its secrets", config, "all"),
	manifest(manifestDir+"cluster-dns-02-config.yml", "the cluster's domain", config, "metadata.name", "baseDomain"),
	manifest(manifestDir+"cluster-infrastructure-02-config.yml", "the platform, and the addresses of the API", []string{"cluster-config", "cluster-id", "platform"}, "metadata.name", "baseDomain", "platform", "controlPlane", "cpuPartitioningMode"),
	manifest(manifestDir+"cluster-ingress-02-config.yml", "the domain of applications", config, "metadata.name", "baseDomain"),
	manifest(manifestDir+"cluster-network-02-config.yml", "the networks of pods and services", config, "networking.clusterNetwork", "networking.serviceNetwork", "networking.networkType"),
	manifest(manifestDir+"cluster-network-*", "the network", config, "networking"),
	manifest(manifestDir+"cluster-pki-02-config.yaml", "the kind of key of the authorities", []string{"cluster-config", "release"}, "pki"),
	manifest(manifestDir+"cluster-proxy-01-config.yaml", "the proxy of the cluster", config, append([]string{"additionalTrustBundle", "additionalTrustBundlePolicy"}, proxyFields...)...),
	manifest(manifestDir+"cluster-scheduler-02-config.yml", "whether the control plane takes workloads", config, "compute"),
	manifest(manifestDir+"cvo-overrides.yaml", "the cluster's ID and release, and what its operator leaves alone while it comes up", []string{"cluster-config", "cluster-id", "environment"}, "capabilities"),
	manifest(manifestDir+"image-digest-mirror-set.yaml", "the mirrors to pull images from", config, "imageDigestSources"),
	manifest(manifestDir+"image-content-source-policy*", "the mirrors to pull images from", config, "imageContentSources"),
	manifest(manifestDir+"kube-system-configmap-root-ca.yaml", "the root authority", []string{"root-ca"}),
	manifest(manifestDir+"machine-config-server-ca-*", "the root authority, for the machine config server", []string{"root-ca"}),
	manifest(manifestDir+"machine-config-server-tls-secret.yaml", "the machine config server's certificate and key", []string{"machine-config-server"}),
	manifest(manifestDir+"openshift-config-secret-pull-secret.yaml", "the pull secret", config, "pullSecret"),
	manifest(manifestDir+"user-ca-bundle-config.yaml", "authorities that the cluster is to trust", config, "additionalTrustBundle"),
	manifest(manifestDir+"kube-cloud-config.yaml", "settings of the cloud, which this platform has none of", config),
	manifest(openshiftDir+"99_feature-gate.yaml", "the feature gates", config, "featureSet", "featureGates"),
	manifest(openshiftDir+"99_kubeadmin-password-secret.yaml", "the hash of kubeadmin's password", []string{"kubeadmin-password"}),
	manifest(openshiftDir+"99_openshift-cluster-api_*-user-data-secret.yaml", "the pointer config of machines that the cluster makes", []string{"pointer-configs"}),
	manifest(openshiftDir+"99_openshift-machineconfig_*-ssh.yaml", "your SSH key, for the machines", config, "sshKey"),
	manifest(openshiftDir+"99_openshift-machineconfig_*", "a MachineConfig", config, "all"),
	manifest(openshiftDir+"openshift-install-manifests.yaml", "which program made the manifests", []string{"provenance"}),
	{pattern: openshiftDir + "99_openshift-installer-*", is: "what was added to a <role>.ign, as a MachineConfig", nodes: []string{"edited-pointer-configs"}},
	{pattern: manifestDir + "*", is: "a manifest that okd-install does not make: somebody has added it to manifests/", nodes: []string{"manifests"}, way: []string{"manifests", "checked-manifests"}},
	{pattern: openshiftDir + "*", is: "a manifest that okd-install does not make: somebody has added it to openshift/", nodes: []string{"manifests"}, way: []string{"manifests", "checked-manifests"}},
}

// manifest is a row of a manifest, which passes the folders that the user may edit.
func manifest(pattern, is string, nodes []string, fields ...string) origin {
	return origin{pattern: pattern, is: is, nodes: nodes, way: byManifests, fields: fields}
}
