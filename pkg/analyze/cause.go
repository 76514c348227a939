package analyze

import "strings"

// Known is a row of the table of causes.
type Known struct {
	// ID names the cause in the JSON of a report, for good.
	ID string
	// Text is the cause and Fix what helps, in lower case and without full stops.
	Text, Fix string
	// Signs are texts, in lower case, that give the cause away when a line of a log holds
	// one of them, in any case; "*" stands for anything between two parts of it. A row
	// without signs is found by other means, see checks.go, or only named as usual.
	Signs []string
	// Stages are those that fail of it even if the sign stands in another log than the
	// stage's own. Empty: the sign counts only in what the failing service itself said.
	Stages []string
}

// anywhere are the stages that depend on the whole host; later those that depend on the
// machines of the cluster as well.
var (
	anywhere = []string{"*"}
	later    = []string{"cb-bootstrap", "cvo-overrides", "wait-for-ceo", "wait-for-bootstrap-complete", "report-bootstrap-complete", "check-api-url", "check-api-int-url"}
	etcd     = append([]string{"wait-for-etcd", "stop-etcd"}, later...)
	early    = []string{nodeImage, "release-image-pivot", "pull-okd-os-image", "rebase-to-okd-os-image", "kubelet", "crio-configure"}
)

// Causes is the table. The specific rows come first: every failed pull mentions the
// registry. The words of what the bootstrap host says about itself, in causes.sh, are
// the same; a test compares them.
var Causes = []Known{
	{ID: "disk-full", Text: "the disk is full", Fix: "give the machine the disk that the documentation asks for (100 GiB) and boot it anew; df -h /var shows what is left",
		Signs: []string{"no space left on device", "disk quota exceeded"}, Stages: anywhere},
	{ID: "out-of-memory", Text: "the machine has too little memory", Fix: "give the bootstrap host and the control plane 16 GiB each",
		Signs: []string{"out of memory: killed process", "oom-kill:", "cannot allocate memory", "oom-killer"}, Stages: anywhere},
	{ID: "mixed-generations", Text: "the machines were booted with the files of two different runs, whose certificates do not fit", Fix: "boot the bootstrap host and all machines anew, with the .ign files of one and the same run of create ignition-configs",
		Signs: []string{"verification error\" while trying to verify candidate authority", "crypto/ecdsa: verification error", "crypto/rsa: verification error"}, Stages: anywhere},
	{ID: "clock", Text: "the clock of this host is off, or the certificates are older than a day", Fix: "compare timedatectl on the host with the real time, and set the machine's clock to UTC; if it is right, run create ignition-configs again and boot the machines with its result",
		Signs: []string{"certificate has expired or is not yet valid", "certificate is not yet valid", "certificate has expired", "clock difference against peer", "the clock difference"}, Stages: anywhere},
	{ID: "cpu", Text: "this CPU is not an x86-64-v3 one (2013 or later; virtual machines: CPU model host), which this release needs", Fix: "use the CPU model host in the hypervisor, a newer machine, or a release up to 4.19",
		Signs: []string{"x86-64-v3", "cpu does not support", "fatal glibc error: cpu"}, Stages: anywhere},
	{ID: "secure-boot", Text: "Secure Boot refuses the kernel: the boot loader on the disk is another distribution's", Fix: "switch Secure Boot off in the firmware, or install the machine from CentOS Stream CoreOS media",
		Signs: []string{"bad shim signature", "you need to load the kernel first", "secure boot is on, and"}, Stages: append([]string{"cb-bootstrap"}, early...)},
	{ID: "ext4", Text: "a file system was made with a feature (orphan_file) that the fsck of CentOS Stream 9 does not know, so /boot is not mounted", Fix: "clear the feature while the file system is not mounted: tune2fs -O ^orphan_file DEVICE; or install from CentOS Stream CoreOS media",
		Signs: []string{"feature_c12", "get a newer version of e2fsck", "the feature orphan_file"}, Stages: append([]string{"cb-bootstrap", "wait-for-ceo"}, early...)},
	{ID: "xfs", Text: "an XFS file system was made with features that the kernel of CentOS Stream 9 does not know", Fix: "install the machine from CentOS Stream CoreOS media of the release",
		Signs: []string{"superblock has unknown incompatible features"}, Stages: append([]string{"cb-bootstrap", "wait-for-ceo"}, early...)},
	{ID: "several-images", Text: "the boot image is a container image itself (Fedora CoreOS 42 or later), and the host script cannot tell the two apart", Fix: "boot the machine from the CentOS Stream CoreOS image of the release: okd-install coreos print-stream-json names it",
		Signs: []string{"expected single docker ref"}, Stages: early},
	{ID: "live-pivot", Text: "Fedora CoreOS runs from memory, where it cannot change over to the node image", Fix: "install it to the disk first (coreos-installer install --ignition-file bootstrap.ign DEVICE), or use a release from 4.19 on",
		Signs: []string{"remounting /sysroot read-write: permission denied", "remounting /sysroot*permission denied", "/usr/.test': read-only", "where nothing can be pivoted"}, Stages: early},
	{ID: "semodule", Text: "Fedora CoreOS 42 or later does not find semodule in the new image", Fix: "start from Fedora CoreOS 41 or older, or from CentOS Stream CoreOS media",
		Signs: []string{"execvp semodule", "failed to run semodule"}, Stages: early},
	{ID: "no-tools", Text: "the host runs without the node image: oc, kubelet or CRI-O are not there", Fix: "see the journal of node-image-pull and node-image-overlay, or of release-image-pivot up to 4.18; the boot image may not be one of this release",
		Signs: []string{"oc: command not found", "kubelet: command not found", "crictl: command not found", "no such file or directory: /usr/bin/kubelet", "unit crio.service not found", "failed to locate executable /usr/bin/kubelet"}, Stages: anywhere},
	{ID: "mixed-release", Text: "an operator of the release refuses a flag: the installer or an image is of another release", Fix: "make bootstrap.ign with the release that is installed (--release, or --release-image for a mirror), and see that the mirror holds one release",
		Signs: []string{"unknown flag", "flag provided but not defined", "unknown command \"render\"", "operand-kubernetes-version*required", "unknown shorthand flag"}},
	{ID: "signature", Text: "the registry's image is refused by the signature policy", Fix: "mirror the signatures as well, or correct /etc/containers/policy.json",
		Signs: []string{"source image rejected", "a signature was required", "no signature exists"}},
	{ID: "rate-limit", Text: "the registry allows no more pulls for now", Fix: "wait, log in with a pull secret of an account, or use a mirror",
		Signs: []string{"toomanyrequests", "too many requests"}},
	{ID: "registry-refuses", Text: "the registry refuses the pull secret", Fix: "correct pullSecret in install-config.yaml, also for the mirrors; try it on the host: podman pull --authfile /root/.docker/config.json IMAGE",
		Signs: []string{"unauthorized", "authentication required", "invalid username/password", "requested access to the resource is denied", "403 (forbidden", "403 forbidden"}},
	{ID: "registry-plain", Text: "the registry speaks plain http where https is expected", Fix: "serve the mirror with TLS",
		Signs: []string{"server gave http response to https client"}},
	{ID: "certificate-cn", Text: "the server's certificate has no subject alternative names, only a common name, which is no longer accepted", Fix: "make the certificate anew with its host name as a DNS name in subjectAltName",
		Signs: []string{"relies on legacy common name"}},
	{ID: "certificate-name", Text: "the server that answers has a certificate for another name: a load balancer or a DNS entry leads elsewhere, or ends TLS itself", Fix: "let api, api-int and the mirror's name lead to their own servers, and let the load balancer pass TCP through",
		Signs: []string{"certificate is valid for*not ", "cannot validate certificate for", "doesn't contain any ip sans"}},
	{ID: "registry-ca", Text: "the registry (or the proxy) shows a certificate of an unknown authority, which additionalTrustBundle must hold", Fix: "put the authority's certificate into additionalTrustBundle and run create ignition-configs again",
		Signs: []string{"signed by unknown authority", "certificate is not trusted", "unable to get local issuer certificate"}},
	{ID: "dns", Text: "a host name is not found in DNS", Fix: "see on the host: cat /etc/resolv.conf; getent ahosts NAME; the DNS server that the machine got must know the name",
		Signs: []string{"no such host", "name or service not known", "temporary failure in name resolution", "server misbehaving"}},
	{ID: "image-missing", Text: "the image is not in the registry; a mirror may be incomplete", Fix: "mirror the whole release again, and compare imageDigestSources with where it was mirrored to",
		Signs: []string{"manifest unknown", "name unknown", "not found: manifest", "blob unknown"}},
	{ID: "images-damaged", Text: "the images on this host are damaged, as a loss of power leaves them; to fetch them anew: podman system reset --force, and start the host again", Fix: "run podman system reset --force on the host as root, and start it again: it fetches what it needs",
		Signs: []string{"layer not known", "not found in layer tree", "found incomplete layer", "readlink *containers/storage"}},
	{ID: "proxy", Text: "the proxy is not reached, or refuses", Fix: "correct proxy in install-config.yaml; registries and networks of your own belong in noProxy",
		Signs: []string{"proxyconnect", "proxy authentication required"}},
	{ID: "leftover-pod", Text: "a static pod of an earlier attempt is in the way", Fix: "remove the file that is named from /etc/kubernetes/manifests, and wait for the next attempt",
		Signs: []string{"/etc/kubernetes/manifests/*file exists", "/etc/kubernetes/manifests/*already exists"}},
	{ID: "bad-machine-config", Text: "a MachineConfig cannot be used", Fix: "correct the manifest that is named, in openshift/, and run create ignition-configs again",
		Signs: []string{"parsing ignition config failed", "error rendering*machineconfig", "could not generate rendered machineconfig", "invalid machineconfig", "failed to parse ignition", "could not find any matching osimagestream"}, Stages: later},
	{ID: "bad-manifest", Text: "a manifest is refused by the API or by an operator", Fix: "correct the file that is named, in manifests/ or openshift/, and run create ignition-configs again",
		Signs: []string{"error unmarshaling json", "error converting yaml to json", "failed to create \"*invalid", "no matches for kind", "cannot unmarshal", "strict decoding error"}},
	{ID: "files-unusable", Text: "files of bootstrap.ign are missing, empty or not valid now", Fix: "run create ignition-configs again and boot the host with its result",
		Signs: []string{"of the files that okd-install put here cannot be used", "is there without tls/bound-service-account"}},
	{ID: "port-in-use", Text: "another process has a port that the control plane needs", Fix: "see on the host: ss -ltnp; nothing else may use 6443, 2379, 2380, 22623 and 22624",
		Signs: []string{"bind: address already in use"}, Stages: append([]string{"mco-bootstrap", "konnectivity-server-bootstrap"}, etcd...)},
	{ID: "slow-disk", Text: "the disk is too slow for etcd", Fix: "use a disk that syncs in less than 10 ms (SSD or NVMe), shared with nothing else; fio or etcd's own metrics measure it",
		Signs: []string{"slow fdatasync", "wal: sync duration", "leader failed to send out heartbeat on time", "etcdserver: request timed out", "etcdserver: leader changed", "apply request took too long"}, Stages: etcd},
	{ID: "hostname", Text: "a machine is called localhost: it has got no host name", Fix: "give each machine a name of its own, by DHCP, by a PTR record or in its Ignition config",
		Signs: []string{"node \"localhost\" not found", "nodes \"localhost\" not found", "hostname is localhost"}, Stages: later},
	{ID: "load-balancer", Text: "the API is not reached through its name: the load balancer does not lead to a machine that serves it", Fix: "let port 6443 (api and api-int) and port 22623 (api-int) lead to the bootstrap host and the control plane, as plain TCP, with /readyz as the health check",
		Signs: []string{"6443: connect: connection refused", "6443: i/o timeout", "6443: connect: no route to host", "22623: connect: connection refused", "22623: i/o timeout", "22623: connect: no route to host"}, Stages: []string{"check-api-url", "check-api-int-url", "report-bootstrap-complete", "cb-bootstrap", "wait-for-ceo"}},
	{ID: "registry-unreachable", Text: "the registry (or the API) is not reachable from here", Fix: "see on the host: curl -v https://REGISTRY/v2/; a firewall, the route or the proxy is in the way",
		Signs: []string{"connection refused", "i/o timeout", "no route to host", "network is unreachable", "connection reset by peer", "tls handshake timeout", "context deadline exceeded", "pinging container registry"}},

	// Found by what the bundle holds or lacks, see checks.go.
	{ID: "architecture", Text: "the release is for another architecture than the machine's", Fix: "use the release image of the machine's architecture: --release-image, or architecture in install-config.yaml"},
	{ID: "dns-api", Text: "the name of the API is not found in DNS", Fix: "make DNS entries for api and api-int of the cluster's domain, which lead to the load balancer, in the DNS server that the machines use"},
	{ID: "no-machine-asked", Text: "no machine of the control plane has fetched its config from this host: they have not booted, or do not reach api-int on port 22623", Fix: "look at the consoles of the machines; they boot with master.ign, and https://api-int.DOMAIN:22623 must lead to the bootstrap host"},
	{ID: "no-nodes", Text: "no control plane machine has joined the cluster", Fix: "look at the machines themselves: gather bootstrap with --master for each of them, or their consoles"},
	{ID: "pending-requests", Text: "machines wait to be let in: their certificate requests are not approved", Fix: "approve those of your own machines: oc get csr; oc adm certificate approve NAME"},
	{ID: "operators", Text: "operators of the cluster say that they cannot go on", Fix: "see what they say, and oc describe clusteroperator NAME"},

	// Only named where a stage usually fails of them.
	{ID: "machine-network", Text: "the host's address is outside machineNetwork, so etcd takes another one", Fix: "let networking.machineNetwork hold the addresses of the machines"},
	{ID: "installation-disk", Text: "bootstrapInPlace.installationDisk is not a disk of the machine, or is in use", Fix: "name it as lsblk shows it, best by /dev/disk/by-id"},
}

// CauseOf returns a row of the table.
func CauseOf(id string) Known {
	for _, k := range Causes {
		if k.ID == id {
			return k
		}
	}
	return Known{ID: id}
}

// matches tells whether a line, in lower case, holds the sign.
func matches(sign, line string) bool {
	for part := range strings.SplitSeq(sign, "*") {
		_, rest, found := strings.Cut(line, part)
		if !found {
			return false
		}
		line = rest
	}
	return true
}

// explains tells whether the cause can explain a stage when its sign stands in another
// log than the stage's own.
func (k Known) explains(service, stage string) bool {
	if service == machines {
		stage = "cb-bootstrap"
	}
	for _, s := range k.Stages {
		if s == "*" || s == stage || s == service && stage == "" {
			return true
		}
	}
	return false
}
