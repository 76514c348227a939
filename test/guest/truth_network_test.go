//go:build e2e && truth

package guest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/page"
)

// The machine network of the install-config, which the test makes in a namespace of its
// own: a bridge with the addresses of the DNS server and of the load balancer, and a
// link to each guest.
const (
	gateway   = "10.0.2.1"
	dnsServer = "10.0.2.4"
	// balancer is that of the services machine of docs/upi.md.
	balancer = "10.0.2.5"
	// address is that of the bootstrap host.
	address = "10.0.2.10"
	// nodeAddress is that of a machine that becomes a node.
	nodeAddress = "10.0.2.20"
	domain      = "demo.example.com"
)

// networkPackages are what the machines of the network need beyond those of every guest.
var networkPackages = []string{"containerd", "dnsmasq-base", "haproxy"}

// The records that docs/upi.md has in its zone: api and api-int name the load balancer of
// the API, *.apps that of the ingress. The machines have names too.
const dnsConfig = `no-resolv
no-hosts
bind-interfaces
listen-address=` + dnsServer + `
user=root
local=/example.com/
host-record=api.` + domain + `,` + balancer + `
host-record=api-int.` + domain + `,` + balancer + `
address=/apps.` + domain + `/` + balancer + `
host-record=` + registryHost + `,` + address + `
host-record=bootstrap.` + domain + `,` + address + `
host-record=worker-0.` + domain + `,` + nodeAddress + `
host-record=master-0.` + domain + `,` + nodeAddress + `
`

// balancerConfig is the file that docs/upi.md shows, with the addresses of this network.
func balancerConfig(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../docs/upi.md")
	must(t, err)
	// a process may open fewer files here than on a machine of its own
	here := strings.NewReplacer("192.168.1.", "10.0.2.", "maxconn 20000", "maxconn 2000")
	config := here.Replace(page.Named(string(text), "/etc/haproxy/haproxy.cfg"))
	for _, want := range []string{
		"server bootstrap " + address + ":6443", "server master-0 " + nodeAddress + ":6443", "bind " + balancer + ":22623",
	} {
		if !strings.Contains(config, want) {
			t.Fatalf("haproxy.cfg on the page does not lead to the machines here, it has no %q:\n%s", want, config)
		}
	}
	return []byte(config)
}

// runNetwork makes the bridge and runs both programs out of a root, until its input ends.
const runNetwork = `set -euo pipefail
root=$1
mount --rbind /dev "${root}/dev"
mount -t proc none "${root}/proc"
ip link set lo up
ip link add machines type bridge
for address in ` + gateway + ` ` + dnsServer + ` ` + balancer + `; do ip address add "${address}/24" dev machines; done
ip link set machines up
trap 'kill $(jobs -p) || true' EXIT
chroot "${root}" /usr/sbin/dnsmasq --keep-in-foreground --log-facility=- --conf-file=/etc/okd-test/dnsmasq.conf &
chroot "${root}" /usr/sbin/haproxy -db -f /etc/okd-test/haproxy.cfg &
echo ready >&3
cat >/dev/null
`

// network is where the guests are.
type network struct {
	pid    int
	log    string
	client string
}

// newNetwork starts DNS server and load balancer on a network of their own.
func newNetwork(t *testing.T, debian string) *network {
	t.Helper()
	root := unpack(t, debian)
	at := func(name string) string { return filepath.Join(root, name) }
	write(t, at("etc/okd-test/dnsmasq.conf"), []byte(dnsConfig), 0o644)
	write(t, at("etc/okd-test/haproxy.cfg"), balancerConfig(t), 0o644)
	n := &network{log: filepath.Join(t.TempDir(), "network.log"), client: filepath.Join(t.TempDir(), "resolv.conf")}
	write(t, n.client, []byte("nameserver "+dnsServer+"\n"), 0o644)
	log, err := os.Create(n.log)
	must(t, err)
	defer log.Close()
	ready, told, err := os.Pipe()
	must(t, err)
	defer ready.Close()
	cmd := exec.Command("unshare", "--net", "--mount", "--propagation", "private", "bash", "-c", runNetwork, "network", root)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{told}
	input, err := cmd.StdinPipe() // it ends with this process, and the network with it
	must(t, err)
	must(t, cmd.Start())
	told.Close()
	t.Cleanup(func() {
		input.Close()
		_ = cmd.Wait()
		if t.Failed() {
			raw, _ := os.ReadFile(n.log)
			t.Logf("DNS server and load balancer say:\n%s", tail(string(raw), 20))
		}
	})
	if said, _ := io.ReadAll(io.LimitReader(ready, 6)); string(said) != "ready\n" {
		raw, _ := os.ReadFile(n.log)
		t.Fatalf("there is no network: %s", raw)
	}
	n.pid = cmd.Process.Pid
	return n
}

// wire gives the guest with this first process a link to the network.
func (n *network) wire(pid int) error {
	script := fmt.Sprintf(`ip link add guest%[1]d type veth peer name truth0 netns %[1]d && ip link set guest%[1]d master machines up`, pid)
	out, err := exec.Command("nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", n.pid), "bash", "-c", script).CombinedOutput()
	if err != nil {
		return fmt.Errorf("a link to the guest: %w: %s", err, out)
	}
	return nil
}

// dial connects from the network, by a name that its DNS server knows.
func (n *network) dial(name, port string) (net.Conn, error) {
	resolver := net.Resolver{PreferGo: true, Dial: func(_ context.Context, protocol, _ string) (net.Conn, error) {
		return dialFrom(n.pid, protocol, dnsServer+":53")
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	addresses, err := resolver.LookupHost(ctx, name)
	if err != nil {
		return nil, err
	}
	return dialFrom(n.pid, "tcp", net.JoinHostPort(addresses[0], port))
}

// furnish gives a guest its name, address and DNS server; no name is in its /etc/hosts.
func (n *network) furnish(t *testing.T, root, name, address string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(root, name) }
	write(t, at("etc/hostname"), []byte(name+"\n"), 0o644)
	write(t, at("etc/hosts"), []byte("127.0.0.1 localhost\n"), 0o644)
	write(t, at("etc/okd-test/address"), []byte(address+"\n"), 0o644)
	write(t, at("etc/systemd/resolved.conf.d/okd-test.conf"), []byte("[Resolve]\nDNS="+dnsServer+"\nDomains="+domain+"\n"), 0o644)
	for _, unit := range []string{"docker-registry.service", "haproxy.service"} { // Debian has them start by themselves
		must(t, os.RemoveAll(at("etc/systemd/system/multi-user.target.wants/"+unit)))
	}
}

// namesLead follows the names as a machine does: DNS, load balancer, API server.
func namesLead(t *testing.T, h *host) {
	for name, want := range map[string]string{
		"api." + domain: balancer, "api-int." + domain: balancer, "console.apps." + domain: balancer, registryHost: address,
	} {
		if got := strings.Fields(h.sh("getent ahostsv4 '%s'", name)); len(got) == 0 || got[0] != want {
			t.Errorf("the host finds %s at %v, want %s", name, got, want)
		}
	}
	h.sh("! getent ahosts not-there.%s", domain)
	if hosts := h.read("/etc/hosts"); strings.Contains(hosts, "example.com") {
		t.Errorf("names come from /etc/hosts:\n%s", hosts)
	}
	h.sh(`curl --silent --show-error --fail --noproxy '*' --cacert /opt/openshift/tls/kube-apiserver-lb-ca-bundle.crt https://api-int.%s:6443/readyz`, domain)
	// the functions by which bootkube.sh checks the same
	h.sh(`finish() { exit 0; }
give_up() { echo "$1" >&2; exit 1; }
source /usr/local/bin/bootstrap-verify-api-server-urls.sh
(verify_name api.%[1]s)
(verify_name api-int.%[1]s)
(verify_url https://api.%[1]s:6443/version)
(verify_url https://api-int.%[1]s:6443/version)
! (verify_name not-there.%[1]s)
! (verify_url https://api.%[1]s:6443/not-there)`, domain)
}
