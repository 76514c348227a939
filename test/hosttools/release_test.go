package hosttools

import (
	"strings"
	"testing"
)

// Who has fetched the release image of another architecture is told that, and not that
// it is still being fetched.
func TestReleaseImageOfAnotherArchitecture(t *testing.T) {
	t.Parallel()
	for architecture, want := range map[string]string{"amd64": "", "s390x": "is for s390x, but this host is amd64"} {
		h := newHost(t)
		h.env = []string{"SERVICE_NAME=release-image"}
		h.fake("uname", "echo x86_64")
		h.fake("podman", `case "$*" in
    'image exists '*) exit 1 ;;
    'image inspect '*) echo '[{"Architecture":"`+architecture+`"}]' ;;
esac`)
		out, err := h.run(h.path("/usr/local/bin/release-image-download.sh"))
		if (err != nil) != (want != "") {
			t.Errorf("%s: %v\n%s", architecture, err, out)
		}
		if want != "" && !strings.Contains(h.read("/etc/issue.d/50_release-image.issue"), want) {
			t.Errorf("%s: the console does not show it:\n%s", architecture, out)
		}
		for _, file := range []string{"/etc/issue.d/60_release-image.issue", "/etc/motd.d/60_release-image"} {
			if h.exists(file) {
				t.Errorf("%s: %s still says %q", architecture, file, h.read(file))
			}
		}
	}
}
