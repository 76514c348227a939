//go:build e2e && truth

package guest

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serverNames are the four names by which the API server is asked, with the certificate
// that it must show and the bundle that trusts it alone.
var serverNames = []struct{ name, cert, bundle string }{
	{"api.demo.example.com", "kube-apiserver-lb-server", "kube-apiserver-lb-ca-bundle"},
	{"api-int.demo.example.com", "kube-apiserver-internal-lb-server", "kube-apiserver-lb-ca-bundle"},
	{"localhost", "kube-apiserver-localhost-server", "kube-apiserver-localhost-ca-bundle"},
	{"kubernetes.default.svc", "kube-apiserver-service-network-server", "kube-apiserver-service-network-ca-bundle"},
}

// apiSteps brings the API server of OpenShift up and asks it.
func apiSteps(t *testing.T, h *host, r *truthReport) {
	var admin client
	r.base(t, h, "kube-apiserver", func(t *testing.T) {
		raw, err := os.ReadFile(filepath.Join(h.dir, "auth", "kubeconfig"))
		must(t, err)
		admin = kubeconfigClient(t, string(raw))
		if admin.server != "https://api.demo.example.com:6443" {
			t.Fatalf("auth/kubeconfig goes to %s", admin.server)
		}
		h.renderAPI()
		loopback := kubeconfigClient(t, h.read("/opt/openshift/auth/kubeconfig-loopback"))
		for _, k := range kindsOfAdmission {
			h.until("the kind "+k.kind, 6*time.Minute, func() (bool, string) {
				code, said, err := h.ask(loopback, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
					definition(k.group, k.plural, k.kind, k.scope))
				return code == 201 || code == 409, fmt.Sprint(code, " ", tail(said, 3), " ", err)
			})
		}
		h.until("/readyz by auth/kubeconfig", 6*time.Minute, func() (bool, string) {
			code, said, err := h.ask(admin, "GET", "/readyz", "")
			return code == 200, fmt.Sprint(code, " ", tail(said, 3), " ", err)
		})
	})
	r.step(t, h, "serving names", func(t *testing.T) { servingNames(t, h, admin) })
	r.step(t, h, "who the kubeconfigs are", func(t *testing.T) { identities(t, h, admin) })
	r.step(t, h, "front proxy", func(t *testing.T) { frontProxy(t, h, admin) })
	r.step(t, h, "writes", func(t *testing.T) { writes(t, h, admin) })
	r.step(t, h, "a kubeconfig with another CA", func(t *testing.T) { otherAuthority(t, h, admin) })
	r.step(t, h, "an expired client", func(t *testing.T) { expiredClient(t, h, admin) })
	r.step(t, h, "a certificate without the name, and an expired one", func(t *testing.T) { badServers(t, h, admin) })
}

// servingNames has each name verified by its own bundle and by the complete one, with
// Go and with OpenSSL, and by no other bundle.
func servingNames(t *testing.T, h *host, admin client) {
	for _, s := range serverNames {
		c := admin.anonymous().by(s.name)
		for _, bundle := range []string{s.bundle, "kube-apiserver-complete-server-ca-bundle"} {
			c.ca = []byte(h.tls(bundle + ".crt"))
			h.answers(c, "GET", "/readyz", "", 200)
			to, resolve := s.name, ""
			if !strings.HasSuffix(s.name, "."+domain) { // who asks by these is on the host
				to, resolve = "127.0.0.1", "--resolve "+s.name+":6443:127.0.0.1"
			}
			h.sh(`curl --silent --show-error --fail --noproxy '*' %[3]s --cacert '/opt/openshift/tls/%[2]s.crt' 'https://%[1]s:6443/readyz'`, s.name, bundle, resolve)
			shown := h.sh(`openssl s_client -connect %s:6443 -servername '%s' </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`, to, s.name)
			if want := h.sh(`openssl x509 -noout -fingerprint -sha256 -in '/opt/openshift/tls/%s.crt'`, s.cert); shown != want {
				t.Errorf("%s shows the certificate %s, want %s, which is %s", s.name, shown, want, s.cert)
			}
		}
		for _, other := range serverNames {
			if other.bundle != s.bundle {
				c.ca = []byte(h.tls(other.bundle + ".crt"))
				h.distrusts(c, "certificate signed by unknown authority")
			}
		}
	}
	// pods ask by the first address of the service network, which no client sends as a name,
	// and which leads to the address of the host
	h.sh(`curl --silent --show-error --fail --noproxy '*' --connect-to '172.30.0.1:6443:%s:6443' --cacert /opt/openshift/tls/kube-apiserver-service-network-ca-bundle.crt https://172.30.0.1:6443/readyz`, address)
}

const whoAmI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

// userOf is how the API server sees a client.
func (h *host) userOf(c client) (name string, groups []string) {
	h.t.Helper()
	said := h.answers(c, "POST", whoAmI, `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`, 201)
	var review struct {
		Status struct {
			UserInfo struct {
				Username string
				Groups   []string
			}
		}
	}
	_ = json.Unmarshal([]byte(said), &review)
	return review.Status.UserInfo.Username, review.Status.UserInfo.Groups
}

// identities logs in by each kubeconfig, with its own server, authority and certificate,
// and by the certificates of the control plane.
func identities(t *testing.T, h *host, admin client) {
	const bootstrapper = "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper"
	for file, want := range map[string][2]string{
		"kubeconfig":          {"https://api-int.demo.example.com:6443", "system:admin"},
		"kubeconfig-kubelet":  {"https://api-int.demo.example.com:6443", bootstrapper},
		"kubeconfig-loopback": {"https://localhost:6443", "system:admin"},
	} {
		c := kubeconfigClient(t, h.read("/opt/openshift/auth/"+file))
		if user, _ := h.userOf(c); c.server != want[0] || user != want[1] {
			t.Errorf("%s goes to %s as %q, want %s as %s", file, c.server, user, want[0], want[1])
		}
	}
	for _, cert := range []string{"kube-control-plane-kube-controller-manager-client", "kube-control-plane-kube-scheduler-client"} {
		if user, groups := h.userOf(admin.as([]byte(h.tls(cert+".crt")), []byte(h.tls(cert+".key")))); user != "system:admin" {
			t.Errorf("%s logs in as %q of %v", cert, user, groups)
		}
	}
	if user, groups := h.userOf(admin); user != "system:admin" || !strings.Contains(strings.Join(groups, " "), "system:masters") {
		t.Errorf("auth/kubeconfig is %q of %v", user, groups)
	}
}

// frontProxy is believed about who asks, by its own certificate and by no other. The
// operator has the API server believe the client of aggregator-signer; apiserver-proxy,
// of another authority, is what the API server itself shows to extension API servers.
func frontProxy(t *testing.T, h *host, admin client) {
	proxy := admin.as([]byte(h.tls("aggregator-client.crt")), []byte(h.tls("aggregator-client.key")))
	proxy.headers = map[string]string{"X-Remote-User": "somebody", "X-Remote-Group": "system:authenticated"}
	if user, _ := h.userOf(proxy); user != "somebody" {
		t.Errorf("the front proxy speaks for somebody, but the API server sees %q", user)
	}
	pretender := admin
	pretender.headers = proxy.headers
	if user, _ := h.userOf(pretender); user != "system:admin" {
		t.Errorf("a client that is no front proxy is seen as %q", user)
	}
	// So the client that the API server itself shows is not believed here, nor by an extension
	// API server that goes by the ConfigMap below. The certificates are right all the same: the
	// operator's config names these very files, and has apiserver-proxy of another authority
	// than aggregator-signer. The cluster's own API servers have another client.
	own := admin.as([]byte(h.tls("apiserver-proxy.crt")), []byte(h.tls("apiserver-proxy.key")))
	own.headers = proxy.headers
	h.answers(own, "POST", whoAmI, `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`, 401)
	// what extension API servers are told to go by
	h.until("the trust for extension API servers", time.Minute, func() (bool, string) {
		_, said, err := h.ask(admin, "GET", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication", "")
		var config struct{ Data map[string]string }
		_ = json.Unmarshal([]byte(said), &config)
		return config.Data["requestheader-client-ca-file"] == h.tls("aggregator-signer.crt"), fmt.Sprint(tail(said, 5), err)
	})
}

// writes are refused to who has not logged in, and to who may not, and come to pass for
// the administrator.
func writes(t *testing.T, h *host, admin client) {
	const maps = "/api/v1/namespaces/kube-system/configmaps"
	h.until("the administrator writes", 3*time.Minute, func() (bool, string) {
		code, said, err := h.ask(admin, "POST", maps, configMap("by-the-administrator"))
		return code == 201, fmt.Sprint(code, " ", tail(said, 3), " ", err)
	})
	said := h.answers(admin.anonymous(), "POST", maps, configMap("by-nobody"), 403)
	if !strings.Contains(said, `User \"system:anonymous\" cannot create resource`) {
		t.Errorf("the anonymous write is refused for another reason: %s", said)
	}
	kubelet := kubeconfigClient(t, h.read("/opt/openshift/auth/kubeconfig-kubelet"))
	h.answers(kubelet, "POST", maps, configMap("by-a-node"), 403)
	for _, name := range []string{"by-nobody", "by-a-node"} {
		h.answers(admin, "GET", maps+"/"+name, "", 404)
	}
	h.answers(admin, "GET", maps+"/by-the-administrator", "", 200)
}

// otherAuthority: a client that trusts somebody else does not talk to this server.
func otherAuthority(t *testing.T, h *host, admin client) {
	other := admin
	other.ca = newIssuer(t, "kube-apiserver-lb-signer").pem
	h.distrusts(other, "certificate signed by unknown authority")
	// and a client of another authority is nobody
	stranger := newIssuer(t, "admin-kubeconfig-signer")
	user := issue(t, clientOf("system:admin", "system:masters"), &stranger)
	h.answers(admin.as(user.pem, user.keyPEM(t)), "GET", "/api/v1/nodes", "", 401)
}

// expiredClient: a certificate of ours that has expired lets nobody in.
func expiredClient(t *testing.T, h *host, admin client) {
	signer := readIssuer(t, h.tls("kube-control-plane-signer.crt"), h.tls("kube-control-plane-signer.key"))
	for expired, want := range map[bool]int{false: 200, true: 401} {
		template := clientOf("system:kube-scheduler", "system:masters")
		if expired {
			template.NotAfter = time.Now().Add(-time.Minute)
		}
		user := issue(t, template, &signer)
		h.answers(admin.as(user.pem, user.keyPEM(t)), "GET", "/api/v1/nodes", "", want)
	}
}

// badServers puts certificates of the right authority in the place of the one for api:
// one for another name, and one that has expired. Clients must notice both.
func badServers(t *testing.T, h *host, admin client) {
	const cert = "/etc/kubernetes/bootstrap-secrets/kube-apiserver-lb-server"
	signer := readIssuer(t, h.tls("kube-apiserver-lb-signer.crt"), h.tls("kube-apiserver-lb-signer.key"))
	expired := serving("api.demo.example.com")
	expired.NotAfter = time.Now().Add(-time.Minute)
	for _, bad := range []struct {
		cert   *x509.Certificate
		reason string
	}{
		{serving("api.other.example.com"), "not api.demo.example.com"},
		{expired, "certificate has expired"},
	} {
		made := issue(t, bad.cert, &signer)
		h.put(cert+".key", made.keyPEM(t), "600")
		h.put(cert+".crt", append(made.pem, signer.pem...), "600")
		h.until("clients see: "+bad.reason, 3*time.Minute, func() (bool, string) {
			code, _, err := h.ask(admin, "GET", "/readyz", "")
			return err != nil && strings.Contains(err.Error(), bad.reason), fmt.Sprint(code, " ", err)
		})
	}
	h.sh("cp /opt/openshift/tls/kube-apiserver-lb-server.{crt,key} /etc/kubernetes/bootstrap-secrets/")
	h.until("/readyz by auth/kubeconfig again", 3*time.Minute, func() (bool, string) {
		code, _, err := h.ask(admin, "GET", "/readyz", "")
		return code == 200, fmt.Sprint(code, " ", err)
	})
}
