package analyze

import "slices"

// Stage is a row of the table of stages.
type Stage struct {
	Service, Name string
	// Since and Until are the first and the last release line that has it; empty means
	// all from 4.16 on.
	Since, Until string
	// Does is what the stage does, in a few words.
	Does string
	// Optional says that the host goes on if the stage fails.
	Optional bool
	// InPlace says that only a node that installs itself has the stage, Host that only a
	// bootstrap host has it.
	InPlace, Host bool
	// Gated says that only a host with konnectivity has it, which comes with features that
	// are off by default.
	Gated bool
	// Causes are what it usually fails of, if nothing in the bundle says why.
	Causes []string
}

// stages is the table, in the order in which the stages come. A row without a name is
// for a service that records no stage.
var stages = []Stage{
	{Service: nodeImage, Since: "4.19", Does: "brings kubelet, CRI-O and oc to the host, from the node image of the release", Causes: []string{"registry-unreachable", "dns", "clock"}},
	{Service: "release-image", Name: "pull-release-image", Does: "fetches the release image", Causes: []string{"registry-unreachable", "dns", "registry-refuses"}},
	{Service: "release-image", Name: "image-metadata-arches-match", Does: "compares the architecture of the release with the host's", Causes: []string{"architecture"}},
	{Service: "release-image-pivot", Name: "pull-okd-os-image", Until: "4.18", Does: "fetches the node image", Causes: []string{"registry-unreachable", "registry-refuses"}},
	{Service: "release-image-pivot", Name: "rebase-to-okd-os-image", Until: "4.18",
		Does: "switches the host from Fedora CoreOS to the node image", Causes: []string{"live-pivot", "secure-boot", "ext4"}},
	{Service: "crio-configure", Does: "points CRI-O at the release's pause image", Causes: []string{"registry-unreachable"}},
	{Service: "kubelet", Does: "runs the static pods of the temporary control plane", Causes: []string{"disk-full", "no-tools"}},
	{Service: bootkube, Name: "openshift-manifests", Does: "puts the manifests together", Causes: []string{"disk-full"}},
	{Service: bootkube, Name: "api-bootstrap", Does: "renders the API's own definitions", Causes: []string{"mixed-release", "bad-manifest"}},
	{Service: bootkube, Name: "auth-api-bootstrap", Since: "4.19", Does: "renders the definitions of authentication", Causes: []string{"mixed-release"}},
	{Service: bootkube, Name: "config-bootstrap", Does: "renders the cluster's configuration", Causes: []string{"bad-manifest", "mixed-release"}},
	{Service: bootkube, Name: "cvo-bootstrap", Does: "renders the cluster-version operator", Causes: []string{"mixed-release"}},
	{Service: bootkube, Name: "etcd-bootstrap", Does: "renders etcd", Causes: []string{"machine-network", "mixed-release"}},
	{Service: bootkube, Name: "konnectivity-certs", Since: "5.0", Gated: true, Host: true, Does: "makes the certificates of konnectivity", Causes: []string{"no-tools"}},
	{Service: bootkube, Name: "konnectivity-server-bootstrap", Since: "5.0", Gated: true, Host: true, Does: "starts the konnectivity server", Causes: []string{"port-in-use"}},
	{Service: bootkube, Name: "kube-apiserver-bootstrap", Does: "renders the API server", Causes: []string{"mixed-release", "clock"}},
	{Service: bootkube, Name: "kube-controller-manager-bootstrap", Does: "renders the controller manager", Causes: []string{"mixed-release"}},
	{Service: bootkube, Name: "kube-scheduler-bootstrap", Does: "renders the scheduler", Causes: []string{"mixed-release"}},
	{Service: bootkube, Name: "ingress-operator-bootstrap", Does: "renders the ingress operator", Causes: []string{"mixed-release"}},
	{Service: bootkube, Name: "node-tuning-bootstrap", Does: "renders the node tuning", Causes: []string{"mixed-release", "bad-manifest"}},
	{Service: bootkube, Name: "cmdbootline-nto-bootstrap", InPlace: true, Does: "renders the kernel arguments of the node", Causes: []string{"mixed-release"}}, //nolint:misspell // the stage is called so
	{Service: bootkube, Name: "mco-bootstrap", Does: "renders the machines' configuration, and starts the machine config server",
		Causes: []string{"bad-machine-config", "mixed-release"}},
	{Service: bootkube, Name: "resolve-api-url", Optional: true, Does: "looks up the API's name", Causes: []string{"dns-api"}},
	{Service: bootkube, Name: "resolve-api-int-url", Optional: true, Does: "looks up the internal API's name", Causes: []string{"dns-api"}},
	{Service: bootkube, Name: "cco-bootstrap", Does: "renders the cloud-credential operator", Causes: []string{"mixed-release"}},
	{Service: bootkube, Name: "wait-for-etcd", Does: "waits for the temporary etcd", Causes: []string{"slow-disk", "machine-network", "clock"}},
	{Service: bootkube, Name: "konnectivity-agent-manifest", Since: "5.0", Gated: true, Host: true, Does: "adds the konnectivity agents to the manifests", Causes: []string{"no-tools"}},
	{Service: bootkube, Name: "cb-bootstrap", Does: "starts the temporary control plane and waits for the real one", Causes: []string{"no-machine-asked", "load-balancer", "slow-disk"}},
	{Service: bootkube, Name: "cvo-overrides", Host: true, Does: "returns its overrides to the cluster-version operator",
		Causes: []string{"load-balancer", "slow-disk"}},
	{Service: bootkube, Name: "stop-etcd", InPlace: true, Does: "stops etcd, to copy its data to the disk", Causes: []string{"slow-disk"}},
	{Service: bootkube, Name: "master-ignition", InPlace: true, Does: "makes the config with which the node boots from its disk",
		Causes: []string{"bad-machine-config", "disk-full"}},
	{Service: bootkube, Name: "wait-for-ceo", Host: true, Does: "waits until the cluster's own etcd runs", Causes: []string{"no-nodes", "slow-disk", "load-balancer"}},
	{Service: bootkube, Name: "check-api-url", Optional: true, Does: "asks the API through its name", Causes: []string{"load-balancer", "dns-api"}},
	{Service: bootkube, Name: "check-api-int-url", Optional: true, Does: "asks the API through its internal name", Causes: []string{"load-balancer", "dns-api"}},
	{Service: bootkube, Name: "konnectivity-cleanup", Since: "5.0", Gated: true, Host: true, Does: "removes konnectivity",
		Causes: []string{"load-balancer"}},
	{Service: progress, Name: "wait-for-bootstrap-complete", Host: true, Does: "waits until bootkube is done", Causes: []string{"no-nodes"}},
	{Service: progress, Name: "report-bootstrap-complete", Host: true, Does: "reports that the host is no longer needed",
		Causes: []string{"load-balancer"}},
	{Service: "install-to-disk", Name: "wait-for-bootkube", InPlace: true, Does: "waits until bootkube is done", Causes: []string{"slow-disk"}},
	{Service: "install-to-disk", Name: "coreos-installer", InPlace: true, Does: "writes the node to its disk", Causes: []string{"installation-disk", "disk-full"}},
}

// Names of services that are spoken of more than once.
const (
	nodeImage = "node-image"
	bootkube  = "bootkube"
	progress  = "progress"
	// machines stands for what is no service of the bootstrap host.
	machines = "control-plane"
)

// stageOf returns the row of a stage. A stage that is not in the table, of a release to
// come, is said to be a stage and no more; false tells.
func stageOf(service, name string) (Stage, bool) {
	if service == machines {
		return Stage{Service: service, Does: "the machines of the control plane join the cluster"}, true
	}
	for _, s := range stages {
		if s.Service == service && s.Name == name {
			return s, true
		}
	}
	for _, s := range stages {
		if s.Service == service && name == "" {
			return Stage{Service: service, Does: "begins its work", Causes: []string{"clock", "no-tools"}}, true
		}
	}
	return Stage{Service: service, Name: name, Does: "is a stage that this version of okd-install does not know"}, false
}

// sequence lists the services in the order in which they come.
func sequence() []string {
	var names []string
	for _, s := range stages {
		if !slices.Contains(names, s.Service) {
			names = append(names, s.Service)
		}
	}
	return names
}
