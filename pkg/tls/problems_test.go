package tls

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

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
			want: []string{"tls/root-ca.crt: there is a comment after the dashes of -----BEGIN CERTIFICATE-----"},
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
				"tls/root-ca.crt: is larger than 1 MiB, so it cannot be a certificate or a key",
				"tls/root-ca.key: is larger than 1 MiB, so it cannot be a certificate or a key",
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
			files: brought(certs, "root-ca"), now: born.Add(decade + time.Hour),
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
				"the name constraints of root-ca exclude a name that it must have (api-int.okd.example.com, 192.168.1.5, fd00::5)"},
		},
		"an authority for another domain": {
			files: newRoot(func(c *x509.Certificate) {
				c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"example.org"}, true
			}),
			want: []string{"tls/root-ca.crt: cannot sign machine-config-server: " +
				"the name constraints of root-ca exclude a name that it must have (api-int.okd.example.com, 192.168.1.5, fd00::5)"},
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
				"the name constraints of root-ca exclude a name that it must have (api-int.okd.example.com, 192.168.1.5, fd00::5)"},
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
				"tls/apiserver-proxy.crt: holds no certificate in PEM form",
				"tls/apiserver-proxy.key: is missing, though tls/apiserver-proxy.crt is there",
				"tls/kubelet-signer.crt: is missing, though tls/kubelet-signer.key is there",
				"tls/kubelet-signer.key: holds no private key in PEM form",
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
