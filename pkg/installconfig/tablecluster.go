package installconfig

import (
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// The platforms that do without something, as the texts name them.
var (
	onlyExternal  = platformsThat(func(s platform.Spec) bool { return len(s.Publish) == 0 })
	noCredentials = platformsThat(func(s platform.Spec) bool { return len(s.CredentialsModes) == 0 })
	noDiskSetup   = platformsThat(func(s platform.Spec) bool { return !s.DiskSetup })
)

func platformsThat(hold func(platform.Spec) bool) string {
	return diag.And(platform.Which(hold))
}

// fieldsOfCluster are the rows of what concerns the cluster as a whole.
var fieldsOfCluster = []Field{
	{
		Path: "apiVersion", Required: true, Example: apiVersion,
		Values: []Value{{Word: apiVersion}, {Word: "v1beta3", Text: "deprecated, read as v1"}, {Word: "v1beta4", Text: "deprecated, read as v1"}},
		Text:   "Version of the format of this file.",
	},
	{
		Path: "metadata", Required: true,
		Text: "Metadata of the cluster, in the form of a Kubernetes object's. Only the name is used.",
	},
	{
		Path: "metadata.name", Required: true, Form: platform.ClusterName, Example: "okd",
		Text: "Name of the cluster: at most 54 characters, in lower case. It comes first in the cluster's DNS names, " +
			"api.<name>.<baseDomain> and *.apps.<name>.<baseDomain>. It cannot be changed later.",
	},
	{Path: "metadata.namespace", Text: unusedMetadata},
	{Path: "metadata.labels", Text: unusedMetadata},
	{Path: "metadata.annotations", Text: unusedMetadata + " One is written by okd-install: that the check for FIPS mode was skipped."},
	{Path: "metadata.generateName", Text: unusedMetadata},
	{Path: "metadata.selfLink", Text: unusedMetadata},
	{Path: "metadata.uid", Text: unusedMetadata},
	{Path: "metadata.resourceVersion", Text: unusedMetadata},
	{Path: "metadata.generation", Text: unusedMetadata},
	{Path: "metadata.creationTimestamp", Text: unusedMetadata},
	{Path: "metadata.deletionTimestamp", Text: unusedMetadata},
	{Path: "metadata.deletionGracePeriodSeconds", Text: unusedMetadata},
	{Path: "metadata.ownerReferences", Text: unusedMetadata},
	{Path: "metadata.finalizers", Text: unusedMetadata},
	{Path: "metadata.managedFields", Text: unusedMetadata},
	{
		Path: "baseDomain", Required: true, Form: platform.Domain, Example: "example.com",
		Text: "Domain below which the names of the cluster are. The names have to be in your DNS before machines boot: " +
			"api and api-int lead to the load balancer of the API, *.apps to that of the ingress routers.",
	},
	{
		Path: "platform", Required: true, Example: "{" + platform.Usual() + ": {}}",
		Text: "What the machines are, and how the cluster deals with them: one block under the name of the platform.",
	},
	{
		Path: "sshKey", Form: platform.SSHKeys, Absent: "nobody can log in to the machines", Example: "ssh-ed25519 AAAA… me@example.com",
		Text: "Public SSH keys, one on a line, that may log in to the machines as the user core. " +
			"Without one there is no way to look into a machine whose installation does not come to its end.",
	},
	{
		Path: "pullSecret", Form: platform.PullSecret, Secret: true, Default: "'" + PublicPullSecret + "'",
		Text: "Credentials of registries, as the JSON that container engines keep them in. The images of OKD are public and " +
			"need none; add those of a mirror, if it asks for them.",
	},
	{
		Path: "additionalTrustBundle", Form: platform.PEM, Absent: "only well-known authorities are trusted",
		Text: "Certificates of authorities, in PEM, that the machines trust as well: those of a proxy or a mirror of your own.",
	},
	{
		Path: "additionalTrustBundlePolicy", Default: "Proxyonly",
		Values: []Value{{Word: "Proxyonly", Text: "only where a proxy is configured"}, {Word: "Always", Text: "also without a proxy"}},
		Text:   "When the cluster's own components trust the certificates of additionalTrustBundle.",
	},
	{
		Path: "fips", Default: "false",
		Text: "Run the machines in FIPS mode, with validated cryptography only. The files have to be made on a host in that mode, too.",
	},
	{
		Path: "publish", Default: "External",
		Values: []Value{
			{Word: "External", Text: "the names of the cluster are for everybody who can reach them"},
			{Word: "Internal", Text: "only inside of a cloud's private network; not on the platforms " + onlyExternal},
			{Word: "Mixed", Text: "as operatorPublishingStrategy says; not on the platforms " + onlyExternal},
		},
		Text: "For whom the cluster publishes its API and routes in a cloud's DNS and load balancers. " +
			"On your own machines your DNS and load balancers decide that, and the value is always External.",
	},
	{
		Path: "operatorPublishingStrategy", Absent: "everything is published as publish says",
		Text: "Publishing of the API and of the routes apart. Only with publish: Mixed.",
	},
	{
		Path: "operatorPublishingStrategy.apiserver", Default: "External", Values: []Value{{Word: "Internal"}, {Word: "External"}},
		Text: "For whom the API is published.",
	},
	{
		Path: "operatorPublishingStrategy.ingress", Default: "External", Values: []Value{{Word: "Internal"}, {Word: "External"}},
		Text: "For whom the routes of applications are published.",
	},
	{
		Path: "credentialsMode", Absent: "the platform's own mode",
		Values: []Value{{Word: "Mint"}, {Word: "Passthrough"}, {Word: "Manual"}},
		Text: "How components of the cluster come by credentials for a cloud. On the platforms " + noCredentials + " there are " +
			"no such credentials, and the field cannot be used.",
	},
	{
		Path: "cpuPartitioningMode", Absent: "None",
		Values: []Value{{Word: "None"}, {Word: "AllNodes", Text: "set cores aside on every machine"}},
		Text:   "Whether cores of the machines can be set aside for the cluster itself. It cannot be turned on later.",
	},
	{
		Path: "osImageStream", Feature: release.OSImageStream, Default: defaultOSImageStream, Values: []Value{{Word: defaultOSImageStream}},
		Text: "Stream of the operating system that the machines run. OKD has one.",
	},
	{
		Path: "proxy", Absent: "the machines reach other networks directly",
		Text: "Proxy that the machines and the cluster use to reach other networks.",
	},
	{
		Path: "proxy.httpProxy", Form: platform.HTTPURL, Secret: true, Example: "http://proxy.example.com:3128",
		Text: "Proxy for http, as a URL with the scheme http. It may hold a user and a password.",
	},
	{
		Path: "proxy.httpsProxy", Form: platform.WebURL, Secret: true, Example: "http://proxy.example.com:3128",
		Text: "Proxy for https, as a URL with the scheme http or https. It may hold a user and a password.",
	},
	{
		Path: "proxy.noProxy", Form: platform.NoProxyList,
		Absent: "only the cluster's own names and networks are reached directly", Example: ".example.com,10.1.0.0/16",
		Text: "Hosts, domains and networks that are reached without the proxy, separated by commas; a domain with a dot in " +
			"front stands for all below it, and * alone for everything. The cluster's own networks and names are added.",
	},
	{
		Path: "imageDigestSources", Absent: "images come from where they are named",
		Text: "Mirrors for images that are named by digest, as those of a release are. One entry for each repository.",
	},
	{
		Path: "imageDigestSources.source", Required: true, Form: platform.Repository, Example: "quay.io/okd/scos-content",
		Text: "Repository as images name it, with its registry and without tag or digest.",
	},
	{
		Path: "imageDigestSources.mirrors", Form: platform.Repository, Example: "[mirror.example.com:5000/okd/content]",
		Text: "Repositories that hold the same images, in the order in which they are tried.",
	},
	{
		Path: "imageDigestSources.sourcePolicy", Absent: "AllowContactingSource",
		Values: []Value{
			{Word: "NeverContactSource", Text: "only the mirrors are asked"},
			{Word: "AllowContactingSource", Text: "the source is tried when no mirror has an image"},
		},
		Text: "Whether the source itself may be asked for an image. Needs mirrors.",
	},
	{
		Path: "imageContentSources", Deprecated: "imageDigestSources",
		Text: "Mirrors, in the form that they had before. Not beside imageDigestSources.",
	},
	{
		Path: "imageContentSources.source", Required: true, Form: platform.Repository, Deprecated: "imageDigestSources.source",
		Text: "Repository as images name it.",
	},
	{
		Path: "imageContentSources.mirrors", Form: platform.Repository, Deprecated: "imageDigestSources.mirrors",
		Text: "Repositories that hold the same images.",
	},
	{
		Path: "capabilities", Absent: "all optional components of the release are installed",
		Text: "Optional components of the cluster. What is left out can be added later; what is in cannot be removed.",
	},
	{
		Path: "capabilities.baselineCapabilitySet", Required: true, Values: valuesOfSets(),
		Text: "Set of components to begin with: None, all of the release (vCurrent), or those that a release had.",
	},
	{
		Path: "capabilities.additionalEnabledCapabilities", Values: valuesOfCapabilities(), Example: "[Ingress, Console]",
		Text: "Components beside those of the set. Ingress always has to be among the two.",
	},
	{
		Path: "featureSet", Absent: "the features that are for everybody",
		Values: []Value{
			{Word: release.TechPreview, Text: "with features that are being tried out; the cluster cannot be upgraded"},
			{Word: release.DevPreview, Text: "with features that are being developed; the cluster cannot be upgraded"},
			{Word: release.CustomSet, Text: "with those that featureGates names; the cluster cannot be upgraded"},
			{Word: release.OKDSet, Feature: release.OKDFeatureSet, Text: "the set of OKD"},
		},
		Text: "Set of features that are turned on beside those that are for everybody. It cannot be taken back.",
	},
	{
		Path: "featureGates", Form: platform.GateSetting, Example: "[ConfigurablePKI=true]",
		Text: "Features to turn on or off one by one, as Name=true or Name=false. Only with featureSet: CustomNoUpgrade.",
	},
	{
		Path: "pki", Feature: release.ConfigurablePKI, Absent: "RSA keys of 2048 bits",
		Text: "Keys of the certificate authorities that okd-install makes.",
	},
	{Path: "pki.signerCertificates", Required: true, Text: "The certificates of the authorities."},
	{Path: "pki.signerCertificates.key", Required: true, Text: "Kind of key that all of them have."},
	{
		Path: "pki.signerCertificates.key.algorithm", Required: true, Values: []Value{{Word: "RSA"}, {Word: "ECDSA"}},
		Text: "Algorithm of the keys. The block with its name in lower case has to be there, and not the other.",
	},
	{Path: "pki.signerCertificates.key.rsa", Text: "What an RSA key is to be."},
	{
		Path: "pki.signerCertificates.key.rsa.keySize", Required: true, Range: platform.Between(minRSA, maxRSA), Example: "4096",
		Text: "Size in bits, a multiple of 1024. Large keys are slow: 2048 or 4096 will do.",
	},
	{Path: "pki.signerCertificates.key.ecdsa", Text: "What an ECDSA key is to be."},
	{
		Path: "pki.signerCertificates.key.ecdsa.curve", Required: true, Values: []Value{{Word: "P256"}, {Word: "P384"}, {Word: "P521"}},
		Text: "Curve of the key.",
	},
	{
		Path: "bootstrapInPlace", Absent: "a bootstrap host brings the cluster up",
		Text: "For a single node that installs itself, without a bootstrap host: create single-node-ignition-config. " +
			"controlPlane.replicas has to be 1.",
	},
	{
		Path: "bootstrapInPlace.installationDisk", Required: true, Form: platform.Disk, Example: "/dev/vda",
		Text: "Disk of the node that the system is installed to. What is on it is lost.",
	},
}

const unusedMetadata = "Accepted, because tools write it, and not used."
