package pivot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

// Plan is what is going to happen, and what it was decided by.
type Plan struct {
	SchemaVersion int             `json:"schemaVersion"`
	Role          string          `json:"role"`
	Mode          string          `json:"mode"`
	ModeReason    string          `json:"modeReason"`
	Release       release.Release `json:"release"`
	Architecture  string          `json:"architecture"`
	Device        string          `json:"device"`
	// Medium is what the machine boots, Target the system that it ends with.
	Medium rhcos.BootImage `json:"medium"`
	Target rhcos.OS        `json:"target"`
	// OSImage and OSImageRef name the system that is deployed, Images what is
	// fetched; both are empty where the medium brings all that is written.
	OSImage    string  `json:"osImage,omitempty"`
	OSImageRef string  `json:"osImageRef,omitempty"`
	Images     []Image `json:"images,omitempty"`
	Config     Config  `json:"config"`
	// Findings are what the tables of package rhcos say about all this.
	Findings []rhcos.Finding `json:"findings"`
	Steps    []Step          `json:"steps"`
	Guards   []Guard         `json:"guards"`

	request    Request
	secureBoot rhcos.SecureBootFact
}

// Config is the Ignition config that the installed system boots with.
type Config struct {
	Name    string     `json:"name"`
	Version string     `json:"version"`
	Bytes   int        `json:"bytes"`
	SHA256  string     `json:"sha256"`
	Expires *time.Time `json:"expires,omitempty"`
}

// maxSpec is the newest spec, as 3.N, that the first boot of every target reads.
const maxSpec = 4

// New plans a pivot. The error is diag.Problems: all that is wrong with the
// request, and what is known not to work.
func New(r Request) (Plan, error) {
	r.Architecture = rhcos.Architecture(r.Architecture)
	problems := r.problems()
	report, err := rhcos.Check(r.Release, r.Medium, rhcos.Machine{Architecture: r.Architecture, Pivot: r.Mode, ComputedRef: true})
	if err != nil && len(problems) == 0 {
		return Plan{}, err
	}
	// the processor is looked at on the machine itself
	report.Findings = slices.DeleteFunc(report.Findings, func(f rhcos.Finding) bool { return f.Rule == "x86-64-v3" })
	for _, f := range report.Findings {
		if f.Verdict == rhcos.Refused && f.Rule != "secure-boot" {
			problems = append(problems, diag.Problem{Detail: f.Reason, Hint: f.Way})
		}
	}
	if err := problems.Err(); err != nil {
		return Plan{}, err
	}
	sum := sha256.Sum256(r.Config)
	p := Plan{
		SchemaVersion: 1, Role: r.Role, Mode: r.Mode, Release: r.Release, Architecture: r.Architecture, Device: r.Device,
		Medium: r.Medium, Target: rhcos.Target(r.Release), OSImage: r.OSImage, Images: r.Images,
		Config:   Config{Name: r.ConfigName, Version: specOf(r.Config), Bytes: len(r.Config), SHA256: hex.EncodeToString(sum[:])},
		Findings: report.Findings, Guards: guards(r.Mode), request: r,
	}
	if !r.NotAfter.IsZero() {
		expires := r.NotAfter.UTC()
		p.Config.Expires = &expires
	}
	if r.OSImage != "" {
		p.OSImageRef = OSTreeRef(r.OSImage)
	}
	usual, reason := DefaultMode(r.Release)
	if p.ModeReason = reason; usual != r.Mode {
		p.ModeReason = "chosen; the default is " + usual + ": " + reason
	}
	p.secureBoot = rhcos.SecureBoot(p.loader(), p.Target)
	p.Steps = p.steps()
	return p, nil
}

// loader is whose boot loader is on the disk in the end.
func (p Plan) loader() rhcos.OS {
	if p.Mode == ModeImage && len(p.Images) > 0 {
		return p.Target
	}
	return p.Medium.OS
}

// configProblems looks at the config of the installed system.
func (r Request) configProblems() diag.Problems {
	file := diag.Position{File: r.ConfigName}
	version := specOf(r.Config)
	var minor, patch int
	if n, err := fmt.Sscanf(version, "3.%d.%d", &minor, &patch); err != nil || n != 2 {
		return diag.Problems{{
			Position: file, Path: "ignition.version",
			Detail: "is missing or not of version 3, so CoreOS does not read this config",
			Hint:   "run create ignition-configs again",
		}}
	}
	if minor > maxSpec || strings.Contains(version, "-") {
		return diag.Problems{{
			Position: file, Path: "ignition.version",
			Detail: fmt.Sprintf("%s is newer than 3.%d.0, which is what the first boot reads for certain", version, maxSpec),
			Hint:   "write the config for spec 3.2.0, as create ignition-configs does",
		}}
	}
	return nil
}

func specOf(config []byte) string {
	var c struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
	}
	if json.Unmarshal(config, &c) != nil {
		return ""
	}
	return c.Ignition.Version
}

// Expired tells at a time why the config cannot be booted with any more, or not
// yet; nil if it can.
func (p Plan) Expired(now time.Time) error {
	file := diag.Position{File: p.Config.Name}
	const form = "Mon 2 Jan 2006 15:04 MST"
	switch {
	case !p.request.NotAfter.IsZero() && !now.Before(p.request.NotAfter):
		return diag.Problems{{
			Position: file,
			Detail:   "its certificates expired at " + p.request.NotAfter.UTC().Format(form),
			Hint:     "run create ignition-configs, which issues new ones, and then this command again",
		}}
	case now.Before(p.request.NotBefore):
		return diag.Problems{{
			Position: file,
			Detail:   "its certificates are valid only from " + p.request.NotBefore.UTC().Format(form) + " on",
			Hint:     "set the clock of this machine",
		}}
	}
	return nil
}

// Step is one thing that happens, in its order.
type Step struct {
	Number int `json:"number"`
	// Where is the unit of the live system, or "first boot".
	Where string `json:"where"`
	What  string `json:"what"`
}

// stepRow is a step with where it applies. Its text may hold {names} of fill.
type stepRow struct {
	where, what string
	applies     func(Plan) bool
}

func always(Plan) bool       { return true }
func offline(p Plan) bool    { return p.Mode == ModeOfflineDeploy }
func fetches(p Plan) bool    { return len(p.Images) > 0 }
func fromMedium(p Plan) bool { return len(p.Images) == 0 }
func el9(p Plan) bool        { return p.Target == rhcos.SCOS9 }
func needsV3(p Plan) bool    { return len(cpuFlags(p)) > 0 }
func both(a, b func(Plan) bool) func(Plan) bool {
	return func(p Plan) bool { return a(p) && b(p) }
}

const (
	preflightUnit = "okd-pivot-preflight.service"
	fetchUnit     = "okd-pivot-fetch.service"
	installerUnit = "coreos-installer.service"
	finishUnit    = "okd-pivot-finish.service"
	firstBoot     = "first boot"
)

// stepRows are the steps of both modes.
var stepRows = []stepRow{
	{preflightUnit, "check Secure Boot, clock, disk {device} and tools; list all problems and stop before the disk is touched", always},
	{preflightUnit, "check that the processor supports x86-64-v3", needsV3},
	{preflightUnit, "check that one of the registries answers: {registries}", offline},
	{fetchUnit, "fetch the image for the sectors of {device} into memory and compare its SHA-256", fetches},
	{installerUnit, "write the image that the medium brings ({medium}) to {device}", fromMedium},
	{installerUnit, "write the fetched image to {device}", fetches},
	{installerUnit, "put {config} and the network settings of the live system on the boot partition", always},
	{finishUnit, "grow the root partition to 16 GiB at most", offline},
	{finishUnit, "e2fsck -fy every ext4 of {device}, unmounted", always},
	{finishUnit, "where it has orphan_file: tune2fs -O ^orphan_file, then e2fsck -fn and another look at the superblock", el9},
	{finishUnit, "mount the root and boot partitions, and check the free space", always},
	{finishUnit, "ostree container image deploy {image}, with the kernel arguments of the entry that is there", offline},
	{finishUnit, "check that the ref {ref} exists", offline},
	{finishUnit, "remove the deployment of {medium}", offline},
	{finishUnit, "check that there is one boot entry of CentOS Stream CoreOS, with $ignition_firstboot and the config", always},
	{finishUnit, "on UEFI: put EFI/centos on the EFI system partition and register it", both(offline, func(p Plan) bool { return p.Medium.OS == rhcos.FCOS })},
	{finishUnit, "unmount, e2fsck -fn the boot partition, and let the machine reboot", always},
	{firstBoot, "{target} reads {config}", always},
	{firstBoot, "the machine config operator finds the system of the release in place: no further reboot is needed", offline},
	{firstBoot, "the machine config operator replaces the system with the one of the release, and reboots once more",
		func(p Plan) bool { return p.Mode == ModeImage && p.Role != "bootstrap" }},
}

func (p Plan) steps() []Step {
	fill := strings.NewReplacer(
		"{device}", p.Device, "{config}", p.Config.Name, "{medium}", p.Medium.String(), "{image}", p.OSImage, "{ref}", p.OSImageRef,
		"{target}", p.Target.Title(), "{registries}", strings.Join(p.request.Registries, ", "),
	)
	var steps []Step
	for _, row := range stepRows {
		if row.applies(p) {
			steps = append(steps, Step{len(steps) + 1, row.where, fill.Replace(row.what)})
		}
	}
	return steps
}

// Warnings are the findings that a person should read.
func (p Plan) Warnings() diag.Problems {
	var out diag.Problems
	for _, f := range p.Findings {
		if f.Verdict != rhcos.Note {
			out = append(out, diag.Problem{Detail: f.Reason})
		}
	}
	return slices.Compact(out)
}

// Notes are the findings that are good to know.
func (p Plan) Notes() diag.Problems {
	var out diag.Problems
	for _, f := range p.Findings {
		if f.Verdict == rhcos.Note {
			out = append(out, diag.Problem{Detail: f.Reason})
		}
	}
	return out
}
