package installconfig

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// ClusterDomain is the name under which the cluster is found in the DNS:
// metadata.name and baseDomain, without a dot at the end.
func (c InstallConfig) ClusterDomain() string {
	return c.Metadata.Name + "." + strings.TrimSuffix(c.BaseDomain, ".")
}

// ComputeReplicas is the number of machines in all compute pools.
func (c InstallConfig) ComputeReplicas() int64 {
	var sum int64
	for _, p := range c.Compute {
		if n := replicas(&p); n > math.MaxInt64-sum {
			return math.MaxInt64
		} else if n > 0 {
			sum += n
		}
	}
	return sum
}

// replicas is the number of machines of a pool, which may be nil.
func replicas(p *MachinePool) int64 {
	if p == nil || p.Replicas == nil {
		return 0
	}
	return *p.Replicas
}

// ServiceIPs are the addresses of the Kubernetes API inside of the cluster: the
// first address of each service network, such as 172.30.0.1.
func (c InstallConfig) ServiceIPs() []string {
	if c.Networking == nil {
		return nil
	}
	var ips []string
	for _, cidr := range c.Networking.ServiceNetwork {
		if p, err := netip.ParsePrefix(cidr); err == nil {
			ips = append(ips, p.Masked().Addr().Next().String())
		}
	}
	return ips
}

// DualStack reports whether services have addresses of both families.
func (c InstallConfig) DualStack() bool {
	if c.Networking == nil {
		return false
	}
	var v4, v6 bool
	for _, cidr := range c.Networking.ServiceNetwork {
		if p, err := netip.ParsePrefix(cidr); err == nil {
			v4, v6 = v4 || p.Addr().Is4(), v6 || p.Addr().Is6()
		}
	}
	return v4 && v6
}

// SSHKeys are the keys of sshKey, in their order, each once.
func (c InstallConfig) SSHKeys() []string {
	var keys []string
	for line := range strings.Lines(c.SSHKey) {
		if key := strings.TrimSpace(line); key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}
