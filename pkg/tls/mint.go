package tls

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Pair is a certificate with its private key, both PEM.
type Pair struct {
	// Cert holds the certificate first. A certificate of an authority that
	// signed it may follow.
	Cert []byte `json:"cert"`
	Key  []byte `json:"key"`
}

// Mint makes the row's key and certificate, valid from the second of from. The
// signer is nil for an authority. Mint may be called from several goroutines.
//
// A leaf never outlives its signer. The long-lived ones end with it, since a
// root made yesterday or brought by a user cannot sign for a whole ten years
// more; but less than a day is refused, as is a signer that is not valid yet, or
// by whose rules, such as name constraints, the leaf would not be accepted.
func (c Certificate) Mint(n Names, signer *Pair, key KeySpec, from time.Time) (Pair, error) {
	patterns := append(append([]string(nil), c.DNS...), c.IPs...)
	if err := n.check(c.Name, patterns).Err(); err != nil {
		return Pair{}, err
	}
	if c.Authority() != (signer == nil) {
		return Pair{}, fmt.Errorf("%s: a leaf is minted with a signer, an authority without one", c.Name)
	}
	template, err := c.template(n, from)
	if err != nil {
		return Pair{}, err
	}
	parent, parentKey := template, crypto.Signer(nil)
	if signer != nil {
		if parent, parentKey, err = c.openSigner(*signer); err != nil {
			return Pair{}, err
		}
		if err := c.limit(template, parent); err != nil {
			return Pair{}, err
		}
	}
	own, err := key.generate()
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	if parentKey == nil {
		parentKey = own
	}
	pair, err := c.sign(template, parent, own, parentKey, signer)
	if err != nil {
		return Pair{}, err
	}
	return pair, c.accepted(pair, signer, n)
}

// sign writes the pair.
func (c Certificate) sign(template, parent *x509.Certificate, own, parentKey crypto.Signer, signer *Pair) (Pair, error) {
	id, err := keyID(own.Public())
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	template.KeyUsage = c.keyUsage(own.Public())
	template.SubjectKeyId, template.AuthorityKeyId = id, parent.SubjectKeyId
	if signer == nil {
		template.AuthorityKeyId = id
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, own.Public(), parentKey)
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	private, err := encodeKey(own)
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	pair := Pair{Cert: encodeCert(der), Key: private}
	if c.AppendSigner {
		pair.Cert = append(pair.Cert, signer.Cert...)
	}
	return pair, nil
}

// template is the certificate before it has a key.
func (c Certificate) template(n Names, from time.Time) (*x509.Certificate, error) {
	serial, err := serialNumber()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	from = from.UTC().Truncate(time.Second)
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               c.subject(),
		NotBefore:             from,
		NotAfter:              from.Add(c.Life),
		ExtKeyUsage:           c.Use,
		BasicConstraintsValid: true,
		IsCA:                  c.Authority(),
		DNSNames:              n.expand(c.DNS),
	}
	for _, ip := range n.expand(c.IPs) {
		t.IPAddresses = append(t.IPAddresses, net.ParseIP(ip))
	}
	return t, nil
}

// subject gives the distinguished name, with an authority's default.
func (c Certificate) subject() pkix.Name {
	s := c.Subject
	if s.CommonName == "" {
		s.CommonName, s.OrganizationalUnit = c.Name, "openshift"
	}
	name := pkix.Name{CommonName: s.CommonName, Organization: s.Organization}
	if s.OrganizationalUnit != "" {
		name.OrganizationalUnit = []string{s.OrganizationalUnit}
	}
	return name
}

// keyUsage says what the key is good for. Only an RSA key can encipher another
// key, as the oldest ways of TLS have it (RFC 8813, section 3).
func (c Certificate) keyUsage(public crypto.PublicKey) x509.KeyUsage {
	if c.NoKeyUsage {
		return 0
	}
	usage := x509.KeyUsageDigitalSignature
	if _, isRSA := public.(*rsa.PublicKey); isRSA {
		usage |= x509.KeyUsageKeyEncipherment
	}
	if c.Authority() {
		usage |= x509.KeyUsageCertSign
	}
	return usage
}

// openSigner reads the signer and sees that its two halves belong together.
func (c Certificate) openSigner(signer Pair) (*x509.Certificate, crypto.Signer, error) {
	problem := func(detail string) error { return diag.Problem{Path: c.Signer, Detail: detail} }
	cert, err := parseCert(signer.Cert)
	if err != nil {
		return nil, nil, problem(err.Error())
	}
	key, err := parseKey(signer.Key)
	if err != nil {
		return nil, nil, problem(err.Error())
	}
	if !samePublic(key.Public(), cert.PublicKey) {
		return nil, nil, problem(errKeyMismatch.Error())
	}
	if !cert.IsCA {
		return nil, nil, problem(errNotAuthority.Error())
	}
	return cert, key, nil
}

// limit keeps the leaf's life within its signer's.
func (c Certificate) limit(leaf, signer *x509.Certificate) error {
	if leaf.NotBefore.Before(signer.NotBefore) {
		return diag.Problem{
			Path:   c.Name,
			Detail: fmt.Sprintf("its signer %s is not valid before %s, and it is %s now", c.Signer, stamp(signer.NotBefore), stamp(leaf.NotBefore)),
			Hint:   "set this machine's clock; if it was wrong when " + c.Signer + " was made, start over in a new directory",
		}
	}
	if leaf.NotAfter.After(signer.NotAfter) {
		leaf.NotAfter = signer.NotAfter
	}
	if leaf.NotAfter.Sub(leaf.NotBefore) < min(c.Life, Day) {
		return diag.Problem{
			Path:   c.Name,
			Detail: fmt.Sprintf("its signer %s ends at %s, which leaves less than 24 hours", c.Signer, stamp(signer.NotAfter)),
			Hint:   "replace " + c.Signer + " by one that lives longer",
		}
	}
	return nil
}

// serialNumber is random, positive and at most 127 bits long.
func serialNumber() (*big.Int, error) {
	var b [16]byte
	for {
		if _, err := rand.Read(b[:]); err != nil {
			return nil, err
		}
		b[0] &= 0x7f
		if n := new(big.Int).SetBytes(b[:]); n.Sign() > 0 {
			return n, nil
		}
	}
}

// keyID is the key identifier of RFC 7093, method 4, cut to the usual 160 bits:
// the SHA-256 of the SubjectPublicKeyInfo.
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return sum[:20], nil
}

var (
	errNoCert         = errors.New("holds no certificate in PEM form")
	errUnreadableCert = errors.New("holds a certificate that is damaged")
	errKeyMismatch    = errors.New("the certificate and the private key do not belong together")
	errNotAuthority   = errors.New("is not the certificate of an authority: its CA flag is not set")
)

// parseCert reads the first certificate of a PEM file.
func parseCert(data []byte) (*x509.Certificate, error) {
	certs, err := parseCerts(data)
	if err != nil {
		return nil, err
	}
	return certs[0], nil
}

// parseCerts reads all certificates of a PEM file: at least one.
func parseCerts(data []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errUnreadableCert
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errNoCert
	}
	return certs, nil
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// pem gives the bundle's file: the certificates of its authorities in the row's
// order, from certs by name.
func (b Bundle) pem(certs map[string]Pair) ([]byte, error) {
	var out bytes.Buffer
	for _, name := range b.Authorities {
		pair, ok := certs[name]
		if !ok {
			return nil, fmt.Errorf("%s: the authority %s is missing", b.Name, name)
		}
		list, err := parseCerts(pair.Cert)
		if err != nil {
			return nil, fmt.Errorf("%s: the authority %s %w", b.Name, name, err)
		}
		for _, cert := range list {
			out.Write(encodeCert(cert.Raw))
		}
	}
	return out.Bytes(), nil
}

// bundlePEM is PEM for the bundle called name.
func bundlePEM(name string, certs map[string]Pair) ([]byte, error) {
	b, ok := LookupBundle(name)
	if !ok {
		return nil, fmt.Errorf("there is no bundle called %s", quote(name))
	}
	return b.pem(certs)
}

// stamp writes a moment for a reader of errors.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
