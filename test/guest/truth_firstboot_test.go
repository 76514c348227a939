//go:build e2e && truth

package guest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// masterAddress is that of a machine that boots from what Ignition has left, whose name
// is master-1.
const masterAddress = "10.0.2.21"

// bootImage is what a boot image brings: a system with a name and an address from the
// network, which lets core in by the keys that Ignition brings. It has no key itself.
func bootImage(t *testing.T, n *network, k kit) (root string) {
	t.Helper()
	root = unpack(t, k.debian)
	at := func(name string) string { return filepath.Join(root, name) }
	k.parts.furnish(root)
	n.furnish(t, root, "master-1", masterAddress)
	write(t, at("etc/machine-id"), []byte("uninitialized\n"), 0o444)
	write(t, at("etc/sudoers.d/core"), []byte("core ALL=(ALL) NOPASSWD: ALL\n"), 0o440)
	write(t, at("etc/ssh/sshd_config.d/40-ignition.conf"),
		[]byte("AuthorizedKeysFile .ssh/authorized_keys.d/ignition\nMaxSessions 50\nPerSourcePenalties no\n"), 0o644)
	write(t, at("etc/systemd/system/systemd-firstboot.service"), nil, 0o644) // an empty unit is masked
	must(t, os.MkdirAll(at("var/log/journal"), 0o755))
	return root
}

// firstBoot boots a machine from the root that Ignition has left. Who has the key of the
// install-config gets in, which has come by our MachineConfig alone; the units of the
// cluster are as they are to be, and the one that is enabled has run.
func firstBoot(t *testing.T, h *host, n *network, root string) {
	m := &host{machine: newMachine(t, root, h.key, n.wire), byName: n.dial}
	m.login(3 * time.Minute)
	m.await("the cluster's unit has run", 2*time.Minute, "[[ -s /run/okd-test-node ]]",
		"systemctl status --no-pager okd-test-first.service; journalctl -b --no-pager | tail -40")
	if said := m.read("/run/okd-test-node"); said != "100 % of it; ä\n" {
		t.Errorf("the cluster's unit says %q", said)
	}
	// what is not enabled is left out here: the presets of Debian, unlike those of CoreOS, start it
	units := strings.Fields(m.sh("systemctl is-enabled okd-test-first.service okd-test-never.service || true"))
	if got := strings.Join(units, " "); got != "enabled masked" {
		t.Errorf("the cluster's units are %s", got)
	}
	if name := strings.TrimSpace(m.sh("hostname")); name != "master-1" {
		t.Errorf("the machine is called %s", name)
	}
	if at := strings.Fields(m.sh("getent ahostsv4 'api-int.%s'", domain)); len(at) == 0 || at[0] != balancer {
		t.Errorf("the machine finds api-int at %v", at)
	}
}
