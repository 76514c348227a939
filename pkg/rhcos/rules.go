package rhcos

import (
	"slices"

	"github.com/okd-project/okd-install/pkg/release"
)

// Rule is one row of the compatibility table: images that do not go with a
// release, or only with care.
type Rule struct {
	Name string
	// When says in words for the documentation what judge looks at.
	When string
	// Reason and Way may hold {release}, {image}, {target}, {stream}, {build},
	// {machine}, {arch} and {missing}.
	Reason, Way string
	// Eased is the reason in place of Reason where the verdict is a note only.
	Eased string
	judge func(situation) Verdict
}

// rules is the compatibility table. Secure Boot has its own, secureBootFacts.
var rules = []Rule{
	{
		Name:   "rhcos",
		When:   "an image of Red Hat Enterprise Linux CoreOS, with any release: refused",
		Reason: "{image} belongs to OpenShift: nobody builds it for OKD, its licence may not allow it, and the maintainers of OKD refuse it",
		Way:    "use {stream} {build}, which OKD {release} was made with",
		judge:  func(s situation) Verdict { return refuseIf(s.image.OS == RHCOS) },
	},
	{
		Name:   "architecture",
		When:   "an image for another architecture than the machine's: refused",
		Reason: "the image is for {arch}, the machine is {machine}",
		Way:    "get the image for {machine}: okd-install coreos image --arch {machine}",
		judge: func(s situation) Verdict {
			return refuseIf(s.image.Architecture != "" && s.Architecture != s.image.Architecture)
		},
	},
	{
		Name: "payload",
		When: "a machine with ppc64le or s390x: a warning",
		Reason: "there are boot images for {machine}, but no OKD release is known: releases are published for amd64, and since " +
			"4.22 at the latest for arm64",
		Way:   "bring a release image of your own with --release-image",
		judge: func(s situation) Verdict { return warnIf(s.Architecture == "ppc64le" || s.Architecture == "s390x") },
	},
	{
		Name: "x86-64-v3",
		When: "4.20 or later on x86_64: refused if the CPU lacks x86-64-v3, a note if the CPU is not known",
		Reason: "{target} needs a CPU with x86-64-v3; without it everything stops with \"Fatal glibc error: CPU does not support " +
			"x86-64-v3\" (missing here: {missing})",
		Eased: "{target} needs a CPU with x86-64-v3, and the machine's CPU is not known: give it with --cpu, or use --this-machine",
		Way:   "use a newer machine; in a virtual machine choose the CPU model host-passthrough, or raise the EVC level to Haswell or later",
		judge: func(s situation) Verdict {
			switch {
			case s.target != SCOS10 || s.Architecture != "" && s.Architecture != "x86_64":
				return Good
			case !s.CPU.Known:
				return Note
			default:
				return refuseIf(len(s.CPU.Missing) > 0)
			}
		},
	},
	{
		Name: "docker-ref",
		When: "Fedora CoreOS 42 or later with 4.19 or later, not pivoted: a note, since our bootstrap.ign computes the name of " +
			"the node image; refused with one that does not (`--computed-ref=false`)",
		Reason: "Fedora CoreOS is itself a container image since 42. A bootstrap host that looks for the one container image in " +
			"its repository finds two and stops with \"Expected single docker ref, found:\"",
		Eased: "Fedora CoreOS is itself a container image since 42; a bootstrap.ign of okd-install handles that",
		Way:   "boot {stream} {build}; make bootstrap.ign with okd-install, which computes the name; or use Fedora CoreOS 41 or older",
		judge: func(s situation) Verdict {
			switch {
			case !s.fedora(42) || !s.release.Has(release.NodeImageOverlay) || s.Pivot != "":
				return Good
			case s.ComputedRef:
				return Note
			default:
				return Refused
			}
		},
	},
	{
		Name: "semodule",
		When: "Fedora CoreOS 42 or later, not pivoted: a warning",
		Reason: "services of Fedora 42 and later have no /usr/sbin in their PATH, and the move to {target} ends with \"Finalizing " +
			"SELinux policy: failed to run semodule\" on machines where it is not added: okd-install adds it on the bootstrap host, " +
			"but nothing adds it on the others",
		Way: "boot {stream} {build}, use Fedora CoreOS 41 or older, or give rpm-ostreed.service and " +
			"ostree-finalize-staged.service a PATH with /usr/sbin",
		judge: func(s situation) Verdict { return warnIf(s.fedora(42) && s.Pivot == "") },
	},
	{
		Name:   "orphan-file",
		When:   "Fedora CoreOS 39 or later with 4.16 to 4.19: refused; a warning for builds before 16 November 2023 unless Ignition makes ext4; a note with offline-deploy",
		Reason: "Fedora makes ext4 with orphan_file since 39, which e2fsck of CentOS Stream 9 does not know: after the move to {target} it stops with \"unsupported feature(s): FEATURE_C12\" and /boot is missing. Builds before 16 November 2023, as 39.20231101.3.0, have it only in file systems that Ignition made: a mirrored /boot, a /var of its own",
		Eased:  "Fedora makes ext4 with orphan_file since 39, which e2fsck of CentOS Stream 9 does not know; the pivot clears it before the first boot",
		Way:    "keep to one disk and xfs, or clear the feature before the first boot: e2fsck -fy, then tune2fs -O ^orphan_file; create pivot-config --mode offline-deploy does that",
		judge:  orphanFile,
	},
	{
		Name:   "live",
		When:   "Fedora CoreOS with 4.16 to 4.18, not pivoted: a note",
		Reason: "up to 4.18 a bootstrap host moves to {target} by rebasing its disk; one that runs from the live ISO cannot: \"Remounting /sysroot read-write: Permission denied\"",
		Way:    "install the image to the disk of every machine, the bootstrap host too",
		judge: func(s situation) Verdict {
			return noteIf(s.image.OS == FCOS && !s.release.Has(release.NodeImageOverlay) && s.Pivot == "")
		},
	},
	{
		Name:   "fedora-not-needed",
		When:   "Fedora CoreOS with 4.19 or later, not pivoted: a warning",
		Reason: "OKD {release} was made with {stream} {build}; nobody tests it with Fedora CoreOS any more",
		Way:    "boot {stream} {build}, or let a live system write it to the disk: create pivot-config --mode image",
		judge: func(s situation) Verdict {
			return warnIf(s.image.OS == FCOS && s.release.Has(release.SCOSMedia) && s.Pivot == "")
		},
	},
	{
		Name: "no-media",
		When: "CentOS Stream CoreOS 9 with 4.16 to 4.18, or pivoting with an image there: refused",
		Reason: "up to 4.18 a bootstrap host mistakes CentOS Stream CoreOS for the finished node image, but its boot media have " +
			"neither oc nor kubelet",
		Way: "use {stream} {build}; to have the disk right from the start: create pivot-config --mode offline-deploy",
		judge: func(s situation) Verdict {
			return refuseIf(!s.release.Has(release.SCOSMedia) && (s.image.OS == SCOS9 || s.Pivot == PivotImage))
		},
	},
	{
		Name:   "newer-than-release",
		When:   "CentOS Stream CoreOS 10 with 4.16 to 4.19: refused",
		Reason: "the machine would move back from CentOS Stream 10 to {target}, whose kernel and e2fsck do not know the file systems that 10 makes",
		Way:    "use {stream} {build}, or install 4.20 or later",
		judge:  func(s situation) Verdict { return refuseIf(s.image.OS == SCOS10 && s.target == SCOS9) },
	},
	{
		Name: "older-than-release",
		When: "CentOS Stream CoreOS 9 with 4.20 or later: a warning",
		Reason: "machines would move from CentOS Stream 9 to {target} on their first boot, and the bootstrap host would run " +
			"programs of 10 on the kernel of 9: nobody tests this",
		Way:   "use {stream} {build}",
		judge: func(s situation) Verdict { return warnIf(s.image.OS == SCOS9 && s.target == SCOS10) },
	},
	{
		Name:   "offline-deploy",
		When:   "pivoting with offline-deploy on s390x or ppc64le: refused",
		Reason: "deploying into an installed disk is not supported on {machine}: its boot loader would have to be written again",
		Way:    "use --mode image with 4.19 or later",
		judge: func(s situation) Verdict {
			return refuseIf(s.Pivot == PivotOfflineDeploy && slices.Contains([]string{"s390x", "ppc64le"}, s.Architecture))
		},
	},
	{
		Name:   "other-build",
		When:   "another build than the release was made with: a note",
		Reason: "OKD {release} was made with {stream} {build}, and this is {image}: it should not matter, since the release brings its own system",
		Way:    "",
		judge: func(s situation) Verdict {
			return noteIf(s.image.Build != "" && s.image.Build != s.release.BootImage.Build &&
				s.image.OS == identifyID(s.release.BootImage.Build).OS)
		},
	},
}

// fedora reports whether the image is Fedora CoreOS of a version or later.
func (s situation) fedora(major int) bool { return s.image.OS == FCOS && s.image.Major >= major }

// orphanFile judges by when the image itself stopped being made without the
// feature, in coreos-assembler on 16 November 2023.
func orphanFile(s situation) Verdict {
	const since = "20231116"
	early := s.image.Date < since
	if s.image.Date == "" {
		early = s.image.Major <= 39
	}
	switch {
	case !s.fedora(39) || s.target != SCOS9 || s.Pivot == PivotImage:
		return Good
	case s.Pivot == PivotOfflineDeploy:
		return Note
	case early && !s.IgnitionExt4:
		return Warning
	default:
		return Refused
	}
}

func refuseIf(bad bool) Verdict { return verdictIf(bad, Refused) }
func warnIf(bad bool) Verdict   { return verdictIf(bad, Warning) }
func noteIf(bad bool) Verdict   { return verdictIf(bad, Note) }

func verdictIf(applies bool, v Verdict) Verdict {
	if applies {
		return v
	}
	return Good
}
