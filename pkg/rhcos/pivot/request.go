package pivot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

// The modes; their names are those of package rhcos' compatibility table.
const (
	ModeImage         = rhcos.PivotImage
	ModeOfflineDeploy = rhcos.PivotOfflineDeploy
)

// Modes and Roles are what a request may name.
var (
	Modes = []string{ModeImage, ModeOfflineDeploy}
	Roles = []string{"bootstrap", "master", "worker"}
)

// DefaultMode is the mode for a release, and why.
func DefaultMode(r release.Release) (mode, reason string) {
	if r.Has(release.SCOSMedia) {
		return ModeImage, fmt.Sprintf("OKD %s has its own boot media of CentOS Stream CoreOS (%s %s), so there is nothing to "+
			"replace on the disk", r.Line, r.BootImage.Stream, r.BootImage.Build)
	}
	return ModeOfflineDeploy, fmt.Sprintf("OKD %s was made with boot media of Fedora CoreOS (%s), whose system the release replaces", r.Line, r.BootImage.Build)
}

// File is a file of the live system.
type File struct {
	// Path is absolute, with slashes.
	Path string
	Mode int
	Data []byte
}

// Image is an image of CentOS Stream CoreOS that the live system fetches.
type Image struct {
	// SectorSize is that of the disks it is for: 512 or 4096.
	SectorSize int    `json:"sectorSize"`
	URL        string `json:"url"`
	// SHA256 is of the file as it is fetched.
	SHA256 string `json:"sha256"`
}

// Request is what a pivot is planned for.
type Request struct {
	Role, Mode string
	Release    release.Release
	// Architecture has the name that Linux uses, such as x86_64.
	Architecture string
	// Device is the disk, as the machine names it.
	Device string
	// OSImage is the operating system of the release, by digest; for ModeOfflineDeploy.
	OSImage string
	// Medium is what the machine is booted from.
	Medium rhcos.BootImage
	// Images are what is written in ModeImage; without any, what the medium brings.
	Images []Image
	// ConfigName and Config are the Ignition config that the installed system boots with.
	ConfigName string
	Config     []byte
	// NotBefore and NotAfter bound the time in which Config is good; NotAfter may be zero.
	NotBefore, NotAfter time.Time
	// KernelArguments are added to those of the installed system.
	KernelArguments []string
	// Registries are the hosts of which one has to answer; for ModeOfflineDeploy.
	Registries []string
	// HostFiles are what the live system needs to reach them, and SSHKeys who may log in.
	HostFiles []File
	SSHKeys   []string
	// AllowSecureBoot makes a warning of what Secure Boot refuses, and Reinstall
	// lets a disk be overwritten whose system has been started before.
	AllowSecureBoot, Reinstall bool
}

// problems finds what is wrong with the request itself. Whether release, medium
// and machine go together is the matter of rhcos.Check.
func (r Request) problems() diag.Problems {
	var problems diag.Problems
	report := func(path, hint, format string, args ...any) {
		problems = append(problems, diag.Problem{Path: path, Detail: fmt.Sprintf(format, args...), Hint: hint})
	}
	if !slices.Contains(Roles, r.Role) {
		report("--role", "use one of "+strings.Join(Roles, ", "), "%s", missingOr(r.Role, "is not a role of machines"))
	}
	if !slices.Contains(Modes, r.Mode) {
		report("--mode", "use one of "+strings.Join(Modes, ", "), "%s", missingOr(r.Mode, "is not a mode"))
	}
	if name, ok := strings.CutPrefix(r.Device, "/dev/"); !ok || name == "" ||
		strings.ContainsFunc(r.Device, unprintable) || strings.Contains(r.Device, "/../") {
		report("--device", "give the disk as the machine sees it, such as /dev/sda or /dev/disk/by-id/…", "%s",
			missingOr(r.Device, "is not a device"))
	}
	for _, karg := range r.KernelArguments {
		if karg == "" || strings.ContainsFunc(karg, unprintable) || strings.ContainsAny(karg, " \"'") {
			report("--karg", "give one argument each time, such as --karg console=ttyS0,115200n8", "%q is not a kernel argument", karg)
		}
	}
	problems = append(problems, r.imageProblems()...)
	if r.Config == nil {
		return problems // the role is wrong, and the config goes by the role
	}
	return append(problems, r.configProblems()...)
}

func missingOr(value, what string) string {
	if value == "" {
		return "is missing"
	}
	return strconv.Quote(value) + " " + what
}

// imageProblems looks at what is to get onto the disk.
func (r Request) imageProblems() diag.Problems {
	var problems diag.Problems
	report := func(path, detail, hint string) {
		problems = append(problems, diag.Problem{Path: path, Detail: detail, Hint: hint})
	}
	askForImage := "leave it out to have it looked up in the release image; or look it up on a machine that can reach the " +
		"registry: oc adm release info --image-for=stream-coreos " + r.Release.Image
	name, digest, _ := strings.Cut(r.OSImage, "@sha256:")
	pinned := isDigest(digest) && strings.Contains(name, "/") &&
		!strings.ContainsFunc(r.OSImage, unprintable) && !strings.ContainsAny(r.OSImage, " \"'")
	switch {
	case r.Mode == ModeImage && r.OSImage != "":
		report("--os-image", "has no effect with --mode image: the nodes fetch the system of the release themselves",
			"leave it out, or use --mode offline-deploy")
	case r.Mode == ModeOfflineDeploy && r.OSImage == "":
		report("--os-image", "is missing: which operating system OKD "+r.Release.Line+" brings is recorded in its release image, "+
			"and is not known here", askForImage)
	case r.Mode == ModeOfflineDeploy && !pinned:
		report("--os-image", "does not name an image by its digest, host/repository@sha256:… with 64 hexadecimal digits", askForImage)
	}
	if r.Mode == ModeOfflineDeploy && len(r.Images) > 0 {
		report("--image-url", "has no effect with --mode offline-deploy, which writes the image that the medium brings",
			"leave it out, or use --mode image")
	}
	for _, i := range r.Images {
		if !strings.HasPrefix(i.URL, "https://") && !strings.HasPrefix(i.URL, "http://") ||
			strings.ContainsFunc(i.URL, unprintable) || strings.Contains(i.URL, " ") {
			report("--image-url", "is not the URL of an image", "write it like https://files.example.com/scos-metal.x86_64.raw.gz")
		}
		if i.SHA256 == "" {
			report("--image-sha256", "is missing: without it, the content of --image-url cannot be verified",
				"it is the SHA-256 of the file as it is fetched, compressed: sha256sum FILE")
		} else if !isDigest(i.SHA256) {
			report("--image-sha256", "is not 64 lower-case hexadecimal digits", "it is the SHA-256 of the file as it is fetched, compressed: sha256sum FILE")
		}
	}
	return problems
}

func isDigest(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

func unprintable(r rune) bool { return r < ' ' || r == 0x7f }
