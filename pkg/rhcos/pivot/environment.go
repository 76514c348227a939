package pivot

import (
	"strconv"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/shell"
)

// environmentPath is where the scripts find what is known here.
const environmentPath = "/etc/okd-pivot/environment"

// Sizes in MiB. The image of Fedora CoreOS has about 2 GiB in its root partition
// and 384 MiB in its boot partition; a second system needs about 5 GiB unpacked,
// and 150 to 200 MiB for kernel and initramfs.
const (
	rootMiB      = 16 << 10
	diskMiB      = 12 << 10
	freeRootMiB  = 6 << 10
	freeBootMiB  = 128
	imageMiB     = 2 << 10 // 1.3 to 1.5 GB have been seen
	stateroot    = "scos"
	destPath     = "/etc/coreos/dest.ign"
	imagePath    = "/var/tmp/okd-pivot/image.raw.gz"
	settingsPath = "/etc/coreos/installer.d/0001-okd-pivot.yaml"
)

// tools are the commands of the live system that the scripts call.
var (
	toolsAlways  = []string{"blkid", "blockdev", "coreos-installer", "e2fsck", "findmnt", "jq", "lsblk", "partx", "tune2fs"}
	toolsOffline = []string{"curl", "ostree", "sfdisk", "sgdisk", "xfs_growfs"}
	toolsFetch   = []string{"curl", "sha256sum"}
)

// cpuFlags are the flags that the target needs, as /proc/cpuinfo has them: all
// that a processor without any is missing.
func cpuFlags(p Plan) []string {
	if p.Target != rhcos.SCOS10 || p.Architecture != "x86_64" {
		return nil
	}
	return rhcos.ReadCPU("flags:").Missing
}

// secureBootVerdict is what the preflight does where Secure Boot is on.
func (p Plan) secureBootVerdict() string {
	if p.secureBoot.Verdict == rhcos.Refused && !p.request.AllowSecureBoot {
		return "refused"
	}
	return "warned"
}

// environment lists all that the scripts are told.
func (p Plan) environment() []shell.Variable {
	r := p.request
	el, suffix := "10", "x64"
	if p.Target == rhcos.SCOS9 {
		el = "9"
	}
	if p.Architecture == "aarch64" {
		suffix = "aa64"
	}
	toolbox := append([]string{}, toolsAlways...)
	registries := ""
	if p.Mode == ModeOfflineDeploy {
		toolbox, registries = append(toolbox, toolsOffline...), strings.Join(r.Registries, " ")
	}
	small, large := p.image(512), p.image(4096)
	if len(p.Images) > 0 {
		toolbox = append(toolbox, toolsFetch...)
	}
	return []shell.Variable{
		{Name: "MODE", Value: p.Mode},
		{Name: "ROLE", Value: p.Role},
		{Name: "ARCHITECTURE", Value: p.Architecture},
		{Name: "DEVICE", Value: p.Device},
		{Name: "RELEASE_IMAGE", Value: p.Release.Image},
		{Name: "TARGET_TITLE", Value: p.Target.Title()},
		{Name: "TARGET_EL", Value: el},
		{Name: "STATEROOT", Value: stateroot},
		{Name: "OS_IMAGE", Value: p.OSImage},
		{Name: "OS_IMAGE_REF", Value: p.OSImageRef},
		{Name: "IMAGE_512_URL", Value: small.URL},
		{Name: "IMAGE_512_SHA256", Value: small.SHA256},
		{Name: "IMAGE_4096_URL", Value: large.URL},
		{Name: "IMAGE_4096_SHA256", Value: large.SHA256},
		{Name: "SECURE_BOOT", Value: p.secureBootVerdict()},
		{Name: "SECURE_BOOT_REASON", Value: p.secureBoot.Reason},
		{Name: "SECURE_BOOT_WAY", Value: p.secureBoot.Way},
		{Name: "CPU_FLAGS", Value: strings.Join(cpuFlags(p), " ")},
		{Name: "TOOLS", Value: strings.Join(toolbox, " ")},
		{Name: "REGISTRIES", Value: registries},
		{Name: "CONFIG_NAME", Value: p.Config.Name},
		{Name: "NOT_BEFORE", Value: seconds(r.NotBefore)},
		{Name: "NOT_AFTER", Value: seconds(r.NotAfter)},
		{Name: "REINSTALL", Value: strconv.FormatBool(r.Reinstall)},
		{Name: "EFI_SUFFIX", Value: suffix},
		{Name: "DISK_MIB", Value: strconv.Itoa(diskMiB)},
		{Name: "ROOT_MIB", Value: strconv.Itoa(rootMiB)},
		{Name: "FREE_ROOT_MIB", Value: strconv.Itoa(freeRootMiB)},
		{Name: "FREE_BOOT_MIB", Value: strconv.Itoa(freeBootMiB)},
		{Name: "IMAGE_MIB", Value: strconv.Itoa(imageMiB)},
	}
}

// image is the one for disks with such sectors, or none.
func (p Plan) image(sectorSize int) Image {
	for _, i := range p.Images {
		if i.SectorSize == sectorSize {
			return i
		}
	}
	return Image{}
}

// seconds since 1970, and 0 for the zero time.
func seconds(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10)
}
