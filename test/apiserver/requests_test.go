//go:build e2e

package apiserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newRequest makes a key and a request of a node, both as PEM.
func newRequest(t *testing.T, name string, dns []string, ips []net.IP) (key, request []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: name, Organization: []string{"system:nodes"}}, DNSNames: dns, IPAddresses: ips}, k)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw})
}

// verifyToken checks a token's signature with a public key in PEM.
func verifyToken(file, token string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return errors.New("no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	dot := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(token[:dot]))
	switch key := key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], signature)
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		if !ecdsa.Verify(key, hash[:], new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])) {
			return errors.New("the signature is another key's")
		}
		return nil
	}
	return errors.New("an unknown kind of key")
}

// ask posts a request for a certificate.
func ask(x *client, name, signer, usage string, request []byte) {
	x.t.Helper()
	x.must("POST", requests, object{"metadata": object{"name": name}, "spec": object{
		"request": base64.StdEncoding.EncodeToString(request), "signerName": signer, "usages": []string{"digital signature", usage}}})
}

// issued waits for the certificate of a request that was approved, which the
// controllers of Kubernetes sign, and returns it. It must be for nothing else than
// what was asked, and not outlive its authority.
func issued(t *testing.T, c *controlPlane, name string, use x509.ExtKeyUsage) []byte {
	t.Helper()
	var certificate []byte
	for end := time.Now().Add(2 * time.Minute); len(certificate) == 0; time.Sleep(100 * time.Millisecond) {
		r := c.admin.must("GET", requests+"/"+name, nil)
		encoded, _ := field(r, "status", "certificate").(string)
		certificate, _ = base64.StdEncoding.DecodeString(encoded)
		if len(certificate) == 0 && time.Now().After(end) {
			t.Fatalf("nobody has signed %s: %v", name, field(r, "status"))
		}
	}
	block, _ := pem.Decode(certificate)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := tls.LoadX509KeyPair(filepath.Join(c.host, "tls", "kubelet-signer.crt"), filepath.Join(c.host, "tls", "kubelet-signer.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignatureFrom(signer.Leaf); err != nil {
		t.Errorf("%s is not signed by the kubelet signer: %v", name, err)
	}
	if cert.NotAfter.After(signer.Leaf.NotAfter) || cert.IsCA || !slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{use}) {
		t.Errorf("the certificate of %s ends %s, that of its signer %s; authority %v, usages %v", name, cert.NotAfter, signer.Leaf.NotAfter, cert.IsCA, cert.ExtKeyUsage)
	}
	return certificate
}

const (
	clientSigner  = "kubernetes.io/kube-apiserver-client-kubelet"
	servingSigner = "kubernetes.io/kubelet-serving"
)

// round is what approve-csrs -o json says.
type round struct {
	Approved []verdict `json:"approved"`
	Refused  []verdict `json:"refused"`
	Joined   []string  `json:"joined"`
}

type verdict struct {
	Request string   `json:"request"`
	Reasons []string `json:"reasons"`
}

func (c *controlPlane) approve(args ...string) (r round) {
	c.t.Helper()
	code, out, _ := c.okd(append([]string{"approve-csrs", "-o", "json"}, args...)...)
	if code != 0 {
		c.t.Fatalf("approve-csrs ended with %d", code)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	return r
}

func names(list []verdict) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, v.Request)
	}
	return sorted(out)
}

// checkApproval lets a worker join: both of its requests are approved and signed,
// and what others ask for is not.
func checkApproval(t *testing.T, c *controlPlane) {
	bootstrap := newClient(t, filepath.Join(c.host, "auth", "kubeconfig-kubelet"), c.port)
	key, request := newRequest(t, "system:node:worker-0", nil, nil)
	_, foreign := newRequest(t, "system:node:worker-9", nil, nil)
	_, admin := newRequest(t, "system:admin", nil, nil)
	ask(bootstrap, "first", clientSigner, "client auth", request)
	ask(bootstrap, "unknown", clientSigner, "client auth", foreign)
	// whoever holds the bootstrap kubeconfig may ask for this too
	ask(bootstrap, "intruder", "kubernetes.io/kube-apiserver-client", "client auth", admin)

	dry := c.approve("--nodes", "worker-0=192.168.1.30", "--dry-run")
	if !slices.Equal(names(dry.Approved), []string{"first"}) {
		t.Errorf("a dry run would approve %v", names(dry.Approved))
	}
	if r := c.admin.must("GET", requests+"/first", nil); field(r, "status", "conditions") != nil {
		t.Error("a dry run approved something")
	}
	got := c.approve("--nodes", "worker-0=192.168.1.30")
	if !slices.Equal(names(got.Approved), []string{"first"}) ||
		!slices.Equal(names(got.Refused), []string{"intruder", "unknown"}) || len(got.Joined) != 0 {
		t.Errorf("approved %v, refused %v, joined %v", names(got.Approved), names(got.Refused), got.Joined)
	}
	for _, name := range []string{"intruder", "unknown"} {
		if r := c.admin.must("GET", requests+"/"+name, nil); field(r, "status", "conditions") != nil {
			t.Errorf("%s was answered", name)
		}
	}

	pair, err := tls.X509KeyPair(issued(t, c, "first", x509.ExtKeyUsageClientAuth), key)
	if err != nil {
		t.Fatal(err)
	}
	worker := c.admin.as(c.port, []tls.Certificate{pair}, "")
	who := worker.must("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", object{})
	if user := field(who, "status", "userInfo", "username"); user != "system:node:worker-0" {
		t.Fatalf("the new kubelet logs in as %v", user)
	}
	// the kubelet registers its node, and asks for what it will serve with
	worker.put(nodes, object{"metadata": object{"name": "worker-0"}, "status": object{"addresses": []any{
		object{"type": "InternalIP", "address": "192.168.1.30"}, object{"type": "Hostname", "address": "worker-0"}}}})
	_, serving := newRequest(t, "system:node:worker-0", []string{"worker-0"}, []net.IP{net.IPv4(192, 168, 1, 30)})
	_, greedy := newRequest(t, "system:node:worker-0", []string{"worker-0", "api.demo.example.com"}, []net.IP{net.IPv4(192, 168, 1, 30)})
	ask(worker, "serving", servingSigner, "server auth", serving)
	ask(worker, "greedy", servingSigner, "server auth", greedy)
	_, again := newRequest(t, "system:node:worker-0", nil, nil)
	ask(bootstrap, "again", clientSigner, "client auth", again)
	got = c.approve("--nodes", "worker-0=192.168.1.30")
	if !slices.Equal(names(got.Approved), []string{"serving"}) ||
		!slices.Equal(names(got.Refused), []string{"again", "greedy", "intruder", "unknown"}) {
		t.Errorf("approved %v, refused %v", names(got.Approved), names(got.Refused))
	}
	issued(t, c, "serving", x509.ExtKeyUsageServerAuth)
	if code, _, _ := c.okd("approve-csrs", "--nodes", "worker-0", "--expect", "1", "--timeout", "20s"); code != 0 {
		t.Errorf("the watch ended with %d after the node had joined", code)
	}
	code, _, stderr := c.okd("approve-csrs", "--nodes", "worker-0,worker-1", "--watch", "--timeout", "1s")
	if code != 1 || !strings.Contains(stderr, "not yet: worker-1") {
		t.Errorf("the watch for a node that does not come ended with %d", code)
	}
}
