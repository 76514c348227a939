package installconfig

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// validateTrustBundle checks that additionalTrustBundle holds certificates and
// nothing that only looks like one. Text before and between the blocks is allowed, as
// openssl writes it; after the last block there may only be blank lines.
func validateTrustBundle(c *InstallConfig, f *findings) {
	const path = "additionalTrustBundle"
	const hint = "write additionalTrustBundle: | and the certificates below it, indented, each from its BEGIN to its END line"
	if c.AdditionalTrustBundle == "" {
		return
	}
	if c.Proxy == nil && c.AdditionalTrustBundlePolicy == "Proxyonly" {
		f.warn(path, "is given without a proxy, and the cluster trusts it only where there is one", "write additionalTrustBundlePolicy: Always if it is for a mirror or anything else")
	}
	rest := []byte(c.AdditionalTrustBundle)
	for n := 1; ; n++ {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		// pem.Decode skips a block that it cannot read as if it were text.
		if skipped := rest[:len(rest)-len(after)]; bytes.Count(skipped, []byte("-----BEGIN ")) > 1 {
			f.fail(path, fmt.Sprintf("block %d cannot be read", n), hint)
			return
		}
		rest = after
		switch certificate, err := x509.ParseCertificate(block.Bytes); {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			f.fail(path, fmt.Sprintf("block %d is a private key, which everybody in the cluster could read", n), "remove it, and replace the key if this file was passed on")
		case block.Type != "CERTIFICATE":
			f.fail(path, fmt.Sprintf("block %d is not a certificate", n), hint)
		case err != nil:
			f.fail(path, fmt.Sprintf("block %d is not a certificate that can be read", n), hint)
		case certificate.Version < 3:
			f.warn(path, fmt.Sprintf("certificate %d (%s) is of version %d, which Go programs do not trust as an authority", n, shorten(certificate.Subject.String()), certificate.Version), "")
		case !certificate.IsCA:
			f.warn(path, fmt.Sprintf("certificate %d (%s) is not of an authority", n, shorten(certificate.Subject.String())), "add the certificate that signed it instead")
		}
	}
	switch {
	case len(bytes.TrimSpace(rest)) == 0:
	case len(rest) == len(c.AdditionalTrustBundle):
		f.fail(path, "holds no certificate", hint)
	default:
		f.fail(path, "has text after the last certificate that is none", "remove it, or complete the certificate there")
	}
}
