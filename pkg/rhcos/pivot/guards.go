package pivot

// Guard is one way in which installations have failed, and what stands against
// it here.
type Guard struct {
	// Name is a word for it, Failure what people saw.
	Name    string `json:"name"`
	Failure string `json:"failure"`
	// Where is who looks: plan, preflight (before the disk is touched), install
	// (coreos-installer's settings and units), disk (after it) or documentation.
	Where []string `json:"where"`
	// Answer is what is done.
	Answer string `json:"answer"`
	// Mode is the only mode that it concerns; empty for both.
	Mode string `json:"mode,omitempty"`
}

// The places of Guard.Where.
const (
	inPlan          = "plan"
	inPreflight     = "preflight"
	inInstall       = "install"
	onDisk          = "disk"
	inDocumentation = "documentation"
)

// guardRows is every failure that is known of pivots and of these media. docs/pivot.md
// has the table.
var guardRows = []Guard{
	{"secure-boot", `"bad shim signature": the boot loader does not trust the kernel`, []string{inPlan, inPreflight}, "the firmware's variable is read and what the table of Secure Boot says is done, before the disk is touched", ""},
	{"orphan-file", `"unsupported feature(s): FEATURE_C12", /boot is missing`, []string{inPlan, onDisk}, "every ext4 of the disk is checked, freed of orphan_file where the target is CentOS Stream 9, checked again, and its superblock read again", ""},
	{"checksum-seed", "checksums are wrong after the first boot has changed the UUID", []string{onDisk}, "metadata_csum_seed is never touched, and orphan_file is cleared before the UUID changes", ""},
	{"xfs-features", `"Superblock has unknown incompatible features"`, []string{onDisk}, "the superblock of every XFS is read; what the target's kernel does not know stops the pivot", ""},
	{"docker-ref", `"Expected single docker ref, found:"`, []string{inPlan, onDisk}, "the ref of the image is computed and has to exist", ModeOfflineDeploy},
	{"semodule", `"failed to run semodule"`, []string{onDisk}, "PATH has /usr/sbin wherever ostree runs", ModeOfflineDeploy},
	{"live-rebase", `"Remounting /sysroot read-write: Permission denied"`, []string{inPreflight, onDisk}, "rpm-ostree is never used; ostree works on the mounted disk", ""},
	{"missing-oc", "the machine starts Fedora CoreOS, which has neither oc nor kubelet", []string{onDisk}, "the system that the medium brought is removed, and exactly one entry of CentOS Stream CoreOS has to be left", ModeOfflineDeploy},
	{"x86-64-v3", `"Fatal glibc error: CPU does not support x86-64-v3"`, []string{inPlan, inPreflight}, "the processor's flags are compared", ""},
	{"other-release", "programs of one release meet configs of another", []string{inPlan}, "the config has to be of the release that the directory was made for, and images are named by digest", ""},
	{"disk", "the wrong, missing, mounted or write-protected disk; the image for other sectors", []string{inPreflight}, "the disk is looked at, and the sectors choose the image", ""},
	{"space", "the disk, its partitions or the memory are full", []string{inPreflight, onDisk}, "the disk, both partitions and the memory are measured before they are filled", ""},
	{"network", "no registry answers; mirror, proxy, login or trust are missing", []string{inPreflight, onDisk}, "pull secret, mirrors, proxy and trust bundle come with the config; every attempt has an end", ""},
	{"ignition-spec", "the first boot does not read the config's spec", []string{inPlan}, "the config may have spec 3.4 at most", ""},
	{"reboot-loop", "a failed installation reboots, and fails again", []string{inInstall}, "a failure leads to the emergency shell, and the reboot waits for the stamp of the last step", ""},
	{"static-network", "the installed system forgets the live system's addresses", []string{inInstall}, "coreos-installer copies the network settings of the live system", ""},
	{"boot-entry", "the firmware starts the other vendor's boot loader", []string{onDisk}, "EFI/centos is put on every EFI system partition and registered with the firmware; what was there stays", ModeOfflineDeploy},
	{"second-reboot", "the machine config operator replaces the system once more", []string{inPlan}, "the image of the release itself is deployed, by its digest; with --mode image one more reboot is normal", ""},
	{"architecture", "zipl or PReP would have to be written again", []string{inPlan, inPreflight}, "offline-deploy is refused on s390x and ppc64le, and the machine's architecture is compared", ""},
	{"repeat", "a second run wipes a node, or stumbles over the first", []string{inPreflight, onDisk}, "a disk whose system has started is not overwritten; every step does what is left to do", ""},
	{"live-race", "the live ISO stops at sysroot.mount or coreos-liveiso-persist-osmet", []string{inDocumentation}, "boot again, over PXE, or another build of the medium", ""},
	{"clock", "certificates are not yet valid, or expired", []string{inPlan, inPreflight}, "the clock is compared with the dates of the certificates", ""},
}

// guards are those of a mode.
func guards(mode string) []Guard {
	var out []Guard
	for _, g := range guardRows {
		if g.Mode == "" || g.Mode == mode {
			out = append(out, g)
		}
	}
	return out
}
