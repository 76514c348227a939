package rhcos

import (
	"errors"
	"io/fs"
)

// OS is what runs on a machine, as far as signatures and file systems go.
type OS string

// The systems that a name of an image can stand for.
const (
	FCOS   OS = "fcos"   // Fedora CoreOS
	SCOS9  OS = "scos9"  // CentOS Stream CoreOS 9: OKD 4.16 to 4.19
	SCOS10 OS = "scos10" // CentOS Stream CoreOS 10: OKD 4.20 and later
	RHCOS  OS = "rhcos"  // Red Hat Enterprise Linux CoreOS: not for OKD
)

// Title is the name of the system as people write it.
func (o OS) Title() string {
	switch o {
	case FCOS:
		return "Fedora CoreOS"
	case SCOS9:
		return "CentOS Stream CoreOS 9"
	case SCOS10:
		return "CentOS Stream CoreOS 10"
	case RHCOS:
		return "Red Hat Enterprise Linux CoreOS"
	default:
		return string(o)
	}
}

// Firmware is what is known about Secure Boot on a machine.
type Firmware string

// The states of Secure Boot.
const (
	SecureBootOn      Firmware = "on"
	SecureBootOff     Firmware = "off"  // UEFI, not enforcing
	BIOS              Firmware = "bios" // no UEFI, so no Secure Boot
	SecureBootUnknown Firmware = "unknown"
)

// Verdict is how a rule or a check ends, from best to worst.
type Verdict string

// The verdicts, from best to worst.
const (
	Good    Verdict = "good"
	Note    Verdict = "note"    // good to know
	Warning Verdict = "warning" // may fail, or fails in a case that is not known here
	Refused Verdict = "refused" // known not to work
)

// worse tells which of two verdicts counts.
func worse(a, b Verdict) Verdict {
	rank := map[Verdict]int{Good: 0, Note: 1, Warning: 2, Refused: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// SecureBootFact says what a machine with Secure Boot on does with a kernel.
type SecureBootFact struct {
	// Loader is whose boot loader (shim and GRUB) is on the medium or the disk,
	// and Kernel whose kernel it is to start.
	Loader, Kernel OS
	Verdict        Verdict
	// Reason and Way say why, and what to do; sentences without a full stop.
	Reason, Way string
}

const switchOff = "switch Secure Boot off in the machine's firmware"

// secureBootFacts has every pair of boot loader and kernel that OKD leads to.
// A boot loader stays as the medium wrote it: replacing the system with ostree
// never touches the EFI partition. What BIOS machines, and s390x and ppc64le, do
// is not in here; they have no such check.
var secureBootFacts = []SecureBootFact{
	{FCOS, FCOS, Good, "Fedora's boot loader starts Fedora's kernel", ""},
	{FCOS, SCOS9, Refused, "the boot loader that Fedora CoreOS wrote to the disk trusts Fedora's key alone; the kernel of CentOS Stream is signed with another, and GRUB stops with \"bad shim signature\"", switchOff},
	{FCOS, SCOS10, Refused, "the boot loader that Fedora CoreOS wrote to the disk trusts Fedora's key alone; the kernel of CentOS Stream is signed with another, and GRUB stops with \"bad shim signature\"", switchOff},
	{SCOS9, SCOS9, Refused, "as far as is known, no boot loader of CentOS Stream 9 was signed with the key that machines are sold with, so the firmware does not start it", switchOff},
	{SCOS9, SCOS10, Refused, "as far as is known, no boot loader of CentOS Stream 9 was signed with the key that machines are sold with, so the firmware does not start it", switchOff},
	{SCOS10, SCOS10, Warning, "the boot loader of CentOS Stream 10 has been signed for machines since the middle of 2025, but users reported \"bad shim signature\" on 4.20 after that, and it is not proven on hardware", switchOff + ", or try one machine first"},
}

// SecureBoot returns what happens with Secure Boot on when the boot loader of one
// system is to start the kernel of another. A pair that is not in the table is
// refused: nobody has signed one vendor's kernel for the other's boot loader.
func SecureBoot(loader, kernel OS) SecureBootFact {
	for _, f := range secureBootFacts {
		if f.Loader == loader && f.Kernel == kernel {
			return f
		}
	}
	return SecureBootFact{
		loader, kernel, Refused,
		"the boot loader of " + loader.Title() + " does not trust the kernel of " + kernel.Title(), switchOff,
	}
}

// secureBootVariable is where Linux shows the firmware's variable: four bytes of
// attributes, then 1 if signatures are enforced.
const secureBootVariable = "efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

// ReadFirmware tells what the machine's firmware enforces. sys is /sys/firmware of
// that machine. Only a missing efi folder means BIOS; a variable that is missing,
// short or not readable leaves the question open.
func ReadFirmware(sys fs.FS) Firmware {
	if _, err := fs.Stat(sys, "efi"); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return BIOS
		}
		return SecureBootUnknown
	}
	data, err := fs.ReadFile(sys, secureBootVariable)
	switch {
	case err != nil || len(data) != 5:
		return SecureBootUnknown
	case data[4] == 1:
		return SecureBootOn
	case data[4] == 0:
		return SecureBootOff
	default:
		return SecureBootUnknown
	}
}
