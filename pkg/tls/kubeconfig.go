package tls

import (
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

// Kubeconfig is a row of the table of kubeconfigs.
type Kubeconfig struct {
	// Name is unique.
	Name string
	// File is the slash path, relative to the asset directory or, on the
	// bootstrap host, to /opt/openshift.
	File string
	// Host says that the file stands on the bootstrap host; otherwise it stands
	// in the asset directory. Two rows have the same File, one at each place.
	Host bool
	// User is the name of the user and of the context.
	User string
	// Server is the API's address, with a placeholder for the domain.
	Server string
	// Bundle names the row of bundles by which the API is known.
	Bundle string
	// Client names the row of Certificates that is shown to the API.
	Client  string
	Purpose string
}

// The names of the kubeconfigs.
const (
	AdminKubeconfig    = "admin"
	internalKubeconfig = "admin-internal"
	kubeletKubeconfig  = "kubelet"
	loopbackKubeconfig = "loopback"
)

// Kubeconfigs is the table of kubeconfigs.
var Kubeconfigs = []Kubeconfig{
	{Name: AdminKubeconfig, File: "auth/kubeconfig", User: "admin", Server: "https://api." + domain + ":6443",
		Bundle: "kube-apiserver-complete-server-ca-bundle", Client: "admin-kubeconfig-client",
		Purpose: "is the administrator's, to keep"},
	// The bootstrap host may not reach the address that users have.
	{Name: internalKubeconfig, File: "auth/kubeconfig", Host: true, User: "admin", Server: "https://api-int." + domain + ":6443",
		Bundle: "kube-apiserver-complete-server-ca-bundle", Client: "admin-kubeconfig-client",
		Purpose: "is the administrator's, for what runs on the bootstrap host"},
	{Name: kubeletKubeconfig, File: "auth/kubeconfig-kubelet", Host: true, User: "kubelet", Server: "https://api-int." + domain + ":6443",
		Bundle: "kube-apiserver-complete-server-ca-bundle", Client: "kubelet-client",
		Purpose: "is what a new machine's kubelet starts with"},
	{Name: loopbackKubeconfig, File: "auth/kubeconfig-loopback", Host: true, User: "loopback", Server: "https://localhost:6443",
		Bundle: "kube-apiserver-localhost-ca-bundle", Client: "admin-kubeconfig-client",
		Purpose: "reaches the API server on the bootstrap host itself"},
}

// The shape of a kubeconfig file, as far as these use it.
type (
	kubeconfigFile struct {
		APIVersion     string         `json:"apiVersion"`
		Kind           string         `json:"kind"`
		CurrentContext string         `json:"current-context"`
		Clusters       []namedCluster `json:"clusters"`
		Contexts       []namedContext `json:"contexts"`
		Users          []namedUser    `json:"users"`
		Preferences    struct{}       `json:"preferences"`
	}
	namedCluster struct {
		Name    string `json:"name"`
		Cluster struct {
			Authority []byte `json:"certificate-authority-data"`
			Server    string `json:"server"`
		} `json:"cluster"`
	}
	namedContext struct {
		Name    string `json:"name"`
		Context struct {
			Cluster string `json:"cluster"`
			User    string `json:"user"`
		} `json:"context"`
	}
	namedUser struct {
		Name string `json:"name"`
		User struct {
			Cert []byte `json:"client-certificate-data"`
			Key  []byte `json:"client-key-data"`
		} `json:"user"`
	}
)

// LookupKubeconfig returns the row of Kubeconfigs called name.
func LookupKubeconfig(name string) (Kubeconfig, bool) {
	i := slices.IndexFunc(Kubeconfigs, func(k Kubeconfig) bool { return k.Name == name })
	if i < 0 {
		return Kubeconfig{}, false
	}
	return Kubeconfigs[i], true
}

// Certificates returns the Names of all rows of the table of certificates that
// Render needs: the client's and the bundle's authorities.
func (k Kubeconfig) Certificates() []string {
	b, _ := LookupBundle(k.Bundle)
	return append([]string{k.Client}, b.Authorities...)
}

// Render writes the kubeconfig as YAML, from the minted certs by name.
func (k Kubeconfig) Render(n Names, certs map[string]Pair) ([]byte, error) {
	if err := n.check(k.File, []string{k.Server}).Err(); err != nil {
		return nil, err
	}
	if n.ClusterName == "" {
		return nil, fmt.Errorf("%s: no cluster name is known", k.File)
	}
	pair, ok := certs[k.Client]
	if !ok {
		return nil, fmt.Errorf("%s: the certificate %s is missing", k.File, k.Client)
	}
	bundle, err := bundlePEM(k.Bundle, certs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.File, err)
	}
	var c namedCluster
	c.Name, c.Cluster.Authority, c.Cluster.Server = n.ClusterName, bundle, n.expand([]string{k.Server})[0]
	var x namedContext
	x.Name, x.Context.Cluster, x.Context.User = k.User, n.ClusterName, k.User
	var u namedUser
	u.Name, u.User.Cert, u.User.Key = k.User, pair.Cert, pair.Key
	return yaml.Marshal(kubeconfigFile{
		APIVersion: "v1", Kind: "Config", CurrentContext: k.User,
		Clusters: []namedCluster{c}, Contexts: []namedContext{x}, Users: []namedUser{u},
	})
}
