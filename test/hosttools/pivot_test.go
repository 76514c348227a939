package hosttools

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

// pivotHost is a Fedora CoreOS of release 4.18 that has booted once.
func pivotHost(t *testing.T) *host {
	h := newHost(t)
	h.env = []string{"SERVICE_NAME=release-image-pivot"}
	h.write("/etc/os-release", "NAME=\"Fedora Linux\"\nID=fedora\nVARIANT_ID=coreos\n", 0o644)
	h.write("/proc/sys/kernel/random/boot_id", "boot-1\n", 0o644)
	h.write("/etc/containers/registries.conf", "", 0o600)
	h.write("/root/.docker/config.json", "{}", 0o600)
	h.fake("podman", `
case "$*" in
    'image inspect '*) echo '[{"RepoDigests":["quay.io/okd/scos-release@sha256:beef"]}]' ;;
    *' image stream-coreos') echo '`+nodeImage+`' ;;
    'pull '*) ! times pull 1 ;;
esac`)
	h.fake("rpm-ostree", `[[ $1 == status ]] || ! times rebase 1`)
	return h
}

func (h *host) pivot() (string, error) {
	h.t.Helper()
	return h.run(h.path("/usr/local/bin/bootstrap-pivot.sh"))
}

func TestPivot(t *testing.T) {
	t.Parallel()
	h := pivotHost(t)
	if out, err := h.pivot(); err != nil {
		t.Fatal(err, out)
	}
	h.want(`
podman image inspect quay.io/okd/scos-release:4.22
findmnt --noheadings --list --types ext4 --uniq --output SOURCE,TARGET
podman run --quiet --rm --net=none quay.io/okd/scos-release@sha256:beef image stream-coreos
podman pull --quiet `+nodeImage+`
sleep 10
podman run --quiet --rm --net=none quay.io/okd/scos-release@sha256:beef image stream-coreos
podman pull --quiet `+nodeImage+`
rpm-ostree status --json
rpm-ostree rebase --experimental ostree-unverified-registry:`+nodeImage+`
sleep 10
rpm-ostree status --json
rpm-ostree rebase --experimental ostree-unverified-registry:`+nodeImage+`
systemctl reboot
sleep infinity
`, "agetty", "journalctl")
	if got := h.read("/opt/openshift/.pivot-done"); got != "boot-1\n" {
		t.Errorf("the marker holds %q", got)
	}
	if got := h.read("/run/ostree/auth.json"); got != "{}" {
		t.Errorf("rpm-ostree has no pull secret: %q", got)
	}
	record := h.read("/var/log/openshift/release-image-pivot.json")
	for _, stage := range []string{"pull-okd-os-image", "rebase-to-okd-os-image"} {
		if strings.Count(record, stage) != 2 {
			t.Errorf("the record of stage %s is not whole:\n%s", stage, record)
		}
	}
	// the host did not go down: it is told again, and nothing is deployed twice
	h.write("/calls", "", 0o644)
	if out, err := h.pivot(); err != nil {
		t.Fatal(err, out)
	}
	h.want("systemctl reboot\nsleep infinity", "agetty", "journalctl", "podman")
}

// A rebase that went on by itself after its caller was killed is not begun again, which
// rpm-ostree would refuse, for ever.
func TestPivotGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  string
		rebased bool
	}{
		{`{"deployments":[{"booted":false,"staged":true,"container-image-reference":"ostree-unverified-registry:` + nodeImage + `"},{"booted":true}]}`, false},
		{`{"deployments":[{"booted":false,"staged":true,"container-image-reference":"ostree-unverified-registry:other"},{"booted":true}]}`, true},
		{`{"deployments":[{"booted":true,"container-image-reference":"ostree-unverified-registry:` + nodeImage + `"}]}`, true},
		{`{"deployments":[{"booted":true,"origin":"fedora:fedora/x86_64/coreos/stable"}]}`, true},
		{`error: Remote peer disconnected`, true},
	} {
		h := pivotHost(t)
		h.fake("rpm-ostree", `case $1 in
    status) echo '`+c.status+`' ;;
esac`)
		if out, err := h.pivot(); err != nil {
			t.Fatal(err, out)
		}
		if got := strings.Contains(h.read("/calls"), "rpm-ostree rebase "); got != c.rebased {
			t.Errorf("%s: rebased %v, want %v", c.status, got, c.rebased)
		}
		if got := h.read("/opt/openshift/.pivot-done"); got != "boot-1\n" {
			t.Errorf("the marker holds %q", got)
		}
	}
}

// A loss of power in between undoes what was deployed, which is not the boot loader's doing.
func TestPivotAfterALossOfPower(t *testing.T) {
	t.Parallel()
	h := pivotHost(t)
	h.write("/opt/openshift/.pivot-done", "boot-0\n", 0o644)
	h.fake("rpm-ostree", `[[ $1 == rebase ]] || echo '{"deployments":[{"booted":true,"origin":"fedora:stable"}]}'`)
	if out, err := h.pivot(); err != nil {
		t.Fatal(err, out)
	}
	if calls := h.read("/calls"); !strings.Contains(calls, "rpm-ostree rebase ") || h.read("/opt/openshift/.pivot-done") != "boot-1\n" {
		t.Errorf("the node image is not deployed again:\n%s", calls)
	}
	// where it is undone each time, as with a full /boot, the host does not start for ever
	rebases := func() int { return strings.Count(h.read("/calls"), "rpm-ostree rebase ") }
	for boot := 2; boot <= 4; boot++ {
		h.write("/opt/openshift/.pivot-done", "an earlier boot\n", 0o644)
		out, err := h.pivot()
		if want := min(boot, 3); (err != nil) != (boot == 4) || rebases() != want {
			t.Errorf("start %d: %v, deployed %d times, want %d\n%s", boot, err, rebases(), want, out)
		}
	}
	if says := h.issue(); !strings.Contains(says, "was gone at each start") || !strings.Contains(says, "ostree-finalize-staged") {
		t.Errorf("people are told: %s", says)
	}
	h = pivotHost(t)
	h.write("/opt/openshift/.pivot-done", "boot-0\n", 0o644)
	h.fake("rpm-ostree", `echo '{"deployments":[{"booted":true},{"booted":false,"container-image-reference":"ostree-unverified-registry:`+nodeImage+`"}]}'`)
	if out, err := h.pivot(); err == nil || !strings.Contains(h.issue(), "Secure Boot must be off") {
		t.Errorf("the boot loader refused the node image: %v\n%s\n%s", err, out, h.issue())
	}
}

func TestPivotDecisions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		setup func(h *host)
		says  string // what an error says, or empty
	}{
		{"CentOS Stream CoreOS needs none", func(h *host) { h.write("/etc/os-release", "ID=\"centos\"\n", 0o644) }, ""},
		{"after the pivot", func(h *host) {
			h.write("/etc/os-release", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\n", 0o644)
			h.write("/opt/openshift/.pivot-done", "boot-0\n", 0o644)
		}, ""},
		{"Fedora came up again", func(h *host) { h.write("/opt/openshift/.pivot-done", "boot-0\n", 0o644) }, "Secure Boot must be off"},
		{"something else", func(h *host) { h.write("/etc/os-release", "ID=debian\n", 0o644) }, "neither Fedora CoreOS nor CentOS Stream CoreOS"},
		{"live", func(h *host) { h.write("/run/ostree-live", "", 0o644) }, "from memory"},
		{"Secure Boot", func(h *host) {
			h.write("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\x06\x00\x00\x00\x01", 0o644)
		}, "Secure Boot is on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := pivotHost(t)
			c.setup(h)
			out, err := h.pivot()
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(out+h.issue(), c.says)) {
				t.Errorf("%v\n%s\n%s", err, out, h.issue())
			}
			for _, call := range h.calls("agetty", "journalctl", "podman", "findmnt") {
				if call != "rpm-ostree status --json" {
					t.Errorf("called %s", call)
				}
			}
			if c.says == "" && !h.exists("/opt/openshift/.pivot-done") {
				t.Error("there is no marker")
			}
		})
	}
}

func (h *host) issue() string {
	if !h.exists("/etc/issue.d/60_release-image-pivot.issue") {
		return ""
	}
	return h.read("/etc/issue.d/60_release-image-pivot.issue")
}

func TestSecureBootIsOffOrUnknown(t *testing.T) {
	t.Parallel()
	for content, says := range map[string]string{"\x06\x00\x00\x00\x00": "", "": "cannot tell"} {
		h := pivotHost(t)
		h.write("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", content, 0o644)
		out, err := h.run("-c", `source "$1"; guard_secure_boot`, "test", h.path("/usr/local/lib/okd-install/pivot-guards.sh"))
		if err != nil || !strings.Contains(out, says) || says == "" && out != "" {
			t.Errorf("%q: %v %q", content, err, out)
		}
	}
}

// A file system as Fedora has made them since 2023 is found out and repaired,
// also where a crash has left a journal to replay; others are left alone.
func TestOrphanFile(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "mkfs.ext4", "tune2fs", "e2fsck")
	for _, c := range []struct {
		features string
		has      bool
	}{{"orphan_file,metadata_csum_seed", true}, {"^orphan_file,metadata_csum_seed", false}} {
		h := newHost(t)
		image := h.path("/image.ext4")
		if out, err := exec.Command("/usr/sbin/mkfs.ext4", "-q", "-O", c.features, image, "8M").CombinedOutput(); err != nil {
			needs.Missing(t, "mkfs.ext4 of this machine does not know %s: %s", c.features, out)
		}
		ask := func(function string) (string, error) {
			return h.run("-c", `set -euo pipefail; source "$1"; `+function+` "$2"`, "test", h.path("/usr/local/lib/okd-install/pivot-guards.sh"), image)
		}
		if out, err := ask("has_orphan_file"); (err == nil) != c.has {
			t.Errorf("%s: %v %s", c.features, err, out)
		}
		if !c.has {
			continue
		}
		if out, err := ask("clear_orphan_file"); err != nil {
			t.Errorf("%v %s", err, out)
		}
		if _, err := ask("has_orphan_file"); err == nil {
			t.Error("the feature is still there")
		}
		out, err := exec.Command("/usr/sbin/dumpe2fs", "-h", image).CombinedOutput()
		if err != nil || strings.Contains(string(out), "orphan_file") || !strings.Contains(string(out), "metadata_csum_seed") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
