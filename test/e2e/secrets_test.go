//go:build e2e && unix

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/folder"
)

// The secrets that the install-config of these tests holds. None may be seen
// again outside of the files that are made for them.
const (
	canaryPull   = "CanaryPull4711"
	canaryProxy  = "CanaryProxy4711"
	canaryFence  = "CanaryFence4711"
	canaryOther  = "CanaryOther4711"
	canaryKey    = "CanaryKey4711CanaryKey4711CanaryKey4711"
	sentinelHead = "Canary"
)

func canaryAuth() string {
	return base64.StdEncoding.EncodeToString([]byte("someone:" + canaryPull))
}

// canaryConfig is valid. It has secrets wherever an install-config can.
func canaryConfig(t *testing.T) string {
	t.Helper()
	return configs["ecdsa"] + `controlPlane:
  name: master
  replicas: 2
  fencing:
    credentials:
    - hostName: master-0
      username: admin
      password: ` + canaryFence + `
      address: redfish+https://192.168.1.10:8000/redfish/v1/Systems/0
    - hostName: master-1
      username: admin
      password: ` + canaryFence + `
      address: redfish+https://192.168.1.11:8000/redfish/v1/Systems/1
proxy:
  httpProxy: http://someone:` + canaryProxy + `@proxy.example.com:3128
  httpsProxy: http://someone:` + canaryProxy + `@proxy.example.com:3129
pullSecret: '{"auths":{"quay.io":{"auth":"` + canaryAuth() + `","email":"someone@example.com"}}}'
additionalTrustBundle: |
` + indent(authority(t))
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

func authority(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "corp"}, IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().AddDate(9, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// silent expects that a run in dir has not said any secret, on its streams or in
// its log.
func silent(t *testing.T, dir string, o outcome) {
	t.Helper()
	said := map[string]string{"stdout": o.stdout, "stderr": o.stderr}
	if data, err := os.ReadFile(filepath.Join(dir, logFile)); err == nil {
		said["the log"] = string(data)
	}
	secrets := []string{sentinelHead, canaryAuth(), "PRIVATE KEY", "$2a$10$", "$2b$10$", base64.StdEncoding.EncodeToString([]byte(canaryKey))}
	if data, err := os.ReadFile(filepath.Join(dir, "auth/kubeadmin-password")); err == nil {
		secrets = append(secrets, string(data))
	}
	if data, err := os.ReadFile(filepath.Join(dir, stateFile)); err == nil {
		secrets = append(secrets, keyTexts(data)...)
	}
	for place, text := range said {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds the secret %q: %s", place, secret, o)
			}
		}
	}
}

// keyTexts are lines out of the private keys that the state remembers, and the
// same in the state's own encoding.
func keyTexts(data []byte) []string {
	var s state
	if json.Unmarshal(data, &s) != nil {
		return nil
	}
	var texts []string
	for name := range s.Kept {
		if key := string(s.pair(name).Key); strings.Count(key, "\n") > 2 {
			texts = append(texts, strings.Split(key, "\n")[1], base64.StdEncoding.EncodeToString([]byte(key))[60:120])
		}
	}
	return texts
}

func TestSecretsStayInTheirFiles(t *testing.T) {
	t.Parallel()
	dir := assetDir(t, canaryConfig(t))
	for _, args := range [][]string{
		checkConfig, manifests, ignition, append(ignition[:4:4], "--reissue"), {"certs"}, {"certs", "-o", "json"},
		{"graph"},
	} {
		silent(t, dir, must(t, dir, append(args[:len(args):len(args)], "--log-level", "debug")))
	}
	if err := mixed(tree(t, dir), ignition); err != nil {
		t.Fatal(err)
	}
	// the test would be worth nothing if the secrets were not there at all
	all := strings.Join([]string{
		get(t, dir, "openshift/99_kubeadmin-password-secret.yaml"), get(t, dir, "bootstrap.ign"),
		get(t, dir, configFile),
	}, "")
	for _, secret := range []string{canaryFence, canaryProxy, canaryAuth(), "$2a$"} {
		if !strings.Contains(all, secret) && !strings.Contains(all, base64.StdEncoding.EncodeToString([]byte(secret))) {
			host, _ := ignitionFiles(get(t, dir, "bootstrap.ign"))
			found := false
			for _, text := range host {
				found = found || strings.Contains(text, secret)
			}
			if !found && secret != "$2a$" {
				t.Errorf("%q is nowhere", secret)
			}
		}
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	good := canaryConfig(t)
	swap := func(old, with string) string {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("there is no %q to break", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	fence, proxy, pull := "password: "+canaryFence, "httpProxy: http://someone:"+canaryProxy+"@proxy.example.com:3128", "pullSecret: '"
	key := "-----BEGIN RSA PRIVATE KEY-----\n" + canaryKey + "\n-----END RSA PRIVATE KEY-----\n"
	for name, config := range map[string]string{
		"pull secret is not JSON":            swap(pull+`{"auths"`, pull+`{auths`),
		"pull secret ends early":             swap(`"}}}'`, `"}}'`),
		"pull secret goes on":                swap(`"}}}'`, `"}}} `+canaryOther+`'`),
		"pull secret without auths":          swap(`"auths"`, `"auth"`),
		"auth is not base64":                 swap(canaryAuth(), canaryPull+"!"),
		"auth without a colon":               swap(canaryAuth(), base64.StdEncoding.EncodeToString([]byte(canaryPull))),
		"auth is a number":                   swap(`"auth":"`+canaryAuth()+`"`, `"auth":4711,"Canary":true`),
		"pull secret is a mapping":           swap(pull+`{`, `pullSecret: {`),
		"pull secret is not quoted":          strings.Replace(swap(pull, `pullSecret: `), `}}}'`, `}}}`, 1),
		"pull secret has no end":             swap(`}}}'`, `}}}`),
		"pull secret twice":                  good + pull + `{"auths":{"` + canaryOther + `":{"auth":"` + canaryAuth() + `"}}}'` + "\n",
		"pull secret's name is wrong":        swap(pull, `pulSecret: '`),
		"pull secret is the clear text":      swap(pull+`{"auths":{"quay.io":{"auth":"`+canaryAuth()+`","email":"someone@example.com"}}}'`, "pullSecret: "+canaryPull),
		"proxy of another kind":              swap(proxy, strings.Replace(proxy, "http:", "ftp:", 1)),
		"proxy with a space":                 swap(proxy, `httpProxy: "http://someone:`+canaryProxy+` x@proxy.example.com:3128"`),
		"proxy with a bad escape":            swap(proxy, `httpProxy: http://someone:`+canaryProxy+`%zz@proxy.example.com:3128`),
		"proxy with a bad port":              swap(proxy, strings.Replace(proxy, "3128", "port", 1)),
		"proxy without a host":               swap(proxy, `httpProxy: http://someone:`+canaryProxy+`@`),
		"proxy without a scheme":             swap(proxy, `httpProxy: someone:`+canaryProxy+`@proxy.example.com:3128`),
		"proxy with a control character":     swap(proxy, `httpProxy: "http://someone:`+canaryProxy+`\t@proxy.example.com:3128"`),
		"proxy with a slash in the password": swap(proxy, `httpProxy: http://someone:`+canaryProxy+`/x@proxy.example.com:3128`),
		"proxy with a hash in the password":  swap(proxy, `httpProxy: http://someone:`+canaryProxy+`#x@proxy.example.com:3128`),
		"proxy is a string":                  swap("proxy:\n", "proxy: http://someone:"+canaryProxy+"@proxy.example.com:3128\nproxies:\n"),
		"proxy is a list":                    swap(proxy, `httpProxy: [http://someone:`+canaryProxy+`@proxy.example.com:3128]`),
		"proxy's name is wrong":              swap(proxy, strings.Replace(proxy, "httpProxy", "htpProxy", 1)),
		"proxy in noProxy":                   swap(proxy, proxy+"\n  noProxy: http://someone:"+canaryProxy+"@proxy.example.com"),
		"fencing password is a mapping":      swap(fence, "password: {a: "+canaryFence+"}"),
		"fencing password is a list":         swap(fence, "password: ["+canaryFence+"]"),
		"fencing password's name is wrong":   swap(fence, "passwort: "+canaryFence),
		"fencing password twice":             swap(fence, fence+"\n      "+fence),
		"fencing password with a tab":        swap(fence, "password:\t"+canaryFence+": x"),
		"fencing password breaks the YAML":   swap(fence, "password: "+canaryFence+": "+canaryOther),
		"fencing password without an end":    swap(fence, `password: "`+canaryFence),
		"fencing password is an alias":       swap(fence, "password: *"+canaryFence),
		"fencing password is an anchor":      swap(fence, "password: &"+canaryFence+" {}"),
		"fencing password is reserved":       swap(fence, "password: @"+canaryFence),
		"fencing password is a directive":    swap(fence, "password: %"+canaryFence),
		"fencing password is a tag":          swap(fence, "password: !"+canaryFence+" x"),
		"fencing password in the address":    swap("redfish+https://192.168.1.10", "redfish+https://admin:"+canaryFence+"@192.168.1.10"),
		"fencing password in a bad address":  swap("redfish+https://192.168.1.10", "fish://admin:"+canaryFence+"%zz@192.168.1.10"),
		"fencing address twice":              swap("192.168.1.11:8000/redfish/v1/Systems/1", "192.168.1.10:8000/redfish/v1/Systems/0"),
		"fencing on three machines":          swap("replicas: 2", "replicas: 3"),
		"a key in the trust bundle":          good + indent(key),
		"a broken key in the trust bundle":   good + indent(strings.Replace(key, "-----END", "-----END "+canaryOther, 1)),
		"a key as ssh key":                   good + "sshKey: |\n" + indent(strings.ReplaceAll(key, "RSA", "OPENSSH")),
		"a key as cluster name":              swap("name: demo", "name: |\n"+indent(indent(key))),
		"a key as machine network":           swap("- cidr: 192.168.1.0/24", "- cidr: |\n"+indent(indent(indent(key)))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := assetDir(t, config)
			for _, args := range [][]string{manifests, ignition} {
				o := run(t, dir, append(args[:len(args):len(args)], "--log-level", "debug"))
				silent(t, dir, o)
				spoken(t, o)
				if o.code != 3 || !strings.Contains(o.stderr, configFile) {
					t.Errorf("want exit 3 and a word about the file: %s", o)
				}
			}
		})
	}
}

// What a user may have broken between two runs.
func TestSecretsStayOutOfLaterErrors(t *testing.T) {
	t.Parallel()
	key := "-----BEGIN RSA PRIVATE KEY-----\n" + canaryKey + "\n-----END RSA PRIVATE KEY-----\n"
	for name, content := range map[string]string{
		"manifests/extra.yaml":                      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  password: " + canaryOther + ": x\n",
		"manifests/list.yaml":                       "apiVersion: v1\nkind: List\nitems: [{stringData: " + canaryOther + "}]\n",
		"manifests/text.yaml":                       canaryOther + "\n",
		"manifests/sequence.json":                   `["` + canaryOther + `"`,
		"openshift/same.yaml":                       "apiVersion: v1\nkind: Secret\nmetadata: {name: kubeadmin, namespace: kube-system}\ndata:\n  kubeadmin: " + canaryOther + "\n",
		"openshift/key.yaml":                        key,
		"master.ign":                                `{"ignition":{"version":"3.2.0"},"passwd":{"users":[{"name":"core","passwordHash":"` + canaryOther + `"`,
		"worker.ign":                                `{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"` + canaryOther + `","contents":{"source":"data:,` + canaryOther + `"}}]}}`,
		"auth/kubeadmin-password":                   canaryOther,
		stateFile:                                   `{"schemaVersion":1,"kept":{"root-ca":{"value":"` + canaryOther + `"}},"` + canaryOther + `":1}`,
		"tls/kubeadmin-password.hash":               canaryOther,
		"tls/bound-service-account-signing-key.key": key,
		"tls/root-ca.key":                           key,
		"tls/root-ca.crt":                           key,
	} {
		dir := assetDir(t, configs["ecdsa"])
		must(t, dir, manifests)
		must(t, dir, ignition)
		folder.Put(t, dir, name, content)
		o := run(t, dir, append(ignition[:len(ignition):len(ignition)], "--log-level", "debug"), env("OPENSHIFT_INSTALL_LOAD_CLUSTER_CERTS=true"))
		refused(t, o, 1, filepath.Base(strings.TrimSuffix(strings.TrimSuffix(name, ".key"), ".crt")))
		os.Remove(filepath.Join(dir, "auth/kubeadmin-password"))
		silent(t, dir, o)
	}
}
