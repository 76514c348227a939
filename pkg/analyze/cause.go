package analyze

import "slices"

// known is a row of the table of causes.
type known struct {
	// ID names the cause in the JSON of a report, for good. Rows of the same ID are one
	// cause: with the same Text another sign of it, with another Text the same told more
	// exactly.
	ID string
	// Text is the cause and Fix what helps, in lower case and without full stops.
	Text, Fix string
	// Signs are texts, in lower case, that give the cause away when a line of a log holds
	// one of them, in any case; "*" stands for anything between two parts of it. A row
	// without signs is found by other means, see checks.go, or only named as usual.
	Signs []string
	// Stages are those that fail of it even if the sign stands in another log of the host
	// than the stage's own. Empty: the sign counts only in what the failing service itself
	// said, and in what the machines say that a stage waits for.
	Stages []string
	// About is what the line must speak of. Empty: of anything.
	About []subject
	// Unsure are the stages and services in which a line of the row's counts that does not
	// say what it speaks of.
	Unsure []string
	// Only are the stages that can fail of it, wherever the sign stands. Empty: all.
	Only []string
	// Host says that it is nothing that the machines could say.
	Host bool
	// Repeats is how often a log must say it as long as nothing has failed: what is said once
	// may be about what comes next.
	Repeats int
	// Weight decides between rows of which the same line holds signs: -1 for what may as well
	// be a symptom, 0 for what every failed connection says, 1 as a rule, 2 for what is more
	// exact. It counts for the order of causes as well.
	Weight int
	// Passing says that it may have been over soon, as the log may tell: see passed.
	Passing passing
	// Closer says that the row tells the cause of its ID more exactly than the other ones, so
	// that it is only named with a line.
	Closer bool
	// when looks at the line more closely than signs can.
	when func(line) bool
}

// anywhere are the stages that depend on the whole host; later those that depend on the
// machines of the cluster as well; pods those in which the kubelet of the host fetches
// images; pulling the services and stages whose own work is to fetch.
var (
	anywhere = []string{"*"}
	later    = []string{
		"cb-bootstrap", "cvo-overrides", "wait-for-ceo", "wait-for-bootstrap-complete", "report-bootstrap-complete",
		"check-api-url", "check-api-int-url",
	}
	etcd    = append([]string{"wait-for-etcd", "stop-etcd"}, later...)
	early   = []string{nodeImage, "release-image-pivot", "pull-okd-os-image", "rebase-to-okd-os-image", "kubelet", "crio-configure"}
	pods    = append([]string{"mco-bootstrap", "konnectivity-server-bootstrap", "kubelet", "crio-configure"}, etcd...)
	pulling = []string{nodeImage, "release-image", "release-image-pivot", "crio-configure", "kubelet"}
)

// Texts of causes that have several rows.
const (
	textLoadBalancer = "the API cannot be reached through its name: the load balancer does not lead to a machine that serves it"
	fixLoadBalancer  = "forward port 6443 (api and api-int) and port 22623 (api-int) to the bootstrap host and the control plane, as plain TCP, with /readyz as the health check"
	textGenerations  = "the machines were booted with files of two different runs, whose certificates do not match"
	fixGenerations   = "boot the bootstrap host and all machines again, with the .ign files of a single run of create ignition-configs; the load balancer must pass TLS through"
	textAuthority    = "the registry (or the proxy) presents a certificate of an unknown authority, which must be in additionalTrustBundle"
	fixAuthority     = "put the authority's certificate into additionalTrustBundle and run create ignition-configs again"
	textServer       = "the machine config server refuses to give the machines their config"
	fixServer        = "read its log on the bootstrap host, bootstrap/containers/machine-config-server-….log: it names the MachineConfig or the Ignition version that it cannot serve"
	textDNS          = "a host name is not found in DNS"
	fixDNS           = "run on the host: cat /etc/resolv.conf; getent ahosts NAME; the DNS server that the machine uses must know the name"
	textManifest     = "the API or an operator refuses a manifest"
	fixManifest      = "correct the named file in manifests/ or openshift/, and run create ignition-configs again"
	textDisk         = "the disk is too slow for etcd"
	fixDisk          = "use a disk that syncs in less than 10 ms (SSD or NVMe), shared with nothing else; fio or etcd's own metrics measure it"
	textMemory       = "the machine has too little memory"
	fixMemory        = "give the bootstrap host and the control plane 16 GiB each"
)

// unreached are the words of a connection that does not come about.
var unreached = []string{
	"connection refused", "i/o timeout", "no route to host", "network is unreachable", "connection reset by peer",
	"connection timed out", "tls handshake timeout", "context deadline exceeded", "host is down", "host is unreachable",
	"couldn't connect to server", "failed to connect to", "awaiting headers", "timeout awaiting response", "unexpected eof",
	"could not connect to", "error sending request", "error trying to connect",
}

// causes is the table. Its order decides nothing but the order of usual causes: what a line
// speaks of and the stage decide between two rows, see pick. The words of what the bootstrap
// host says about itself, in causes.sh, are the same; a test compares them.
var causes = []known{
	{ID: "disk-full", Text: "the disk is full", Fix: "give the machine the disk that the documentation asks for (100 GiB) and boot it again; df -h /var shows what is left", Weight: 2,
		Signs: []string{"no space left on device", "disk quota exceeded"}, Stages: anywhere},
	{ID: "out-of-memory", Text: textMemory, Fix: fixMemory, Weight: 2,
		Signs:  []string{"out of memory: killed process", "oom-kill:", "cannot allocate memory", "oom-killer"},
		Stages: anywhere, when: wholeMachine},
	{ID: "mixed-generations", Text: textGenerations, Fix: fixGenerations, Weight: 2,
		Signs: []string{
			"verification error\" while trying to verify candidate authority", "crypto/ecdsa: verification error",
			"crypto/rsa: verification error", "verification error",
		},
		Stages: anywhere, About: []subject{aboutAPI, aboutServer, aboutEtcd, aboutSelf, aboutOther, aboutNothing}, when: ownAuthority},
	{ID: "mixed-generations", Text: textGenerations, Fix: fixGenerations, Weight: 2, Passing: untilConfig,
		Signs: []string{
			"signed by unknown authority", "certificate is not trusted", "unable to get local issuer certificate",
			"self-signed certificate", "self signed certificate",
		},
		About: []subject{aboutAPI, aboutServer}, Unsure: later, Only: later, Stages: later},
	{ID: "mixed-generations", Text: textGenerations, Fix: fixGenerations, Weight: 2,
		Signs: []string{
			"remote error: tls: bad certificate", "remote error: tls: unknown certificate authority",
			"remote error: tls: unknown certificate",
		},
		About: []subject{aboutServer}, Only: later, Stages: later},
	{ID: "clock", Closer: true, Text: "the certificate of the registry has expired, or the clock of this machine is ahead", Fix: "compare timedatectl on the machine with the real time; if it is right, give the registry a new certificate", Weight: 2,
		Signs: []string{"certificate has expired*is after"}, About: []subject{aboutRegistry, aboutProxy}, Stages: pods},
	{ID: "clock", Text: "the clock of this host is wrong, or the certificates are older than a day", Fix: "compare timedatectl on the host with the real time, and set the machine's clock to UTC; if it is right, run create ignition-configs again and boot the machines with its result",
		Signs: []string{
			"certificate has expired or is not yet valid", "certificate is not yet valid", "certificate has expired",
			"clock difference against peer", "the clock difference", "remote error: tls: expired certificate",
		},
		Stages: anywhere, Weight: 1},
	{ID: "cpu", Text: "this CPU does not support x86-64-v3 (2013 or later; in virtual machines: CPU model host), which this release needs", Fix: "use the CPU model host in the hypervisor, a newer machine, or a release up to 4.19", Weight: 2,
		Signs: []string{"x86-64-v3", "cpu does not support", "fatal glibc error: cpu"}, Stages: anywhere},
	{ID: "secure-boot", Text: "Secure Boot refuses the kernel: the boot loader on the disk is another distribution's", Fix: "switch Secure Boot off in the firmware, or install the machine from CentOS Stream CoreOS media", Weight: 2,
		Signs: []string{
			"bad shim signature", "you need to load the kernel first", "secure boot is on, and",
		}, Stages: append([]string{"cb-bootstrap"}, early...)},
	{ID: "ext4",
		Text:   "a file system was made with a feature (orphan_file) that the fsck of CentOS Stream 9 does not know, so /boot is not mounted",
		Fix:    "clear the feature while the file system is not mounted: tune2fs -O ^orphan_file DEVICE; or install from CentOS Stream CoreOS media",
		Weight: 2,
		Signs:  []string{"feature_c12", "get a newer version of e2fsck", "the feature orphan_file"},
		Stages: append([]string{"cb-bootstrap", "wait-for-ceo"}, early...)},
	{ID: "xfs", Text: "an XFS file system was made with features that the kernel of CentOS Stream 9 does not know", Fix: "install the machine from CentOS Stream CoreOS media of the release", Weight: 2,
		Signs: []string{"superblock has unknown incompatible features"}, Stages: append([]string{"cb-bootstrap", "wait-for-ceo"}, early...)},
	{ID: "several-images",
		Text: "the boot image is itself a container image (Fedora CoreOS 42 or later), and the host script cannot tell the two apart",
		Fix:  "boot the machine from the CentOS Stream CoreOS image of the release: okd-install coreos image shows it", Weight: 2,
		Signs: []string{"expected single docker ref"}, Stages: early},
	{ID: "live-pivot", Text: "Fedora CoreOS runs from memory, where it cannot switch to the node image", Fix: "install it to the disk first (coreos-installer install --ignition-file bootstrap.ign DEVICE), or use a release from 4.19 on", Weight: 2,
		Signs: []string{
			"remounting /sysroot read-write: permission denied", "remounting /sysroot*permission denied",
			"/usr/.test': read-only", "where nothing can be pivoted",
		}, Stages: early},
	{ID: "semodule", Text: "Fedora CoreOS 42 or later does not find semodule in the new image", Fix: "start from Fedora CoreOS 41 or older, or from CentOS Stream CoreOS media", Weight: 2,
		Signs: []string{"execvp semodule", "failed to run semodule"}, Stages: early},
	{ID: "boot-image-old", Text: "the boot image is too old for the release", Fix: "install the machine from the boot image that goes with the release: okd-install coreos image shows it, and okd-install coreos check --image FILE reports whether another one fits", Weight: 2,
		Signs: []string{
			"invalid refspec", "unknown option --experimental", "unknown option --bypass-driver", "unhandled layer type",
			"unsupported config version", "unknown command 'container'", "unknown command \"container\"", "unrecognized subcommand 'container'",
			"unknown command 'ex-container'", "\"container\" is not a valid builtin",
		}, Stages: append(slices.Clone(early), later...)},
	{ID: "no-tools", Text: "the host runs without the node image: oc, kubelet or CRI-O is missing", Fix: "look at the journal of node-image-pull and node-image-overlay, or of release-image-pivot up to 4.18; the boot image may belong to another release", Weight: 1,
		Signs: []string{
			"command not found", ": not found", "no such file or directory", "failed to locate executable", "failed to execute", "exec format",
			"status=203/exec", "not found in $path", "executable file not found",
			"unit crio.service*not", "unit kubelet.service*not", "crio.service*does not exist", "crio.service*not found", "kubelet.service*does not exist", "crio.conf*not found",
		}, Stages: anywhere, when: toolMissing},
	{ID: "mixed-release", Text: "an operator of the release refuses a flag: the installer or an image is of another release",
		Fix:    "make bootstrap.ign with the release that is installed (--release, or --release-image for a mirror), and check that the mirror has a single release",
		Weight: 1, Host: true,
		Signs: []string{
			"unknown flag", "flag provided but not defined", "unknown command \"render\"", "operand-kubernetes-version*required",
			"unknown shorthand flag",
		}},

	// Registries.
	{ID: "signature", Text: "the signature policy refuses the registry's image", Fix: "mirror the signatures as well, or correct /etc/containers/policy.json", Weight: 2,
		Signs: []string{"source image rejected", "a signature was required", "no signature exists", "signaturevalidationfailed"}, Stages: pods},
	{ID: "rate-limit", Text: "the registry does not allow any more pulls for now", Fix: "wait, log in with a pull secret of an account, or use a mirror", Weight: 2, Passing: untilPulled,
		Signs: []string{"toomanyrequests", "too many requests", "pull rate limit"},
		About: []subject{aboutRegistry}, Unsure: pulling, Stages: pods},
	{ID: "registry-refuses", Text: "the registry refuses the pull secret", Fix: "correct pullSecret in install-config.yaml, also for the mirrors; try it on the host: podman pull --authfile /root/.docker/config.json IMAGE", Weight: 1, Passing: untilPulled,
		Signs: []string{
			"unauthorized", "authentication required", "invalid username/password",
			"requested access to the resource is denied", "403 (forbidden", "403 forbidden", "http status: 401",
			"http status: 403", "unable to retrieve auth token", "insufficient_scope", "no basic auth credentials",
			"denied: access forbidden",
		},
		About: []subject{aboutRegistry}, Unsure: pulling, Stages: pods},
	{ID: "registry-error", Text: "the registry answers with an error of its own", Fix: "check the registry, or what is in front of it, such as a proxy; wait, then try: podman pull IMAGE", Weight: 1, Passing: untilPulled,
		Signs: []string{
			"http status: 500", "http status: 502", "http status: 503", "http status: 504", "statuscode: 500",
			"statuscode: 502", "statuscode: 503", "statuscode: 504", "received unexpected http status: 5",
		},
		About: []subject{aboutRegistry}, Stages: pods},
	{ID: "registry-plain", Text: "the registry speaks plain http where https is expected", Fix: "serve the mirror with TLS", Weight: 2,
		Signs: []string{
			"server gave http response to https client", "first record does not look like a tls handshake",
		}, About: []subject{aboutRegistry}, Unsure: pulling, Stages: pods},
	{ID: "registry-ca", Text: textAuthority, Fix: fixAuthority, Weight: 2,
		Signs: []string{
			"signed by unknown authority", "certificate is not trusted", "unable to get local issuer certificate",
			"self-signed certificate", "self signed certificate",
		},
		About: []subject{aboutRegistry, aboutProxy}, Unsure: pulling, Stages: pods},
	{ID: "image-missing", Text: "the image is not in the registry; a mirror may be incomplete", Fix: "mirror the whole release again, and check that imageDigestSources names the place that it was mirrored to", Weight: 1,
		Signs: []string{
			"manifest unknown", "name unknown", "not found: manifest", "blob unknown", "manifest not found",
			"repository name not known to registry",
		}, Stages: pods},
	{ID: "images-damaged",
		Text: "the images on this host are damaged, as after a power failure; to fetch them again: podman system reset --force, then restart the host",
		Fix:  "run podman system reset --force on the host as root, and restart the host: it fetches what it needs", Weight: 1,
		Signs: []string{"layer not known", "not found in layer tree", "found incomplete layer", "readlink *containers/storage"}, Stages: pods},
	{ID: "proxy", Text: "the proxy cannot be reached, or refuses the connection", Fix: "correct proxy in install-config.yaml; registries and networks of your own belong in noProxy", Weight: 1, Passing: untilPulled,
		Signs:  []string{"proxyconnect", "proxy authentication required", "proxy connect aborted", "response 407", "from proxy after connect"},
		Stages: pods},
	{ID: "proxy", Text: "the proxy cannot be reached, or refuses the connection", Fix: "correct proxy in install-config.yaml; registries and networks of your own belong in noProxy", Weight: 1, Passing: untilPulled,
		Signs: []string{
			"\": forbidden", "\": bad gateway", "\": service unavailable", "\": gateway timeout", "\": gateway time-out",
			"\": method not allowed", "\": internal server error",
		},
		About: []subject{aboutRegistry}, Stages: pods},
	{ID: "registry-unreachable", Text: "the registry (or the API) is not reachable from here", Fix: "run on the host: curl -v https://REGISTRY/v2/; a firewall, the route or the proxy blocks the connection", Passing: untilPulled,
		Signs: append(slices.Clone(unreached), "pinging container registry", ": eof", "\": eof"),
		About: []subject{aboutRegistry}, Unsure: pulling, Stages: pods, when: failedPull},

	// Names.
	{ID: "dns", Closer: true, Text: "this host has no name server, so it cannot resolve any name", Fix: "give the machine a DNS server: by DHCP, or with its static address (nameserver= in the kernel arguments, dns= in the connection); cat /etc/resolv.conf on the host shows what it has", Weight: 2, Passing: untilName,
		Signs: lookupSigns, About: []subject{aboutLookup}, Stages: pods, when: func(l line) bool { return l.lookup == lookupNowhere }},
	{ID: "dns", Closer: true, Text: "a host name is not found in DNS: the name server does not answer", Fix: "run on the host: cat /etc/resolv.conf; dig NAME; the DNS server that the machine uses must be up, reachable on port 53, and willing to answer it", Weight: 2, Passing: untilName,
		Signs: lookupSigns, About: []subject{aboutLookup}, Stages: pods, when: func(l line) bool { return l.lookup == lookupSilent }},
	{ID: "dns", Text: textDNS, Fix: fixDNS, Weight: 2, Passing: untilName,
		Signs: lookupSigns, About: []subject{aboutLookup}, Stages: pods,
		when: func(l line) bool { return l.lookup == lookupMissing && !apiName(l.host) }},
	{ID: "dns-api", Text: "the name of the API is not found in DNS", Fix: "create DNS records for api and api-int of the cluster's domain that point to the load balancer, on the DNS server that the machines use", Weight: 2, Passing: untilName,
		Signs: append(slices.Clone(lookupSigns), "is not found in dns"), About: []subject{aboutLookup}, Stages: pods,
		when: func(l line) bool { return l.lookup == lookupMissing && apiName(l.host) }},

	// Certificates of names.
	{ID: "etcd-address", Text: "the certificate of etcd is for another address than the one at which etcd is contacted", Fix: "give the host one address in networking.machineNetwork that does not change: a host with several networks, or whose address changed after it booted, must be booted again with the right one", Weight: 2,
		Signs: []string{
			"certificate is valid for*not ", "cannot validate certificate for", "doesn't contain any ip sans",
			"does not match any of dnsnames", "does not match any of the dnsnames",
		},
		About: []subject{aboutEtcd, aboutSelf}, Unsure: []string{"wait-for-etcd", "stop-etcd"}, Stages: etcd, when: ofEtcd},
	{ID: "certificate-cn", Text: "the server's certificate has no subject alternative names, only a common name, which is no longer accepted", Fix: "reissue the certificate with its host name as a DNS name in subjectAltName", Weight: 2,
		Signs: []string{"relies on legacy common name"}, Stages: pods},
	{ID: "certificate-name",
		Text: "the server that answers has a certificate for another name: a load balancer or a DNS record leads elsewhere, or the load balancer terminates TLS",
		Fix:  "point api, api-int and the mirror's name to their own servers, and have the load balancer pass TCP through", Weight: 2,
		Signs: []string{
			"certificate is valid for*not ", "cannot validate certificate for", "doesn't contain any ip sans",
			"certificate is not valid for any names", "no alternative certificate subject name matches",
		},
		About: []subject{aboutAPI, aboutServer, aboutRegistry, aboutProxy, aboutOther},
		Unsure: append(slices.Clone(pulling), "etcd-bootstrap", "cb-bootstrap", "cvo-overrides", "wait-for-ceo",
			"report-bootstrap-complete", "check-api-url", "check-api-int-url", "wait-for-bootstrap-complete"),
		Stages: pods},

	// What the host renders.
	{ID: "leftover-pod", Text: "a static pod of an earlier attempt blocks this one", Fix: "remove the named file from /etc/kubernetes/manifests, and wait for the next attempt", Weight: 1, Host: true,
		Signs: []string{"/etc/kubernetes/manifests/*file exists", "/etc/kubernetes/manifests/*already exists"}},
	{ID: "bad-machine-config", Text: "a MachineConfig cannot be used", Fix: "correct the named manifest in openshift/, and run create ignition-configs again", Weight: 2,
		Signs: []string{
			"parsing ignition config failed", "error rendering*machineconfig", "could not generate rendered machineconfig",
			"could not generate rendered machine config", "invalid machineconfig",
			"failed to parse ignition", "could not find any matching osimagestream", "error running mcc[bootstrap]",
		}, Stages: append([]string{"mco-bootstrap"}, later...)},
	{ID: "bad-manifest", Text: textManifest, Fix: fixManifest, Weight: 1, Host: true,
		Signs: []string{
			"error unmarshaling json", "error converting yaml to json", "failed to create \"*invalid",
			"failed to create \"*denied the request", "failed to create \"*an empty namespace may not be set",
			"failed to create \"*the namespace of the provided object does not match", "cannot unmarshal",
			"strict decoding error",
		}},
	{ID: "bad-manifest", Closer: true, Text: "a manifest is of a kind that the release does not provide",
		Fix:    "remove the named file from manifests/ or openshift/, or correct its apiVersion and kind, and run create ignition-configs again; a kind that a later operator provides must be created after that operator is installed",
		Weight: 1, Host: true, Repeats: 2,
		Signs: []string{"no matches for kind"}, when: foreignKind},
	{ID: "bad-manifest", Closer: true, Text: "a manifest is for a namespace that nothing creates", Fix: "add a manifest of the namespace to manifests/, and run create ignition-configs again", Weight: 1, Host: true, Repeats: 2,
		Signs: []string{"namespaces \"*\" not found"}, when: foreignNamespace},
	{ID: "files-unusable", Text: "files of bootstrap.ign are missing, empty or no longer valid", Fix: "run create ignition-configs again and boot the host with its result", Weight: 1, Host: true,
		Signs: []string{"of the files that okd-install put here cannot be used", "is there without tls/bound-service-account"}},

	// The control plane and the machines.
	{ID: "port-in-use", Text: "another process uses a port that the control plane needs", Fix: "run on the host: ss -ltnp; nothing else may use ports 6443, 2379, 2380, 22623 and 22624", Weight: 2,
		Signs: []string{"bind: address already in use"}, Stages: append([]string{"mco-bootstrap", "konnectivity-server-bootstrap"}, etcd...)},
	{ID: "slow-disk", Text: textDisk, Fix: fixDisk, Weight: 1,
		Signs: []string{
			"slow fdatasync", "wal: sync duration", "leader failed to send out heartbeat on time",
			"etcdserver: request timed out", "likely from slow disk",
		}, Stages: etcd},
	{ID: "slow-disk", Text: textDisk, Fix: fixDisk, Repeats: 3,
		Signs: []string{"apply request took too long", "etcdserver: leader changed"}, Stages: etcd, when: tookLong},
	{ID: "etcd-peers", Text: "the machines cannot reach each other's etcd", Fix: "make sure that the machines of the control plane and the bootstrap host can reach each other on ports 2379 and 2380", Weight: 1,
		Signs: []string{"i/o timeout", "no route to host", "network is unreachable", "host is unreachable", "connection timed out"},
		About: []subject{aboutEtcd}, Only: later, Stages: later},
	{ID: "hostname", Text: "a machine is called localhost: it did not get a host name", Fix: "give each machine its own name, by DHCP, by a PTR record or in its Ignition config", Weight: 2,
		Signs: []string{
			"node \"localhost\" not found", "nodes \"localhost\" not found", "node \"localhost.localdomain\" not found",
			"nodes \"localhost.localdomain\" not found", "hostname is localhost",
		},
		Stages: later, Passing: untilNode},
	{ID: "machine-config-server", Text: textServer, Fix: fixServer, Weight: 2, Passing: untilConfig,
		Signs: []string{
			"get result: internal server error", "get result: bad request", "get result: not found",
			"22623/config/*internal server error", "http status: 500", "status code: 500",
		},
		About: []subject{aboutServer}, Only: later, Stages: later},
	{
		ID: "machine-config-server", Text: "a machine has booted an image whose Ignition is newer than the release's machine config server", Weight: 2, Closer: true,
		Fix:   "boot the machines from the release's own boot image, which is named by: okd-install coreos image --release LINE",
		Signs: []string{"unsupported ignition version in accept header"}, Only: later, Stages: later,
	},
	{ID: "machine-config-server", Text: textServer, Fix: fixServer, Weight: 2,
		Signs: []string{
			"couldn't get config for req", "couldn't convert config for req", "failed to convert config from spec",
		}, Only: later, Stages: later},
	{ID: "ignition-url", Text: "a machine cannot fetch the Ignition config from the URL that it was given",
		Fix:    "serve the .ign file at the URL of the kernel argument or of the installer, and try it from another machine: curl -v URL",
		Weight: 1, Passing: untilConfig,
		Signs: append(slices.Clone(unreached), "\": eof", "get result: not found", "404 not found", "get result: forbidden",
			"get result: internal server error", "downloading source ignition config"),
		About: []subject{aboutIgnition}, Only: later, Stages: later},
	{ID: "load-balancer", Text: textLoadBalancer, Fix: fixLoadBalancer, Weight: 1, Passing: untilConfig,
		Signs: append(slices.DeleteFunc(slices.Clone(unreached), func(s string) bool { return s == "connection refused" }),
			"\": eof", "server: eof", "first record does not look like a tls handshake", "server gave http response to https client",
			"get result: service unavailable", "get result: bad gateway", "get result: gateway timeout", "get result: gateway time-out", "wrong version number"),
		About: []subject{aboutAPI, aboutServer}, Only: later, Stages: later},
	{ID: "load-balancer", Text: textLoadBalancer, Fix: fixLoadBalancer, Weight: -1, Passing: untilConfig,
		Signs: []string{"connection refused", "was refused - did you specify", "get error: get*:22623/config"},
		About: []subject{aboutAPI, aboutServer}, Only: later, Stages: later},

	// Found by what the bundle holds or lacks, see checks.go.
	{ID: "architecture", Text: "the release is for another architecture than the machine's", Fix: "use the release image of the machine's architecture: --release-image, or architecture in install-config.yaml"},
	{
		ID:   "no-machine-asked",
		Text: "no machine of the control plane has fetched its config from this host: they have not booted, or cannot reach api-int on port 22623",
		Fix:  "look at the consoles of the machines; they boot with master.ign, and https://api-int.DOMAIN:22623 must lead to the bootstrap host",
	},
	{ID: "no-nodes", Text: "no control plane machine has joined the cluster", Fix: "look at the machines themselves: run gather bootstrap with --master for each of them, or open their consoles"},
	{ID: "pending-requests", Text: "machines are waiting to join: their certificate requests are not approved", Fix: "approve those of your own machines: okd-install approve-csrs --nodes NAME,NAME --watch"},
	{ID: "operators", Text: "operators of the cluster report that they cannot continue", Fix: "look at what they report, and run oc describe clusteroperator NAME"},

	// Only named where a stage usually fails of them.
	{ID: "machine-network", Text: "the host's address is outside machineNetwork, so etcd takes another one", Fix: "put the network of the machines into networking.machineNetwork"},
	{ID: "installation-disk", Text: "bootstrapInPlace.installationDisk is not a disk of the machine, or is in use", Fix: "write it as lsblk shows it, best as a path below /dev/disk/by-id"},
}

// causeOf returns a row of the table; of those that share an ID, one that needs no line.
func causeOf(id string) known {
	for _, k := range causes {
		if k.ID == id && !k.Closer {
			return k
		}
	}
	return known{ID: id}
}

// admits reports whether a line about a subject may be a sign of the row in some stage.
func (k known) admits(s subject) bool {
	switch {
	case k.About == nil, slices.Contains(k.About, s):
		return true
	case s == aboutNothing:
		return len(k.Unsure) > 0
	}
	// what a service that only fetches images says of another server
	return s == aboutOther && slices.Contains(k.About, aboutRegistry)
}

// counts reports whether a line about a subject is a sign of the row while a stage of a
// service is under way or failed.
func (k known) counts(s subject, service, stage string) bool {
	in := func(list []string) bool { return among(list, service, stage) }
	if k.Only != nil && !in(k.Only) {
		return false
	}
	switch {
	case k.About == nil, slices.Contains(k.About, s):
		return true
	case s == aboutNothing:
		return in(k.Unsure)
	}
	return false
}

// explains reports whether the cause can explain a stage when its sign stands in another
// log than the stage's own.
func (k known) explains(service, stage string) bool { return among(k.Stages, service, stage) }

// among reports whether a list of stages and services, or of "*", has the stage. That of the
// machines is the one that waits for them.
func among(list []string, service, stage string) bool {
	if service == machines {
		stage = "cb-bootstrap"
	}
	return slices.ContainsFunc(list, func(s string) bool { return s == "*" || s == stage || s == service })
}
