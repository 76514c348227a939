package installconfig

import (
	"encoding/binary"
	"math/rand"
	"net/netip"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// randomNetwork gives networks that are close together, so that many overlap.
func randomNetwork(r *rand.Rand) netip.Prefix {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 0x0a000000|uint32(r.Intn(1<<12)))
	return netip.PrefixFrom(netip.AddrFrom4(b), 20+r.Intn(13)).Masked()
}

// TestOverlapsAreFoundInAnyOrder compares validateOverlaps with counting addresses.
func TestOverlapsAreFoundInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(1))
	for range 500 {
		var all networks
		lists := []*[]network{&all.machine, &all.service, &all.cluster}
		taken := map[netip.Addr]bool{}
		want := 0
		var each [3][]netip.Prefix
		for range 1 + r.Intn(5) {
			i := r.Intn(3)
			each[i] = append(each[i], randomNetwork(r))
		}
		for i, list := range lists {
			for _, p := range each[i] {
				*list = append(*list, network{path: "x", prefix: p})
				hit := false
				for a := p.Addr(); p.Contains(a); a = a.Next() {
					hit = hit || taken[a]
					taken[a] = true
				}
				if hit {
					want++
				}
			}
		}
		f := &findings{}
		validateOverlaps(all, f)
		if len(f.problems) != want {
			t.Fatalf("%v: %d overlaps reported, counted %d", each, len(f.problems), want)
		}
	}
}

// TestRoom compares the capacity of cluster networks with cutting them into pieces.
func TestRoom(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(2))
	for range 500 {
		p := randomNetwork(r)
		hostPrefix := 18 + r.Intn(17)
		var want int64
		if hostPrefix >= p.Bits() && hostPrefix <= 32 {
			for a := p.Addr(); p.Contains(a); a = a.Next() {
				if netip.PrefixFrom(a, hostPrefix).Masked().Addr() == a {
					want++
				}
			}
		}
		list := []network{{prefix: p, hostPrefix: int32(hostPrefix)}}
		if got := room(list, false); got != want {
			t.Fatalf("%v in parts of /%d: room for %d, counted %d", p, hostPrefix, got, want)
		}
		if got := room(append(list, list...), false); got != 2*want {
			t.Fatalf("two of %v have room for %d, not for %d", p, got, 2*want)
		}
		if room(list, true) != 0 {
			t.Fatal("an IPv4 network has no room for IPv6")
		}
	}
}

func TestRoomDoesNotOverflow(t *testing.T) {
	t.Parallel()
	big := network{prefix: netip.MustParsePrefix("8000::/1"), hostPrefix: 64}
	if got := room([]network{big, big, big}, true); got != 1<<62 {
		t.Errorf("room is %d", got)
	}
	if got := saturated(1<<62, 1<<62); got != 1<<62 {
		t.Errorf("sum is %d", got)
	}
	if got := saturated(-1, 5); got != 5 {
		t.Errorf("a negative number counts: %d", got)
	}
}

// TestCanonicalCIDR holds that networks keep their meaning, and have one form.
func TestCanonicalCIDR(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"FD00:0:0::/64":  "fd00::/64",
		"10.0.0.0/16":    "10.0.0.0/16",
		"10.0.0.9/16":    "10.0.0.9/16", // refused later, as the user wrote it
		"not a network":  "not a network",
		"192.168.1.0/99": "192.168.1.0/99",
	} {
		got := given
		canonicalCIDR(&got)
		if got != want {
			t.Errorf("%s becomes %s, want %s", given, got, want)
		}
	}
}

func TestNoProxy(t *testing.T) {
	t.Parallel()
	c := InstallConfig{
		Metadata:   ObjectMeta{Name: "okd"},
		BaseDomain: "example.com.",
		Networking: &Networking{
			MachineNetwork: []MachineNetworkEntry{{CIDR: "192.168.1.0/24"}},
			ClusterNetwork: []ClusterNetworkEntry{{CIDR: "10.128.0.0/14"}},
			ServiceNetwork: []string{"172.30.0.0/16"},
		},
	}
	if got := c.NoProxy(); got != "" {
		t.Errorf("without a proxy: %q", got)
	}
	c.Proxy = &Proxy{HTTPProxy: "http://proxy.corp:3128", NoProxy: ".corp,10.1.0.0/16,localhost"}
	want := ".cluster.local,.corp,.svc,10.1.0.0/16,10.128.0.0/14,127.0.0.1,172.30.0.0/16,192.168.1.0/24,api-int.okd.example.com,localhost"
	if got := c.NoProxy(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Proxy.NoProxy = "*"
	if got := c.NoProxy(); got != "*" {
		t.Errorf("with *: %q", got)
	}
}

func TestRepositories(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"quay.io", "localhost", "mirror:5000", "mirror:5000/okd", "Mirror.corp/okd", "[fd00::1]:5000/okd", "[fd00::1]/a",
		"a.b/c-d/e__f/g.h/i---j", "10.0.0.1:5000/x",
	} {
		if problem := repositoryProblem(good); problem != "" {
			t.Errorf("%s %s", good, problem)
		}
	}
	for _, bad := range []string{
		"", "https://quay.io", "okd/x", "a.b/", "a.b/C", "a.b/c:1", "a.b/c@sha256:0", "a.b:/c", "a.b:0/c", "a.b/c..d", "a.b/c___d",
		"a.b/-c", "a.b/c_-d", "*.b/c", "-a.b/c", "[fd00::1/a", "[10.0.0.1]/a", "[fd00::1]:/a", "[fd00::1]x/a", "a.b/" + strings.Repeat("c", 255),
	} {
		if repositoryProblem(bad) == "" {
			t.Errorf("%q is taken for a repository", bad)
		}
	}
}

func TestFencingAddresses(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"redfish+https://192.168.111.1:8000/redfish/v1/Systems/1": true,
		"redfish://bmc.example.com/redfish/v1/Systems/1":          true,
		"https://[fd00::1]/redfish/v1/Systems/1":                  true,
		"idrac://bmc:443/redfish/v1":                              true,
		"idrac://bmc/redfish/v1":                                  false,
		"ipmi://192.168.111.1:623":                                false,
		"redfish/v1/Systems/1":                                    false,
		"redfish://:8000/Systems/1":                               false,
		"redfish://bmc:99999/Systems/1":                           false,
		"redfish://bmc:0/Systems/1":                               false,
		"redfish://user:hunter2@bmc/Systems/1":                    false,
		"redfish://%zz/Systems/1":                                 false,
		"":                                                        false,
	} {
		problem := redfishProblem(address)
		if (problem == "") != good {
			t.Errorf("%q: %q", address, problem)
		}
		if strings.Contains(problem, "hunter2") {
			t.Errorf("%q gives the password away", problem)
		}
	}
	for mac, good := range map[string]bool{
		"52:54:00:ab:cd:01": true, "52-54-00-AB-CD-01": true, "5254.00ab.cd01": true,
		"52:54:00:ab:cd": false, "ff:ff:ff:ff:ff:ff": false, "00:00:00:00:00:00": false, "02:00:5e:10:00:00:00:01": false, "": false,
	} {
		if got := macProblem(mac) == ""; got != good {
			t.Errorf("%q is a card's address: %v", mac, got)
		}
	}
}

func TestDualStackOrderOfPlatforms(t *testing.T) {
	t.Parallel()
	v4, v6 := network{prefix: netip.MustParsePrefix("172.30.0.0/16")}, network{prefix: netip.MustParsePrefix("fd02::/112")}
	for _, c := range []struct {
		allows platform.DualStack
		first  network
		good   bool
	}{
		{platform.NoDualStack, v4, false}, {platform.IPv4First, v4, true}, {platform.IPv4First, v6, false}, {platform.EitherFirst, v6, true},
	} {
		f := &findings{}
		validateDualStack(&InstallConfig{}, []network{c.first}, &platform.Spec{Name: "toy", DualStack: c.allows}, f)
		if (len(f.problems) == 0) != c.good {
			t.Errorf("%+v: %v", c, f.problems)
		}
	}
}
