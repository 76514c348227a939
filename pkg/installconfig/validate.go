package installconfig

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// hostCryptBypassed marks a cluster whose files were made for FIPS on a host without it.
const hostCryptBypassed = "install.openshift.io/hostcrypt-check-bypassed"

// validate reports all that cannot work in a complete config.
func validate(c *InstallConfig, o Options, f *findings) {
	spec := validatePlatform(c, f)
	validateRows(c, f)
	validateNames(c, spec, f)
	validateNetworking(c, spec, f)
	validatePools(c, spec, f)
	validateFencing(c, spec, f)
	validateBootstrapInPlace(c, spec, f)
	validateProxy(c, f)
	auths := validatePullSecret(c, f)
	validateMirrors(c, auths, f)
	validateTrustBundle(c, f)
	validateSSHKey(c, f)
	validateFeatures(c, f)
	validatePKI(c, f)
	validateCapabilities(c, spec, o, f)
	validatePublishing(c, spec, f)
	validateModes(c, spec, f)
	validateHostCrypt(c, o, f)
	if o.ClusterProfile != "" {
		f.warnings = append(f.warnings, clusterProfileWarning(o.ClusterProfile))
	}
}

// validatePlatform returns the row of the cluster's platform, or an empty row
// that forbids nothing if the platform itself is wrong.
func validatePlatform(c *InstallConfig, f *findings) *platform.Spec {
	spec, ok := platform.Find(c.Platform.Name)
	if !ok {
		f.fail("platform", "names no platform", "write platform: and below it, indented, one of "+diag.Or(eachEmpty(platform.Names())))
		return nil
	}
	if spec.Validate != nil {
		cluster := platform.Cluster{
			Name:            c.Metadata.Name,
			Domain:          c.ClusterDomain(),
			MachineNetworks: machineCIDRs(c),
			ControlPlane:    replicas(c.ControlPlane),
			Compute:         c.ComputeReplicas(),
		}
		spec.Validate(c.Platform.Config, cluster, func(path, detail, hint string) {
			f.fail(under(under("platform", spec.Name), path), detail, hint)
		})
	}
	return &spec
}

func eachEmpty(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name + ": {}"
	}
	return out
}

func validateBootstrapInPlace(c *InstallConfig, spec *platform.Spec, f *findings) {
	b := c.BootstrapInPlace
	if b == nil {
		return
	}
	const disk = "bootstrapInPlace.installationDisk"
	switch {
	case b.InstallationDisk == "":
		f.fail(disk, "is missing: the node would not know where to install itself", "name a disk, such as /dev/vda or /dev/disk/by-id/wwn-0x…")
	case !strings.HasPrefix(b.InstallationDisk, "/") || strings.HasSuffix(b.InstallationDisk, "/") ||
		strings.ContainsAny(b.InstallationDisk, " \t\n"):
		f.fail(disk, strconv.Quote(shorten(b.InstallationDisk))+" is not the absolute path of a disk",
			"name a disk, such as /dev/vda or /dev/disk/by-id/wwn-0x…")
	}
	if n := replicas(c.ControlPlane); n != 1 && !f.isBroken("controlPlane.replicas") {
		f.fail("bootstrapInPlace", fmt.Sprintf("is for one control plane node, but controlPlane.replicas is %d", n),
			"set controlPlane.replicas to 1, or remove bootstrapInPlace and use a bootstrap host")
	}
	if c.Arbiter != nil {
		f.fail("bootstrapInPlace", "cannot be combined with an arbiter", "remove one of the two")
	}
	// Workers can join the node once it has installed itself, so this works for
	// those who have them ready. Most have not, and wait for ever.
	if n := c.ComputeReplicas(); n > 0 && !f.isBroken("compute") {
		f.warn("bootstrapInPlace", "is used with "+diag.Count(n, "worker")+
			": the node takes no workloads, and the installation completes only when they have joined",
			"for a single node, list a compute pool with name: worker and replicas: 0")
	}
	if spec != nil && !spec.SingleNode {
		f.fail("bootstrapInPlace", "cannot be used on platform "+spec.Name, "remove it")
	}
}

func validatePublishing(c *InstallConfig, spec *platform.Spec, f *findings) {
	allowed := []string{"External"}
	if spec != nil {
		allowed = append(allowed, spec.Publish...)
	}
	if !slices.Contains(allowed, c.Publish) && f.allows("publish", c.Publish) {
		on := "this platform"
		if spec != nil {
			on = "platform " + spec.Name
		}
		f.fail("publish", c.Publish+" cannot be used on "+on, "remove it: who reaches the cluster is decided by your DNS and load balancers")
	} else {
		f.oneOf("publish", c.Publish, allowed...)
	}
	s := c.OperatorPublishingStrategy
	if s == nil {
		return
	}
	const path = "operatorPublishingStrategy"
	if c.Publish != "Mixed" && !f.isBroken("publish") {
		f.fail(path, "can only be given with publish: Mixed", "remove it")
	}
	f.word(path+".apiserver", s.APIServer)
	f.word(path+".ingress", s.Ingress)
	if c.Publish == "Mixed" && s.APIServer == "Internal" && s.Ingress == "Internal" {
		f.fail(path, "makes both internal", "use publish: Internal instead")
	}
}

// validateModes checks the fields that hold one word.
func validateModes(c *InstallConfig, spec *platform.Spec, f *findings) {
	f.word("additionalTrustBundlePolicy", c.AdditionalTrustBundlePolicy)
	if c.OSImageStream != "" {
		f.word("osImageStream", c.OSImageStream)
	}
	if c.CPUPartitioningMode != "" {
		f.word("cpuPartitioningMode", c.CPUPartitioningMode)
	}
	if c.CredentialsMode == "" || spec == nil {
		return
	}
	if len(spec.CredentialsModes) == 0 {
		f.fail("credentialsMode", "cannot be used on platform "+spec.Name, "remove it: there are no cloud credentials on this platform")
		return
	}
	f.oneOf("credentialsMode", c.CredentialsMode, spec.CredentialsModes...)
}

func validateHostCrypt(c *InstallConfig, o Options, f *findings) {
	switch {
	case !c.FIPS || o.FIPSHost:
	case o.SkipHostCryptCheck:
		f.warn("fips", "the certificates and keys are made on a host that is not in FIPS mode", "")
	default:
		f.fail("fips", "true needs a host in FIPS mode, and a build of okd-install for it, to make the cluster's keys on",
			"remove fips, or set OPENSHIFT_INSTALL_SKIP_HOSTCRYPT_VALIDATION=true if keys made on this host will do")
	}
}
