package installconfig

import "github.com/okd-project/okd-install/pkg/installconfig/platform"

// FileName is the one name under which an asset directory holds the
// install-config.
const FileName = "install-config.yaml"

// InstallConfig is the content of install-config.yaml, apiVersion v1. Field
// names and meanings are those of the established installer. Addresses and
// networks stay text, as the user wrote them, until validation has read them;
// a config that Load returned holds them in canonical form.
type InstallConfig struct {
	APIVersion string     `json:"apiVersion"`
	Metadata   ObjectMeta `json:"metadata"`
	BaseDomain string     `json:"baseDomain"`

	AdditionalTrustBundle       string `json:"additionalTrustBundle,omitempty"`
	AdditionalTrustBundlePolicy string `json:"additionalTrustBundlePolicy,omitempty"`
	SSHKey                      string `json:"sshKey,omitempty"`
	PullSecret                  string `json:"pullSecret"`
	FIPS                        bool   `json:"fips,omitempty"`
	Publish                     string `json:"publish,omitempty"`
	CredentialsMode             string `json:"credentialsMode,omitempty"`
	CPUPartitioningMode         string `json:"cpuPartitioningMode,omitempty"`
	OSImageStream               string `json:"osImageStream,omitempty"`

	Networking       *Networking       `json:"networking,omitempty"`
	ControlPlane     *MachinePool      `json:"controlPlane,omitempty"`
	Arbiter          *MachinePool      `json:"arbiter,omitempty"`
	Compute          []MachinePool     `json:"compute,omitempty"`
	Platform         platform.Platform `json:"platform"`
	Proxy            *Proxy            `json:"proxy,omitempty"`
	Capabilities     *Capabilities     `json:"capabilities,omitempty"`
	FeatureSet       string            `json:"featureSet,omitempty"`
	FeatureGates     []string          `json:"featureGates,omitempty"`
	PKI              *PKI              `json:"pki,omitempty"`
	BootstrapInPlace *BootstrapInPlace `json:"bootstrapInPlace,omitempty"`

	ImageDigestSources         []ImageDigestSource         `json:"imageDigestSources,omitempty"`
	OperatorPublishingStrategy *OperatorPublishingStrategy `json:"operatorPublishingStrategy,omitempty"`

	// ImageContentSources is the deprecated form of ImageDigestSources.
	ImageContentSources []ImageContentSource `json:"imageContentSources,omitempty"`
}

// ObjectMeta is Kubernetes' object metadata. Only Name is used; the other
// fields are accepted because tools write them.
type ObjectMeta struct {
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`

	GenerateName               string `json:"generateName,omitempty"`
	SelfLink                   string `json:"selfLink,omitempty"`
	UID                        string `json:"uid,omitempty"`
	ResourceVersion            string `json:"resourceVersion,omitempty"`
	Generation                 int64  `json:"generation,omitempty"`
	CreationTimestamp          string `json:"creationTimestamp,omitempty"`
	DeletionTimestamp          string `json:"deletionTimestamp,omitempty"`
	DeletionGracePeriodSeconds *int64 `json:"deletionGracePeriodSeconds,omitempty"`
	OwnerReferences            []any  `json:"ownerReferences,omitempty"`
	Finalizers                 []any  `json:"finalizers,omitempty"`
	ManagedFields              []any  `json:"managedFields,omitempty"`
}

// Networking describes the cluster's networks. The second block is deprecated:
// conversion copies it into the first and leaves it in place.
type Networking struct {
	NetworkType         string                `json:"networkType,omitempty"`
	MachineNetwork      []MachineNetworkEntry `json:"machineNetwork,omitempty"`
	ClusterNetwork      []ClusterNetworkEntry `json:"clusterNetwork,omitempty"`
	ServiceNetwork      []string              `json:"serviceNetwork,omitempty"`
	ClusterNetworkMTU   uint32                `json:"clusterNetworkMTU,omitempty"`
	OVNKubernetesConfig *OVNKubernetesConfig  `json:"ovnKubernetesConfig,omitempty"`

	Type            string                `json:"type,omitempty"`
	MachineCIDR     string                `json:"machineCIDR,omitempty"`
	ServiceCIDR     string                `json:"serviceCIDR,omitempty"`
	ClusterNetworks []ClusterNetworkEntry `json:"clusterNetworks,omitempty"`
}

// MachineNetworkEntry is a network of the machines themselves.
type MachineNetworkEntry struct {
	CIDR string `json:"cidr"`
}

// ClusterNetworkEntry is a network of the pods. HostPrefix is the prefix length
// of the part that each node gets.
type ClusterNetworkEntry struct {
	CIDR       string `json:"cidr"`
	HostPrefix int32  `json:"hostPrefix,omitempty"`

	// HostSubnetLength is the deprecated form of HostPrefix: address bits minus prefix.
	HostSubnetLength int32 `json:"hostSubnetLength,omitempty"`
}

// OVNKubernetesConfig holds the settings of the OVN-Kubernetes network plug-in.
type OVNKubernetesConfig struct {
	IPv4 *OVNIPv4Config `json:"ipv4,omitempty"`
}

// OVNIPv4Config holds OVN-Kubernetes' own IPv4 ranges.
type OVNIPv4Config struct {
	InternalJoinSubnet string `json:"internalJoinSubnet,omitempty"`
}

// MachinePool is a group of machines with one role: master, worker or arbiter.
type MachinePool struct {
	Name           string        `json:"name"`
	Replicas       *int64        `json:"replicas,omitempty"`
	Platform       platform.Pool `json:"platform"`
	Hyperthreading string        `json:"hyperthreading,omitempty"`
	Architecture   string        `json:"architecture,omitempty"`
	Management     string        `json:"management,omitempty"`
	Fencing        *Fencing      `json:"fencing,omitempty"`
	DiskSetup      []Disk        `json:"diskSetup,omitempty"`
}

// Fencing holds what a two-node control plane needs to power a peer off.
type Fencing struct {
	Credentials []FencingCredential `json:"credentials,omitempty"`
}

// FencingCredential reaches the management controller of one node, named by
// its host name or the MAC address it boots from.
type FencingCredential struct {
	HostName                string `json:"hostName,omitempty"`
	MACAddress              string `json:"macAddress,omitempty"`
	Username                string `json:"username"`
	Password                string `json:"password"`
	Address                 string `json:"address"`
	CertificateVerification string `json:"certificateVerification,omitempty"`
}

// Disk is one entry of a pool's diskSetup; the block that is named like Type is set.
type Disk struct {
	Type        string           `json:"type"`
	UserDefined *DiskUserDefined `json:"userDefined,omitempty"`
	Etcd        *DiskEtcd        `json:"etcd,omitempty"`
	Swap        *DiskSwap        `json:"swap,omitempty"`
}

// DiskUserDefined is a data disk with a mount point of the user's choice.
type DiskUserDefined struct {
	PlatformDiskID string `json:"platformDiskID"`
	MountPath      string `json:"mountPath"`
}

// DiskEtcd is a data disk for etcd.
type DiskEtcd struct {
	PlatformDiskID string `json:"platformDiskID"`
}

// DiskSwap is a data disk for swap space.
type DiskSwap struct {
	PlatformDiskID string `json:"platformDiskID"`
}

// Proxy is the proxy that the cluster uses to reach other networks.
type Proxy struct {
	HTTPProxy  string `json:"httpProxy,omitempty"`
	HTTPSProxy string `json:"httpsProxy,omitempty"`
	NoProxy    string `json:"noProxy,omitempty"`
}

// ImageDigestSource names mirrors for the images of one repository.
type ImageDigestSource struct {
	Source       string   `json:"source"`
	Mirrors      []string `json:"mirrors,omitempty"`
	SourcePolicy string   `json:"sourcePolicy"`
}

// ImageContentSource is the deprecated form of ImageDigestSource.
type ImageContentSource struct {
	Source  string   `json:"source"`
	Mirrors []string `json:"mirrors,omitempty"`
}

// Capabilities selects the optional components of the cluster.
type Capabilities struct {
	BaselineCapabilitySet         string   `json:"baselineCapabilitySet,omitempty"`
	AdditionalEnabledCapabilities []string `json:"additionalEnabledCapabilities,omitempty"`
}

// OperatorPublishingStrategy splits publishing for publish: Mixed.
type OperatorPublishingStrategy struct {
	APIServer string `json:"apiserver,omitempty"`
	Ingress   string `json:"ingress,omitempty"`
}

// PKI selects the keys of the certificate authorities that the installer makes.
type PKI struct {
	SignerCertificates SignerCertificates `json:"signerCertificates"`
}

// SignerCertificates holds the key of every signer.
type SignerCertificates struct {
	Key Key `json:"key"`
}

// Key is an algorithm with its one parameter.
type Key struct {
	Algorithm string    `json:"algorithm"`
	RSA       *RSAKey   `json:"rsa,omitempty"`
	ECDSA     *ECDSAKey `json:"ecdsa,omitempty"`
}

// RSAKey gives the size of an RSA key in bits.
type RSAKey struct {
	KeySize int32 `json:"keySize"`
}

// ECDSAKey names the curve of an ECDSA key: P256, P384 or P521.
type ECDSAKey struct {
	Curve string `json:"curve"`
}

// BootstrapInPlace makes a single node install itself without a bootstrap host.
type BootstrapInPlace struct {
	InstallationDisk string `json:"installationDisk"`
}
