package tls

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"slices"
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

// resign makes the row's certificate anew after edit has changed its template,
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
	now := born.Add(Year)
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
	if err := verify(cert, company.Cert, x509.ExtKeyUsageServerAuth, now.Add(8*Year)); err != nil || cert.Issuer.CommonName != "Example Root" {
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

// TestProvidedProblems has one story a row: what the user did, and what they
// are told.
func TestProvidedProblems(t *testing.T) {
	t.Parallel()
	now := born.Add(time.Minute)
	certs := must(t, ecSet).certs
	good := func() map[string][]byte { return brought(certs, "root-ca", "machine-config-server") }
	with := func(edit func(map[string][]byte)) map[string][]byte {
		files := good()
		edit(files)
		return files
	}
	put := func(name string, p Pair) map[string][]byte {
		return with(func(f map[string][]byte) { f[certFile(name)], f[keyFile(name)] = p.Cert, p.Key })
	}
	root, leaf, signer := certs["root-ca"], certs["machine-config-server"], certs["kube-control-plane-signer"]
	newRoot := func(edit func(*x509.Certificate)) map[string][]byte {
		p := resign(t, "root-ca", root, nil, edit)
		return brought(map[string]Pair{"root-ca": p}, "root-ca")
	}
	newLeaf := func(edit func(*x509.Certificate)) map[string][]byte {
		return put("machine-config-server", resign(t, "machine-config-server", leaf, &root, edit))
	}
	clientLeaf := func(edit func(*x509.Certificate)) map[string][]byte {
		p := resign(t, "scheduler", certs["kube-control-plane-kube-scheduler-client"], &signer, edit)
		return brought(map[string]Pair{"kube-control-plane-signer": signer, "kube-control-plane-kube-scheduler-client": p},
			"kube-control-plane-signer", "kube-control-plane-kube-scheduler-client")
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edDER, err := x509.MarshalPKCS8PrivateKey(ed)
	edPEM := pemOf(t, "PRIVATE KEY", edDER, err)
	for name, tc := range map[string]struct {
		files map[string][]byte
		now   time.Time
		want  []string
	}{
		"a certificate without its key": {
			files: with(func(f map[string][]byte) { delete(f, "tls/root-ca.key") }),
			want:  []string{"tls/root-ca.key: is missing, though tls/root-ca.crt is there"},
		},
		"a key without its certificate": {
			files: with(func(f map[string][]byte) { delete(f, "tls/root-ca.crt") }),
			want:  []string{"tls/root-ca.crt: is missing, though tls/root-ca.key is there"},
		},
		"a leaf without its signer": {
			files: brought(certs, "machine-config-server"),
			want:  []string{"tls/machine-config-server.crt: its signer's files tls/root-ca.crt and tls/root-ca.key are missing"},
		},
		"two files swapped": {
			files: with(func(f map[string][]byte) {
				f["tls/root-ca.crt"], f["tls/root-ca.key"] = f["tls/root-ca.key"], f["tls/root-ca.crt"]
			}),
			want: []string{"tls/root-ca.crt: holds no certificate in PEM form", "tls/root-ca.key: holds no private key in PEM form"},
		},
		"a comment behind the first line": {
			files: with(func(f map[string][]byte) {
				f["tls/root-ca.crt"] = bytes.Replace(f["tls/root-ca.crt"], []byte("BEGIN CERTIFICATE-----"), []byte("BEGIN CERTIFICATE----- # ours"), 1)
			}),
			want: []string{"tls/root-ca.crt: a comment stands behind the dashes of -----BEGIN CERTIFICATE-----"},
		},
		"a damaged certificate behind a good one": {
			files: with(func(f map[string][]byte) {
				f["tls/root-ca.crt"] = append(slices.Clone(f["tls/root-ca.crt"]), "-----BEGIN CERTIFICATE-----\nMIIB\n"...)
			}),
			want: []string{"tls/root-ca.crt: -----BEGIN CERTIFICATE----- has no -----END CERTIFICATE----- after it"},
		},
		"a key whose last line is indented": {
			files: with(func(f map[string][]byte) {
				f["tls/root-ca.key"] = bytes.Replace(f["tls/root-ca.key"], []byte("-----END"), []byte("  -----END"), 1)
			}),
			want: []string{"tls/root-ca.key: the END line of a private key is indented further than the text, and so is not the end of the block"},
		},
		"a key of another pair": {
			files: with(func(f map[string][]byte) { f["tls/root-ca.key"] = leaf.Key }),
			want:  []string{"tls/root-ca.crt: its public key is not that of tls/root-ca.key"},
		},
		"a key with a passphrase": {
			files: with(func(f map[string][]byte) { f["tls/root-ca.key"] = pemOf(t, "ENCRYPTED PRIVATE KEY", []byte("x"), nil) }),
			want:  []string{"tls/root-ca.key: holds an encrypted private key, which nothing on the bootstrap host could open"},
		},
		"an Ed25519 key": {
			files: with(func(f map[string][]byte) { f["tls/root-ca.key"] = edPEM }),
			want:  []string{"tls/root-ca.key: holds a key that is neither RSA of at least 2048 bits nor ECDSA on P-256, P-384 or P-521"},
		},
		"files of two megabytes": {
			files: with(func(f map[string][]byte) {
				f["tls/root-ca.crt"], f["tls/root-ca.key"] = make([]byte, maxPEM+1), make([]byte, maxPEM+1)
			}),
			want: []string{
				"tls/root-ca.crt: is larger than 1 MiB, so that it cannot be a certificate or a key",
				"tls/root-ca.key: is larger than 1 MiB, so that it cannot be a certificate or a key",
			},
		},
		"a damaged certificate": {
			files: with(func(f map[string][]byte) { f["tls/root-ca.crt"] = pemOf(t, "CERTIFICATE", []byte("x"), nil) }),
			want:  []string{"tls/root-ca.crt: holds a certificate that is damaged"},
		},
		"a leaf in an authority's place": {
			files: brought(map[string]Pair{"root-ca": leaf}, "root-ca"),
			want:  []string{"tls/root-ca.crt: is not the certificate of an authority: its CA flag is not set"},
		},
		"an authority that may not sign": {
			files: newRoot(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }),
			want:  []string{"tls/root-ca.crt: may not sign certificates: its key usage lacks keyCertSign"},
		},
		"an authority of tomorrow": {
			files: newRoot(func(c *x509.Certificate) { c.NotBefore = now.Add(Day) }),
			want:  []string{"tls/root-ca.crt: is not valid before 2026-03-02 11:31:15 UTC"},
		},
		"an expired authority": {
			files: brought(certs, "root-ca"), now: born.Add(Decade + time.Hour),
			want: []string{"tls/root-ca.crt: has expired at 2036-02-27 11:30:15 UTC"},
		},
		"an authority in its last day": {
			files: brought(certs, "kubelet-signer"),
			want:  []string{"tls/kubelet-signer.crt: ends at 2026-03-02 11:30:15 UTC, which is less than 24 hours from now"},
		},
		"an authority that may not vouch for the domain": {
			files: newRoot(func(c *x509.Certificate) {
				c.ExcludedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.com"}, true
			}),
			want: []string{"tls/root-ca.crt: cannot sign machine-config-server: " +
				"the name constraints of root-ca exclude a name that it has to have (api-int.okd.example.com, 192.168.1.5, fd00::5)"},
		},
		"an authority for another domain": {
			files: newRoot(func(c *x509.Certificate) {
				c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.org"}, true
			}),
			want: []string{"tls/root-ca.crt: cannot sign machine-config-server: " +
				"the name constraints of root-ca exclude a name that it has to have (api-int.okd.example.com, 192.168.1.5, fd00::5)"},
		},
		"an authority for clients": {
			files: newRoot(func(c *x509.Certificate) { c.ExtKeyUsage = client }),
			want: []string{
				"tls/root-ca.crt: cannot sign machine-config-server: the extended key usage of root-ca has no serverAuth",
				"tls/root-ca.crt: cannot sign journal-gatewayd: the extended key usage of root-ca has no serverAuth",
			},
		},
		"a leaf that its signer's constraints exclude": {
			files: func() map[string][]byte {
				ca := resign(t, "root-ca", root, nil, func(c *x509.Certificate) { c.ExcludedDNSDomains = []string{"example.com"} })
				l := resign(t, "machine-config-server", leaf, &ca, func(*x509.Certificate) {})
				return brought(map[string]Pair{"root-ca": ca, "machine-config-server": l}, "root-ca", "machine-config-server")
			}(),
			want: []string{"tls/machine-config-server.crt: is not accepted as a certificate for servers: " +
				"the name constraints of root-ca exclude a name that it has to have (api-int.okd.example.com, 192.168.1.5, fd00::5)"},
		},
		"a leaf of another authority": {
			files: put("machine-config-server", resign(t, "mcs", leaf, &signer, func(*x509.Certificate) {})),
			want:  []string{"tls/machine-config-server.crt: is not signed by tls/root-ca.crt"},
		},
		"a leaf for another domain": {
			files: newLeaf(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"api-int.other.example.com"}, nil }),
			want:  []string{"tls/machine-config-server.crt: is not valid for api-int.okd.example.com, 192.168.1.5, fd00::5"},
		},
		"a server's leaf for clients": {
			files: newLeaf(func(c *x509.Certificate) { c.ExtKeyUsage = client }),
			want: []string{"tls/machine-config-server.crt: is not accepted as a certificate for servers: " +
				"the extended key usage of the certificate has no serverAuth"},
		},
		"a client without rights": {
			files: clientLeaf(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "system:admin"} }),
			want: []string{`tls/kube-control-plane-kube-scheduler-client.crt: its subject is "CN=system:admin", ` +
				"to which the cluster gives no rights"},
		},
		"an expired leaf": {
			files: brought(certs, "kube-apiserver-lb-signer", "kube-apiserver-lb-server"), now: born.Add(25 * time.Hour),
			want: []string{"tls/kube-apiserver-lb-server.crt: has expired at 2026-03-02 11:30:15 UTC"},
		},
		"a slip of the pen": {
			files: with(func(f map[string][]byte) { f["tls/kubelet-singer.crt"] = root.Cert }),
			want:  []string{"tls/kubelet-singer.crt: is not the name of a certificate or key that is read"},
		},
		"several at once": {
			files: map[string][]byte{"tls/root-ca.crt": root.Cert, "tls/kubelet-signer.key": nil, "tls/apiserver-proxy.crt": nil},
			want: []string{
				"tls/apiserver-proxy.crt: holds no certificate in PEM form", "tls/apiserver-proxy.key: is missing, though tls/apiserver-proxy.crt is there",
				"tls/kubelet-signer.crt: is missing, though tls/kubelet-signer.key is there", "tls/kubelet-signer.key: holds no private key in PEM form",
				"tls/root-ca.key: is missing, though tls/root-ca.crt is there",
			},
		},
	} {
		at := tc.now
		if at.IsZero() {
			at = now
		}
		pairs, err := Provided(tc.files, dualStack, at)
		var ps diag.Problems
		if !errors.As(err, &ps) || pairs != nil {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		var got []string
		for _, p := range ps {
			got = append(got, p.File+": "+p.Detail)
			if p.Hint == "" && !strings.Contains(p.Detail, "1 MiB") {
				t.Errorf("%s: %s has no hint", name, p.Detail)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
		}
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
	pair := s.keys[BoundServiceAccount]
	private, err := parseKey(pair.Private)
	if err != nil {
		t.Fatal(err)
	}
	name, pub := keyFile(BoundServiceAccount), "tls/"+BoundServiceAccount+".pub"
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(private.Public().(*rsa.PublicKey))})
	pkix := bytes.ReplaceAll(pair.Public, []byte("RSA PUBLIC"), []byte("PUBLIC"))
	for what, files := range map[string]map[string][]byte{
		"the key alone":         {name: pair.Private},
		"both":                  {name: pair.Private, pub: pair.Public},
		"both, as OpenSSL does": {name: pair.Private, pub: pkix},
		"both, the old form":    {name: pair.Private, pub: pkcs1},
	} {
		got, err := ProvidedKeyPairs(files)
		if err != nil || !bytes.Equal(got[BoundServiceAccount].Private, pair.Private) ||
			!bytes.Equal(got[BoundServiceAccount].Public, pair.Public) {
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
		"ECDSA":                 {map[string][]byte{name: must(t, ecSet).keys[ServiceAccount].Private}, name + ": is not an RSA key"},
		"empty":                 {map[string][]byte{name: nil}, name + ": holds no private key"},
		"encrypted":             {map[string][]byte{name: pemOf(t, "ENCRYPTED PRIVATE KEY", nil, nil)}, name + ": holds an encrypted private key"},
		"another public half":   {map[string][]byte{name: pair.Private, pub: s.keys[ServiceAccount].Public}, pub + ": is not the public half of " + name},
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

// FuzzProvided brings one pair of any content. What is accepted must be
// accepted again in the form that it is written in.
func FuzzProvided(f *testing.F) {
	s, err := ecSet()
	if err != nil {
		f.Fatal(err)
	}
	// One RSA key and no more: under a fuzzer's instruments each takes seconds.
	row, _ := Lookup("root-ca")
	root, err := row.Mint(okd, nil, DefaultKey, born)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, root.Cert, root.Key)
	signers := []string{"root-ca", "kube-apiserver-lb-signer", "machine-config-server"}
	for i, name := range signers {
		f.Add(i, s.certs[name].Cert, s.certs[name].Key)
	}
	f.Add(0, []byte{}, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	f.Add(0, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n"))
	f.Fuzz(func(t *testing.T, which int, cert, key []byte) {
		name := signers[uint(which)%uint(len(signers))]
		files := map[string][]byte{certFile(name): cert, keyFile(name): key}
		if name == "machine-config-server" {
			maps.Copy(files, brought(s.certs, "root-ca"))
		}
		now := born.Add(time.Minute)
		pairs, err := Provided(files, dualStack, now)
		if err != nil {
			var ps diag.Problems
			if !errors.As(err, &ps) || pairs != nil {
				t.Fatalf("not problems: %v", err)
			}
			return
		}
		again, err := Provided(brought(pairs, slices.Collect(maps.Keys(pairs))...), dualStack, now)
		if err != nil {
			t.Fatalf("what was accepted is refused: %v", err)
		}
		for name := range pairs {
			if !bytes.Equal(again[name].Cert, pairs[name].Cert) || !bytes.Equal(again[name].Key, pairs[name].Key) {
				t.Fatalf("%s changes when it is read again", name)
			}
		}
		Check(pairs, now)
	})
}

func FuzzDescribe(f *testing.F) {
	s, err := ecSet()
	if err != nil {
		f.Fatal(err)
	}
	bundle, err := BundlePEM("kube-control-plane-ca-bundle", s.certs)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bundle)
	f.Add(s.certs["machine-config-server"].Cert)
	f.Add(s.certs["root-ca"].Key)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		infos, err := Describe(data)
		if (err == nil) != (len(infos) > 0) {
			t.Fatalf("%d certificates with error %v", len(infos), err)
		}
		for _, i := range infos {
			for _, text := range append([]string{i.Subject, i.Issuer, i.Key}, i.SANs...) {
				if strings.ContainsAny(text, "\x1b\n\r\x07") {
					t.Fatalf("%q would reach a terminal", text)
				}
			}
			i.State(born)
		}
	})
}

func FuzzParseKeySpec(f *testing.F) {
	for _, s := range []string{"rsa-2048", "ecdsa-p384", "RSA-8192", "ecdsa", "rsa-0002048", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseKeySpec(s)
		if err != nil {
			return
		}
		if again, err := ParseKeySpec(k.String()); err != nil || again != k || k.Validate() != nil {
			t.Fatalf("%q reads as %#v, then as %#v: %v", s, k, again, err)
		}
	})
}
