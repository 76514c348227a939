//go:build e2e

package pivot

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/okd-project/okd-install/test/superblock"
)

func gunzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sh runs a script that prepares something or looks at it, and must succeed.
func sh(t *testing.T, script string, args ...string) string {
	t.Helper()
	cmd := exec.Command("bash", append([]string{"-euo", "pipefail", "-c", script, "sh"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// The partitions of a CoreOS image, in MiB; the root partition is smaller.
const makeDisk = `
truncate --size 1500M "$1"
sgdisk --new=1:0:+1M --typecode=1:ef02 --change-name=1:BIOS-BOOT --new=2:0:+64M --typecode=2:ef00 --change-name=2:EFI-SYSTEM \
    --new=3:0:+192M --change-name=3:boot --new=4:0:+900M --change-name=4:root "$1" >/dev/null
device=$(losetup --find --show "$1")
partx --update "$device"
mkfs.vfat -n EFI-SYSTEM "${device}p2" >/dev/null
mkfs.xfs -q -L root "${device}p4"
mkdir "$2"
mount "${device}p4" "$2"
mkdir --parents "$2/boot" "$2/ostree/repo" "$2/ostree/deploy/fedora-coreos/deploy/fc05.0"
echo 'fedora-coreos fc05.0' >"$2/ostree/list"
printf '[origin]\nrefspec=fedora:fedora/x86_64/coreos/stable\n' >"$2/ostree/deploy/fedora-coreos/deploy/fc05.0.origin"
umount "$2"
if grep --quiet --word-regexp vfat /proc/filesystems || modprobe vfat 2>/dev/null; then
    mount "${device}p2" "$2"
    ` + fillESP + `
    umount "$2"
fi
partx --delete "$device"
losetup --detach "$device"
`

// makeBoot makes a boot partition: image, folder with its content, features, state.
const makeBoot = `
mkdir --parents "$2/loader.1/entries" "$2/ignition"
ln --symbolic loader.1 "$2/loader"
printf 'title Fedora CoreOS 39 (ostree:0)\nversion 1\noptions mitigations=auto,nosmt ignition.platform.id=metal $ignition_firstboot console=ttyS0,115200n8 ostree=/ostree/boot.1/fedora-coreos/fc05/0\n' >"$2/loader.1/entries/ostree-1.conf"
touch "$2/ignition.firstboot"
printf '%s' '` + config + `' >"$2/ignition/config.ign"
truncate --size 192M "$1"
mkfs.ext4 -q -L boot -O "$3" -d "$2" "$1"
case $4 in
    clean) ;;
    dirty) debugfs -w -R 'set_super_value state 0' "$1" 2>/dev/null ;;
    orphan_present)
        mkdir "$2.mounted"
        mount --options loop "$1" "$2.mounted"
        exec 9>"$2.mounted/orphan"
        echo content >&9
        rm "$2.mounted/orphan"
        sync --file-system "$2.mounted"
        cp --sparse=always "$1" "$1.copy"
        exec 9>&-
        umount "$2.mounted"
        mv "$1.copy" "$1" ;;
esac
`

// fillESP puts Fedora's boot loader into the folder $2.
const fillESP = `mkdir --parents "$2/EFI/fedora" "$2/EFI/BOOT"
echo 'search --label boot' >"$2/EFI/fedora/grub.cfg"
echo 'fedora' >"$2/EFI/BOOT/BOOTX64.EFI"`

// knowsVFAT reports whether the kernel can mount an EFI system partition.
func knowsVFAT(t *testing.T) bool {
	t.Helper()
	known, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(known), "vfat")
}

var template = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "okd-pivot")
	if err != nil {
		return "", err
	}
	disk, mount := filepath.Join(dir, "disk"), filepath.Join(dir, "mnt")
	out, err := exec.Command("bash", "-euo", "pipefail", "-c", makeDisk, "sh", disk, mount).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return filepath.Join(dir, "disk"), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := template(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// bootImages keeps what was made, by features and state.
var bootImages = struct {
	sync.Mutex
	made map[string]string
}{made: map[string]string{}}

// Features that Fedora's mkfs.ext4 sets since 2023, and those of CentOS Stream 9.
const (
	withOrphanFile    = "metadata_csum,metadata_csum_seed,orphan_file"
	withoutOrphanFile = "metadata_csum,metadata_csum_seed,^orphan_file"
)

func bootImage(t *testing.T, features, state string) string {
	t.Helper()
	path, err := template()
	if err != nil {
		t.Fatal(err)
	}
	bootImages.Lock()
	defer bootImages.Unlock()
	key := features + state
	if bootImages.made[key] == "" {
		file := filepath.Join(filepath.Dir(path), fmt.Sprintf("boot%d", len(bootImages.made)))
		sh(t, makeBoot, file, file+".d", features, state)
		bootImages.made[key] = file
	}
	return bootImages.made[key]
}

// newDisk is a loop device with what coreos-installer would have written, on a
// disk that is larger than the image.
func newDisk(t *testing.T, features, state string, options ...string) string {
	t.Helper()
	need(t, "losetup", "sgdisk", "mkfs.ext4", "mkfs.xfs", "mkfs.vfat")
	image, err := template()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "disk")
	sh(t, `cp --sparse=always "$1" "$2"
start=$(sgdisk --info=3 "$2" | sed --quiet 's/^First sector: \([0-9]*\).*/\1/p')
dd if="$3" of="$2" bs=1M seek=$((start / 2048)) conv=notrunc,sparse status=none
truncate --size 13G "$2"`, image, file, bootImage(t, features, state))
	device := attach(t, file, options...)
	sh(t, `xfs_admin -U generate "$1p4" >/dev/null`, device) // XFS is not mounted twice under one UUID
	return device
}

func attach(t *testing.T, file string, options ...string) string {
	t.Helper()
	// not every kernel reads GPT by itself, but all take what partx tells them
	device := sh(t, `device=$(losetup --find --show "$@"); partx --update "$device" 2>/dev/null || true; echo "$device"`, append(options, file)...)
	t.Cleanup(func() {
		_ = exec.Command("bash", "-c", `umount --quiet "$1"?* 2>/dev/null; partx --delete "$1" 2>/dev/null; losetup --detach "$1"`, "sh", device).Run()
	})
	return device
}

// ext4At is what our own reader says of a partition.
func ext4At(t *testing.T, partition string) superblock.Ext4 {
	t.Helper()
	f, err := os.Open(partition)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := make([]byte, superblock.Size)
	if _, err := io.ReadFull(f, start); err != nil {
		t.Fatal(err)
	}
	sb, err := superblock.ReadExt4(start)
	if err != nil {
		t.Fatal(err)
	}
	return sb
}
