package main

import (
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/test/needs"
	"github.com/okd-project/okd-install/test/page"
)

// upiPage is followed to the letter, so what one of its files says the others have to say too.
const upiPage = "docs/upi.md"

var (
	zoneRecord = regexp.MustCompile(`(?m)^(\S+)\s+IN (?:A|PTR)\s+(\S+)$`)
	leased     = regexp.MustCompile(`(?m)^dhcp-host=[0-9a-f:]+,set:(\w+),([0-9.]+),([a-z0-9-]+),infinite$`)
	server     = regexp.MustCompile(`(?m)^  server (\S+) (\S+):(\d+) `)
	digRow     = regexp.MustCompile("(?m)^\\| `dig \\+short @(\\S+) (-x )?(\\S+)` \\| (.+) \\|$")
	machine    = regexp.MustCompile(`\b(?:bootstrap|master-\d|worker-\d)\b`)
	address    = regexp.MustCompile(`\b192\.168\.1\.\d+\b`)
	inDomain   = regexp.MustCompile(`[a-z0-9*-]+(?:\.[a-z0-9-]+)*\.okd\.example\.com\b`)
)

func upiText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docsRoot, upiPage))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// records are the names of a zone file that the page shows, and where they lead.
func records(t *testing.T, file string) map[string][]string {
	t.Helper()
	zone := map[string][]string{}
	for _, m := range zoneRecord.FindAllStringSubmatch(page.Named(upiText(t), file), -1) {
		zone[m[1]] = append(zone[m[1]], m[2])
	}
	if len(zone) < 5 {
		t.Fatalf("%s has no records in %s: %v", upiPage, file, zone)
	}
	return zone
}

// machines are those that the DHCP server knows: addresses by name, by the role of the machine.
func machines(t *testing.T) map[string]map[string]string {
	t.Helper()
	found := map[string]map[string]string{"bootstrap": {}, "master": {}, "worker": {}}
	for _, m := range leased.FindAllStringSubmatch(page.Named(upiText(t), "/etc/dnsmasq.d/okd.conf"), -1) {
		found[m[1]][m[3]] = m[2]
	}
	return found
}

// pageConfig is the install-config that the page shows.
func pageConfig(t *testing.T) installconfig.InstallConfig {
	t.Helper()
	for _, b := range page.Blocks(upiText(t)) {
		if b.Language == "yaml" && strings.HasPrefix(b.Text, "apiVersion: v1\n") {
			return loadConfig(t, []byte(b.Text))
		}
	}
	t.Fatal("there is no install-config on the page")
	return installconfig.InstallConfig{}
}

func loadConfig(t *testing.T, text []byte) installconfig.InstallConfig {
	t.Helper()
	catalogue, err := release.Parse(data.Releases)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := installconfig.Load("install-config.yaml", text, installconfig.Options{Release: catalogue.Default()})
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Config
}

// The zones, the DHCP server and the config know the same machines.
func TestUPINamesAgree(t *testing.T) {
	t.Parallel()
	config := pageConfig(t)
	network := netip.MustParsePrefix(config.Networking.MachineNetwork[0].CIDR)
	forward, reverse := records(t, "/etc/bind/db.okd.example.com"), records(t, "/etc/bind/db.192.168.1")
	all := machines(t)
	if len(all["bootstrap"]) != 1 || int64(len(all["master"])) != *config.ControlPlane.Replicas ||
		int64(len(all["worker"])) != config.ComputeReplicas() {
		t.Errorf("the DHCP server knows %v, and the config wants %d and %d", all, *config.ControlPlane.Replicas, config.ComputeReplicas())
	}
	for _, role := range all {
		for name, addr := range role {
			if !slices.Equal(forward[name], []string{addr}) {
				t.Errorf("%s is %s for DHCP, and %v in the zone", name, addr, forward[name])
			}
			_, last, _ := strings.Cut(addr, "192.168.1.")
			if want := []string{name + "." + config.ClusterDomain() + "."}; !slices.Equal(reverse[last], want) {
				t.Errorf("%s is %v in the reverse zone, want %v", addr, reverse[last], want)
			}
			if !network.Contains(netip.MustParseAddr(addr)) {
				t.Errorf("%s is not in %s", addr, network)
			}
		}
	}
	for _, name := range []string{"api", "api-int", "*.apps"} {
		if !slices.Equal(forward[name], forward["services"]) {
			t.Errorf("%s leads to %v, and the load balancer is %v", name, forward[name], forward["services"])
		}
	}
}

// The load balancer leads to the machines that have the role, and hands out what is secret
// to their network only. Without the bootstrap host the others stay.
func TestUPILoadBalancerAgrees(t *testing.T) {
	t.Parallel()
	all := machines(t)
	controlPlane := maps.Clone(all["master"])
	maps.Copy(controlPlane, all["bootstrap"])
	sections := map[string]map[string]string{} // servers by listen and port
	for _, section := range strings.Split(page.Named(upiText(t), "/etc/haproxy/haproxy.cfg"), "\nlisten ")[1:] {
		name, _, _ := strings.Cut(section, "\n")
		bound := regexp.MustCompile(`bind (\S+):(\d+)`).FindStringSubmatch(section)
		servers := map[string]string{}
		for _, m := range server.FindAllStringSubmatch(section, -1) {
			servers[m[1]] = m[2]
			if m[3] != bound[2] {
				t.Errorf("%s: %s is asked on port %s, and clients on %s", name, m[1], m[3], bound[2])
			}
		}
		sections[bound[2]] = servers
		inside := bound[1] != "*" && strings.Contains(section, "tcp-request connection reject unless { src 192.168.1.0/24 }\n")
		if inside != (bound[2] == "22623") {
			t.Errorf("%s is for the machines only: %v", name, inside)
		}
		asked := map[string]string{"6443": "/readyz", "22623": "/healthz", "80": "/healthz/ready", "443": "/healthz/ready"}[bound[2]]
		if !strings.Contains(section, "uri "+asked+"\n") {
			t.Errorf("%s is not asked for %s", name, asked)
		}
	}
	want := map[string]map[string]string{"6443": controlPlane, "22623": controlPlane, "80": all["worker"], "443": all["worker"]}
	if !reflect.DeepEqual(sections, want) {
		t.Errorf("the load balancer has %v, want %v", sections, want)
	}
}

// Every dig is answered from the zones as the page says.
func TestUPIAnswers(t *testing.T) {
	t.Parallel()
	const domain = ".okd.example.com"
	forward, reverse := records(t, "/etc/bind/db.okd.example.com"), records(t, "/etc/bind/db.192.168.1")
	rows := digRow.FindAllStringSubmatch(upiText(t), -1)
	if len(rows) < 10 {
		t.Fatalf("there are only %d checks", len(rows))
	}
	for _, m := range rows {
		asked, answer := m[3], strings.Trim(m[4], "`")
		if !slices.Equal(forward["services"], m[1:2]) {
			t.Errorf("%s is asked of %s, which is not the name server", asked, m[1])
		}
		var got []string
		name, ours := strings.CutSuffix(asked, domain)
		switch {
		case m[2] != "":
			got = reverse[asked[strings.LastIndex(asked, ".")+1:]]
		case !ours:
			continue // a name of the internet
		case strings.HasSuffix(name, ".apps"):
			got = forward["*.apps"]
		default:
			got = forward[name]
		}
		if answer == "nothing" {
			answer = ""
		}
		if strings.Join(got, " ") != answer {
			t.Errorf("%s is %v, and the page says %q", asked, got, answer)
		}
	}
}

// No command of the page names a machine or an address that is not in the example.
func TestUPINamesNothingElse(t *testing.T) {
	t.Parallel()
	text := upiText(t)
	known := []string{"192.168.1.0", "192.168.1.1"} // the network, its router
	forward := records(t, "/etc/bind/db.okd.example.com")
	for _, to := range forward {
		known = append(known, to...)
	}
	for _, addr := range address.FindAllString(text, -1) {
		if !slices.Contains(known, addr) {
			t.Errorf("%s has no name", addr)
		}
	}
	for _, name := range machine.FindAllString(text, -1) {
		if forward[name] == nil {
			t.Errorf("%s has no address", name)
		}
	}
	for _, name := range inDomain.FindAllString(text, -1) {
		name = strings.TrimSuffix(name, ".okd.example.com")
		if forward[name] == nil && !strings.HasSuffix(name, ".apps") && name != "anything" && name != "db" {
			t.Errorf("%s has no address", name)
		}
	}
}

// The command of the page writes the config that the page shows.
func TestUPIConfig(t *testing.T) {
	t.Parallel()
	bash := needs.Program(t, "bash")
	for _, b := range shellBlocks(upiText(t)) {
		if !strings.HasPrefix(b.text, "okd-install create install-config --dir okd ") {
			continue
		}
		cmd := exec.CommandContext(t.Context(), bash, "-c", b.text)
		cmd.Dir = t.TempDir()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(cmd.Dir, "okd", "install-config.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		made, shown := loadConfig(t, text), pageConfig(t)
		if made.SSHKey == "" {
			t.Error("nobody can log in to the machines")
		}
		made.SSHKey = ""
		if !reflect.DeepEqual(made, shown) {
			t.Errorf("the command makes %+v, and the page shows %+v", made, shown)
		}
		return
	}
	t.Fatal("the page does not make the config")
}
