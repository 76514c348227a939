package rhcos

import (
	"fmt"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// Machine is what is known about the machine and about how the image is used.
// The zero value knows nothing, and Check then says what it depends on.
type Machine struct {
	// Architecture is that of the machine; empty takes the image's.
	Architecture string
	Firmware     Firmware
	CPU          CPU
	// Pivot is how a live image puts the system on the disk: image or
	// offline-deploy; empty if the image itself is installed or booted.
	Pivot string
	// ComputedRef is true if the bootstrap host finds the node image by its
	// computed name, as every bootstrap.ign that okd-install makes does.
	ComputedRef bool
	// IgnitionExt4 is true if the Ignition config makes ext4 file systems: a
	// mirrored /boot, a /var of its own.
	IgnitionExt4 bool
}

// The ways of pivoting.
const (
	PivotImage         = "image"          // a live system writes the SCOS image to the disk
	PivotOfflineDeploy = "offline-deploy" // the node image is deployed into the installed FCOS before its first boot
)

// Finding is what one rule says about an image.
type Finding struct {
	Rule    string  `json:"rule"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// Way is what to do about it; empty if nothing.
	Way string `json:"way,omitempty"`
}

// Report is the result of a check.
type Report struct {
	SchemaVersion int       `json:"schemaVersion"`
	Release       string    `json:"release"`
	Target        OS        `json:"target"`
	Image         BootImage `json:"image"`
	Verdict       Verdict   `json:"verdict"`
	Findings      []Finding `json:"findings"`
}

// Target is the system that a release puts on its nodes.
func Target(r release.Release) OS {
	if r.Has(release.SCOS10) {
		return SCOS10
	}
	return SCOS9
}

// situation is all that a rule may look at.
type situation struct {
	Machine
	release release.Release
	image   BootImage
	target  OS
}

// Check reports whether an image will do for a release on a machine. The worst
// finding is the verdict of the report; findings stand from worst to best.
func Check(r release.Release, image BootImage, m Machine) (Report, error) {
	if m.Pivot != "" && m.Pivot != PivotImage && m.Pivot != PivotOfflineDeploy {
		names := []string{PivotImage, PivotOfflineDeploy}
		return Report{}, diag.Problem{Detail: fmt.Sprintf("%q is not a way to pivot", m.Pivot), Hint: among(m.Pivot, "ways", names)}
	}
	if m.Architecture = Architecture(m.Architecture); m.Architecture == "" {
		m.Architecture = image.Architecture
	}
	s := situation{Machine: m, release: r, image: image, target: Target(r)}
	report := Report{SchemaVersion: 1, Release: r.Line, Target: s.target, Image: image, Verdict: Good, Findings: []Finding{}}
	for _, rule := range rules {
		verdict := rule.judge(s)
		if verdict == Good {
			continue
		}
		finding := Finding{rule.Name, verdict, s.fill(rule.Reason), s.fill(rule.Way)}
		if verdict == Note && rule.Eased != "" {
			finding.Reason, finding.Way = s.fill(rule.Eased), ""
		}
		report.Findings = append(report.Findings, finding)
	}
	report.Findings = append(report.Findings, secureBootFinding(s)...)
	for _, f := range report.Findings {
		report.Verdict = worse(report.Verdict, f.Verdict)
	}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int {
		switch {
		case a.Verdict == b.Verdict:
			return 0
		case worse(a.Verdict, b.Verdict) == a.Verdict:
			return -1
		default:
			return 1
		}
	})
	return report, nil
}

// fill puts what is known into the text of a rule.
func (s situation) fill(text string) string {
	return strings.NewReplacer(
		"{release}", s.release.Line, "{image}", s.image.String(), "{target}", s.target.Title(),
		"{stream}", s.release.BootImage.Stream, "{build}", s.release.BootImage.Build,
		"{machine}", s.Architecture, "{arch}", s.image.Architecture, "{missing}", strings.Join(s.CPU.Missing, ", "),
	).Replace(text)
}

// secureBootFinding asks the table of Secure Boot. The boot loader that counts is
// that on the disk: the image's own, or SCOS' where a live system writes that.
func secureBootFinding(s situation) []Finding {
	if s.Firmware == SecureBootOff || s.Firmware == BIOS || s.Architecture == "ppc64le" || s.Architecture == "s390x" || s.image.OS == RHCOS {
		return nil
	}
	loader := s.image.OS
	if s.Pivot == PivotImage {
		loader = s.target
	}
	f := worstSecureBoot(SecureBoot(s.image.OS, s.image.OS), SecureBoot(loader, s.target))
	switch {
	case f.Verdict == Good:
		return nil
	case s.Firmware == SecureBootOn:
		return []Finding{{"secure-boot", f.Verdict, f.Reason, f.Way}}
	default:
		return []Finding{{"secure-boot", Note, "if Secure Boot is on: " + f.Reason, f.Way}}
	}
}

// worstSecureBoot joins what starts the image and what starts the installed system.
func worstSecureBoot(first, then SecureBootFact) SecureBootFact {
	if worse(then.Verdict, first.Verdict) == then.Verdict {
		return then
	}
	return first
}
