package inspect

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Certificate is what a certificate says about itself.
type Certificate struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// Names are the host names and addresses that it is good for.
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// Key is the kind of key, such as rsa-2048.
	Key string `json:"key"`
	CA  bool   `json:"ca"`
	// Uses are what a leaf may be shown for: server, client.
	Uses []string `json:"uses,omitempty"`
	// SelfSigned tells that its own key signed it.
	SelfSigned bool `json:"selfSigned"`

	sum [32]byte
}

// maxCertificates is how many certificates of one file are looked at.
const maxCertificates = 500

// Certificates finds the certificates in a file, each once: as PEM, and as
// base64 of PEM, as a kubeconfig or a Kubernetes secret has it.
func Certificates(data []byte) []Certificate {
	f := finder{seen: map[[32]byte]bool{}}
	f.find(data, 0)
	return f.found
}

type finder struct {
	found []Certificate
	seen  map[[32]byte]bool
}

var pemStart = []byte("-----BEGIN")

// encodedPEM finds base64 of text that begins as PEM does.
var encodedPEM = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/]+=*`) })

func (f *finder) find(data []byte, depth int) {
	if bytes.Contains(data, pemStart) {
		for block, rest := pem.Decode(data); block != nil && len(f.found) < maxCertificates; block, rest = pem.Decode(rest) {
			if block.Type == "CERTIFICATE" {
				f.add(block.Bytes)
			}
		}
	}
	if depth > 0 {
		return
	}
	for _, text := range encodedPEM().FindAll(data, maxCertificates) {
		if decoded, err := base64.StdEncoding.DecodeString(string(text)); err == nil {
			f.find(decoded, depth+1)
		}
	}
}

func (f *finder) add(der []byte) {
	c, err := x509.ParseCertificate(der)
	sum := sha256.Sum256(der)
	if err != nil || f.seen[sum] {
		return
	}
	f.seen[sum] = true
	d := Certificate{
		Subject: diag.Printable(c.Subject.String()), Issuer: diag.Printable(c.Issuer.String()),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Key: keyKind(c.PublicKey), CA: c.IsCA,
		SelfSigned: bytes.Equal(c.RawIssuer, c.RawSubject) && (c.AuthorityKeyId == nil || bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId)),
		sum:        sum,
	}
	for _, name := range c.DNSNames {
		d.Names = append(d.Names, diag.Printable(name))
	}
	for _, ip := range c.IPAddresses {
		if name := ip.String(); !slices.Contains(d.Names, name) {
			d.Names = append(d.Names, name)
		}
	}
	for _, use := range c.ExtKeyUsage {
		switch use {
		case x509.ExtKeyUsageServerAuth:
			d.Uses = append(d.Uses, "server")
		case x509.ExtKeyUsageClientAuth:
			d.Uses = append(d.Uses, "client")
		}
	}
	f.found = append(f.found, d)
}

func keyKind(public any) string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa-%d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ecdsa-" + strings.ToLower(strings.ReplaceAll(k.Curve.Params().Name, "-", ""))
	case ed25519.PublicKey:
		return "ed25519"
	}
	return "another kind of key"
}

// Words says what the certificate is and until when it is good, seen from now,
// on one line.
func (c Certificate) Words(now time.Time) string {
	what := "certificate"
	switch {
	case c.CA:
		what = "authority"
	case slices.Contains(c.Uses, "server") && slices.Contains(c.Uses, "client"):
		what = "server and client certificate"
	case len(c.Uses) > 0:
		what = c.Uses[0] + " certificate"
	}
	words := what + " " + c.Subject
	if len(c.Names) > 0 {
		words += " for " + strings.Join(c.Names, ", ")
	}
	if c.SelfSigned {
		words += ", signed by itself"
	} else {
		words += ", signed by " + c.Issuer
	}
	return words + ", " + c.Validity(now) + ", " + c.Key
}

// Validity says in words until when the certificate is good.
func (c Certificate) Validity(now time.Time) string {
	switch {
	case now.Before(c.NotBefore):
		return "not good before " + stamp(c.NotBefore)
	case now.After(c.NotAfter):
		return "expired " + stamp(c.NotAfter)
	}
	return "good until " + stamp(c.NotAfter) + ", for " + span(c.NotAfter.Sub(now))
}

func stamp(t time.Time) string { return t.Format(diag.ToTheMinute) }

// span is a time as people say it, roughly.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*365*day:
		return fmt.Sprintf("%d years", d/(365*day))
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	}
	return diag.Hours(d)
}
