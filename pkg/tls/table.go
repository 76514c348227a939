package tls

import (
	"crypto/x509"
	"slices"
	"time"
)

// The three lives that a certificate can have.
const (
	// Day is how long a cluster that is not yet booted stays bootable: what is
	// signed for a day is replaced by the cluster's operators once they run.
	Day    = 24 * time.Hour
	year   = 365 * Day
	decade = 10 * year
)

// Certificate is a row of the table: one certificate with its key.
type Certificate struct {
	// Name is unique. The files are called <Name>.crt and <Name>.key.
	Name string
	// Signer is the Name of the authority that signs it; empty for an authority,
	// which signs itself.
	Signer string
	Life   time.Duration
	// Subject is what the certificate says about its holder. An authority
	// without one is called by its Name, in unit openshift.
	Subject Subject
	// Use says what a leaf is good for; an authority has none.
	Use []x509.ExtKeyUsage
	// DNS and IPs hold the subject alternative names, with placeholders for
	// what Names fills in.
	DNS, IPs []string
	// AppendSigner adds the signer to the .crt file, for clients that know the
	// signer only by what signed it.
	AppendSigner bool
	// NoKeyUsage leaves the key usage extension out.
	NoKeyUsage bool
	// Host says which of the files the bootstrap host gets.
	Host HostShare
	// Purpose tells in one sentence what the certificate is for.
	Purpose string
}

// Subject is the part of a distinguished name that these certificates use.
type Subject struct {
	CommonName         string
	Organization       []string
	OrganizationalUnit string
}

// HostShare is the part of a pair that the bootstrap host gets.
type HostShare int

// A pair's files are all on the bootstrap host unless the row says otherwise.
const (
	certAndKey HostShare = iota
	certOnly
	notOnHost
)

var (
	client = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	server = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	both   = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}

	// Kubernetes gives rights by subject: the organization is the group and the
	// common name the user. These four are known to its roles by these names.
	systemAdmin      = Subject{CommonName: "system:admin", Organization: []string{"system:masters"}}
	apiserver        = Subject{CommonName: "system:kube-apiserver", Organization: []string{"kube-master"}}
	apiserverProxy   = Subject{CommonName: "system:kube-apiserver-proxy", Organization: []string{"kube-master"}}
	nodeBootstrapper = Subject{
		CommonName:   "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper",
		Organization: []string{"system:serviceaccounts:openshift-machine-config-operator", "system:serviceaccounts"},
	}
)

// Certificates is the table. Each authority stands before the leaves that it
// signs, so that minting from top to bottom works.
var Certificates = []Certificate{
	// Machines know the cluster by this authority before they have anything else.
	{Name: "root-ca", Life: decade, Host: certOnly,
		Purpose: "signs the machine config server's certificate; every machine's first Ignition config trusts it"},
	{Name: "machine-config-server", Signer: "root-ca", Life: decade, Use: server, NoKeyUsage: true,
		Subject: Subject{CommonName: "system:machine-config-server"}, DNS: []string{"api-int." + domain, apiVIPs}, IPs: []string{apiVIPs},
		Purpose: "serves their Ignition configs to new machines"},
	{Name: "journal-gatewayd", Signer: "root-ca", Life: decade, Use: both,
		Subject: Subject{CommonName: "journal-gatewayd", Organization: []string{"OpenShift Bootstrap"}},
		Purpose: "serves the bootstrap host's journal, where its gateway is switched on"},

	// Users and kubelets, before the cluster can sign certificates itself.
	{Name: "admin-kubeconfig-signer", Life: decade, Host: notOnHost,
		Purpose: "signs the administrator's certificate"},
	{Name: "admin-kubeconfig-client", Signer: "admin-kubeconfig-signer", Life: decade, Use: both, Host: notOnHost,
		Subject: systemAdmin,
		Purpose: "lets the administrator log in, with auth/kubeconfig"},
	{Name: "kubelet-bootstrap-kubeconfig-signer", Life: decade, Host: notOnHost,
		Purpose: "signs the certificate with which new kubelets ask for their own"},
	{Name: "kubelet-client", Signer: "kubelet-bootstrap-kubeconfig-signer", Life: decade, Use: client,
		Subject: nodeBootstrapper,
		Purpose: "lets a new kubelet ask for a certificate of its own"},
	{Name: "kubelet-signer", Life: Day,
		Purpose: "signs the first certificates of the kubelets, until the cluster has its own signer"},

	// The API server's own doors: from outside, from machines, from itself, from pods.
	{Name: "kube-apiserver-lb-signer", Life: decade,
		Purpose: "signs the API server's certificates behind the load balancers"},
	{Name: "kube-apiserver-lb-server", Signer: "kube-apiserver-lb-signer", Life: Day, Use: server, AppendSigner: true,
		Subject: apiserver, DNS: []string{"api." + domain},
		Purpose: "serves the API to users"},
	{Name: "kube-apiserver-internal-lb-server", Signer: "kube-apiserver-lb-signer", Life: Day, Use: server, AppendSigner: true,
		Subject: apiserver, DNS: []string{"api-int." + domain},
		Purpose: "serves the API to the cluster's machines"},
	{Name: "kube-apiserver-localhost-signer", Life: decade,
		Purpose: "signs the API server's certificate for its own host"},
	{Name: "kube-apiserver-localhost-server", Signer: "kube-apiserver-localhost-signer", Life: Day, Use: server, AppendSigner: true,
		Subject: apiserver, DNS: []string{"localhost"}, IPs: []string{"127.0.0.1", "::1"},
		Purpose: "serves the API to processes on the same host"},
	{Name: "kube-apiserver-service-network-signer", Life: decade,
		Purpose: "signs the API server's certificate for pods"},
	{Name: "kube-apiserver-service-network-server", Signer: "kube-apiserver-service-network-signer", Life: Day, Use: server, AppendSigner: true,
		Subject: apiserver, DNS: []string{
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
			"openshift", "openshift.default", "openshift.default.svc", "openshift.default.svc.cluster.local",
		}, IPs: []string{serviceIPs},
		Purpose: "serves the API to pods, through the service called kubernetes"},

	// The API server as a client, and the clients that share its host.
	{Name: "kube-apiserver-to-kubelet-signer", Life: year,
		Purpose: "signs the API server's certificate for calling kubelets"},
	{Name: "kube-apiserver-to-kubelet-client", Signer: "kube-apiserver-to-kubelet-signer", Life: year, Use: client,
		Subject: apiserver,
		Purpose: "lets the API server call kubelets, for logs and exec"},
	{Name: "kube-control-plane-signer", Life: year,
		Purpose: "signs the certificates of the control plane's other parts"},
	{Name: "kube-control-plane-kube-controller-manager-client", Signer: "kube-control-plane-signer", Life: year, Use: client,
		Subject: systemAdmin,
		Purpose: "lets the controller manager and the policy controller call the API"},
	{Name: "kube-control-plane-kube-scheduler-client", Signer: "kube-control-plane-signer", Life: year, Use: client,
		Subject: systemAdmin,
		Purpose: "lets the scheduler call the API"},

	// Extension API servers know the API server by these. There are two
	// authorities because the payload's bootstrap API server reads
	// aggregator-signer.crt as its authority and apiserver-proxy as its client.
	{Name: "aggregator-signer", Life: Day,
		Purpose: "signs the certificate that extension API servers are shown, and is handed to them"},
	{Name: "aggregator-client", Signer: "aggregator-signer", Life: Day, Use: client,
		Subject: apiserverProxy,
		Purpose: "lets the API server pass requests on to extension API servers"},
	{Name: "aggregator-ca", Life: Day,
		Subject: Subject{CommonName: "aggregator", OrganizationalUnit: "bootkube"},
		Purpose: "signs the bootstrap API server's certificate for extension API servers"},
	{Name: "apiserver-proxy", Signer: "aggregator-ca", Life: Day, Use: client,
		Subject: apiserverProxy,
		Purpose: "lets the bootstrap API server pass requests on to extension API servers"},
}

// Bundle is a row of the table of bundles: a file of authorities that someone
// trusts. It names authorities, never another bundle, so that its content can
// be read off its row.
type Bundle struct {
	// Name is unique. The file is called <Name>.crt.
	Name string
	// Authorities holds the Names of rows in Certificates.
	Authorities []string
	Purpose     string
}

// bundles is the table of bundles. The bootstrap host gets all of them.
var bundles = []Bundle{
	{Name: "admin-kubeconfig-ca-bundle", Authorities: []string{"admin-kubeconfig-signer"},
		Purpose: "lets the API server know the administrator"},
	{Name: "kubelet-bootstrap-kubeconfig-ca-bundle", Authorities: []string{"kubelet-bootstrap-kubeconfig-signer"},
		Purpose: "lets the API server know a new kubelet"},
	{Name: "kubelet-client-ca-bundle", Authorities: []string{"kubelet-signer"},
		Purpose: "lets the API server know a kubelet that calls it"},
	{Name: "kubelet-serving-ca-bundle", Authorities: []string{"kubelet-signer"},
		Purpose: "lets the API server know a kubelet that it calls"},
	{Name: "kube-apiserver-to-kubelet-ca-bundle", Authorities: []string{"kube-apiserver-to-kubelet-signer"},
		Purpose: "lets kubelets know the API server that calls them"},
	{Name: "kube-control-plane-ca-bundle", Authorities: []string{
		"kube-control-plane-signer", "kube-apiserver-lb-signer", "kube-apiserver-localhost-signer", "kube-apiserver-service-network-signer"},
		Purpose: "lets the parts of the control plane know each other"},
	{Name: "kube-apiserver-complete-client-ca-bundle", Authorities: []string{
		"admin-kubeconfig-signer", "kubelet-signer", "kube-control-plane-signer",
		"kube-apiserver-to-kubelet-signer", "kubelet-bootstrap-kubeconfig-signer"},
		Purpose: "lets the API server and kubelets know every client"},
	{Name: "kube-apiserver-lb-ca-bundle", Authorities: []string{"kube-apiserver-lb-signer"},
		Purpose: "lets clients know the API behind the load balancers"},
	{Name: "kube-apiserver-localhost-ca-bundle", Authorities: []string{"kube-apiserver-localhost-signer"},
		Purpose: "lets clients know the API on their own host"},
	{Name: "kube-apiserver-service-network-ca-bundle", Authorities: []string{"kube-apiserver-service-network-signer"},
		Purpose: "lets pods know the API"},
	{Name: "kube-apiserver-complete-server-ca-bundle", Authorities: []string{
		"kube-apiserver-localhost-signer", "kube-apiserver-service-network-signer", "kube-apiserver-lb-signer"},
		Purpose: "lets clients know the API at any of its addresses"},
	{Name: "aggregator-ca-bundle", Authorities: []string{"aggregator-signer"},
		Purpose: "lets extension API servers know the API server"},
}

// Authority reports whether the row signs others rather than being signed.
func (c Certificate) Authority() bool { return c.Signer == "" }

// Short reports whether the row is one of the 24-hour certificates, which are
// issued again when a cluster is not booted in time.
func (c Certificate) Short() bool { return c.Life <= Day }

// Lookup returns the row called name.
func Lookup(name string) (Certificate, bool) {
	i := slices.IndexFunc(Certificates, func(c Certificate) bool { return c.Name == name })
	if i < 0 {
		return Certificate{}, false
	}
	return Certificates[i], true
}

// LookupBundle returns the row of bundles called name.
func LookupBundle(name string) (Bundle, bool) {
	i := slices.IndexFunc(bundles, func(b Bundle) bool { return b.Name == name })
	if i < 0 {
		return Bundle{}, false
	}
	return bundles[i], true
}

// leaves returns the rows that the authority called name signs, in table order.
func leaves(name string) []Certificate {
	var out []Certificate
	for _, c := range Certificates {
		if c.Signer == name && name != "" {
			out = append(out, c)
		}
	}
	return out
}
