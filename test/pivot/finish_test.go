//go:build e2e

package pivot

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
	"github.com/okd-project/okd-install/test/superblock"
)

const finish = "okd-pivot-finish.sh"

// mounted lists what is mounted of a disk.
func mounted(t *testing.T, device string) string {
	t.Helper()
	return sh(t, `lsblk --noheadings --list --output MOUNTPOINTS "$1" | sed '/^ *$/d'`, device)
}

// look mounts a partition read-only and runs a script in it.
func look(t *testing.T, partition, script string) string {
	t.Helper()
	return sh(t, `mount --options ro "$1" "$2"; cd "$2"; set +e; (set -e; `+script+`); code=$?; cd /; umount "$2"; exit $code`, partition, t.TempDir())
}

// wantInstalled makes sure that a disk is as it has to be before its first boot.
func wantInstalled(t *testing.T, device string) {
	t.Helper()
	if m := mounted(t, device); m != "" {
		t.Errorf("still mounted at %s", m)
	}
	sh(t, `e2fsck -fn "$1p3" >/dev/null && xfs_repair -n "$1p4" >/dev/null 2>&1`, device)
	got := look(t, device+"p3", `cat loader/entries/*.conf; cat ignition/config.ign; ls ignition.firstboot; jq --raw-output '.image' okd-pivot.json`)
	want := "title CentOS Stream CoreOS 9.0 (ostree:0)\nversion 2\n" +
		"options mitigations=auto,nosmt ignition.platform.id=metal $ignition_firstboot console=ttyS0,115200n8 ostree=/ostree/boot.0/scos/5c05/0\n" +
		config + "ignition.firstboot\n" + osImage
	if got != want {
		t.Errorf("the boot partition has\n%s\nwant\n%s", got, want)
	}
	if list := look(t, device+"p4", "cat ostree/list"); list != "scos 5c05.0" {
		t.Errorf("deployed: %s", list)
	}
	if sb := ext4At(t, device+"p3"); !sb.ChecksumSeed() || sb.NeedsRecovery() || sb.OrphanPresent() || !sb.Clean {
		t.Errorf("%+v", sb)
	}
}

// The matrix of what a boot partition may be like and where it has to go.
func TestFileSystems(t *testing.T) {
	t.Parallel()
	for _, features := range []string{withOrphanFile, withoutOrphanFile} {
		for _, state := range []string{"clean", "dirty", "orphan_present"} {
			for _, target := range []string{"9", "10"} {
				on := features == withOrphanFile
				t.Run("orphan_file "+strconv.FormatBool(on)+" "+state+" el"+target, func(t *testing.T) {
					t.Parallel()
					device := newDisk(t, features, state)
					r := request(device)
					if target == "10" {
						r = el10(r)
					}
					h := newHost(t, r)
					before := ext4At(t, device+"p3")
					if before.OrphanFile() != on || before.Clean != (state != "dirty") ||
						before.NeedsRecovery() != (state == "orphan_present") || state == "orphan_present" && before.OrphanPresent() != on {
						t.Fatalf("this is not the case to test: %+v", before)
					}
					out, err := h.run(finish)
					if err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
					wantInstalled(t, device)
					cleared := on && target == "9"
					if got := ext4At(t, device+"p3").OrphanFile(); got != (on && !cleared) {
						t.Errorf("orphan_file is %t", got)
					}
					if strings.Contains(out, "cleared orphan_file") != cleared ||
						slices.ContainsFunc(h.calls(), func(c string) bool { return strings.HasPrefix(c, "tune2fs") }) != cleared {
						t.Errorf("cleared: %t\n%s", cleared, out)
					}
					if !h.exists("/run/okd-pivot/done") {
						t.Error("the machine would not be rebooted")
					}
				})
			}
		}
	}
}

// The order that everything hangs on.
func TestOrder(t *testing.T) {
	t.Parallel()
	device := newDisk(t, withOrphanFile, "orphan_present")
	h := newHost(t, request(device))
	efi(h, true)
	if out, err := h.run(finish); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sys := "/run/okd-pivot/sysroot"
	want := []string{
		"partx --update DISK",
		"sgdisk --move-second-header DISK",
		"sfdisk --quiet --no-reread --no-tell-kernel --partno 4 DISK",
		"partx --update DISK",
		"e2fsck -f -y DISKp3",
		"tune2fs -O ^orphan_file DISKp3",
		"e2fsck -f -n DISKp3",
		"mount DISKp4 " + sys,
		"mount DISKp3 " + sys + "/boot",
		"xfs_growfs " + sys,
		"ostree admin status --sysroot=" + sys,
		"ostree admin os-init --sysroot=" + sys + " scos",
		"ostree container image deploy --sysroot " + sys + " --stateroot scos --authfile /root/.docker/config.json --imgref ostree-unverified-registry:" + osImage +
			" --karg=mitigations=auto,nosmt --karg=ignition.platform.id=metal --karg=$ignition_firstboot --karg=console=ttyS0,115200n8",
		"ostree admin status --sysroot=" + sys,
		"ostree rev-parse --repo=" + sys + "/ostree/repo " + pivot.OSTreeRef(osImage),
		"ostree admin status --sysroot=" + sys,
		"ostree admin undeploy --sysroot=" + sys + " 1",
		"mount DISKp2 " + sys + "/boot/efi",
		"umount " + sys + "/boot/efi",
		"efibootmgr --verbose",
		`efibootmgr --quiet --create --disk DISK --part 2 --label CentOS Stream CoreOS 9 --loader \EFI\centos\shimx64.efi`,
		"umount " + sys + "/boot",
		"umount " + sys,
		"e2fsck -f -n DISKp3",
	}
	got := h.calls()
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], device, "DISK")
	}
	if !slices.Equal(got, want) {
		t.Errorf("called\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	list := "cat EFI/centos/shimx64.efi EFI/centos/grubx64.efi EFI/centos/grub.cfg EFI/BOOT/BOOTX64.EFI EFI/fedora/grub.cfg"
	var esp string
	if knowsVFAT(t) {
		esp = look(t, device+"p2", list)
	} else {
		esp = sh(t, `cd "$1"; `+list, h.path("/esp"))
	}
	if esp != "shim\ngrub\nsearch --label boot\nfedora\nsearch --label boot" {
		t.Errorf("the EFI system partition has\n%s", esp)
	}
	if size := sh(t, `blockdev --getsize64 "$1"`, device+"p4"); len(size) != len("12884901888") {
		t.Errorf("the root partition has %s bytes", size)
	}
}

func efi(h *host, on bool) {
	h.t.Helper()
	if on {
		if err := os.MkdirAll(h.path("/sys/firmware/efi"), 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
}

// harmless are the commands that may fail without an end of the installation: the
// firmware may have no memory for boot entries, and a pull is tried again.
var harmless = []string{"efibootmgr", "ostree container"}

// Whichever command fails, the disk is not mounted any more, the machine is not
// rebooted, and the next run does what is left to do.
func TestEachFailure(t *testing.T) {
	t.Parallel()
	device := newDisk(t, withOrphanFile, "dirty")
	counting := newHost(t, request(device))
	efi(counting, true)
	if out, err := counting.run(finish); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	calls := counting.calls()
	if len(calls) < 20 {
		t.Fatalf("only %d calls", len(calls))
	}
	for i, call := range calls {
		t.Run(strconv.Itoa(i+1)+" "+strings.ReplaceAll(strings.Join(strings.Fields(call)[:2], " "), "/", "_"), func(t *testing.T) {
			t.Parallel()
			device := newDisk(t, withOrphanFile, "dirty")
			h := newHost(t, request(device))
			efi(h, true)
			h.write("/fail-at", strconv.Itoa(i+1)+"\n", 0o600)
			out, err := h.run(finish)
			passes := slices.ContainsFunc(harmless, func(start string) bool { return strings.HasPrefix(call, start) })
			if passes != (err == nil) || passes != h.exists("/run/okd-pivot/done") {
				t.Fatalf("%s: %v\n%s", call, err, out)
			}
			if !strings.Contains(out, "is made to fail") && !strings.HasPrefix(call, "efibootmgr --verbose") {
				t.Fatalf("nothing failed:\n%s", out)
			}
			if !passes && !strings.Contains(out, "the machine is not rebooted") {
				t.Errorf("nothing tells how to go on:\n%s", out)
			}
			// unmount failed: it is the one thing that cannot be undone by itself
			if m := mounted(t, device); m != "" && !strings.HasPrefix(call, "umount") {
				t.Errorf("%s: still mounted at %s\n%s", call, m, out)
			}
			_ = os.Remove(h.path("fail-at"))
			if out, err := h.run(finish); err != nil {
				t.Fatalf("the next run: %v\n%s", err, out)
			}
			wantInstalled(t, device)
			if ext4At(t, device+"p3").OrphanFile() {
				t.Error("orphan_file is still on")
			}
		})
	}
}

// What the last looks must find, and what they say if they do not.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, spoil string
		change      func(*host)
		want        string
	}{
		{name: "no partitions", spoil: `partx --delete "$1"; sgdisk --zap-all "$1" >/dev/null; sgdisk --clear "$1" >/dev/null`, want: "was it written by coreos-installer?"},
		{name: "no entry", spoil: `mount "$1p3" "$2"; rm "$2"/loader.1/entries/*; umount "$2"`, want: "no boot loader entry whose kernel arguments"},
		{name: "no ignition_firstboot", spoil: `mount "$1p3" "$2"; sed --in-place 's/ .ignition_firstboot//' "$2"/loader.1/entries/*; umount "$2"`, want: "lack $ignition_firstboot"},
		{name: "no stamp", spoil: `mount "$1p3" "$2"; rm "$2"/ignition.firstboot; umount "$2"`, want: "has no ignition.firstboot"},
		{name: "another config", spoil: `mount "$1p3" "$2"; echo {} >"$2"/ignition/config.ign; umount "$2"`, want: "is not the one that was to be written"},
		{name: "third entry", spoil: `mount "$1p3" "$2"; cp "$2"/loader.1/entries/ostree-1.conf "$2"/loader.1/entries/ostree-0.conf; umount "$2"`, want: "has 2 boot loader entries instead of one"},
		{name: "XFS of the future", spoil: `printf '\x00\x00\x00\xc3' | dd of="$1p4" bs=1 seek=216 conv=notrunc status=none`, want: "XFS with features that the kernel of CentOS Stream CoreOS 9 does not know (0xc0)"},
		{name: "damaged XFS", spoil: `printf '\x00\x00\x00\x13' | dd of="$1p4" bs=1 seek=216 conv=notrunc status=none`, want: "is damaged: xfs_repair"},
		{name: "old e2fsck", spoil: ``, change: func(h *host) {
			h.fake("e2fsck", "echo 'has unsupported feature(s): FEATURE_C12'; exit 12")
		}, want: "e2fsck cannot repair"},
		{name: "tune2fs refuses", change: func(h *host) { h.fake("tune2fs", "exit 1") }, want: "tune2fs cannot clear orphan_file"},
		{name: "tune2fs does nothing", change: func(h *host) { h.fake("tune2fs", "exit 0") }, want: "still has orphan_file"},
		{name: "registry down", change: func(h *host) { h.fake("ostree", `case $1 in container) exit 1 ;; esac; echo '* fedora-coreos fc05.0'`) }, want: "ostree cannot deploy " + osImage},
		{name: "no room", change: func(h *host) {
			h.fake("df", `printf 'Avail\n   17\n'`)
		}, want: "there are only 17 MiB free on the root partition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			device := newDisk(t, withOrphanFile, "clean")
			h := newHost(t, request(device))
			if c.spoil != "" {
				sh(t, c.spoil, device, t.TempDir())
			}
			if c.change != nil {
				c.change(h)
			}
			out, err := h.run(finish)
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v, and no %q in\n%s", err, c.want, out)
			}
			if m := mounted(t, device); m != "" {
				t.Errorf("still mounted at %s", m)
			}
			if h.exists("/run/okd-pivot/done") {
				t.Error("the machine would be rebooted")
			}
		})
	}
}

// After mode image there is nothing to replace, but the same to make sure of.
func TestImageMode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, title, want string }{
		{"CentOS", "CentOS Stream CoreOS 10.0.20251103-0 (ostree:0)", ""},
		{"Fedora", "Fedora CoreOS 39 (ostree:0)", `would start "Fedora CoreOS 39 (ostree:0)" instead of CentOS Stream CoreOS 10`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			device := newDisk(t, withOrphanFile, "dirty")
			sh(t, `e2fsck -fy "$1p3" >/dev/null || true; mount "$1p3" "$2"; sed --in-place "s/^title .*/title $3/" "$2"/loader.1/entries/*; umount "$2"`, device, t.TempDir(), c.title)
			r := request(device)
			r.Release, r.Mode, r.OSImage, r.Medium = r422, pivot.ModeImage, "", scos10
			h := newHost(t, r)
			out, err := h.run(finish)
			if (err == nil) != (c.want == "") || !strings.Contains(out, c.want) {
				t.Fatalf("%v\n%s", err, out)
			}
			if calls := strings.Join(h.calls(), "\n"); strings.Contains(calls, "ostree") ||
				strings.Contains(calls, "disk --") || strings.Contains(calls, "tune2fs") {
				t.Errorf("called\n%s", calls)
			}
			if m := mounted(t, device); m != "" {
				t.Errorf("still mounted at %s", m)
			}
			if c.want == "" && look(t, device+"p3", "jq --raw-output .image okd-pivot.json") != "medium" {
				t.Error("the report is not right")
			}
		})
	}
}

// What somebody else holds open is neither repaired nor written to.
func TestMountedElsewhere(t *testing.T) {
	t.Parallel()
	device, place := newDisk(t, withOrphanFile, "clean"), t.TempDir()
	h := newHost(t, request(device))
	sh(t, `mount "$1p3" "$2"`, device, place)
	f, err := os.Open(filepath.Join(place, "ignition.firstboot"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.run(finish)
	if err == nil || !strings.Contains(out, "is mounted, and cannot be unmounted") ||
		slices.ContainsFunc(h.calls(), func(c string) bool { return strings.HasPrefix(c, "e2fsck") }) {
		t.Errorf("%v\n%s", err, out)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := h.run(finish); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantInstalled(t, device)
}

// A run that was killed leaves its mounts; the next one takes them away first.
func TestAfterKill(t *testing.T) {
	t.Parallel()
	device := newDisk(t, withOrphanFile, "clean")
	h := newHost(t, request(device))
	sysroot := h.path("/run/okd-pivot/sysroot")
	sh(t, `mkdir --parents "$2"; mount "$1p4" "$2"; mount "$1p3" "$2/boot"`, device, sysroot)
	if out, err := h.run(finish); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantInstalled(t, device)
}

// What od reads of a superblock is what dumpe2fs says.
func TestReadersAgree(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"clean", "orphan_present"} {
		for _, features := range []string{withOrphanFile, withoutOrphanFile} {
			image := bootImage(t, features, state)
			said := sh(t, `dumpe2fs -h "$1" 2>/dev/null | sed --quiet 's/^Filesystem features: *//p'`, image)
			sb := ext4At(t, image)
			for name, ours := range map[string]bool{
				"orphan_file": sb.OrphanFile(), "orphan_present": sb.OrphanPresent(), "needs_recovery": sb.NeedsRecovery(),
				"metadata_csum_seed": sb.ChecksumSeed(),
			} {
				if ours != slices.Contains(strings.Fields(said), name) {
					t.Errorf("%s: we say %t, dumpe2fs: %s", name, ours, said)
				}
			}
			h := newHost(t, request("/dev/none"))
			lib := h.path("/usr/local/lib/okd-pivot/")
			err := exec.Command("bash", "-c", `TARGET_EL=9; source "$1/say.sh"; source "$1/filesystem.sh"; is_ext4 "$2" && has_orphan_file "$2"`, "sh", lib, image).Run()
			if (err == nil) != sb.OrphanFile() {
				t.Errorf("the script says %v", err)
			}
		}
	}
	xfs := filepath.Join(t.TempDir(), "xfs")
	sh(t, `truncate --size 320M "$1"; mkfs.xfs -q "$1"`, xfs)
	start, err := os.ReadFile(xfs)
	if err != nil {
		t.Fatal(err)
	}
	if x, err := superblock.ReadXFS(start[:superblock.Size]); err != nil || x.Version != 5 || x.Unknown(9) != 0 || x.Damaged() {
		t.Errorf("%+v, %v", x, err)
	}
}
