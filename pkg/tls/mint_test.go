package tls

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// facts writes what of a certificate does not differ from run to run.
func facts(c *x509.Certificate) string {
	var uses []string
	for _, u := range c.ExtKeyUsage {
		uses = append(uses, useNames([]x509.ExtKeyUsage{u}))
	}
	info := describe(c)
	return fmt.Sprintf("%s | %s | CA %t | %s | usage %d %v | dns %v ip %v | %v h",
		info.Subject, info.Issuer, info.CA, info.Key, c.KeyUsage, uses, c.DNSNames, c.IPAddresses, c.NotAfter.Sub(c.NotBefore).Hours())
}

// TestMintedFacts holds each certificate to the established properties: this
// golden file is the one to compare when a payload refuses a certificate.
func TestMintedFacts(t *testing.T) {
	t.Parallel()
	s := must(t, rsaSet)
	var b strings.Builder
	for _, row := range Certificates {
		certs, err := parseCerts(s.certs[row.Name].Cert)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range certs {
			name := row.Name
			if i > 0 {
				name = "  appended"
			}
			fmt.Fprintf(&b, "%s: %s\n", name, facts(c))
		}
	}
	golden(t, "testdata/facts.golden", b.String())
}

// An RSA key enciphers, an ECDSA key cannot: a row's bits follow the key that it
// gets. Signer and leaf may have keys of different kinds.
func TestKeyUsageFollowsTheKey(t *testing.T) {
	t.Parallel()
	const rsaOnly = x509.KeyUsageKeyEncipherment
	for name, s := range map[string]set{"rsa": must(t, rsaSet), "ecdsa": must(t, ecSet)} {
		for _, row := range Certificates {
			want := x509.KeyUsageDigitalSignature
			if row.Authority() {
				want |= x509.KeyUsageCertSign
			}
			if name == "rsa" {
				want |= rsaOnly
			}
			if row.NoKeyUsage {
				want = 0
			}
			cert, err := parseCert(s.certs[row.Name].Cert)
			if err != nil {
				t.Fatal(err)
			}
			if cert.KeyUsage != want {
				t.Errorf("%s: %s has usage %d, want %d", name, row.Name, cert.KeyUsage, want)
			}
		}
	}
	signer := must(t, rsaSet).certs["root-ca"]
	row, _ := Lookup("journal-gatewayd")
	mixed, err := row.Mint(okd, &signer, p256, born)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err := parseCert(mixed.Cert); err != nil || cert.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("an ECDSA leaf of an RSA signer has usage %d, %v", cert.KeyUsage, err)
	}
}

func TestMintedCertificatesAreWellFormed(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 1, 11, 30, 15, 0, time.UTC)
	for name, s := range map[string]set{"rsa": must(t, rsaSet), "ecdsa": must(t, ecSet)} {
		serials := map[string]bool{}
		for _, row := range Certificates {
			pair := s.certs[row.Name]
			cert, err := parseCert(pair.Cert)
			if err != nil {
				t.Fatalf("%s %s: %v", name, row.Name, err)
			}
			if !cert.NotBefore.Equal(from) || !cert.NotAfter.Equal(from.Add(row.Life)) {
				t.Errorf("%s %s: valid from %s to %s", name, row.Name, cert.NotBefore, cert.NotAfter)
			}
			if cert.SerialNumber.Sign() <= 0 || cert.SerialNumber.BitLen() > 127 ||
				cert.SerialNumber.BitLen() < 64 || serials[cert.SerialNumber.String()] {
				t.Errorf("%s %s: serial number %s", name, row.Name, cert.SerialNumber)
			}
			serials[cert.SerialNumber.String()] = true
			if len(cert.SubjectKeyId) != 20 || len(cert.AuthorityKeyId) != 20 {
				t.Errorf("%s %s: key identifiers %x and %x", name, row.Name, cert.SubjectKeyId, cert.AuthorityKeyId)
			}
			if bytes.Equal(cert.SubjectKeyId, cert.AuthorityKeyId) != row.Authority() {
				t.Errorf("%s %s: only an authority identifies its key as its issuer's", name, row.Name)
			}
			key, err := parseKey(pair.Key)
			if err != nil || !samePublic(key.Public(), cert.PublicKey) {
				t.Errorf("%s %s: the key is not the certificate's: %v", name, row.Name, err)
			}
		}
	}
}

// TestLeavesVerifyForTheirUsesAlone tries each leaf with each authority and
// each use: exactly the table's combinations may hold.
func TestLeavesVerifyForTheirUsesAlone(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]set{"rsa": must(t, rsaSet), "ecdsa": must(t, ecSet)} {
		for _, leaf := range Certificates {
			if leaf.Authority() {
				continue
			}
			cert, err := parseCert(s.certs[leaf.Name].Cert)
			if err != nil {
				t.Fatal(err)
			}
			for _, authority := range Certificates {
				if !authority.Authority() {
					continue
				}
				for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageCodeSigning} {
					got := verify(cert, s.certs[authority.Name].Cert, use, born.Add(time.Hour)) == nil
					want := authority.Name == leaf.Signer && slices.Contains(leaf.Use, use)
					if got != want {
						t.Errorf("%s: %s against %s for use %d: got %t, want %t", name, leaf.Name, authority.Name, use, got, want)
					}
				}
			}
			if verify(cert, s.certs[leaf.Signer].Cert, leaf.Use[0], born.Add(leaf.Life+time.Second)) == nil {
				t.Errorf("%s: %s still verifies after its life", name, leaf.Name)
			}
		}
	}
}

func verify(cert *x509.Certificate, roots []byte, use x509.ExtKeyUsage, at time.Time) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	_, err := cert.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	return err
}

// TestMintIsReproducible is what the golden tests of whole commands stand on.
func TestMintIsReproducible(t *testing.T) {
	specs := []KeySpec{p256, {Algorithm: ECDSA, Curve: "P384"}, {Algorithm: ECDSA, Curve: "P521"}}
	if !testing.Short() {
		specs = append(specs, DefaultKey)
	}
	for _, spec := range specs {
		t.Run(spec.String(), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
			var runs []string
			for _, procs := range []int{1, 4} {
				t.Run(fmt.Sprintf("%d processors", procs), func(t *testing.T) {
					cryptotest.SetGlobalRandom(t, 42)
					runtime.GOMAXPROCS(procs)
					s, err := newSet(spec)
					if err != nil {
						t.Fatal(err)
					}
					all, err := json.Marshal([]any{s.certs, s.keys})
					if err != nil {
						t.Fatal(err)
					}
					runs = append(runs, string(all))
				})
			}
			if len(runs) != 2 || runs[0] != runs[1] {
				t.Error("two runs with one seed differ")
			}
		})
	}
}

func TestMintConcurrently(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	var wg sync.WaitGroup
	var mu sync.Mutex
	serials := map[string]bool{}
	for range 4 {
		for _, c := range Certificates {
			wg.Go(func() {
				pair, err := mintOne(c, dualStack, certs, p256, born)
				if err != nil {
					t.Errorf("%s: %v", c.Name, err)
					return
				}
				cert, err := parseCert(pair.Cert)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				serials[cert.SerialNumber.String()] = true
			})
		}
	}
	wg.Wait()
	if want := 4 * len(Certificates); len(serials) != want {
		t.Errorf("%d serial numbers, want %d", len(serials), want)
	}
}

// TestLeafEndsWithItsSigner has the story of a root made by `create manifests`
// one day and used by `create ignition-configs` the next: it has no ten years
// left, and must sign for ten years.
func TestLeafEndsWithItsSigner(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	row, _ := Lookup("machine-config-server")
	root, err := parseCert(certs["root-ca"].Cert)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := mintOne(row, okd, certs, p256, born.Add(Day))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := parseCert(pair.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if !leaf.NotAfter.Equal(root.NotAfter) {
		t.Errorf("the leaf ends at %s, its signer at %s", leaf.NotAfter, root.NotAfter)
	}
}

func TestSignerMustBeValidLongEnough(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	for _, tc := range []struct {
		row  string
		from time.Time
		want string
	}{
		// A 24-hour leaf is never cut short.
		{"aggregator-client", born.Add(time.Second), "its signer aggregator-signer ends at 2026-03-02 11:30:15 UTC, which leaves less than 24 hours"},
		{"kube-control-plane-kube-scheduler-client", born.Add(year - Day + time.Second), "its signer kube-control-plane-signer ends at 2027-03-01 11:30:15 UTC, which leaves less than 24 hours"},
		{"machine-config-server", born.Add(2 * decade), "leaves less than 24 hours"},
		// A clock that was set back.
		{"machine-config-server", born.Add(-time.Second), "its signer root-ca is not valid before 2026-03-01 11:30:15 UTC, and it is 2026-03-01 11:30:14 UTC now"},
	} {
		row, _ := Lookup(tc.row)
		_, err := mintOne(row, okd, certs, p256, tc.from)
		var p diag.Problem
		if !errors.As(err, &p) || p.Path != tc.row || !strings.Contains(p.Detail, tc.want) || p.Hint == "" {
			t.Errorf("%s at %s: got %v, want %q with a hint", tc.row, tc.from, err, tc.want)
		}
	}
	row, _ := Lookup("kube-control-plane-kube-scheduler-client")
	if _, err := mintOne(row, okd, certs, p256, born.Add(year-Day)); err != nil {
		t.Errorf("24 hours are enough: %v", err)
	}
}

func TestMintRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	root, other := certs["root-ca"], certs["aggregator-ca"]
	leafPair := certs["machine-config-server"]
	mixed := Pair{Cert: root.Cert, Key: other.Key}
	bad := okd
	bad.APIVIPs = []string{"192.168.1.300", "fe80::1%eth0"}
	for name, tc := range map[string]struct {
		row    string
		names  Names
		signer *Pair
		key    KeySpec
		want   string
	}{
		"leaf without signer":    {"machine-config-server", okd, nil, p256, "a leaf is minted with a signer"},
		"authority with signer":  {"root-ca", okd, &other, p256, "an authority without one"},
		"no domain":              {"machine-config-server", Names{}, &root, p256, "no cluster domain is known"},
		"no service address":     {"kube-apiserver-service-network-server", Names{}, &root, p256, "no service address is known"},
		"bad VIP":                {"machine-config-server", bad, &root, p256, `API VIP "192.168.1.300" is not an IP address`},
		"bad key":                {"root-ca", okd, nil, KeySpec{Algorithm: RSA, Size: 1024}, "rsa-1024"},
		"no key":                 {"root-ca", okd, nil, KeySpec{}, "is not a kind of key"},
		"signer is a leaf":       {"machine-config-server", okd, &leafPair, p256, "is not the certificate of an authority"},
		"signer of two pairs":    {"machine-config-server", okd, &mixed, p256, "do not belong together"},
		"signer is empty":        {"machine-config-server", okd, &Pair{}, p256, "root-ca: holds no certificate"},
		"signer without its key": {"machine-config-server", okd, &Pair{Cert: root.Cert}, p256, "root-ca: holds no private key"},
	} {
		row, _ := Lookup(tc.row)
		pair, err := row.Mint(tc.names, tc.signer, tc.key, born)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
		if pair.Cert != nil || pair.Key != nil {
			t.Errorf("%s: there is a pair beside the error", name)
		}
	}
}

func TestBundleOfMissingAuthority(t *testing.T) {
	t.Parallel()
	certs := fresh(t)
	delete(certs, "kubelet-signer")
	_, err := bundlePEM("kube-apiserver-complete-client-ca-bundle", certs)
	if err == nil || err.Error() != "kube-apiserver-complete-client-ca-bundle: the authority kubelet-signer is missing" {
		t.Error(err)
	}
	certs["kubelet-signer"] = Pair{Cert: []byte("x")}
	if _, err = bundlePEM("kubelet-client-ca-bundle", certs); err == nil ||
		!strings.Contains(err.Error(), "kubelet-signer holds no certificate") {
		t.Error(err)
	}
	if _, err = bundlePEM("no-bundle", certs); err == nil {
		t.Error("there is no such bundle")
	}
}

// BenchmarkMint mints the whole table on one goroutine; keys is the part of it
// that making the keys takes.
func BenchmarkMint(b *testing.B) {
	for _, spec := range []KeySpec{DefaultKey, p256, {Algorithm: ECDSA, Curve: "P384"}} {
		b.Run(spec.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := mintAll(okd, always(spec), born); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(spec.String()+" keys", func(b *testing.B) {
			for b.Loop() {
				for range Certificates {
					if _, err := spec.generate(); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
