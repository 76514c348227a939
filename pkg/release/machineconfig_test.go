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
	if since, until, known := ExtensionLines("wasm"); since != "4.16" || until != "4.21" || !known {
		t.Errorf("wasm: %s, %s, %t", since, until, known)
	}
	if _, _, known := ExtensionLines("zsh"); known {
		t.Error("zsh is known")
	}
	if got := (Release{}).IgnitionSpec(); got != "3.4.0" {
		t.Errorf("no line: %s", got)
	}
}
