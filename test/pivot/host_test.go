//go:build e2e

// Package pivot runs the scripts of the live system that installs a machine, as
// a plan puts them there, on loop devices with real partitions and real file
// systems. What only a CoreOS has is a small fake that writes down how it was
// called, and so is whatever the order of which matters, before the real one runs.
//
// The tests need root, loop devices, and the packages dosfstools, e2fsprogs, gdisk,
// fdisk, xfsprogs, jq and, for the units, systemd.
package pivot

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	ignition "github.com/coreos/ignition/v2/config/v3_4"
	"github.com/vincent-petithory/dataurl"

	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
	"github.com/okd-project/okd-install/test/needs"
)

const (
	digest  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	osImage = "quay.io/okd/scos-content@sha256:" + digest
	config  = `{"ignition":{"version":"3.2.0"}}`
)

var (
	r418 = release.Release{
		Line: "4.18", Image: "quay.io/okd/scos-release:4.18",
		BootImage: release.BootImage{Stream: "stable", Build: "39.20231101.3.0"},
	}
	r422 = release.Release{
		Line: "4.22", Image: "quay.io/okd/scos-release:4.22",
		BootImage: release.BootImage{Stream: "c10s", Build: "10.0.20251103-0"},
	}
	fcos   = rhcos.BootImage{OS: rhcos.FCOS, Major: 39, Build: "39.20231101.3.0", Date: "20231101"}
	scos10 = rhcos.BootImage{OS: rhcos.SCOS10, Major: 10, Build: "10.0.20251103-0", Date: "20251103"}
)

// request is a machine of 4.18 that gets its system by offline-deploy.
func request(device string) pivot.Request {
	return pivot.Request{
		Role: "master", Mode: pivot.ModeOfflineDeploy, Release: r418, Architecture: "x86_64", Device: device, OSImage: osImage, Medium: fcos,
		ConfigName: "master.ign", Config: []byte(config), NotBefore: time.Unix(1700000000, 0), Registries: []string{"quay.io"},
		KernelArguments: []string{"console=ttyS0,115200n8"},
	}
}

// el10 is the same with a target of CentOS Stream 10.
func el10(r pivot.Request) pivot.Request {
	r.Release = r422
	return r
}

// need wants root and programs: nearly all of these tests make disks.
func need(t *testing.T, tools ...string) {
	t.Helper()
	needs.Root(t, "to attach and mount disks")
	needs.Programs(t, tools...)
}

// host is a folder that stands for the root of a live system.
type host struct {
	t    *testing.T
	root string
	env  []string
}

// hostPath matches what a script may touch. The system's own tools stay where
// they are, and so do /dev, /sys/class and, for the processes, /proc.
var hostPath = regexp.MustCompile(`(^|[\s"'=(:|<>!{])/(run|etc|usr/local|sys/firmware|root|var/tmp|proc/cpuinfo)\b`)

func newHost(t *testing.T, r pivot.Request) *host {
	t.Helper()
	need(t, "bash", "jq", "losetup", "mkfs.ext4", "mkfs.xfs", "mkfs.vfat", "sgdisk", "sfdisk", "partx", "debugfs")
	plan, err := pivot.New(r)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := plan.Ignition()
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := ignition.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, root: t.TempDir()}
	for _, f := range c.Storage.Files {
		content, err := dataurl.DecodeString(*f.Contents.Source)
		if err != nil {
			t.Fatal(err)
		}
		text := content.Data
		if f.Contents.Compression != nil && *f.Contents.Compression == "gzip" {
			text = gunzip(t, text)
		}
		if strings.HasSuffix(f.Path, ".sh") {
			text = []byte(h.rooted(string(text)))
		}
		h.write(f.Path, string(text), fs.FileMode(*f.Mode))
	}
	h.write("/run/ostree-live", "", 0o644)
	h.write("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu "+strings.Join(rhcos.ReadCPU("flags:").Missing, " ")+" vmx\n", 0o644)
	for name, body := range fakes {
		h.fake(name, body)
	}
	for _, name := range []string{"e2fsck", "tune2fs", "mount", "umount", "sgdisk", "sfdisk", "partx", "xfs_growfs"} {
		h.record(name)
	}
	if !knowsVFAT(t) {
		// a folder stands in for the EFI system partition
		sh(t, fillESP, "", h.path("/esp"))
		h.fake("mount", `case $1 in *p2) exec `+mountPath(t)+` --bind "$H/esp" "$2" ;; esac; exec `+mountPath(t)+` "$@"`)
	}
	return h
}

func mountPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("mount")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (h *host) rooted(text string) string {
	return hostPath.ReplaceAllString(text, "${1}"+h.root+"/${2}")
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

func (h *host) write(name, text string, mode fs.FileMode) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), mode); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) exists(name string) bool {
	_, err := os.Lstat(h.path(name))
	return err == nil
}

// preamble writes a call down, and lets the call fail whose number is in the file
// fail-at.
const preamble = `#!/bin/bash
set -euo pipefail
H=%H
printf '%s %s\n' "${0##*/}" "$*" >>"$H/calls"
number=$(wc -l <"$H/calls")
if [[ -e $H/fail-at && $(<"$H/fail-at") == "$number" ]]; then
    echo "${0##*/} is made to fail" >&2
    exit 8 # which is more than e2fsck's "repaired"
fi
`

func (h *host) fake(name, body string) {
	h.t.Helper()
	h.write("/usr/local/sbin/"+name, strings.ReplaceAll(preamble, "%H", h.root)+body+"\n", 0o755)
}

// record is the real command, written down.
func (h *host) record(name string) {
	h.t.Helper()
	command, err := exec.LookPath(name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.fake(name, "exec "+command+` "$@"`)
}

// run runs a script of the live system and returns all that it printed.
func (h *host) run(name string) (string, error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", h.path("/usr/local/bin/"+name))
	cmd.WaitDelay = time.Second
	cmd.Env = append([]string{"PATH=/nowhere", "HOME=" + h.path("/root"), "LC_ALL=C"}, h.env...)
	cmd.Env[0] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), h.root, ""), err
}

// calls lists how the commands were called, without the root.
func (h *host) calls() []string {
	h.t.Helper()
	text, err := os.ReadFile(h.path("calls"))
	if err != nil && !os.IsNotExist(err) {
		h.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(text), h.root, ""), "\n"), "\n")
}

// forget starts a new list of calls.
func (h *host) forget() { _ = os.Remove(h.path("calls")) }

// fakes are the commands that only a CoreOS has. The one of ostree keeps its
// deployments as lines of a file, the first to boot first.
var fakes = map[string]string{
	"podman":           "exit 1",
	"coreos-installer": "exit 1",
	"curl":             "exit 0",
	"sleep":            "",
	"efibootmgr":       "",
	"ostree": `
die() { echo "ostree: $*" >&2; exit 1; }
[[ :$PATH: == *:/usr/sbin:* ]] || die 'bwrap: execvp semodule: No such file'
for word in "$@"; do
    case $word in --sysroot=*) root=${word#*=} ;; --repo=*) root=${word#*=} root=${root%/ostree/repo} ;; esac
done
case "$1 $2" in
    'admin status')
        star='*'
        while read -r stateroot name; do
            printf '%s %s %s\n    Version: 1\n    origin: <unknown origin type>\n' "$star" "$stateroot" "$name"
            star=' '
        done <"$root/ostree/list" ;;
    'admin os-init') mkdir --parents "$root/ostree/deploy/$3/deploy" "$root/ostree/deploy/$4/deploy" ;;
    'container image')
        root=$5
        [[ $3 == deploy && $4 == --sysroot && $6 == --stateroot && $8 == --authfile && ${10} == --imgref ]] || die "usage: $*"
        image=${11} stateroot=$7 kargs=''
        shift 11
        for word in "$@"; do kargs+=" ${word#--karg=}"; done
        [[ -d $root/ostree/deploy/$stateroot ]] || die "no stateroot $stateroot"
        mountpoint --quiet "$root/boot" || die 'no boot partition'
        deployment=$root/ostree/deploy/$stateroot/deploy/5c05.0
        mkdir --parents "$deployment/usr/lib/bootupd/updates/EFI/centos"
        for file in shim grub; do echo "$file" >"$deployment/usr/lib/bootupd/updates/EFI/centos/${file}x64.efi"; done
        printf '[origin]\ncontainer-image-reference=%s\n' "$image" >"$deployment.origin"
        printf '%s %s\n' "$stateroot" 5c05.0 | cat - "$root/ostree/list" >"$root/ostree/list.new"
        mv "$root/ostree/list.new" "$root/ostree/list"
        printf 'title CentOS Stream CoreOS 9.0 (ostree:0)\nversion 2\noptions%s ostree=/ostree/boot.0/scos/5c05/0\n' "$kargs" >"$root/boot/loader.1/entries/ostree-2.conf"
        echo "$image" >"$root/ostree/pulled" ;;
    'admin undeploy')
        [[ $(sed --quiet "$(($4 + 1))p" "$root/ostree/list") == fedora-coreos* ]] || die "this is not Fedora's: $4"
        sed --in-place "$(($4 + 1))d" "$root/ostree/list"
        rm "$root/boot/loader.1/entries/ostree-1.conf" ;;
    'rev-parse '*)
        [[ -e $root/ostree/pulled ]] || exit 1
        [[ ${!#} == ostree/container/image/docker_3A__2F__2F_quay_2E_io/okd/scos-content_40_sha256_3A_` + digest + ` ]] || die "no such ref: ${!#}"
        echo 5c05 ;;
    *) die "unknown: $*" ;;
esac`,
}
