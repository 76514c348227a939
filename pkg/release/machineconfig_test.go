package release

import (
	"strings"
	"testing"
)

// What the machine-config operators of the lines were seen to take.
func TestMachineConfigFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lines, spec, extensions string }{
		{"4.16 4.17", "3.4.0", "ipsec kerberos kernel-devel sandboxed-containers usbguard wasm"},
		{"4.18", "3.4.0", "ipsec kerberos kernel-devel sandboxed-containers sysstat usbguard wasm"},
		{"4.19 4.20 4.21", "3.5.0", "ipsec kerberos kernel-devel sandboxed-containers sysstat two-node-ha usbguard wasm"},
		{"4.22 5.0 5.1", "3.5.0", "ipsec kerberos kernel-devel sandboxed-containers sysstat two-node-ha usbguard"},
	} {
		for _, line := range strings.Fields(c.lines) {
			r := Release{Line: line}
			if got := r.IgnitionSpec(); got != c.spec {
				t.Errorf("%s: spec %s, want %s", line, got, c.spec)
			}
			if got := strings.Join(r.Extensions(), " "); got != c.extensions {
				t.Errorf("%s: extensions %s, want %s", line, got, c.extensions)
			}
			if got := strings.Join(r.KernelTypes(), " "); got != "default realtime 64k-pages" {
				t.Errorf("%s: kernel types %s", line, got)
			}
		}
	}
	for _, c := range []struct {
		line, extension, elsewhere string
		later                      bool
	}{
		{"4.22", "wasm", "4.21", false}, {"4.21", "wasm", "", false}, {"4.17", "sysstat", "4.18", true},
		{"4.18", "two-node-ha", "4.19", true}, {"5.0", "zsh", "", false},
	} {
		if line, later := (Release{Line: c.line}).ExtensionElsewhere(c.extension); line != c.elsewhere || later != c.later {
			t.Errorf("%s: %s is in %q, %t", c.line, c.extension, line, later)
		}
	}
	if got := (Release{}).IgnitionSpec(); got != "3.4.0" {
		t.Errorf("no line: %s", got)
	}
}
