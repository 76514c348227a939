package manifests

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// userBundleName is the ConfigMap with the user's bundle, to which the Proxy object refers.
const userBundleName = "user-ca-bundle"

// userTrustBundle leaves out the text that may stand between the certificates of
// the field.
func userTrustBundle(in Inputs) (values, error) {
	if in.Config.AdditionalTrustBundle == "" {
		return nil, nil
	}
	certs, err := certificates([]byte(in.Config.AdditionalTrustBundle))
	if err != nil {
		return nil, fmt.Errorf("additionalTrustBundle: %w", err)
	}
	var text bytes.Buffer
	for _, c := range certs {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return values{"bundle": text.String()}, nil
}

func rootCA(in Inputs) (values, error) { return values{"rootCA": string(in.RootCA)}, nil }

func serverAuthority(in Inputs) (values, error) {
	v, _, err := dated("root CA", in.RootCA, in.RootCAKey)
	return v, err
}

func serverCertificate(in Inputs) (values, error) {
	v, serving, err := dated("machine-config server certificate", in.MCSCert, in.MCSKey)
	if err == nil {
		v["hostnames"] = hostnames(serving)
	}
	return v, err
}

// dated are a certificate and its key, with the dates by which the inventory of
// the cluster's certificates knows when it ends.
func dated(what string, cert, key []byte) (values, *x509.Certificate, error) {
	c, err := certificate(what, cert)
	if err != nil {
		return nil, nil, err
	}
	return values{
		"certificate": encoded(cert), "key": encoded(key),
		"notBefore": c.NotBefore.UTC().Format(time.RFC3339), "notAfter": c.NotAfter.UTC().Format(time.RFC3339),
	}, c, nil
}

// hostnames lists all names of a certificate, sorted, with commas.
func hostnames(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}

// certificate reads the first certificate of a PEM text.
func certificate(what string, data []byte) (*x509.Certificate, error) {
	certs, err := certificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return certs[0], nil
}

// certificates reads a PEM text that holds at least one certificate. Other
// blocks are an error.
func certificates(data []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d (%s) is not a certificate", len(out)+1, block.Type)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("holds no PEM certificate")
	}
	return out, nil
}
