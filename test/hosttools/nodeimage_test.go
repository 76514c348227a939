package hosttools

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

const nodeImage = "quay.io/okd/scos-content@sha256:0f0f"

// nodeImageRef is where ostree keeps nodeImage.
const nodeImageRef = "ostree/container/image/docker_3A__2F__2F_quay_2E_io/okd/scos-content_40_sha256_3A_0f0f"

// The pairs are refs that people have shown of their hosts, and the corners of
// the rule: a slash at the end, after a sign, and after another slash.
func TestOstreeRef(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for image, want := range map[string]string{
		"quay.io/okd/scos-content@sha256:0f0f":                           "quay_2E_io/okd/scos-content_40_sha256_3A_0f0f",
		"quay.io/rhn_support_arolivei/microshift-4.18-bootc-embeeded:v2": "quay_2E_io/rhn__support__arolivei/microshift-4_2E_18-bootc-embeeded_3A_v2",
		"ghcr.io/jmacato/kino:latest":                                    "ghcr_2E_io/jmacato/kino_3A_latest",
		"docker.piaseczny.dev/machine/tygrys20:latest":                   "docker_2E_piaseczny_2E_dev/machine/tygrys20_3A_latest",
		"localhost:5000/a//b_/c/":                                        "localhost_3A_5000/a/_2F_b___2F_c_2F_",
	} {
		out, err := h.run("-c", `source "$1"; ostree_ref "$2"`, "test", h.path("/usr/local/lib/okd-install/ostree.sh"), image)
		if want := "ostree/container/image/docker_3A__2F__2F_" + want + "\n"; err != nil || out != want {
			t.Errorf("%s: %v\n got %s want %s", image, err, out, want)
		}
	}
}

func (h *host) keepPatterns(diff string) string {
	h.t.Helper()
	out, err := h.run("-c", `source "$1"; keep_patterns "$2" <<<"$3"`, "test",
		h.path("/usr/local/lib/okd-install/ostree.sh"), h.path("/host-etc"), diff)
	if err != nil {
		h.t.Fatal(err, out)
	}
	return out
}

const configDiff = "M    passwd\nA    containers\nA    containers/registries.conf\nD    zincati/config.d\nA    systemd/system/var-ostree\\x2dcontainer.mount\nA    odd/[a]*?\\z\n"

func TestKeepPatterns(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write("/host-etc/containers/registries.conf", "mine", 0o644)
	want := "/passwd\n/containers/registries.conf\n/zincati/config.d\n/systemd/system/var-ostree\\x2dcontainer.mount\n/odd/\\[a]\\*\\?\\\\z\n"
	if got := h.keepPatterns(configDiff + "\nrubbish\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What this host has changed stays, whatever its name; the rest comes from the
// node image, also in folders that the host has added.
func TestMergeEtcWithRsync(t *testing.T) {
	t.Parallel()
	needs.Program(t, "rsync")
	h := newHost(t)
	odd := `odd/[a]*?\z`
	mount := `systemd/system/var-ostree\x2dcontainer.mount`
	for _, name := range []string{
		"passwd", "containers/registries.conf", "containers/policy.json", mount, odd, "odd/aXYz", "zincati/config.d/x",
		"crypto-policies/config", "crio/crio.conf",
	} {
		h.write("/image/usr/etc/"+name, "image", 0o644)
	}
	for _, name := range []string{"passwd", "containers/registries.conf", mount, odd, "crypto-policies/config"} {
		h.write("/host-etc/"+name, "mine", 0o644)
	}
	h.write("/run/okd-install/node-image-keep", h.keepPatterns(configDiff), 0o600)
	script := strings.ReplaceAll(h.read("/usr/local/bin/node-image-overlay.sh"), h.path("/etc/"), h.path("/host-etc/"))
	h.write("/overlay.sh", script, 0o755)
	if out, err := h.run("-c", `source "$1"; merge_etc "$2"`, "test", h.path("/overlay.sh"), h.path("/image")); err != nil {
		t.Fatal(err, out)
	}
	for name, want := range map[string]string{
		"passwd": "mine", "containers/registries.conf": "mine", mount: "mine", odd: "mine", "crypto-policies/config": "mine",
		"containers/policy.json": "image", "odd/aXYz": "image", "crio/crio.conf": "image",
	} {
		if got := h.read("/host-etc/" + name); got != want {
			t.Errorf("%s is of %s, want %s", name, got, want)
		}
	}
	if h.exists("/host-etc/zincati/config.d") {
		t.Error("what the host has deleted is back")
	}
}

// pullHost answers as a registry and an ostree that fail at first.
func pullHost(t *testing.T) *host {
	h := newHost(t)
	h.fake("podman", `
case "$*" in
    'image exists '*) [[ -e /run/pulled ]] ;;
    'pull '*) if times pull 2; then echo 'no route to host' >&2; exit 125; fi; touch /run/pulled ;;
    'image inspect '*) echo '[{"Digest":"sha256:beef","RepoDigests":["quay.io/okd/scos-release@sha256:beef"]}]' ;;
    *' image stream-coreos') echo '`+nodeImage+`' ;;
    *) exit 1 ;;
esac`)
	h.fake("ostree", `
case "$*" in
    'container image pull '*) ! times ostree 1 ;;
    'rev-parse '*) echo 0f0f ;;
    'admin config-diff') printf 'M    passwd\n' ;;
    'checkout '*) mkdir --parents "${@: -1}" ;;
esac`)
	return h
}

func TestNodeImagePullOnDisk(t *testing.T) {
	t.Parallel()
	h := pullHost(t)
	if out, err := h.run(h.path("/usr/local/bin/node-image-pull.sh")); err != nil {
		t.Fatal(err, out)
	}
	h.want(`
podman image exists quay.io/okd/scos-release:4.22
podman pull --quiet quay.io/okd/scos-release:4.22
sleep 10
podman image exists quay.io/okd/scos-release:4.22
podman pull --quiet quay.io/okd/scos-release:4.22
sleep 10
podman image exists quay.io/okd/scos-release:4.22
podman pull --quiet quay.io/okd/scos-release:4.22
podman image inspect quay.io/okd/scos-release:4.22
podman run --quiet --rm --net=none quay.io/okd/scos-release@sha256:beef image stream-coreos
mount --options remount,rw /sysroot
ostree container image pull --authfile /root/.docker/config.json /ostree/repo ostree-unverified-image:docker://`+nodeImage+`
sleep 10
ostree container image pull --authfile /root/.docker/config.json /ostree/repo ostree-unverified-image:docker://`+nodeImage+`
ostree rev-parse --repo /ostree/repo `+nodeImageRef+`
ostree refs --repo /ostree/repo --force --create=coreos/node-image `+nodeImageRef+`
ostree checkout --repo /ostree/repo --require-hardlinks coreos/node-image /ostree/repo/tmp/node-image
ostree admin config-diff
`, "agetty")
	if to, err := os.Readlink(h.path("/run/okd-install/node-image")); err != nil || to != h.path("/ostree/repo/tmp/node-image") {
		t.Errorf("the link leads to %s (%v)", to, err)
	}
	if got := h.read("/run/okd-install/node-image-keep"); got != "/passwd\n" {
		t.Errorf("kept: %q", got)
	}
	if h.exists("/etc/issue.d/60_node-image-pull.issue") {
		t.Error("the console still shows that it is fetched")
	}
}

// A live host has no repository of its own that it could write to. The base is
// taken over if it came from an image, and the repository goes in the end.
func TestNodeImagePullLive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, unit, memory string }{
		{"since 4.21", "/etc/systemd/system/var-ostreecontainer.mount", "/var/ostreecontainer"},
		{"until 4.20", "", "/var/ostree-container"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := pullHost(t)
			if err := os.Remove(h.path("/etc/systemd/system/var-ostreecontainer.mount")); err != nil {
				t.Fatal(err)
			}
			if c.unit != "" {
				h.write(c.unit, "", 0o600)
			}
			h.write("/run/ostree-live", "", 0o644)
			h.mkdir("/ostree/deploy/fedora-coreos/deploy/abc.0/etc")
			h.write("/run/pulled", "", 0o644)
			h.fake("ostree", `
case "$*" in
    'refs --repo /ostree/repo --list ostree/container') printf 'ostree/container/blob/a\nostree/container/image/docker_3A_x\n' ;;
    'rev-parse '*) echo 0f0f ;;
esac`)
			if out, err := h.run(h.path("/usr/local/bin/node-image-pull.sh")); err != nil {
				t.Fatal(err, out)
			}
			h.want(fmt.Sprintf(`
ostree init --repo %[1]s/repo --mode=bare
ostree refs --repo /ostree/repo --list ostree/container
ostree pull-local --repo %[1]s/repo /ostree/repo ostree/container/blob/a ostree/container/image/docker_3A_x
ostree container image pull --authfile /root/.docker/config.json %[1]s/repo ostree-unverified-image:docker://%[2]s
ostree rev-parse --repo %[1]s/repo %[3]s
ostree refs --repo %[1]s/repo --force --create=coreos/node-image %[3]s
ostree checkout --repo %[1]s/repo coreos/node-image %[1]s/checkout
mount --bind /etc /ostree/deploy/fedora-coreos/deploy/abc.0/etc
ostree admin config-diff
`, c.memory, nodeImage, nodeImageRef), "agetty", "podman")
			if h.exists(c.memory + "/repo") {
				t.Error("the repository still occupies memory")
			}
		})
	}
}

// A payload without the tag is asked by the stream of its images.
func TestNodeImageByStream(t *testing.T) {
	t.Parallel()
	h := pullHost(t)
	h.fake("podman", `
case "$*" in
    'image exists '*|'rm '*|'rmi '*) ;;
    'image inspect '*) echo '[{"Digest":"sha256:beef","RepoDigests":["quay.io/okd/scos-release@sha256:beef"]}]' ;;
    *' image machine-config-operator') echo quay.io/okd/scos-content@sha256:3c0 ;;
    'create '*) echo c1 ;;
    'cp '*) printf '#!/bin/bash\necho "tool $*" >>"%s"\necho %s\n' /run/../calls '`+nodeImage+`' >"$3"; chmod +x "$3" ;;
    *) exit 1 ;;
esac`)
	if out, err := h.run(h.path("/usr/local/bin/node-image-pull.sh")); err != nil {
		t.Fatal(err, out)
	}
	h.want(`
podman image exists quay.io/okd/scos-release:4.22
podman image inspect quay.io/okd/scos-release:4.22
podman run --quiet --rm --net=none quay.io/okd/scos-release@sha256:beef image stream-coreos
podman run --quiet --rm --net=none quay.io/okd/scos-release@sha256:beef image machine-config-operator
podman create --quiet quay.io/okd/scos-content@sha256:3c0
podman cp c1:/usr/bin/machine-config-osimagestream /run/okd-install/machine-config-osimagestream
podman rm c1
podman rmi quay.io/okd/scos-content@sha256:3c0
tool get os-image-pullspec --release-image quay.io/okd/scos-release@sha256:beef --osimagestream-name centos-10 --authfile /root/.docker/config.json --per-host-certs /etc/containers/certs.d --trust-bundle /etc/pki/ca-trust/source/anchors --registry-config /etc/containers/registries.conf
`, "agetty", "ostree", "mount", "sleep")
}

// FCOS 42 and later hold an image of their own, so the only question is whether
// the computed ref is there. If not, the refs that are there say why.
func TestNodeImageRefIsMissing(t *testing.T) {
	t.Parallel()
	h := pullHost(t)
	h.fake("ostree", `
case "$*" in
    'rev-parse '*) exit 1 ;;
    'refs --repo /ostree/repo --list ostree/container/image') echo ostree/container/image/docker_3A_other ;;
esac`)
	out, err := h.run(h.path("/usr/local/bin/node-image-pull.sh"))
	if err == nil || !strings.Contains(out, "has no ref "+nodeImageRef) || !strings.Contains(out, "docker_3A_other") {
		t.Errorf("%v\n%s", err, out)
	}
	if notice := h.read("/etc/issue.d/60_node-image-pull.issue"); !strings.Contains(notice, "failed") {
		t.Errorf("the console says %q", notice)
	}
	if h.exists("/run/okd-install/node-image") {
		t.Error("the overlay would begin")
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.mkdir("/checkout/usr/etc")
	h.fake("rsync", "")
	if err := os.Symlink(h.path("/checkout"), h.path("/run/okd-install/node-image")); err != nil {
		t.Fatal(err)
	}
	if out, err := h.run(h.path("/usr/local/bin/node-image-overlay.sh")); err != nil {
		t.Fatal(err, out)
	}
	h.want(`
mount --bind /usr/lib/modules /checkout/usr/lib/modules
mount --rbind --options ro /checkout/usr /usr
rsync --archive --xattrs --exclude=/crypto-policies --exclude-from=/run/okd-install/node-image-keep /checkout/usr/etc/ /etc/
selinuxenabled
semodule -R
systemctl try-restart --no-block sshd.service
`)
}

// A host on which the overlay fails goes no further, and says so until it is tried again.
func TestOverlayFails(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.mkdir("/checkout/usr/etc")
	h.fake("rsync", "! times rsync 1 || exit 23")
	if err := os.Symlink(h.path("/checkout"), h.path("/run/okd-install/node-image")); err != nil {
		t.Fatal(err)
	}
	const notice = "/etc/issue.d/60_node-image-overlay.issue"
	if out, err := h.run(h.path("/usr/local/bin/node-image-overlay.sh")); err == nil {
		t.Fatalf("rsync fails, and the overlay is well\n%s", out)
	}
	if text := h.read(notice); !strings.Contains(text, "failed, so the bootstrap cannot begin") ||
		!strings.Contains(text, "systemctl start node-image-overlay.target") {
		t.Errorf("the console says %q", text)
	}
	if out, err := h.run(h.path("/usr/local/bin/node-image-overlay.sh")); err != nil || h.exists(notice) {
		t.Errorf("tried again: %v, the notice stays: %v\n%s", err, h.exists(notice), out)
	}
}

func TestOverlayGenerator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rpm string
		links     bool
	}{
		{"plain CoreOS", "exit 1", true},
		{"node image", "exit 0", false},
		{"no CoreOS", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			if c.rpm != "" {
				h.fake("rpm", c.rpm)
			} else if _, err := exec.LookPath("rpm"); err == nil {
				t.Skip("this machine has rpm")
			}
			h.mkdir("/run/early")
			h.mkdir("/run/normal")
			out, err := h.run(h.path("/etc/systemd/system-generators/node-image-overlay-generator"), h.path("/run/normal"), h.path("/run/early"), h.path("/run/late"))
			if err != nil || out != "" {
				t.Fatal(err, out)
			}
			to, _ := os.Readlink(h.path("/run/early/default.target"))
			if c.links != (to == h.path("/etc/systemd/system/node-image-overlay.target")) {
				t.Errorf("default.target leads to %q", to)
			}
		})
	}
}
