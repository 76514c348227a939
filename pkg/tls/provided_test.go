package tls

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// brought lays pairs out as a user would, in tls/.
func brought(certs map[string]Pair, names ...string) map[string][]byte {
	files := map[string][]byte{}
	for _, name := range names {
		files[certFile(name)], files[keyFile(name)] = certs[name].Cert, certs[name].Key
	}
	return files
}

// resign makes the row's certificate again after edit has changed its template,
// for the key of pair and signed by signer, or by itself if there is none.
func resign(t *testing.T, row string, pair Pair, signer *Pair, edit func(*x509.Certificate)) Pair {
	t.Helper()
	template, err := parseCert(pair.Cert)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(7)
	template.RawSubject = nil
	edit(template)
	own, err := parseKey(pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	parent, parentKey := template, own
	if signer != nil {
		if parent, err = parseCert(signer.Cert); err != nil {
			t.Fatal(err)
		}
		if parentKey, err = parseKey(signer.Key); err != nil {
			t.Fatal(err)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, own.Public(), parentKey)
	if err != nil {
		t.Fatalf("%s: %v", row, err)
	}
	return Pair{Cert: encodeCert(der), Key: pair.Key}
}

func TestProvidedTakesAnySubset(t *testing.T) {
	t.Parallel()
	now := born.Add(time.Minute)
	for name, s := range map[string]set{"rsa": must(t, rsaSet), "ecdsa": must(t, ecSet)} {
		// Authorities one by one, leaves with their signers, and all at once.
		// The kubelets' and the aggregators' signers here live for a day only.
		subsets := [][]string{{}}
		var all []string
		for _, c := range Certificates {
			if signer, _ := Lookup(c.Signer); c.Authority() && !c.Short() {
				subsets = append(subsets, []string{c.Name})
				all = append(all, c.Name)
			} else if !c.Authority() && !signer.Short() {
				subsets = append(subsets, []string{c.Signer, c.Name})
				all = append(all, c.Name)
			}
		}
		for _, names := range append(subsets, all) {
			got, err := Provided(brought(s.certs, names...), dualStack, now)
			if err != nil {
				t.Errorf("%s %v: %v", name, names, err)
			}
			if len(got) != len(names) {
				t.Errorf("%s %v: got %d pairs", name, names, len(got))
			}
			for _, n := range names {
				if !bytes.Equal(got[n].Cert, s.certs[n].Cert) || !bytes.Equal(got[n].Key, s.certs[n].Key) {
					t.Errorf("%s: %s came back changed", name, n)
				}
			}
		}
	}
}

// TestProvidedRootSigns is the story that the feature is for: a company's root,
// made last year, signs for a new cluster.
func TestProvidedRootSigns(t *testing.T) {
	t.Parallel()
	now := born.Add(year)
	old := must(t, ecSet).certs
	company := resign(t, "root-ca", old["root-ca"], nil, func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: "Example Root", Organization: []string{"Example"}}
	})
	key, err := parseKey(company.Key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{
		"tls/root-ca.crt": append([]byte("Subject: Example Root\r\n"), company.Cert...),
		"tls/root-ca.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}
	got, err := Provided(files, okd, now)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got["root-ca"].Cert, company.Cert) || !bytes.Equal(got["root-ca"].Key, company.Key) {
		t.Error("the pair is not written in the form of minted ones")
	}
	row, _ := Lookup("machine-config-server")
	leaf, err := mintOne(row, okd, got, p256, now)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parseCert(leaf.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(cert, company.Cert, x509.ExtKeyUsageServerAuth, now.Add(8*year)); err != nil || cert.Issuer.CommonName != "Example Root" {
		t.Errorf("issuer %s: %v", cert.Issuer, err)
	}
}

func TestProvidedAppendsTheSigner(t *testing.T) {
	t.Parallel()
	certs := fresh(t)
	whole := certs["kube-apiserver-lb-server"]
	block, _ := pem.Decode(whole.Cert)
	certs["kube-apiserver-lb-server"] = Pair{Cert: pem.EncodeToMemory(block), Key: whole.Key}
	got, err := Provided(brought(certs, "kube-apiserver-lb-signer", "kube-apiserver-lb-server"), okd, born.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got["kube-apiserver-lb-server"].Cert, whole.Cert) {
		t.Error("the signer is not appended")
	}
}

func TestProvidedPassesOverOtherFiles(t *testing.T) {
	t.Parallel()
	files := brought(must(t, ecSet).certs, "root-ca")
	for _, other := range []string{
		"tls/kubeadmin-password.hash", "tls/etcd-client.crt", "tls/kubelet-client-ca-bundle.crt", "tls/service-account.key",
		"tls/README", "tls/ironic/tls.crt", "tls/cloud-ca-cert.pem", "root-ca.crtt", "manifests/x.yaml",
	} {
		files[other] = []byte("x")
	}
	if got, err := Provided(files, okd, born.Add(time.Minute)); err != nil || len(got) != 1 {
		t.Errorf("got %d pairs, %v", len(got), err)
	}
}

// Line ends of long ago are no fault.
func TestProvidedWithCarriageReturns(t *testing.T) {
	t.Parallel()
	files := brought(must(t, ecSet).certs, "root-ca")
	for name, data := range files {
		files[name] = bytes.ReplaceAll(data, []byte("\n"), []byte("\r"))
	}
	if found, err := Provided(files, okd, born.Add(time.Minute)); err != nil || len(found) != 1 {
		t.Errorf("%d pairs, %v", len(found), err)
	}
}

// TestProvidedRefusesOldSignatures: SHA-1 is what a ten-year-old internal
// authority may still use, and no client would accept.
func TestProvidedRefusesOldSignatures(t *testing.T) {
	t.Parallel()
	certs := must(t, rsaSet).certs
	// SHA-1 can no longer be signed with: the identifier of SHA-256 with RSA is
	// turned into that of SHA-1, in both places where it stands.
	block, _ := pem.Decode(certs["machine-config-server"].Cert)
	der := bytes.ReplaceAll(block.Bytes, []byte{0x86, 0xf7, 0x0d, 1, 1, 11}, []byte{0x86, 0xf7, 0x0d, 1, 1, 5})
	files := brought(certs, "root-ca", "machine-config-server")
	files["tls/machine-config-server.crt"] = encodeCert(der)
	_, err := Provided(files, dualStack, born.Add(time.Minute))
	if err == nil || !strings.Contains(err.Error(), "tls/machine-config-server.crt: is signed with an algorithm that is no longer accepted") {
		t.Error(err)
	}
}

func TestProvidedErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	files := map[string][]byte{}
	for _, c := range Certificates {
		// Every certificate with the key of another, cut short for every other.
		files[certFile(c.Name)] = certs[c.Name].Cert
		files[keyFile(c.Name)] = certs["root-ca"].Key[:len(certs["root-ca"].Key)-len(files)%4]
	}
	_, err := Provided(files, okd, born)
	if err == nil {
		t.Fatal("no error")
	}
	for _, line := range strings.Split(string(certs["root-ca"].Key), "\n")[1:3] {
		if len(line) > 8 && strings.Contains(err.Error(), line[:8]) {
			t.Errorf("the error has a piece of a key: %v", err)
		}
	}
}

func TestProvidedKeyPairs(t *testing.T) {
	t.Parallel()
	s := must(t, rsaSet)
	pair := s.keys[boundServiceAccount]
	private, err := parseKey(pair.Private)
	if err != nil {
		t.Fatal(err)
	}
	name, pub := keyFile(boundServiceAccount), "tls/"+boundServiceAccount+".pub"
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(private.Public().(*rsa.PublicKey))})
	pkix := bytes.ReplaceAll(pair.Public, []byte("RSA PUBLIC"), []byte("PUBLIC"))
	for what, files := range map[string]map[string][]byte{
		"the key alone":         {name: pair.Private},
		"both":                  {name: pair.Private, pub: pair.Public},
		"both, as OpenSSL does": {name: pair.Private, pub: pkix},
		"both, the old form":    {name: pair.Private, pub: pkcs1},
	} {
		got, err := ProvidedKeyPairs(files)
		if err != nil || !bytes.Equal(got[boundServiceAccount].Private, pair.Private) ||
			!bytes.Equal(got[boundServiceAccount].Public, pair.Public) {
			t.Errorf("%s: got %d, %v", what, len(got), err)
		}
	}
	if got, err := ProvidedKeyPairs(brought(s.certs, "root-ca")); err != nil || len(got) != 0 {
		t.Errorf("got %d, %v", len(got), err)
	}
	for what, tc := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"the public half alone": {map[string][]byte{pub: pair.Public}, name + ": is missing, though " + pub + " is there"},
		"ECDSA":                 {map[string][]byte{name: must(t, ecSet).keys[serviceAccount].Private}, name + ": is not an RSA key"},
		"empty":                 {map[string][]byte{name: nil}, name + ": holds no private key"},
		"encrypted":             {map[string][]byte{name: pemOf(t, "ENCRYPTED PRIVATE KEY", nil, nil)}, name + ": holds an encrypted private key"},
		"another public half":   {map[string][]byte{name: pair.Private, pub: s.keys[serviceAccount].Public}, pub + ": is not the public half of " + name},
		"no public half":        {map[string][]byte{name: pair.Private, pub: []byte("x")}, pub + ": is not the public half of " + name},
		"a large public half":   {map[string][]byte{name: pair.Private, pub: make([]byte, maxPEM+1)}, pub + ": is not the public half of " + name},
	} {
		got, err := ProvidedKeyPairs(tc.files)
		var ps diag.Problems
		if !errors.As(err, &ps) || got != nil || !strings.HasPrefix(err.Error(), tc.want) || ps[0].Hint == "" {
			t.Errorf("%s: got %v, want %s", what, err, tc.want)
		}
	}
}
