package installconfig

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// validateFencing checks the rule of the two-node control plane: two members of
// etcd are no majority of anything, so each must be able to power the other off.
func validateFencing(c *InstallConfig, spec *platform.Spec, f *findings) {
	const path = "controlPlane.fencing"
	if f.isBroken("controlPlane.replicas") {
		return // how many credentials there should be is not known
	}
	fencing := c.ControlPlane.Fencing
	twoNodes := replicas(c.ControlPlane) == 2 && c.Arbiter == nil
	var credentials []FencingCredential
	if fencing != nil {
		credentials = fencing.Credentials
	}
	name := ""
	if spec != nil {
		name = spec.Name
	}
	support, row := f.release.Support(release.Fencing, name)
	switch {
	case twoNodes && support == release.Absent && row.Feature == "":
		f.fail("controlPlane.replicas", "is 2, which platform "+name+" does not support", "use 3")
		return
	case twoNodes && support == release.Absent:
		f.fail("controlPlane.replicas", f.tooEarly("is 2, which takes fencing, and that needs", row, name), "use 3, or 1 for a single node")
		return
	case twoNodes && len(credentials) != 2:
		if !f.given(path + ".credentials") {
			f.places[path+".credentials"] = f.places["controlPlane.replicas"]
		}
		f.fail(path+".credentials", "needs 2 entries, because controlPlane.replicas is 2, but has "+strconv.Itoa(len(credentials)),
			"two nodes have no quorum: when one is lost, the other cannot go on unless it can power that one off. "+c.waysOutOfTwo(row, name, f))
	case !twoNodes && len(credentials) > 0:
		f.fail(path+".credentials", "is only for a control plane of 2 nodes without an arbiter",
			"remove fencing, or set controlPlane.replicas to 2")
	}
	seen := map[string]string{}
	for i, credential := range credentials {
		validateCredential(credential, item(path+".credentials", i), seen, f)
	}
}

// waysOutOfTwo says what to do about two nodes in this release on this platform.
func (c *InstallConfig) waysOutOfTwo(fencing release.FeatureRow, platform string, f *findings) string {
	ways := []string{"use 3 (or 1) replicas"}
	if support, _ := f.release.Support(release.Arbiter, platform); support == release.Present {
		ways = append(ways, "add an arbiter")
	}
	credentials := "give the credentials of both management controllers"
	if !c.Enabled(fencing.Gate, f.release) {
		credentials += " and set featureSet: " + release.TechPreview
	}
	return diag.Capital(diag.Or(append(ways, credentials)))
}

// validateCredential checks one entry. Seen holds what must be unique, by kind
// and value, with the path where it was first.
func validateCredential(c FencingCredential, path string, seen map[string]string, f *findings) {
	if byMAC, _ := f.release.Support(release.FencingByMAC, ""); c.HostName == "" && (c.MACAddress == "" || byMAC == release.Absent) {
		hint := "give the name that the node has in the cluster, such as master-0"
		if byMAC == release.Present {
			hint += ", or the macAddress that it boots from"
		}
		f.fail(path+".hostName", missing(f, path+".hostName"), hint)
	}
	for _, one := range []struct{ field, value string }{{"hostName", c.HostName}, {"macAddress", c.MACAddress}, {"address", c.Address}} {
		if one.value == "" {
			continue
		}
		at := path + "." + one.field
		if before, twice := seen[one.field+one.value]; twice {
			f.fail(at, "is the same as "+before, "each node has its own")
			continue
		}
		seen[one.field+one.value] = at
	}
	if c.HostName != "" && !isDomain(c.HostName) {
		f.fail(path+".hostName", strconv.Quote(shorten(c.HostName))+" "+domainProblem(c.HostName),
			"give the name that the node has in the cluster, such as master-0")
	}
	if c.MACAddress != "" {
		if problem := macProblem(c.MACAddress); problem != "" {
			f.fail(path+".macAddress", strconv.Quote(shorten(c.MACAddress))+" "+problem,
				"write six pairs of hexadecimal digits, such as 52:54:00:ab:cd:01")
		}
	}
	f.required(path+".username", c.Username, "give the user of the management controller")
	f.required(path+".password", c.Password, "give the password of the management controller")
	if problem := redfishProblem(c.Address); problem != "" {
		f.fail(path+".address", problem, "write such as redfish+https://192.168.111.1:443/redfish/v1/Systems/1")
	}
	if c.CertificateVerification != "" {
		f.word(path+".certificateVerification", c.CertificateVerification)
	}
}

// macProblem says why s is not the address of one Ethernet card, or "".
func macProblem(s string) string {
	mac, err := net.ParseMAC(s)
	switch {
	case err != nil || len(mac) != 6:
		return "is not a MAC address"
	case mac[0]&1 == 1:
		return "is a multicast address, which no network card has"
	case mac.String() == "00:00:00:00:00:00":
		return "is not the address of a network card"
	}
	return ""
}

// redfishProblem says why an address cannot be that of a Redfish system, or "".
// It does not quote the address, in which there may be a password.
func redfishProblem(address string) string {
	if address == "" {
		return "is missing"
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return "is not a URL"
	case u.User != nil:
		return "holds a user, which belongs in username and password"
	case !strings.Contains(address, "redfish"):
		return "is not the address of a Redfish system: fencing knows no other protocol"
	case u.Hostname() == "":
		return "names no host"
	case u.Port() == "" && !strings.Contains(u.Scheme, "http") && !strings.Contains(u.Scheme, "redfish"):
		return fmt.Sprintf("has no port, and the scheme %s implies none", strconv.Quote(u.Scheme))
	case !isPort(u.Port()):
		return "has a port that does not exist"
	}
	return ""
}

// isPort reports whether s is empty or the number of a TCP port.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}
