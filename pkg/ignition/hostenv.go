package ignition

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/shell"
)

// Proxy is the proxy of the bootstrap host; empty fields are not set.
type Proxy struct {
	HTTP, HTTPS string
	// NoProxy is the computed list of the cluster's Proxy object.
	NoProxy string
}

func (p Proxy) variables() []variable {
	return []variable{{"HTTP_PROXY", p.HTTP}, {"HTTPS_PROXY", p.HTTPS}, {"NO_PROXY", p.NoProxy}}
}

// Environment is what the scripts on the bootstrap host are told.
type Environment struct {
	// ReleaseImage is the pull spec of the release image.
	ReleaseImage string
	// ReleaseLine is the minor version of the release, such as 4.22.
	ReleaseLine string
	// ClusterDomain is <cluster name>.<base domain>.
	ClusterDomain string
	// BootstrapNodeIP is the address that the user gave this host, or empty.
	BootstrapNodeIP string
	// NodeIPFamily is the family of the first service network: ipv4 or ipv6.
	NodeIPFamily string
	// ClusterProfile replaces the release's own profile, or is empty.
	ClusterProfile string
	// OSImageStream is the OS stream of the nodes, such as centos-10, or empty.
	OSImageStream string
	// BootstrapInPlace is set on a single node that becomes the cluster without
	// a host besides it.
	BootstrapInPlace bool
	// Konnectivity is set if the API server of this host is to reach the pods of
	// the cluster through a konnectivity server. A host before 5.0, and one with
	// BootstrapInPlace, has none all the same.
	Konnectivity bool
	// InstallationDisk is the device that such a node installs itself to.
	InstallationDisk string
}

// EnvironmentFile is where the host finds the values of Environment. It stands
// in a folder of our own in /etc rather than in /opt/openshift, which is mounted
// into the containers of the operators.
const EnvironmentFile = "/etc/okd-install/environment"

type variable struct{ name, value string }

// variables lists every value with its name. An empty value is written too: the
// scripts run with nounset.
func (e Environment) variables(mirrors string) []variable {
	return []variable{
		{"RELEASE_IMAGE", e.ReleaseImage},
		{"RELEASE_LINE", e.ReleaseLine},
		{"CLUSTER_DOMAIN", e.ClusterDomain},
		{"API_HOST", "api." + e.ClusterDomain},
		{"API_INT_HOST", "api-int." + e.ClusterDomain},
		{"BOOTSTRAP_NODE_IP", e.BootstrapNodeIP},
		{"NODE_IP_FAMILY", e.NodeIPFamily},
		{"CLUSTER_PROFILE", e.ClusterProfile},
		{"OS_IMAGE_STREAM", e.OSImageStream},
		{"BOOTSTRAP_IN_PLACE", strconv.FormatBool(e.BootstrapInPlace)},
		{"INSTALLATION_DISK", e.InstallationDisk},
		{"KONNECTIVITY", strconv.FormatBool(e.konnectivity())},
		{"MIRRORS_MANIFEST", mirrors},
	}
}

func (e Environment) konnectivity() bool {
	return e.Konnectivity && !e.BootstrapInPlace && release.Release{Line: e.ReleaseLine}.Has(release.Konnectivity)
}

// variables lists what the scripts are told, the platform's own last, which have names
// of their own.
func (h Host) variables() []variable {
	all := h.Environment.variables(h.MirrorsManifest)
	for _, name := range slices.Sorted(maps.Keys(h.Platform.Variables)) {
		all = append(all, variable{name, h.Platform.Variables[name]})
	}
	return all
}

func environmentFile(variables []variable) []byte {
	var b strings.Builder
	b.WriteString("# What okd-install knows about this cluster, for the scripts of this host.\n")
	b.WriteString("# Both a shell and systemd's EnvironmentFile= read it.\n")
	for _, v := range variables {
		fmt.Fprintf(&b, "%s=%s\n", v.name, shell.Quote(v.value))
	}
	return []byte(b.String())
}

// proxyProfile is /etc/profile.d/proxy.sh, for people who log in.
func proxyProfile(p Proxy) []byte {
	var b strings.Builder
	b.WriteString("# The proxy of the install-config, for login shells.\n")
	for _, v := range p.variables() {
		if v.value != "" {
			fmt.Fprintf(&b, "export %s=%s\n", v.name, shell.Quote(v.value))
		}
	}
	return []byte(b.String())
}

// proxyDefaults is the drop-in that gives the proxy to every service. Without a
// proxy it is a section without settings.
func proxyDefaults(p Proxy) []byte {
	var b strings.Builder
	b.WriteString("[Manager]\n")
	for _, v := range p.variables() {
		if v.value != "" {
			fmt.Fprintf(&b, "DefaultEnvironment=%s\n", systemdQuote(v.name+"="+v.value))
		}
	}
	return []byte(b.String())
}

// systemdQuote writes an assignment as one word of DefaultEnvironment= or
// Environment=. Such a line knows C escapes, and expands % after it has split
// the line into words; $ is nothing special (systemd.exec(5), systemd.syntax(7)).
func systemdQuote(assignment string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(assignment) {
		switch c := assignment[i]; {
		case c == '"', c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '%':
			b.WriteString("%%")
		case c < ' ', c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
