package manifests

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

// Row is a manifest that okd-install makes. Its text stands in data/manifests.
type Row struct {
	// File is the path, in the asset directory as in data/manifests. ROLE stands
	// for each machine role, NUMBER for each of several alike.
	File string
	// Is says what the file is, as the end of a sentence that begins with its name.
	Is string
	// Sources name what of Inputs the content comes from, as okd-install graph does.
	Sources []string
	// Fields are those of the install-config that the content says, or that decide
	// on whether there is a file; "all" is the whole.
	Fields []string
	// When says in which case it is made, as the end of a sentence that begins with
	// "made"; empty is always.
	When string
	// OnHost names the sources of what BootstrapFiles adds. A file that is HostOnly
	// stands in bootstrap.ign but not in the asset directory.
	OnHost   []string
	HostOnly bool
	// Secret has the bootstrap host keep the file from all but root. The others are
	// readable there, as the established installer has them.
	Secret bool

	fill filler
}

// The sources.
const (
	fromConfig     = "cluster-config"
	fromRelease    = "release"
	fromIdentity   = "cluster-id"
	fromPlatform   = "platform"
	fromRootCA     = "root-ca"
	fromServing    = "machine-config-server"
	fromPassword   = "kubeadmin-password"
	fromPointers   = "pointer-configs"
	fromEdited     = "edited-pointer-configs"
	fromProvenance = "provenance"
)

// Table lists every manifest, in the order of their paths. To add one, write its
// file and its row, and run make golden.
var Table = []Row{
	{
		File: "manifests/cloud-provider-config.yaml", Is: "what the cloud controller manager is told about the cloud",
		Sources: []string{fromPlatform}, Fields: []string{"platform"}, When: "if the platform is a cloud", fill: once(cloudConfig),
	},
	{
		File: clusterConfigFile, Is: "the install-config, without its pull secret",
		Sources: []string{fromConfig, fromPlatform}, Fields: []string{"all"}, fill: once(clusterConfig),
	},
	{
		File: dnsFile, Is: "the cluster's domain",
		Sources: []string{fromConfig}, Fields: []string{"metadata.name", "baseDomain"}, fill: once(dns),
	},
	{
		File: InfrastructureFile, Is: "the platform, the addresses of the API, and how many machines may fail",
		Sources: []string{fromConfig, fromIdentity, fromPlatform},
		Fields:  []string{"metadata.name", "baseDomain", "platform", "controlPlane", "arbiter", "compute", "cpuPartitioningMode"},
		fill:    once(infrastructure),
	},
	{
		File: ingressFile, Is: "the domain of applications",
		Sources: []string{fromConfig, fromPlatform}, Fields: []string{"metadata.name", "baseDomain", "platform", "controlPlane"},
		fill: once(ingress),
	},
	{
		File: networkFile, Is: "the networks of pods and services",
		Sources: []string{fromConfig}, Fields: []string{"networking.clusterNetwork", "networking.serviceNetwork", "networking.networkType"},
		fill: once(network),
	},
	{
		File: ovnFile, Is: "the settings of OVN-Kubernetes",
		Sources: []string{fromConfig},
		Fields:  []string{"networking.ovnKubernetesConfig", "networking.clusterNetwork", "networking.serviceNetwork"},
		When:    "if networking.ovnKubernetesConfig.ipv4.internalJoinSubnet is set", fill: once(ovnKubernetes),
	},
	{
		File: "manifests/cluster-pki-02-config.yaml", Is: "the kind of key that the cluster's own certificates have",
		Sources: []string{fromConfig, fromRelease}, Fields: []string{"pki", "featureSet", "featureGates"},
		When: "if the feature gate ConfigurablePKI is on", fill: once(pki),
	},
	{
		File: proxyFile, Is: "the proxy of the cluster",
		Sources: []string{fromConfig},
		Fields:  append([]string{"additionalTrustBundle", "additionalTrustBundlePolicy"}, installconfig.NoProxyFields...),
		fill:    once(proxy),
	},
	{
		File: schedulerFile, Is: "whether the control plane takes workloads",
		Sources: []string{fromConfig}, Fields: []string{"compute"}, fill: once(scheduler),
	},
	{
		File: clusterVersionFile, Is: "the cluster's ID and update channel, and what its operator leaves alone while it comes up",
		Sources: []string{fromConfig, fromIdentity}, Fields: []string{"capabilities"}, OnHost: []string{"environment"},
		fill: once(clusterVersion),
	},
	{
		File: contentSourcesFile, Is: "the mirrors to pull images from",
		Sources: []string{fromConfig}, Fields: []string{"imageContentSources"},
		When: "if imageContentSources has entries", fill: once(contentSources),
	},
	{
		File: digestSourcesFile, Is: "the mirrors to pull images from",
		Sources: []string{fromConfig}, Fields: []string{"imageDigestSources"},
		When: "if imageDigestSources has entries", fill: once(digestSources),
	},
	{
		File: "manifests/kube-cloud-config.yaml", Is: "an empty cloud configuration, which the kube-controller-manager asks for",
		fill: once(constant),
	},
	{
		File: "manifests/kube-system-configmap-root-ca.yaml", Is: "the root authority",
		Sources: []string{fromRootCA}, fill: once(rootCA),
	},
	{
		File: "manifests/machine-config-server-ca-configmap.yaml", Is: "the root authority, for machines that fetch their configuration",
		Sources: []string{fromRootCA}, fill: once(rootCA),
	},
	{
		File: "manifests/machine-config-server-ca-secret.yaml", Is: "the root authority and its key, for the machine-config server",
		Sources: []string{fromRootCA}, fill: once(serverAuthority),
	},
	{
		File: "manifests/machine-config-server-tls-secret.yaml", Is: "the machine-config server's certificate and key",
		Sources: []string{fromServing}, fill: once(serverCertificate),
	},
	{
		File: pullSecretFile, Is: "the pull secret",
		Sources: []string{fromConfig}, Fields: []string{"pullSecret"}, fill: once(pullSecret),
	},
	{
		File: "manifests/user-ca-bundle-config.yaml", Is: "authorities that the cluster is to trust",
		Sources: []string{fromConfig}, Fields: []string{"additionalTrustBundle"},
		When: "if additionalTrustBundle is set", fill: once(userTrustBundle),
	},
	{
		File: featureGateFile, Is: "the feature set and the feature gates",
		Sources: []string{fromConfig}, Fields: []string{"featureSet", "featureGates"}, fill: once(featureGate),
	},
	{
		File: "openshift/99_kubeadmin-password-secret.yaml", Is: "the hash of kubeadmin's password",
		Sources: []string{fromPassword}, fill: once(kubeadmin),
	},
	{
		File: "openshift/99_openshift-cluster-api_ROLE-user-data-secret.yaml", Is: "the pointer config of machines that the cluster adds",
		Sources: []string{fromPointers, fromPlatform}, Fields: []string{"platform"}, fill: eachRole(userData),
	},
	{
		File: fencingFile, Is: "the credentials to power off a control plane machine",
		Sources: []string{fromConfig}, Fields: []string{"controlPlane.fencing"},
		When: "if controlPlane.fencing is set", Secret: true, fill: fencing,
	},
	{
		File: installerIgnitionFile, Is: "what was added to a <role>.ign, as a MachineConfig",
		Sources: []string{fromEdited}, When: "if <role>.ign was edited", HostOnly: true, // InstallerIgnition fills it
	},
	{
		File: machineConfigPrefix + "99-ROLE-disable-hyperthreading.yaml", Is: "a MachineConfig that turns off simultaneous multithreading",
		Sources: []string{fromConfig}, Fields: []string{"controlPlane.hyperthreading", "compute.hyperthreading", "arbiter.hyperthreading"},
		When: "if hyperthreading of the pool is Disabled", fill: machineConfig(withoutHyperthreading),
	},
	{
		File: machineConfigPrefix + "99-ROLE-fips.yaml", Is: "a MachineConfig that turns on FIPS mode",
		Sources: []string{fromConfig}, Fields: []string{"fips"}, When: "if fips is true", fill: machineConfig(withFIPS),
	},
	{
		File: machineConfigPrefix + "99-ROLE-ssh.yaml", Is: "a MachineConfig with your SSH keys",
		Sources: []string{fromConfig}, Fields: []string{"sshKey"}, When: "if sshKey is set", fill: eachRole(sshKeys),
	},
	{
		File: machineConfigPrefix + "99-dual-stack-ROLE.yaml", Is: "a MachineConfig by which machines ask for IPv4 and IPv6 addresses",
		Sources: []string{fromConfig}, Fields: []string{"networking.serviceNetwork"},
		When: "if networking.serviceNetwork has two entries", fill: machineConfig(dualStack),
	},
	{
		File: StampFile, Is: "which program made the manifests",
		Sources: []string{fromProvenance}, fill: once(provenance),
	},
}

// Find is the row of a file of the asset directory or, below /opt/openshift, of
// the bootstrap host. There is none for a file that a user added.
func Find(name string) (Row, bool) {
	i := slices.IndexFunc(Table, func(r Row) bool { return r.names(name) })
	if i < 0 {
		return Row{}, false
	}
	return Table[i], true
}

// SecretFiles are patterns, as path.Match has them, of the files below /opt/openshift that
// only root may read: those of the rows that are Secret, and what users call alike.
func SecretFiles() (patterns []string) {
	for _, r := range Table {
		if r.Secret {
			before, _, _ := strings.Cut(r.File, cmp.Or(r.standIn(), path.Ext(r.File)))
			patterns = append(patterns, before+"*")
		}
	}
	return patterns
}

// names reports whether a file may be one of the row's.
func (r Row) names(name string) bool {
	standIn := r.standIn()
	if standIn == "" {
		return name == r.File
	}
	before, after, _ := strings.Cut(r.File, standIn)
	rest, begins := strings.CutPrefix(name, before)
	stands, ends := strings.CutSuffix(rest, after)
	if !begins || !ends || stands == "" {
		return false
	}
	if standIn == numbered {
		return strings.Trim(stands, "0123456789") == ""
	}
	return slices.Contains(roles, stands)
}

// The stand-ins of names in a row's File.
const (
	forRole  = "ROLE"
	numbered = "NUMBER"
)

func (r Row) standIn() string {
	for _, standIn := range []string{forRole, numbered} {
		if strings.Contains(r.File, standIn) {
			return standIn
		}
	}
	return ""
}

// filler gives the values for each file of a row; none where the install-config
// does not ask for one.
type filler func(Inputs) ([]filled, error)

// filled is one file of a row: what stands for the stand-in of its name, and what
// fills it.
type filled struct {
	name   string
	values values
}

// make makes the files of a row, by their paths.
func (r Row) make(in Inputs, add func(path string, o object) error) error {
	if r.fill == nil {
		return nil
	}
	files, err := r.fill(in)
	if err != nil {
		return err
	}
	for _, f := range files {
		o, err := fill(r.File, f.values)
		if err != nil {
			return err
		}
		file := r.File
		if standIn := r.standIn(); standIn != "" {
			file = strings.Replace(file, standIn, f.name, 1)
		}
		if err := add(file, o); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// once is for a row with one file; it is not made where there are no values.
func once(f func(Inputs) (values, error)) filler {
	return func(in Inputs) ([]filled, error) {
		v, err := f(in)
		if v == nil || err != nil {
			return nil, err
		}
		return []filled{{values: v}}, nil
	}
}

// eachRole is for a row with a file for each role; there is none for a role
// without values.
func eachRole(f func(in Inputs, role string) (values, error)) filler {
	return func(in Inputs) (files []filled, err error) {
		for _, role := range Roles(in.Config) {
			v, err := f(in, role)
			if err != nil {
				return nil, err
			}
			if v != nil {
				files = append(files, filled{role, v})
			}
		}
		return files, nil
	}
}

// constant fills a file that has no places.
func constant(Inputs) (values, error) { return values{}, nil }
