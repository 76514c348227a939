package installconfig

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/pemfile"
	"github.com/okd-project/okd-install/pkg/release"
)

// PublicPullSecret stands in for a pull secret that the user does not have: all
// images of OKD are public, but components insist on a secret with an entry.
const PublicPullSecret = `{"auths":{"fake":{"auth":"` + publicAuth + `"}}}`

// publicAuth is base64 of a user and a password that nobody has.
const publicAuth = "aWQ6cGFzcwo="

// What a field is when the user says nothing.
const (
	defaultMachineNetwork = "10.0.0.0/16"
	defaultClusterNetwork = "10.128.0.0/14"
	defaultHostPrefix     = 23
	defaultServiceNetwork = "172.30.0.0/16"
	defaultReplicas       = 3
	defaultArchitecture   = "amd64"
	defaultOSImageStream  = "centos-10"
)

// complete fills in what the user left out, and brings addresses into canonical
// form. A list that the user gave is never added to, except that there is always
// a worker pool.
func complete(c *InstallConfig, o Options, f *findings) {
	completeNetworking(c, f)
	completePools(c, f)
	completePlatform(&c.Platform, f)
	setDefault(&c.AdditionalTrustBundlePolicy, "Proxyonly")
	c.AdditionalTrustBundle = string(pemfile.Unix([]byte(c.AdditionalTrustBundle)))
	setDefault(&c.Publish, "External")
	if o.Release.Has(release.OSImageStream) {
		setDefault(&c.OSImageStream, defaultOSImageStream)
	}
	if !f.given("pullSecret") && c.PullSecret == "" {
		c.PullSecret = PublicPullSecret
		f.note("pullSecret", "is absent: OKD's public one is used, which is enough for the images of OKD", "")
	}
	if s := c.OperatorPublishingStrategy; s != nil {
		setDefault(&s.APIServer, "External")
		setDefault(&s.Ingress, "External")
	}
	for i, gate := range c.FeatureGates {
		if name, on, ok := parseGate(gate); ok {
			c.FeatureGates[i] = name + "=" + strconv.FormatBool(on)
		}
	}
	if c.FIPS && o.SkipHostCryptCheck && !o.FIPSHost {
		if c.Metadata.Annotations == nil {
			c.Metadata.Annotations = map[string]string{}
		}
		c.Metadata.Annotations[hostCryptBypassed] = "true"
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func completeNetworking(c *InstallConfig, f *findings) {
	if c.Networking == nil {
		c.Networking = &Networking{}
	}
	n := c.Networking
	setDefault(&n.NetworkType, ovnKubernetes)
	if len(n.MachineNetwork) == 0 && !f.isBroken("networking.machineNetwork") {
		n.MachineNetwork = []MachineNetworkEntry{{CIDR: defaultMachineNetwork}}
		if c.Proxy != nil {
			f.warn("networking.machineNetwork", "is the default "+defaultMachineNetwork+", and only machines in it are reached without the proxy",
				"give the network that the machines are in")
		}
	}
	if len(n.ClusterNetwork) == 0 && !f.isBroken("networking.clusterNetwork") && !f.isBroken("networking.clusterNetworks") {
		n.ClusterNetwork = []ClusterNetworkEntry{{CIDR: defaultClusterNetwork, HostPrefix: defaultHostPrefix}}
	}
	if len(n.ServiceNetwork) == 0 && !f.isBroken("networking.serviceNetwork") {
		n.ServiceNetwork = []string{defaultServiceNetwork}
	}
	for i := range n.MachineNetwork {
		canonicalCIDR(&n.MachineNetwork[i].CIDR)
	}
	for i := range n.ClusterNetwork {
		canonicalCIDR(&n.ClusterNetwork[i].CIDR)
	}
	for i := range n.ServiceNetwork {
		canonicalCIDR(&n.ServiceNetwork[i])
	}
	for i := range n.ClusterNetworks {
		canonicalCIDR(&n.ClusterNetworks[i].CIDR)
	}
	canonicalCIDR(&n.MachineCIDR)
	canonicalCIDR(&n.ServiceCIDR)
	if o := n.OVNKubernetesConfig; o != nil && o.IPv4 != nil {
		canonicalCIDR(&o.IPv4.InternalJoinSubnet)
	}
}

// canonicalCIDR rewrites a network if it can be read; validation reports the others.
func canonicalCIDR(cidr *string) {
	if p, err := netip.ParsePrefix(*cidr); err == nil {
		*cidr = p.String()
	}
}

func completePools(c *InstallConfig, f *findings) {
	if c.ControlPlane == nil {
		c.ControlPlane = &MachinePool{}
	}
	forceName(c.ControlPlane, "controlPlane", "master", f)
	completePool(c.ControlPlane, defaultReplicas)
	if c.Arbiter != nil {
		forceName(c.Arbiter, "arbiter", "arbiter", f)
		completePool(c.Arbiter, 0)
	}
	if !slices.ContainsFunc(c.Compute, func(p MachinePool) bool { return p.Name == "worker" }) && !f.isBroken("compute") {
		if f.given("compute") && len(c.Compute) == 0 {
			f.warn("compute", "is empty, so that there will be the default pool of "+strconv.Itoa(defaultReplicas)+" workers",
				"for a cluster without workers, list a pool with name: worker and replicas: 0")
		}
		c.Compute = append(c.Compute, MachinePool{Name: "worker"})
	}
	for i := range c.Compute {
		completePool(&c.Compute[i], defaultReplicas)
	}
	if fencing := c.ControlPlane.Fencing; fencing != nil {
		for i := range fencing.Credentials {
			mac := &fencing.Credentials[i].MACAddress
			if parsed, err := net.ParseMAC(*mac); err == nil {
				*mac = strings.ToLower(parsed.String())
			}
		}
	}
}

func forceName(p *MachinePool, path, name string, f *findings) {
	if p.Name != "" && p.Name != name {
		f.warn(path+".name", "is always "+name+", not "+strconv.Quote(shorten(p.Name)), "write "+name+", or leave it out")
	}
	p.Name = name
}

func completePool(p *MachinePool, replicas int64) {
	if p.Replicas == nil {
		p.Replicas = &replicas
	}
	setDefault(&p.Hyperthreading, "Enabled")
	setDefault(&p.Architecture, defaultArchitecture)
}

func completePlatform(p *platform.Platform, f *findings) {
	if spec, ok := platform.Find(p.Name); ok && spec.Complete != nil {
		spec.Complete(p.Config, func(path, detail, hint string) {
			f.warn(under(under("platform", p.Name), path), detail, hint)
		})
	}
}
