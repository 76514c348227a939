package installconfig

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// NoWorkers is what is said of compute without machines. It holds unless a
// Scheduler among the manifests closes the control plane to workloads.
const NoWorkers = "has no machines: the control plane nodes take the workloads, and the ingress routers with them"

func validatePools(c *InstallConfig, spec *platform.Spec, f *findings) {
	validateControlPlane(c, spec, f)
	validatePool(c.ControlPlane, "controlPlane", spec, f)
	if c.Arbiter != nil {
		validateArbiter(c, f)
		validatePool(c.Arbiter, "arbiter", spec, f)
		forbidFencing(c.Arbiter, "arbiter", f)
		validateSameArchitecture(c, c.Arbiter, "arbiter", spec, f, f.warn) // as the established installer takes it
	}
	seen := map[string]bool{}
	for i := range c.Compute {
		p, path := &c.Compute[i], item("compute", i)
		validateComputeName(p.Name, path+".name", seen, f)
		validatePool(p, path, spec, f)
		forbidFencing(p, path, f)
		validateSameArchitecture(c, p, path, spec, f, f.fail)
	}
	negative := slices.ContainsFunc(c.Compute, func(p MachinePool) bool { return replicas(&p) < 0 })
	if c.ComputeReplicas() == 0 && !negative && replicas(c.ControlPlane) > 1 && !f.isBroken("compute") {
		f.warn("compute", NoWorkers, "point the load balancer's ports 80 and 443 to the control plane nodes")
	}
}

// validateSameArchitecture compares a pool with the control plane, and tells a
// difference by say.
func validateSameArchitecture(
	c *InstallConfig, p *MachinePool, path string, spec *platform.Spec, f *findings, say func(path, detail, hint string),
) {
	path += ".architecture"
	known := f.allows(path, p.Architecture) && f.allows("controlPlane.architecture", c.ControlPlane.Architecture)
	if known && p.Architecture != c.ControlPlane.Architecture && spec != nil && !spec.MixedArchitectures {
		say(path, fmt.Sprintf("is %s, but the control plane is %s", p.Architecture, c.ControlPlane.Architecture),
			"on platform "+spec.Name+" all machines must have the same architecture")
	}
}

func validateControlPlane(c *InstallConfig, spec *platform.Spec, f *findings) {
	const path = "controlPlane.replicas"
	n := replicas(c.ControlPlane)
	switch members := n + replicas(c.Arbiter); {
	case n == 0:
		f.fail(path, "is 0, but a cluster needs a control plane", "use 3, or 1 for a single node")
	case n < 0: // reported with the pool
	case n == 1 && spec != nil && !spec.SingleNode:
		f.fail(path, "is 1, but platform "+spec.Name+" does not support a single node", "use 3")
	case n == 1 && spec != nil && spec.InPlaceUsual && c.BootstrapInPlace == nil && c.Arbiter == nil && !f.isBroken("bootstrapInPlace"):
		f.warn(path,
			"is 1 without bootstrapInPlace: on platform "+spec.Name+" a single node usually installs itself, and here a bootstrap host brings it up",
			"give bootstrapInPlace.installationDisk and run create single-node-ignition-config, unless you have a bootstrap host")
	case n == 2 && c.Arbiter == nil: // validateFencing
	case c.Arbiter != nil && replicas(c.Arbiter) < 1: // validateArbiter
	case members%2 == 0:
		f.warn(path, fmt.Sprintf("makes %d members of etcd, which tolerate no more failures than %d do", members, members-1),
			fmt.Sprintf("use %d: an even number adds a member that can fail, and nothing to the quorum", max(n-1, 1)))
	}
}

func validateArbiter(c *InstallConfig, f *findings) {
	if n := replicas(c.Arbiter); n == 0 {
		f.fail("arbiter.replicas", map[bool]string{true: "is 0", false: "is missing"}[f.given("arbiter.replicas")], "use 1, or remove arbiter")
	}
	if n := replicas(c.ControlPlane); n < 2 {
		f.fail("controlPlane.replicas", fmt.Sprintf("is %d, but an arbiter needs at least 2 control plane nodes beside it", n),
			"use 2, or remove arbiter")
	}
}

func validateComputeName(name, path string, seen map[string]bool, f *findings) {
	switch {
	case name == "":
		f.fail(path, missing(f, path), "write name: worker")
	case name == "edge":
		f.fail(path, "edge pools are only for AWS", "use one pool with name: worker")
	case name != "worker":
		f.fail(path, strconv.Quote(shorten(name))+" is not the name of a compute pool",
			"the only name is worker; further groups of machines are made in the running cluster")
	case seen[name]:
		f.fail(path, "there is a pool with the name worker already", "add the replicas of the two pools in one")
	}
	seen[name] = true
}

func forbidFencing(p *MachinePool, path string, f *findings) {
	if p.Fencing != nil {
		f.fail(path+".fencing", "can only be given for the control plane", "remove it")
	}
}

// validatePool checks what all pools have in common.
func validatePool(p *MachinePool, path string, spec *platform.Spec, f *findings) {
	if n := replicas(p); n < 0 {
		f.fail(path+".replicas", fmt.Sprintf("%d is less than 0", n), "give the number of machines")
	}
	f.word(path+".hyperthreading", p.Hyperthreading)
	f.word(path+".architecture", p.Architecture)
	if p.Management != "" && f.word(path+".management", p.Management) && p.Management == "ClusterAPI" {
		f.fail(path+".management", "ClusterAPI can only be used on AWS", "remove it")
	}
	if spec != nil && p.Platform.Name != "" && p.Platform.Name != spec.Name {
		f.fail(under(path+".platform", p.Platform.Name), "is given, but the cluster is on platform "+spec.Name,
			"write platform: {}, or leave it out")
	}
	validateDiskSetup(p, path, spec, f)
}

func validateDiskSetup(p *MachinePool, path string, spec *platform.Spec, f *findings) {
	if len(p.DiskSetup) == 0 {
		return
	}
	path += ".diskSetup"
	if spec != nil && !spec.DiskSetup {
		f.warn(path, "has no effect on platform "+spec.Name, "set up the disks with a MachineConfig in the folder openshift")
	}
	count := map[string]int{}
	for i, d := range p.DiskSetup {
		at := item(path, i)
		if !f.word(at+".type", d.Type) {
			continue
		}
		if count[d.Type]++; count[d.Type] > 1 && d.Type != "user-defined" {
			f.fail(at, "is the second disk for "+d.Type, "keep one of them")
		}
		if d.Type == "etcd" && p.Name != "master" {
			f.fail(at+".type", "etcd disks are for the control plane only", "remove it")
		}
		validateDisk(d, at, f)
	}
}

// validateDisk checks that the block named like the disk's type is there, alone and filled.
func validateDisk(d Disk, at string, f *findings) {
	blocks := []struct {
		kind, field string
		given       bool
	}{{"etcd", "etcd", d.Etcd != nil}, {"swap", "swap", d.Swap != nil}, {"user-defined", "userDefined", d.UserDefined != nil}}
	for _, b := range blocks {
		switch {
		case b.kind == d.Type && !b.given:
			f.fail(at+"."+b.field, "is missing", "a disk of type "+d.Type+" is described in a block named "+b.field)
		case b.kind != d.Type && b.given:
			f.fail(at+"."+b.field, "is given on a disk of type "+d.Type, "remove it, or change the type")
		}
	}
	switch {
	case d.Type == "etcd" && d.Etcd != nil:
		f.required(at+".etcd.platformDiskID", d.Etcd.PlatformDiskID, "name the disk")
	case d.Type == "swap" && d.Swap != nil:
		f.required(at+".swap.platformDiskID", d.Swap.PlatformDiskID, "name the disk")
	case d.Type == "user-defined" && d.UserDefined != nil:
		const most = 12 // it becomes part of a partition label
		id := at + ".userDefined.platformDiskID"
		f.required(id, d.UserDefined.PlatformDiskID, "name the disk")
		if len(d.UserDefined.PlatformDiskID) > most {
			f.fail(id, fmt.Sprintf("has more than %d characters", most), "use a shorter name")
		}
		f.required(at+".userDefined.mountPath", d.UserDefined.MountPath, "give the folder to mount the disk on, such as /var/lib/data")
		if m := d.UserDefined.MountPath; m != "" && m[0] != '/' {
			f.fail(at+".userDefined.mountPath", strconv.Quote(shorten(m))+" is not an absolute path",
				"give the folder to mount the disk on, such as /var/lib/data")
		}
	}
}

// required reports an empty text.
func (f *findings) required(path, value, hint string) {
	if value == "" {
		f.fail(path, missing(f, path), hint)
	}
}
