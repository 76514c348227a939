package analyze

import (
	"net/netip"
	"path"
	"regexp"
	"strings"
	"sync"
)

// subject is what a line of a log speaks of.
type subject int

const (
	aboutNothing  subject = iota // the line names nothing that it spoke with
	aboutLookup                  // a name that was looked up
	aboutSelf                    // a port of the machine itself: that its process is not up is a symptom
	aboutAPI                     // port 6443
	aboutServer                  // the machine config server, port 22623
	aboutEtcd                    // ports 2379 and 2380
	aboutProxy                   // the proxy of the installation
	aboutRegistry                // where images come from
	aboutIgnition                // where an .ign file comes from, other than the server
	aboutOther                   // anything else that the line names
)

// How a lookup failed.
const (
	lookupMissing = iota + 1 // the name is not known
	lookupSilent             // the name server gives no answer
	lookupNowhere            // the machine has no name server: it asks itself
)

// line is a line of a log, with what it speaks of.
type line struct {
	// text is in lower case.
	text  string
	about subject
	// host is what the line spoke with or looked up, and port where; both may be empty.
	host, port string
	lookup     int
}

// The texts of a failed lookup: of Go and of C libraries, curl, dig, host and nslookup.
var lookupSigns = []string{
	"lookup ", "no such host", "name or service not known", "temporary failure in name resolution", "server misbehaving",
	"could not resolve", "couldn't resolve", "can't resolve", "failed to resolve", "failed to lookup address", "nxdomain", "servfail",
	"no servers could be reached", "no address associated with hostname", "nodename nor servname", ":53: ", "dns error",
	"name resolution failed", "resolving timed out", "communications error to", "#53: ",
}

// besides are services of CoreOS that ask for names of the internet, which a network of its
// own need not know.
var besides = []string{"zincati", "fedora-coreos-pinger", "coreos-pinger", "chronyd", "telemeter", "fwupd", "rpm-ostree-countme"}

// compiled is an expression that is compiled when it is first used: every command starts with
// those of this package, and few read logs.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// Parts of lines, all in lower case.
var (
	lookedUp   = compiled(`(?:^|[\s"(:])lookup (_?[a-z0-9][a-z0-9._-]*)(?: on (\S+?):53)?(?:: |:?$)`)
	unresolved = compiled(`(?:could not resolve (?:host(?:name)?|proxy)|couldn't resolve host(?: name)?|can't resolve|failed to resolve|server can't find|host) ?:? ?'?"?([a-z0-9][a-z0-9_-]*\.[a-z0-9._-]+)`)
	notInDNS   = compiled(`([a-z0-9][a-z0-9.-]*) is not found in dns`)
	serverOf   = compiled(`(?:read|dial|write) (?:udp|tcp) (?:\S+->)?(\S+?):53: `)
	dialled    = compiled(`dial tcp[46]?:? (\[[0-9:.%a-z]+\]|[^\s:\[\]]+):(\d+)`)
	arrow      = compiled(`(\[[0-9a-f:.]+\]|[0-9.]+):\d+->(\[[0-9a-f:.]+\]|[0-9.]+):(\d+)`)
	refused    = compiled(`connection to the server (\[[^\]]+\]|[^\s:]+)(?::(\d+))? was refused`)
	curled     = compiled(`connect to (\[?[^\s\]]+\]?) port (\d+)`)
	url        = compiled(`https?://(?:[^/\s"']*@)?(\[[^\]]+\]|[^/\s:"'\\)]+)(?::(\d+))?([^\s"'\\)]*)`)
	endpoint   = compiled(`(\[[0-9a-f:.]+\]|[a-z0-9.-]+):(2379|2380|6443|22623)\b`)
	otherName  = compiled(`, not (api(?:-int)?\.[^\s",]+)|not match (?:target )?host ?name '?(api(?:-int)?\.[^\s',]+)`)
)

// pullWords are what podman, skopeo, CRI-O, the kubelet and rpm-ostree say of images.
var pullWords = []string{
	"container registry", "docker registry", "docker://", "/v2/", "pulling image", "pull image", "imagepull", "image pull",
	"errimagepull", "pulling ", "podman pull", "error pulling", "unable to pull", "copying system image", "reading manifest",
	"reading blob", "writing blob", "copying blob", "fetching blob", "parsing image", "image configuration",
	"ostree-unverified", "ostree-image", "pull failed", "trying to pull", "trying to access", "initializing source",
	"determining manifest", "openimage", "getblob", "auth token", "pull secret", "unable to read image", "unauthorized: ",
	"denied: requested", "toomanyrequests",
}

// find returns what an expression finds in the line, or nil. A text that holds none of the
// words need not be looked through with it, which takes long.
func (l line) find(in func() *regexp.Regexp, words ...string) []string {
	if !holdsAny(l.text, words) {
		return nil
	}
	return in().FindStringSubmatch(l.text)
}

// imageLogs are logs whose certificates are those of registries.
var imageLogs = []string{"crio.", "machine-config-daemon-", "pivot.", "release-image", "node-image"}

// proxyWords are what Go and curl say of a proxy.
var proxyWords = []string{
	"proxyconnect", "proxy authentication required", "resolve proxy", "proxy connect aborted", "from proxy after connect",
}

// unknownName are the words of a name server, or of who asked it, that a name is not there.
var unknownName = []string{
	"no such host", "name or service not known", "nxdomain", "no address associated", "nodename nor servname", "is not found in dns",
}

// ownAuthorities are words in the names of the cluster's own authorities.
var ownAuthorities = []string{
	"root-ca", "kube-", "kubelet-", "etcd", "openshift-", "admin-kubeconfig", "aggregator", "localhost", "signer",
}

func holdsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// readLine finds out what a line, in lower case, in a file of the bundle speaks of.
func readLine(place, text string) line {
	l := line{text: text}
	if l.readUnknown() || l.readLookup() {
		return l
	}
	l.readTarget()
	base := path.Base(place)
	pull := holdsAny(text, pullWords)
	switch {
	case strings.Contains(text, "dial unix"), l.host != "" && ownName(l.host) && !strings.Contains(text, "proxyconnect"):
		l.about = aboutSelf
	case holdsAny(text, proxyWords):
		l.about = aboutProxy
	case l.port == "6443":
		l.about = aboutAPI
	case l.port == "22623", l.port == "22624":
		l.about = aboutServer
	case l.port == "2379", l.port == "2380":
		l.about = aboutEtcd
	case strings.HasPrefix(base, "etcd") && l.port == "":
		l.about = aboutEtcd
	case l.host == "" && strings.HasPrefix(base, "machine-config-server"):
		l.about = aboutServer
	case l.host != "" && holdsAny(text, []string{".ign", "ignition["}),
		strings.Contains(text, ".ign") && strings.Contains(text, "ignition config"):
		l.about = aboutIgnition
	case pull && !inCluster(l.host):
		l.about = aboutRegistry
	case l.host != "" && l.port == "" && apiName(l.host), strings.Contains(text, "unable to connect to the server"),
		l.host == "" && l.find(otherName, ", not api", "not match") != nil:
		l.about = aboutAPI
	case l.host != "":
		l.about = aboutOther
	case strings.Contains(text, "x509") && holdsAny(base, imageLogs):
		l.about = aboutRegistry
	}
	return l
}

// readUnknown reports whether the line is about a kind or a namespace that the API does not
// know, and notes which.
func (l *line) readUnknown() bool {
	if m := l.find(unknownKind, "no matches for kind"); m != nil {
		l.host = m[1] + "." + m[2]
		return true
	}
	if m := l.find(unknownNamespace, "namespaces "); m != nil {
		l.host = m[1]
		return true
	}
	return false
}

// readLookup reports whether the line is about a lookup that failed, and reads it.
func (l *line) readLookup() bool {
	server := ""
	switch m := l.find(lookedUp, "lookup "); {
	case m != nil:
		l.host, server = m[1], m[2]
	case !holdsAny(l.text, lookupSigns[1:]) && !strings.Contains(l.text, "is not found in dns"):
		return false
	default:
		if m := l.find(unresolved, "resolve", "server can't find", "host "); m != nil {
			l.host = m[1]
		} else if m := l.find(notInDNS, "is not found in dns"); m != nil {
			l.host = m[1]
		} else if m := l.find(url, "://"); m != nil {
			l.host = m[1]
		}
		if m := l.find(serverOf, ":53: "); m != nil {
			server = m[1]
		}
		if server == "" && strings.Contains(l.text, ":53: ") && !strings.Contains(l.text, " udp ") {
			return false // a line of a source file, such as dns.go:53:
		}
	}
	if inCluster(l.host) || ownName(l.host) || holdsAny(l.text, besides) {
		// a service of the cluster's own DNS, which is not up, or a name that nobody needs
		l.about = aboutOther
		return true
	}
	l.about, l.host = aboutLookup, strings.Trim(l.host, ".")
	switch ip, err := netip.ParseAddr(strings.Trim(server, "[]")); {
	case err == nil && ip.IsLoopback() && server != "127.0.0.53" && server != "127.0.0.54" && holdsAny(l.text, []string{"refused"}):
		l.lookup = lookupNowhere
	case holdsAny(l.text, unknownName):
		l.lookup = lookupMissing
	case holdsAny(l.text, []string{"could not resolve", "couldn't resolve"}) && !holdsAny(l.text, []string{"timed out", "timeout"}):
		l.lookup = lookupMissing
	default:
		l.lookup = lookupSilent
	}
	return true
}

// readTarget finds what the line spoke with: what was dialled rather than what the URL
// names, since that may have gone through a proxy.
func (l *line) readTarget() {
	if m := l.find(dialled, "dial tcp"); m != nil {
		l.host, l.port = m[1], m[2]
	} else if m := l.find(arrow, "->"); m != nil {
		if l.host, l.port = m[2], m[3]; m[1] == m[2] {
			l.host = "localhost"
		}
	} else if m := l.find(refused, "was refused"); m != nil {
		l.host, l.port = m[1], m[2]
	} else if m := l.find(curled, "connect to "); m != nil {
		l.host, l.port = m[1], m[2]
	} else if m := l.find(url, "://"); m != nil {
		l.host, l.port = m[1], m[2]
	} else if m := l.find(endpoint, ":2379", ":2380", ":6443", ":22623"); m != nil {
		l.host, l.port = m[1], m[2]
	}
	l.host = strings.Trim(l.host, "[]\"'\\")
}

// ownName reports whether a host is the machine itself for everybody.
func ownName(host string) bool {
	if host == "localhost" || strings.HasPrefix(host, "localhost.") || host == "ip6-localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.IsUnspecified())
}

// inCluster reports whether a host is a service of the cluster, by its name or by the
// network that services have unless the user says otherwise.
func inCluster(host string) bool {
	if strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local") || strings.Contains(host, ".svc.") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && services.Contains(ip)
}

var services = netip.MustParsePrefix("172.30.0.0/16")

// apiName reports whether a host is the API by its name.
func apiName(host string) bool {
	return strings.HasPrefix(host, "api-int.") || strings.HasPrefix(host, "api.")
}

// ownAddresses are texts with which a machine tells its own address, and what follows.
var ownAddresses = compiled(`(?:inet6? |using bootstrap ip |--node-ip[= ]"?|--address="?|advertise-(?:client|peer)-urls?[^\s]{0,3}[=:]\[?"?https?://|bootstrap_node_ip=|node_ip=|etcd_bootstrap_ip=)\[?([0-9a-f:.]+)`)

// addressesOf reads the addresses that a machine gives itself in a text in lower case.
func addressesOf(text string) []string {
	if !holdsAny(text, []string{"inet", "bootstrap ip ", "--node-ip", "advertise-", "_ip=", "--address="}) {
		return nil
	}
	var found []string
	for _, m := range ownAddresses().FindAllStringSubmatch(text, 16) {
		if ip, err := netip.ParseAddr(strings.TrimRight(m[1], ":.")); err == nil && !ip.IsUnspecified() {
			found = append(found, ip.Unmap().String())
		}
	}
	return found
}

// addressHints are the texts of ownAddresses that a log may hold.
var addressHints = []string{"using bootstrap ip ", "--node-ip", "advertise-client-url", "advertise-peer-url"}

var (
	tool      = `(?:oc|kubelet|crio|crictl|kubenswrapper|hyperkube|setpriv)`
	toolWords = compiled(`(?:^|[\s"'/:(])` + tool +
		`['"]?: (?:command not found|no such file or directory|not found|executable file not found)` +
		`|(?:no such file or directory|command not found): ['"]?(?:/usr/(?:local/)?s?bin/)?` + tool + `['"]?(?:\s|$)` +
		`|(?:failed to (?:locate executable|execute|find executable)|exec spawning|executing) ['"]?(?:/usr/(?:local/)?s?bin/)?` + tool + `['"]?:? ?.*(?:no such file|not found)` +
		`|unit (?:crio|kubelet)\.service (?:not found|could not be found|does not exist|not loaded)` +
		`|(?:crio|kubelet)\.service['"]?:? (?:unit )?(?:not found|could not be found|does not exist|.*status=203/exec)` +
		`|/etc/crio(?:/[^\s:'"]*)?['"]?: (?:no such file or directory|not found)`)
)

// toolMissing is for a file or program that only the node image has. The unit of a script
// of ours may be named after a program: kubelet.sh is there.
func toolMissing(l line) bool {
	// the machine-config daemon tries oc and goes on without it
	return !strings.Contains(l.text, "ionice") &&
		l.find(toolWords, "oc", "kubelet", "crio", "crictl", "kubenswrapper", "hyperkube", "setpriv") != nil
}

// wholeMachine is for memory that the machine lacks, not a container that had its share.
func wholeMachine(l line) bool {
	return !holdsAny(l.text, []string{"memory cgroup out of memory", "constraint_memcg", "oom_score_adj=9"})
}

// ownAuthority is for certificates of the cluster: the authority's name is known, or the
// line speaks of something of the cluster.
func ownAuthority(l line) bool {
	if l.about == aboutAPI || l.about == aboutServer || l.about == aboutEtcd {
		return true
	}
	_, authority, named := strings.Cut(l.text, "candidate authority")
	if !named {
		return l.about != aboutOther
	}
	return holdsAny(authority, ownAuthorities)
}

// failedPull is for an unreached registry: what does not name one must say that it was a
// connection, and what ends in a lookup or certificate is told by other rows.
func failedPull(l line) bool {
	return l.about == aboutRegistry || !strings.Contains(l.text, "x509")
}

// ofEtcd is for a certificate that etcd has shown, also to the host itself.
func ofEtcd(l line) bool {
	return l.about != aboutSelf || l.port == "2379" || l.port == "2380" || strings.Contains(l.text, "etcd")
}

var took = compiled(`took[^0-9]{1,8}([0-9.]+)(ms|µs|us|s|m)`)

// tookLong passes over what etcd warns of on any disk: requests of some 100 ms.
func tookLong(l line) bool {
	if !strings.Contains(l.text, "apply request took too long") {
		return true
	}
	m := took().FindStringSubmatch(strings.ReplaceAll(l.text, "took too long", ""))
	return len(m) < 3 || m[2] == "s" || m[2] == "m" || m[2] == "ms" && len(strings.Split(m[1], ".")[0]) >= 3 && m[1][0] >= '5'
}
