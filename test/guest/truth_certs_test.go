//go:build e2e && truth

package guest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// issuer signs certificates: those of etcd, which the operator of etcd would make, and
// those that must be refused.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

func newIssuer(t *testing.T, name string) issuer {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return issue(t, template, nil)
}

// readIssuer is an authority that the program under test has made.
func readIssuer(t *testing.T, cert, key string) issuer {
	t.Helper()
	i := issuer{pem: []byte(cert)}
	certBlock, _ := pem.Decode([]byte(cert))
	keyBlock, _ := pem.Decode([]byte(key))
	if certBlock == nil || keyBlock == nil {
		t.Fatal("the authority is not in PEM")
	}
	var err error
	i.cert, err = x509.ParseCertificate(certBlock.Bytes)
	must(t, err)
	if rsa, err := x509.ParsePKCS1PrivateKey(keyBlock.Bytes); err == nil {
		i.key = rsa
		return i
	}
	private, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	must(t, err)
	i.key = private.(crypto.Signer)
	return i
}

// issue makes a certificate with a key of its own; without a parent it signs itself. It
// is valid from an hour ago for a day, unless the template says otherwise.
func issue(t *testing.T, template *x509.Certificate, parent *issuer) issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<60))
	must(t, err)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(24 * time.Hour)
	}
	template.NotBefore = template.NotAfter.Add(-25 * time.Hour)
	signer := issuer{cert: template, key: key}
	if parent != nil {
		signer = *parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return issuer{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (i issuer) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func serving(names ...string) *x509.Certificate {
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: names[0]}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	return c
}

func clientOf(user string, groups ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: user, Organization: groups}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}
