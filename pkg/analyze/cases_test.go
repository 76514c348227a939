package analyze

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// scene is a small bundle: a host of a release that has come to a stage, and what logs say.
type scene struct {
	// at is where the host stands: release, service and stage; a stage that "failed", or
	// else one that is under way.
	at string
	// logs are lines by the place of their file, each said three times. A line that begins
	// with "=" is said once, and without the time.
	logs map[string]string
	// files are there as they are.
	files map[string]string
	// want is the ID of the first cause, and says a part of its text or of what helps; without
	// want no cause is named.
	want, says string
	// also are further causes that are right.
	also string
}

const (
	bootkubeLog = "bootstrap/journals/bootkube.log"
	imageLog    = "bootstrap/journals/release-image.log"
	pivotLog    = "bootstrap/journals/release-image-pivot.log"
	hostKubelet = "bootstrap/journals/kubelet.log"
	etcdLog     = "bootstrap/containers/etcd-0a1b.log"
	serverLog   = "bootstrap/containers/machine-config-server-77.log"
	firstBoot   = "control-plane/192.168.40.11/journals/machine-config-daemon-firstboot.log"
	kubeletLog  = "control-plane/192.168.40.11/journals/kubelet.log"
	crioLog     = "control-plane/192.168.40.11/journals/crio.log"
	console     = "serial/cp-0.log"

	waits  = "4.22 bootkube cb-bootstrap"
	pulls  = "4.22 release-image pull-release-image"
	pivots = "4.17 release-image-pivot rebase-to-okd-os-image failed"
	asked  = `I0302 08:44:31.647109       1 api.go:111] Pool master requested by address:"192.168.40.11:52514" User-Agent:"Ignition/2.20.0"`

	ping    = `Error: initializing source docker://quay.io/okd/scos-content@sha256:77aa: pinging container registry quay.io: Get "https://quay.io/v2/": `
	mirror  = `Failed to pull image "mirror.example.net:5000/okd@sha256:77": pinging container registry mirror.example.net:5000: Get "https://mirror.example.net:5000/v2/": `
	get     = `ignition[706]: GET error: Get "https://api-int.demo.example.com:22623/config/master": `
	loopAPI = `Get "https://localhost:6443/api/v1/pods": dial tcp [::1]:6443: connect: connection refused`
)

func one(place, text string) map[string]string { return map[string]string{place: text} }

// scenes are bundles with one cause each.
var scenes = map[string]scene{
	// a port of the host itself is a symptom
	"own API, slow disk":        {at: waits, logs: map[string]string{bootkubeLog: loopAPI, etcdLog: `{"level":"warn","msg":"slow fdatasync","took":"3.2s"}`}, want: "slow-disk"},
	"own etcd, another address": {at: "4.20 bootkube wait-for-etcd", logs: one(bootkubeLog, `{"msg":"retrying of unary invoker failed","target":"endpoint://client-9/172.22.0.35:2379","error":"transport: authentication handshake failed: x509: certificate is valid for 192.168.40.10, 127.0.0.1, not 172.22.0.35"}`), want: "etcd-address"},
	"etcd refuses its peers":    {at: waits, logs: one(etcdLog, `{"level":"warn","msg":"rejected connection","remote-addr":"192.168.40.11:40344","error":"tls: \"192.168.40.11\" does not match any of DNSNames [\"localhost\"]"}`), want: "etcd-address"},
	"own address, no memory": {
		at:    waits,
		logs:  map[string]string{bootkubeLog: `Unable to connect: Get "https://api-int.demo.example.com:6443/readyz": dial tcp 192.168.40.10:6443: connect: connection refused`, hostKubelet: "kernel: Out of memory: Killed process 4711 (kube-apiserver)"},
		files: one("bootstrap/network/ip-addr.txt", "2: ens3: <UP>\n    inet 192.168.40.10/24 brd 192.168.40.255 scope global ens3\n"), want: "out-of-memory",
	},
	"own etcd, seen by both": {
		at:    "4.20 bootkube wait-for-etcd",
		logs:  one(bootkubeLog, `grpc: addrConn.createTransport failed to connect to {Addr: "172.22.0.35:2379"}. Err: authentication handshake failed: x509: certificate is valid for 192.168.40.10, not 172.22.0.35`),
		files: one("bootstrap/network/ip-addr.txt", "    inet 192.168.40.10/24 scope global ens3\n    inet 172.22.0.35/24 scope global ens4\n"), want: "etcd-address",
	},
	"localhost's etcd": {at: "4.20 bootkube wait-for-etcd", logs: one(bootkubeLog, `{"target":"etcd-endpoints://0xc0/localhost:2379","error":"transport: authentication handshake failed: x509: certificate is valid for 192.168.40.10, not 127.0.0.1"}`), want: "etcd-address"},
	"own port taken":   {at: waits, logs: map[string]string{bootkubeLog: loopAPI, "bootstrap/containers/kube-apiserver-1.log": "failed to create listener: listen tcp 0.0.0.0:6443: bind: address already in use"}, want: "port-in-use"},

	// what fails in a lookup is DNS, in whatever way
	"no name server":           {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on [::1]:53: read udp [::1]:41125->[::1]:53: read: connection refused"), want: "dns", says: "no name server"},
	"no name server, IPv4":     {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on 127.0.0.1:53: read udp 127.0.0.1:41125->127.0.0.1:53: read: connection refused"), want: "dns", says: "no name server"},
	"name server is silent":    {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on 192.168.40.1:53: read udp 192.168.40.10:33021->192.168.40.1:53: i/o timeout"), want: "dns", says: "does not answer"},
	"name server refuses":      {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on 192.168.40.1:53: read udp 192.168.40.10:33021->192.168.40.1:53: read: connection refused"), want: "dns", says: "does not answer"},
	"name server fails":        {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on 192.168.40.1:53: server misbehaving"), want: "dns", says: "does not answer"},
	"no way to name server":    {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on 192.168.40.1:53: dial udp 192.168.40.1:53: connect: network is unreachable"), want: "dns"},
	"name is not there":        {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io on 192.168.40.1:53: no such host"), want: "dns", says: "is not found in DNS"},
	"resolver of C":            {at: pulls, logs: one(imageLog, ping+"dial tcp: lookup quay.io: Temporary failure in name resolution"), want: "dns"},
	"curl and DNS":             {at: "4.18 release-image-pivot pull-okd-os-image failed", logs: one(pivotLog, "error: Creating importer: curl: (6) Could not resolve host: quay.io"), want: "dns"},
	"proxy's name":             {at: pulls, logs: one(imageLog, ping+"proxyconnect tcp: dial tcp: lookup proxy.example.com on 192.168.40.1:53: no such host"), want: "dns"},
	"nslookup, refused":        {at: pulls, logs: one(imageLog, ";; communications error to 192.168.40.1#53: connection refused"), want: "dns", says: "does not answer"},
	"SERVFAIL":                 {at: "4.22 bootkube cb-bootstrap", logs: one(firstBoot, "host: Host quay.io not found: 2(SERVFAIL)"), want: "dns"},
	"machine has no DNS":       {at: waits, logs: one(firstBoot, ping+"dial tcp: lookup quay.io on 192.168.40.1:53: i/o timeout"), want: "dns"},
	"console, no name server":  {at: waits, logs: one(console, "=[ 1194.853263] "+get+"dial tcp: lookup api-int.demo.example.com on [::1]:53: read udp [::1]:37135->[::1]:53: read: connection refused"), want: "dns", says: "nameserver="},
	"console, api-int unknown": {at: waits, logs: map[string]string{console: "=[ 1194.853263] " + get + "dial tcp: lookup api-int.demo.example.com on 192.168.40.1:53: no such host", serverLog: "launching server on 22623"}, want: "dns-api"},

	// the port and the stage decide
	"registry silent":      {at: pulls, logs: one(imageLog, ping+"dial tcp 3.230.48.144:443: i/o timeout"), want: "registry-unreachable"},
	"registry, no route":   {at: pulls, logs: one(imageLog, ping+"dial tcp 3.230.48.144:443: connect: no route to host"), want: "registry-unreachable"},
	"pull breaks off":      {at: pulls, logs: one(imageLog, `Error: reading blob sha256:1f: Get "https://cdn03.quay.io/x": net/http: TLS handshake timeout`), want: "registry-unreachable"},
	"mirror on 5000":       {at: waits, logs: one(firstBoot, mirror+"dial tcp 192.168.40.9:5000: connect: connection refused"), want: "registry-unreachable"},
	"API, no route":        {at: "4.22 bootkube wait-for-ceo", logs: one(bootkubeLog, `E0302 wait.go:22] Get "https://api-int.demo.example.com:6443/apis": dial tcp 192.168.40.5:6443: connect: no route to host`), want: "load-balancer"},
	"API refused by oc":    {at: "4.22 bootkube wait-for-ceo", logs: one(bootkubeLog, "The connection to the server api-int.demo.example.com:6443 was refused - did you specify the right host or port?"), want: "load-balancer"},
	"kubelet and API":      {at: waits, logs: one(kubeletLog, `"Unable to register node with API server" err="Post \"https://api-int.demo.example.com:6443/api/v1/nodes\": dial tcp 192.168.40.5:6443: i/o timeout"`), want: "load-balancer"},
	"API of another run":   {at: waits, logs: one(kubeletLog, `"Unable to register node with API server" err="Post \"https://api-int.demo.example.com:6443/api/v1/nodes\": tls: failed to verify certificate: x509: certificate signed by unknown authority"`), want: "mixed-generations"},
	"API under other name": {at: waits, logs: one(kubeletLog, `Post "https://api-int.demo.example.com:6443/api/v1/nodes": x509: certificate is valid for lb.example.com, not api-int.demo.example.com`), want: "certificate-name"},
	"mirror's CA":          {at: pulls, logs: one(imageLog, mirror+"tls: failed to verify certificate: x509: certificate signed by unknown authority"), want: "registry-ca"},
	"mirror's CA renewed":  {at: pulls, logs: one(imageLog, mirror+`x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "Example CA")`), want: "registry-ca"},
	"mirror has expired":   {at: pulls, logs: one(imageLog, mirror+"x509: certificate has expired or is not yet valid: current time 2026-03-02T08:02:00Z is after 2026-02-01T00:00:00Z"), want: "clock", says: "certificate of the registry"},
	"clock behind":         {at: pulls, logs: one(imageLog, ping+"x509: certificate has expired or is not yet valid: current time 2021-03-02T08:02:00Z is before 2026-02-01T00:00:00Z"), want: "clock", says: "clock of this host"},
	"etcd peers": {
		at: "4.22 bootkube wait-for-ceo",
		logs: one("control-plane/192.168.40.11/containers/etcd-1.log",
			`{"level":"warn","msg":"prober detected unhealthy status","error":"dial tcp 192.168.40.12:2380: i/o timeout"}`),
		want: "etcd-peers",
	},

	// what machines say counts for what waits for them, for each row
	"machine, CA": {
		at:    waits,
		logs:  map[string]string{firstBoot: mirror + "tls: failed to verify certificate: x509: certificate signed by unknown authority", serverLog: asked},
		files: map[string]string{"resources/nodes.list": "", "resources/masters.list": ""}, want: "registry-ca",
	},
	"machine, CRI-O":       {at: waits, logs: one(crioLog, `time="2026-03-02" level=warning msg="Failed, retrying in 1s ... error: x509: certificate signed by unknown authority"`), want: "registry-ca"},
	"machine, secret":      {at: waits, logs: one(firstBoot, "Error: initializing source docker://quay.io/okd/x@sha256:77: reading manifest sha256:77 in quay.io/okd/x: unauthorized: access to the requested resource is not authorized"), want: "registry-refuses"},
	"machine, rate":        {at: waits, logs: one(crioLog, "Error pulling image docker.io/library/x: toomanyrequests: You have reached your unauthenticated pull rate limit"), want: "rate-limit"},
	"machine, no image":    {at: waits, logs: one(firstBoot, "Error: initializing source docker://mirror.example.net:5000/okd@sha256:77: reading manifest sha256:77 in mirror.example.net:5000/okd: manifest unknown"), want: "image-missing"},
	"machine, signature":   {at: waits, logs: one(firstBoot, "Error: copying system image from manifest list: Source image rejected: A signature was required, but no signature exists"), want: "signature"},
	"machine, plain http":  {at: waits, logs: one(firstBoot, mirror+"http: server gave HTTP response to HTTPS client"), want: "registry-plain"},
	"machine, proxy":       {at: waits, logs: one(firstBoot, ping+"proxyconnect tcp: dial tcp 192.168.40.7:3128: connect: connection refused"), want: "proxy"},
	"machine, proxy 403":   {at: waits, logs: one(firstBoot, ping+"Forbidden"), want: "proxy"},
	"machine, no way":      {at: waits, logs: one(firstBoot, "pinging docker registry returned: Get https://quay.io/v2/: dial tcp 3.230.48.144:443: i/o timeout"), want: "registry-unreachable"},
	"machine, disk":        {at: waits, logs: one("control-plane/192.168.40.12/journals/crio.log", "writing blob: storing blob to file: write /var/tmp/1: no space left on device"), want: "disk-full"},
	"machine, clock":       {at: waits, logs: one(kubeletLog, `Post "https://api-int.demo.example.com:6443/x": x509: certificate has expired or is not yet valid: current time 2025-03-02T08:02:00Z is before 2026-03-02T07:00:00Z`), want: "clock"},
	"machine, registry":    {at: waits, logs: one(firstBoot, "Error: reading manifest sha256:1 in quay.io/okd/x: received unexpected HTTP status: 502 Bad Gateway"), want: "registry-error"},
	"machine, damaged":     {at: waits, logs: one(firstBoot, "Error: creating container storage: layer not known"), want: "images-damaged"},
	"machine, localhost":   {at: waits, logs: one(kubeletLog, `"Error getting node" err="node \"localhost\" not found"`), want: "hostname"},
	"machine, all journal": {at: waits, files: one("control-plane/192.168.40.11/journals/journal.log.gz", gzipped("Mar 02 08:50:00 cp-0 sh[1]: "+ping+"dial tcp 3.230.48.144:443: i/o timeout\n")), want: "registry-unreachable"},
	"only machines":        {files: one(firstBoot, "Mar 02 08:50:00 cp-0 sh[1]: "+ping+"dial tcp: lookup quay.io on [::1]:53: read udp [::1]:1->[::1]:53: read: connection refused\n"), want: "dns"},

	// Ignition on the console
	"console, EOF":              {at: waits, logs: map[string]string{console: "=[ 3788.086838] " + get + "EOF", serverLog: "launching server on 22623"}, want: "load-balancer"},
	"console, refused":          {at: waits, logs: one(console, "=[ 3788.086838] "+get+"dial tcp 192.168.40.5:22623: connect: connection refused"), want: "load-balancer"},
	"console, no route":         {at: waits, logs: one(console, "=[ 3788.086838] "+get+"dial tcp 192.168.40.5:22623: connect: no route to host"), want: "load-balancer"},
	"console, cut off":          {at: waits, logs: one(console, `=[ 3040.247110] ignition[527]: GET error: Get https://api-int.demo.example.com:22623/config/master: dial tcp 192.168.168[     *] A start job is running for Ignition (fetch) (50min 42s / no limit)`), want: "load-balancer"},
	"console, not TCP":          {at: waits, logs: one(console, "=[ 3788.086838] "+get+"http: server gave HTTP response to HTTPS client"), want: "load-balancer"},
	"console, 500":              {at: waits, logs: one(console, "=[ 10.1] ignition[700]: GET https://api-int.demo.example.com:22623/config/master: attempt #9\n[ 10.2] ignition[700]: GET result: Internal Server Error"), want: "machine-config-server"},
	"console, 500, begins late": {at: waits, logs: one(console, "=[ 10.2] ignition[700]: GET result: Internal Server Error"), want: "machine-config-server"},
	"console, 503":              {at: waits, logs: one(console, "=[ 10.1] ignition[700]: GET https://api-int.demo.example.com:22623/config/master: attempt #9\n[ 10.2] ignition[700]: GET result: Service Unavailable"), want: "load-balancer"},
	"console, authority":        {at: waits, logs: one(console, "=[ 10.1] "+get+`x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "root-ca")`), want: "mixed-generations"},
	"console, bare authority":   {at: waits, logs: one(console, "=[ 10.1] "+get+"tls: failed to verify certificate: x509: certificate signed by unknown authority"), want: "mixed-generations"},
	"console, expired":          {at: waits, logs: one(console, "=[ 10.1] "+get+"x509: certificate has expired or is not yet valid: current time 2019-01-01T00:00:00Z is before 2026-03-02T07:00:00Z"), want: "clock"},
	"console, web server":       {at: waits, logs: one(console, `=[ 10.1] ignition[700]: GET error: Get "http://192.168.40.2:8080/master.ign": dial tcp 192.168.40.2:8080: connect: connection refused`), want: "ignition-url"},
	"console, installer":        {at: waits, logs: one(console, "=coreos-installer-service[862]: Caused by: downloading source Ignition config http://192.168.40.2/master.ign"), want: "ignition-url"},
	"console, old Ignition":     {at: waits, logs: one(console, "=[    3.058090] ignition[693]: failed to fetch config: unsupported config version"), want: "boot-image-old"},
	"server, newer Ignition": {at: waits, logs: one(serverLog,
		"E1130 22:05:27.9 1 api.go:133] unsupported Ignition version in Accept header: "+
			"application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1"), want: "machine-config-server"},
	"server cannot convert": {at: waits, logs: one(serverLog,
		"E0302 08:44:20.1 1 api.go:140] couldn't convert config for req: {master 3.1.0}, error: failed to convert config from "+
			"spec v3.4 to v3.1"), want: "machine-config-server"},
	"server's certificate": {at: waits, logs: one(serverLog,
		"http: TLS handshake error from 192.168.40.11:38592: remote error: tls: bad certificate"), want: "mixed-generations"},

	// no node image, and boot images that are too old
	"no crio.conf":        {at: "4.18 crio-configure  failed", logs: one("bootstrap/journals/crio-configure.log", "sed: can't read /etc/crio/crio.conf: No such file or directory"), want: "no-tools"},
	"no kubelet":          {at: "4.18 kubelet  failed", logs: one(hostKubelet, "/usr/local/bin/kubelet.sh: line 9: /usr/bin/kubelet: No such file or directory"), want: "no-tools"},
	"no kubelet, setpriv": {at: "4.18 kubelet  failed", logs: one(hostKubelet, "setpriv: failed to execute /usr/bin/kubelet: No such file or directory"), want: "no-tools"},
	"no kubelet, systemd": {at: "4.18 kubelet  failed", logs: one(hostKubelet, "kubelet.service: Failed at step EXEC spawning /usr/bin/kubelet: No such file or directory"), want: "no-tools"},
	"no kubelet, exec":    {at: "4.20 kubelet  failed", logs: one(hostKubelet, "/usr/local/bin/kubelet.sh: exec: kubelet: not found"), want: "no-tools"},
	"no setpriv":          {at: "4.20 kubelet  failed", logs: one(hostKubelet, "/usr/local/bin/kubelet.sh: line 45: setpriv: command not found"), want: "no-tools"},
	"no kubenswrapper":    {at: "4.20 kubelet  failed", logs: one(hostKubelet, "kubelet.service: Unable to locate executable '/usr/bin/kubenswrapper': No such file or directory"), want: "no-tools"},
	"no crio":             {at: "4.20 kubelet  failed", logs: one(hostKubelet, "Failed to start kubelet.service: Unit crio.service not found."), want: "no-tools"},
	"no oc":               {at: "4.17 bootkube openshift-manifests failed", logs: one(bootkubeLog, "/usr/local/bin/bootkube.sh: line 85: oc: command not found"), want: "no-tools"},
	"old rpm-ostree":      {at: pivots, logs: one(pivotLog, "error: Invalid refspec ostree-unverified-registry:quay.io/okd/scos-content@sha256:90ab"), want: "boot-image-old", says: "okd-install coreos image"},
	"older rpm-ostree":    {at: pivots, logs: one(pivotLog, "error: Unknown option --experimental"), want: "boot-image-old"},
	"old layers":          {at: pivots, logs: one(pivotLog, "error: Importing: Unencapsulating base: Unhandled layer type: application/vnd.oci.image.layer.v1.tar+zstd"), want: "boot-image-old"},

	// manifests
	"foreign kind": {at: waits, logs: one(bootkubeLog,
		`"zz.yaml": unable to get REST mapping for "zz.yaml": no matches for kind "Certificate" in version "cert-manager.io/v1"`), want: "bad-manifest", says: "does not provide"},
	"mistyped kind":     {at: waits, logs: one(bootkubeLog, `"zz.yaml": unable to get REST mapping for "zz.yaml": no matches for kind "MachineConfg" in version "machineconfiguration.openshift.io/v1"`), want: "bad-manifest"},
	"old version":       {at: waits, logs: one(bootkubeLog, `"zz.yaml": unable to get REST mapping for "zz.yaml": no matches for kind "CustomResourceDefinition" in version "apiextensions.k8s.io/v1beta1"`), want: "bad-manifest"},
	"foreign namespace": {at: waits, logs: one(bootkubeLog, `Failed to create "zz.yaml" configmaps.v1./a -n mine: namespaces "mine" not found`), want: "bad-manifest", says: "namespace"},
	"MachineConfig": {
		at: waits,
		logs: map[string]string{
			"bootstrap/containers/machine-config-controller-1.log": "F0302 08:44:00.1 1 bootstrap.go:40] error running MCC[BOOTSTRAP]: parsing Ignition config failed: unknown version",
			console: "=[ 1.1] " + get + "dial tcp 192.168.40.10:22623: connect: connection refused",
		},
		want: "bad-machine-config", also: "load-balancer",
	},
	"pending requests": {
		at: "4.22 bootkube wait-for-ceo", logs: one(bootkubeLog, loopAPI),
		files: one("resources/csr.json", `{"items":[{"metadata":{"name":"csr-1"},"spec":{"username":"system:serviceaccount:x:node-bootstrapper"},"status":{}}]}`), want: "pending-requests",
	},
}

// healthy are bundles of installations that go on, or whose trouble is over: no cause is
// named for them.
var healthy = map[string]scene{
	"API comes up":         {at: waits, logs: map[string]string{bootkubeLog: "Still waiting for the Kubernetes API: " + loopAPI, serverLog: asked}},
	"waits for kinds":      {at: waits, logs: map[string]string{bootkubeLog: `"99_x.yaml": unable to get REST mapping for "99_x.yaml": no matches for kind "MachineConfig" in version "machineconfiguration.openshift.io/v1"`, serverLog: asked}},
	"waits for others":     {at: waits, logs: one(bootkubeLog, `"01_x.yaml": unable to get REST mapping for "01_x.yaml": no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"`)},
	"waits for project":    {at: waits, logs: one(bootkubeLog, `Failed to create "x.yaml" configmaps.v1./admin-acks -n openshift-config: namespaces "openshift-config" not found`)},
	"own kind once":        {at: waits, logs: one(bootkubeLog, `="zz.yaml": unable to get REST mapping for "zz.yaml": no matches for kind "Certificate" in version "cert-manager.io/v1"`)},
	"etcd comes up":        {at: "4.22 bootkube wait-for-etcd", logs: one(bootkubeLog, `https://192.168.40.10:2379 is unhealthy: failed to commit proposal: context deadline exceeded`)},
	"etcd warns":           {at: waits, logs: one(etcdLog, `{"level":"warn","msg":"apply request took too long","took":"132.5ms","expected-duration":"100ms"}`)},
	"console is past it":   {at: waits, logs: map[string]string{console: "=[ 1.1] " + get + "dial tcp: lookup api-int.demo.example.com on [::1]:53: read udp [::1]:1->[::1]:53: read: connection refused\n[ 8.1] ignition[706]: GET https://api-int.demo.example.com:22623/config/master: attempt #4\n[ 8.2] ignition[706]: GET result: OK", serverLog: asked}},
	"machine is past it":   {at: waits, logs: map[string]string{firstBoot: "=Mar 02 08:44:01 cp-0 m[1]: " + ping + "dial tcp: lookup quay.io: Temporary failure in name resolution\nMar 02 08:44:11 cp-0 m[1]: Writing manifest to image destination", serverLog: asked}},
	"machine long since":   {at: waits, logs: one(kubeletLog, "=Mar 02 08:44:01 cp-0 kubelet[1]: Post \"https://api-int.demo.example.com:6443/x\": dial tcp 192.168.40.5:6443: connect: connection refused\nMar 02 08:59:11 cp-0 kubelet[1]: all is well")},
	"before the stage":     {at: waits, logs: one(bootkubeLog, "=Mar 02 08:01:01 b bootkube[1]: "+ping+"i/o timeout")},
	"cluster's own DNS":    {at: "4.22 bootkube wait-for-ceo", logs: one("control-plane/192.168.40.11/containers/operator-1.log", `Get "https://172.30.0.1:443/api": dial tcp 172.30.0.1:443: connect: connection refused, lookup thanos.openshift-monitoring.svc on 172.30.0.10:53: no such host`)},
	"kubelet's service":    {at: waits, logs: one(kubeletLog, `plugin type="multus-shim" failed (add): Get "https://172.30.0.1:443/api/v1/x": dial tcp 172.30.0.1:443: connect: connection refused`)},
	"container's memory":   {at: waits, logs: one(kubeletLog, "kernel: Memory cgroup out of memory: Killed process 99 (java)")},
	"kubelet's files":      {at: waits, logs: one(kubeletLog, `"Failed to read" err="open /var/lib/kubelet/cpu_manager_state: no such file or directory"`)},
	"health checks":        {at: waits, logs: map[string]string{serverLog: "http: TLS handshake error from 192.168.40.5:40000: EOF\n" + asked}},
	"leader moves once":    {at: "4.22 bootkube wait-for-ceo", logs: one(etcdLog, "=etcdserver: leader changed")},
	"names nobody needs":   {at: waits, logs: one(kubeletLog, "zincati[1]: failed to lookup address information: Name or service not known")},
	"daemon without oc":    {at: waits, logs: one(firstBoot, "W0320 13:47:13.8 1904 run.go:44] nice failed: ionice: failed to execute oc: No such file or directory")},
	"own etcd refused":     {at: "4.22 bootkube wait-for-etcd", logs: one(bootkubeLog, `{"error":"transport: Error while dialing dial tcp 127.0.0.1:2379: connect: connection refused"}`)},
	"oc and localhost":     {at: "4.22 bootkube cvo-overrides", logs: one(bootkubeLog, "The connection to the server localhost:6443 was refused - did you specify the right host or port?")},
	"curl and localhost":   {at: waits, logs: one(bootkubeLog, "curl: (7) Failed to connect to localhost port 22624 after 0 ms: Connection refused")},
	"api-int is localhost": {at: waits, logs: one(bootkubeLog, `Get "https://api-int.demo.example.com:6443/readyz": dial tcp 127.0.0.1:6443: connect: connection refused`)},
	"api-int is itself":    {at: waits, logs: map[string]string{bootkubeLog: `Get "https://api-int.demo.example.com:6443/readyz": dial tcp 192.168.40.10:6443: connect: connection refused`, hostKubelet: `flags.go:64] FLAG: --node-ip="192.168.40.10"`}},
	"reset by itself":      {at: waits, logs: one(bootkubeLog, `Get "https://api-int.demo.example.com:6443/x": read tcp 192.168.40.10:44218->192.168.40.10:6443: read: connection reset by peer`)},
	"time is up":           {at: "4.22 bootkube cb-bootstrap", logs: one(bootkubeLog, "Error: error while checking pod status: context deadline exceeded")},
	"own unix socket":      {at: waits, logs: one(kubeletLog, `"validate CRI v1 runtime API" err="dial unix /var/run/crio/crio.sock: connect: no such file or directory, connection refused"`)},
	"self-made etcd":       {at: waits, logs: one(etcdLog, `{"level":"warn","msg":"failed to reach the peer URL","error":"dial tcp 192.168.40.10:2380: connect: connection refused"}`)},
}

// play makes the bundle of a scene.
func (s scene) play(t *testing.T) map[string]string {
	h := newHost(t)
	if s.at == "" {
		h.files = map[string]string{}
	} else {
		words := append(strings.Split(s.at, " "), "")
		stage, known := stageOf(words[1], words[2])
		if !known {
			t.Fatalf("%s is no stage", s.at)
		}
		h.upTo(words[0], stage)
		if words[3] == "failed" {
			h.fail(stage.Service, stage.Name, "it went wrong")
		} else {
			h.record(stage.Service, "stage start", "stage", stage.Name)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(s.logs)) {
		for text := range strings.SplitSeq(s.logs[place], "\n") {
			if plain, once := strings.CutPrefix(s.logs[place], "="); once {
				h.files[place] = plain + "\n"
				continue
			}
			for range 3 {
				h.journal(place, text)
			}
		}
	}
	maps.Copy(h.files, s.files)
	return h.bundle()
}

// Each bundle has one cause, whatever the order of the table.
func TestCases(t *testing.T) {
	t.Parallel()
	if len(scenes) < 40 || len(healthy) < 10 {
		t.Fatalf("only %d bundles with a cause, and %d without", len(scenes), len(healthy))
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := reportOf(t, s.play(t)).Findings[0]
			var seen []string
			for _, c := range f.Causes {
				if c.Seen {
					seen = append(seen, fmt.Sprintf("%s (%s) %v", c.ID, c.Text, c.Evidence))
				}
			}
			if len(seen) == 0 || f.Causes[0].ID != s.want || !strings.Contains(f.Causes[0].Text+" "+f.Causes[0].Fix, s.says) {
				t.Fatalf("want %s %s, got %s", s.want, s.says, strings.Join(seen, "\n"))
			}
			if others := strings.Join(ids(f.Causes[1:]), " "); others != s.also {
				t.Errorf("also %q, want %q:\n%s", others, s.also, strings.Join(seen, "\n"))
			}
		})
	}
}

func TestHealthyCases(t *testing.T) {
	t.Parallel()
	for name, s := range healthy {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range reportOf(t, s.play(t)).Findings {
				for _, c := range f.Causes {
					if c.Seen {
						t.Errorf("%s: %s %v", f.Stage, c.ID, c.Evidence)
					}
				}
			}
		})
	}
}

// The order of the table decides nothing: of two rows that a line could be of, one weighs
// more.
func TestOrderDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, s := range scenes {
		for place, lines := range s.logs {
			for part := range strings.SplitSeq(strings.TrimPrefix(lines, "="), "\n") {
				l := readLine(place, strings.ToLower(part))
				if l.about == aboutNothing || l.about == aboutOther {
					continue
				}
				best, said := -1, map[string]bool{}
				for i, k := range causes {
					if !slices.ContainsFunc(k.Signs, func(text string) bool {
						return matches(text, l.text) && holds(sign{i, text}, l)
					}) {
						continue
					}
					if k.Weight > best {
						best, said = k.Weight, map[string]bool{}
					}
					if k.Weight == best {
						said[k.ID+": "+k.Text] = true
					}
				}
				if len(said) > 1 {
					t.Errorf("%s: %q is of %v alike", name, part, slices.Sorted(maps.Keys(said)))
				}
			}
		}
	}
}
