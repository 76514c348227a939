package tls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// parseKubeconfig reads a kubeconfig without the types that wrote it.
func parseKubeconfig(t *testing.T, content []byte) (server string, ca, cert, key []byte) {
	t.Helper()
	var v struct {
		APIVersion, Kind string
		Current          string `json:"current-context"`
		Clusters         []struct {
			Name    string
			Cluster map[string]string
		}
		Contexts []struct {
			Name    string
			Context map[string]string
		}
		Users []struct {
			Name string
			User map[string]string
		}
		Preferences map[string]string
	}
	if err := yaml.UnmarshalStrict(content, &v); err != nil {
		t.Fatal(err)
	}
	if v.APIVersion != "v1" || v.Kind != "Config" || len(v.Clusters) != 1 || len(v.Contexts) != 1 || len(v.Users) != 1 {
		t.Fatalf("not a kubeconfig:\n%s", content)
	}
	context := v.Contexts[0]
	if v.Current != context.Name || context.Context["cluster"] != v.Clusters[0].Name || context.Context["user"] != v.Users[0].Name {
		t.Errorf("the names do not lead from the context to the cluster and the user:\n%s", content)
	}
	decode := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Error(err)
		}
		return b
	}
	user, cluster := v.Users[0].User, v.Clusters[0].Cluster
	authority := decode(cluster["certificate-authority-data"])
	return cluster["server"], authority, decode(user["client-certificate-data"]), decode(user["client-key-data"])
}

func TestKubeconfigs(t *testing.T) {
	t.Parallel()
	s := must(t, ecSet)
	clients, err := bundlePEM("kube-apiserver-complete-client-ca-bundle", s.certs)
	if err != nil {
		t.Fatal(err)
	}
	servers := map[string]string{
		AdminKubeconfig:    "https://api.okd.example.com:6443",
		internalKubeconfig: "https://api-int.okd.example.com:6443",
		kubeletKubeconfig:  "https://api-int.okd.example.com:6443",
		loopbackKubeconfig: "https://localhost:6443",
	}
	serving := map[string]string{
		AdminKubeconfig:    "kube-apiserver-lb-server",
		internalKubeconfig: "kube-apiserver-internal-lb-server",
		kubeletKubeconfig:  "kube-apiserver-internal-lb-server",
		loopbackKubeconfig: "kube-apiserver-localhost-server",
	}
	if len(servers) != len(Kubeconfigs) {
		t.Fatal("a kubeconfig is not tested")
	}
	for _, k := range Kubeconfigs {
		content, err := k.Render(okd, s.certs)
		if err != nil {
			t.Fatal(err)
		}
		server, ca, cert, key := parseKubeconfig(t, content)
		if server != servers[k.Name] {
			t.Errorf("%s: server %s, want %s", k.Name, server, servers[k.Name])
		}
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		leaf, err := parseCert(cert)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(leaf, clients, x509.ExtKeyUsageClientAuth, born.Add(time.Hour)); err != nil {
			t.Errorf("%s: the API server does not know its client: %v", k.Name, err)
		}
		host := strings.TrimSuffix(strings.TrimPrefix(server, "https://"), ":6443")
		shown := Pair{Cert: cert, Key: key}
		if err := handshake(t, s.certs[serving[k.Name]], ca, host, &shown, clients); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

func TestKubeconfigsOnPaper(t *testing.T) {
	t.Parallel()
	data := regexp.MustCompile(`-data: \S+`)
	var b strings.Builder
	for _, k := range Kubeconfigs {
		content, err := k.Render(okd, must(t, ecSet).certs)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "# %s: %s\n%s", k.Name, k.File, data.ReplaceAll(content, []byte("-data: ...")))
	}
	golden(t, "testdata/kubeconfigs.golden", b.String())
}

// TestKubeconfigQuotesNames: a cluster may be called 1e3 or yes, which YAML
// would read as something else.
func TestKubeconfigQuotesNames(t *testing.T) {
	t.Parallel()
	n := okd
	for _, n.ClusterName = range []string{"yes", "1e3", "0x10", "null"} {
		content, err := Kubeconfigs[0].Render(n, must(t, ecSet).certs)
		if err != nil {
			t.Fatal(err)
		}
		parseKubeconfig(t, content)
		if !strings.Contains(string(content), `name: "`+n.ClusterName+`"`) {
			t.Errorf("%s is not quoted:\n%s", n.ClusterName, content)
		}
	}
}

func TestKubeconfigNeedsItsParts(t *testing.T) {
	t.Parallel()
	for _, k := range Kubeconfigs {
		for _, name := range k.Certificates() {
			certs := fresh(t)
			delete(certs, name)
			if _, err := k.Render(okd, certs); err == nil ||
				!strings.Contains(err.Error(), name+" is missing") || !strings.HasPrefix(err.Error(), k.File+": ") {
				t.Errorf("%s without %s: %v", k.Name, name, err)
			}
		}
		// Certificates names all it takes.
		certs := map[string]Pair{}
		for _, name := range k.Certificates() {
			certs[name] = must(t, ecSet).certs[name]
		}
		if _, err := k.Render(okd, certs); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
	_, err := Kubeconfigs[0].Render(Names{ClusterName: "okd"}, fresh(t))
	if err == nil || !strings.Contains(err.Error(), "no cluster domain") {
		t.Error(err)
	}
	if _, err := Kubeconfigs[0].Render(Names{ClusterDomain: "x"}, fresh(t)); err == nil || !strings.Contains(err.Error(), "no cluster name") {
		t.Error(err)
	}
}
