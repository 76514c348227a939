//go:build e2e

package apiserver

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const bootstrapper = "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper"

// checkKubeconfigs logs in with each kubeconfig, and looks at what it may do.
func checkKubeconfigs(t *testing.T, c *controlPlane) {
	// what the cluster's machine config operator binds for new machines
	c.admin.put("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", object{"metadata": object{"name": "system-bootstrap-node-bootstrapper"},
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node-bootstrapper"},
		"subjects": []any{object{"kind": "ServiceAccount", "name": "node-bootstrapper", "namespace": "openshift-machine-config-operator"}}})
	for _, k := range []struct {
		file, server, user string
		groups             []string
		everything         bool
	}{
		{filepath.Join(c.assets, "auth", "kubeconfig"), "https://api.demo.example.com:6443", "system:admin", []string{"system:masters"}, true},
		{filepath.Join(c.host, "auth", "kubeconfig"), "https://api-int.demo.example.com:6443", "system:admin", []string{"system:masters"}, true},
		{filepath.Join(c.host, "auth", "kubeconfig-loopback"), "https://localhost:6443", "system:admin", []string{"system:masters"}, true},
		{filepath.Join(c.host, "auth", "kubeconfig-kubelet"), "https://api-int.demo.example.com:6443", bootstrapper,
			[]string{"system:serviceaccounts", "system:serviceaccounts:openshift-machine-config-operator"}, false},
	} {
		x := newClient(t, k.file, c.port)
		if x.server != k.server {
			t.Errorf("%s is for %s, want %s", k.file, x.server, k.server)
		}
		who := x.must("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", object{})
		if user := field(who, "status", "userInfo", "username"); user != k.user {
			t.Errorf("%s logs in as %v, want %s", k.file, user, k.user)
		}
		var groups []string
		for _, g := range field(who, "status", "userInfo", "groups").([]any) {
			groups = append(groups, g.(string))
		}
		slices.Sort(groups)
		if want := append(slices.Clone(k.groups), "system:authenticated"); !slices.Equal(groups, sorted(want)) {
			t.Errorf("%s logs in with the groups %v, want %v", k.file, groups, want)
		}
		for _, may := range []struct {
			verb, group, resource string
			always                bool
		}{
			{"*", "*", "*", false}, {"create", "certificates.k8s.io", "certificatesigningrequests", true},
			{"get", "certificates.k8s.io", "certificatesigningrequests", true},
			{"update", "certificates.k8s.io", "certificatesigningrequests/approval", false}, {"list", "", "secrets", false},
			{"get", "", "configmaps", false},
			{"list", "", "nodes", false}, {"create", "", "nodes", false}, {"create", "", "pods", false}, {"impersonate", "", "users", false},
		} {
			answer := x.must("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
				object{"spec": object{"resourceAttributes": object{"verb": may.verb, "group": may.group, "resource": may.resource}}})
			if allowed := field(answer, "status", "allowed") == true; allowed != (k.everything || may.always) {
				t.Errorf("%s may %s %s: %v", k.file, may.verb, may.resource, allowed)
			}
		}
	}
	kubelet := newClient(t, filepath.Join(c.host, "auth", "kubeconfig-kubelet"), c.port)
	if code, _ := kubelet.try("GET", "/api/v1/secrets", nil); code != 403 {
		t.Errorf("the kubelets' kubeconfig reads secrets: %d", code)
	}
	if code, _ := kubelet.as(c.port, nil, "").try("GET", "/api/v1/secrets", nil); code != 401 && code != 403 {
		t.Errorf("nobody reads secrets: %d", code)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// checkTokens has the API server issue a token and know it again, and looks at
// whether it was signed with the key of bootstrap.ign.
func checkTokens(t *testing.T, c *controlPlane) {
	c.admin.put("/api/v1/namespaces/kube-system/serviceaccounts", object{"metadata": object{"name": "tester"}})
	issued := c.admin.must("POST", "/api/v1/namespaces/kube-system/serviceaccounts/tester/token", object{"spec": object{"expirationSeconds": 3600}})
	token := field(issued, "status", "token").(string)
	who := c.admin.as(c.port, nil, token).must("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", object{})
	if user := field(who, "status", "userInfo", "username"); user != "system:serviceaccount:kube-system:tester" {
		t.Errorf("the token logs in as %v", user)
	}
	review := c.admin.must("POST", "/apis/authentication.k8s.io/v1/tokenreviews", object{"spec": object{"token": token}})
	if field(review, "status", "authenticated") != true {
		t.Errorf("the token is not known again: %v", review)
	}
	if err := verifyToken(filepath.Join(c.host, "tls", "service-account.pub"), token); err != nil {
		t.Errorf("the token is not signed with service-account.key: %v", err)
	}
	// the signature is the last part: another one must not do
	head := token[:strings.LastIndex(token, ".")]
	if code, _ := c.admin.as(c.port, nil, head+"."+strings.Repeat("A", 342)).try("GET", "/api", nil); code != 401 {
		t.Errorf("a forged token gives %d", code)
	}
}

// checkAggregator has the API server pass a request on to an extension API
// server, which wants to see the aggregator's certificate.
func checkAggregator(t *testing.T, c *controlPlane) {
	// what the API server tells extension API servers to trust
	trust := c.admin.must("GET", kubeSystem+"/extension-apiserver-authentication", nil)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(field(trust, "data", "requestheader-client-ca-file").(string))) {
		t.Fatal("the API server publishes no authority for the aggregator")
	}
	seen := make(chan string, 16)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/apis/demo.example.com/v1/hello" {
			seen <- r.TLS.PeerCertificates[0].Subject.CommonName + " for " + r.Header.Get("X-Remote-User")
		}
		_, _ = io.WriteString(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"demo.example.com/v1","resources":[]}`)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.StartTLS()
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c.admin.put("/api/v1/namespaces/kube-system/services", object{"metadata": object{"name": "extension"}, "spec": object{"type": "ExternalName", "externalName": "localhost"}})
	number := json.Number(port)
	c.admin.put("/apis/apiregistration.k8s.io/v1/apiservices", object{"metadata": object{"name": "v1.demo.example.com"}, "spec": object{
		"group": "demo.example.com", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 10, "insecureSkipTLSVerify": true,
		"service": object{"name": "extension", "namespace": "kube-system", "port": number}}})
	defer c.admin.remove("/apis/apiregistration.k8s.io/v1/apiservices/v1.demo.example.com")
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		code, body := c.admin.try("GET", "/apis/demo.example.com/v1/hello", nil)
		if code == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the extension API server is not reached: %d %s", code, body)
		}
	}
	if got := <-seen; got != "system:kube-apiserver-proxy for system:admin" {
		t.Errorf("the extension API server saw %s", got)
	}
}

// checkKubelet has the API server fetch a log from a kubelet, which wants to see
// the API server's certificate for kubelets, and shows one of the kubelet signer.
func checkKubelet(t *testing.T, c *controlPlane) {
	pool := x509.NewCertPool()
	bundle, err := os.ReadFile(filepath.Join(c.host, "tls", "kube-apiserver-to-kubelet-ca-bundle.crt"))
	if err != nil || !pool.AppendCertsFromPEM(bundle) {
		t.Fatal("there is no authority for the API server's certificate", err)
	}
	key, request := newRequest(t, "system:node:log-0", []string{"log-0"}, []net.IP{net.IPv4(127, 0, 0, 1)})
	// as the administrator would let it through by hand
	ask(c.admin, "log", servingSigner, "server auth", request)
	r := c.admin.must("GET", requests+"/log", nil)
	r["status"] = object{"conditions": []any{object{"type": "Approved", "status": "True", "reason": "ByHand", "message": "for its log"}}}
	c.admin.must("PUT", requests+"/log/approval", r)
	pair, err := tls.X509KeyPair(issued(t, c, "log", x509.ExtKeyUsageServerAuth), key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "seen "+r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.StartTLS()
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c.admin.put(nodes, object{"metadata": object{"name": "log-0"}, "status": object{
		"addresses":       []any{object{"type": "InternalIP", "address": "127.0.0.1"}},
		"daemonEndpoints": object{"kubeletEndpoint": object{"Port": json.Number(port)}}}})
	const pods = "/api/v1/namespaces/kube-system/pods"
	c.admin.put(pods, object{
		"metadata": object{"name": "talker"},
		"spec":     object{"nodeName": "log-0", "containers": []any{object{"name": "c", "image": "i"}}},
	})
	if code, body := c.admin.try("GET", pods+"/talker/log", nil); code != 200 || string(body) != "seen system:kube-apiserver" {
		t.Errorf("the log of the pod: %d %s", code, body)
	}
	c.admin.remove(pods + "/talker?gracePeriodSeconds=0")
	c.admin.remove(nodes + "/log-0")
}
