package installconfig

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/pemfile"
)

// validateTrustBundle checks that additionalTrustBundle holds certificates and
// nothing that only looks like one. Text before and between the blocks is allowed, as
// openssl writes it; after the last block there may only be blank lines.
func validateTrustBundle(c *InstallConfig, f *findings) {
	const path = "additionalTrustBundle"
	const hint = "write additionalTrustBundle: | and the certificates below it, indented, each from its BEGIN to its END line"
	if strings.TrimSpace(c.AdditionalTrustBundle) == "" {
		if f.given(path) {
			f.warn(path, "is empty", "remove it, or write the certificates below it, indented")
		}
		return
	}
	if c.Proxy == nil && c.AdditionalTrustBundlePolicy == "Proxyonly" {
		f.warn(path, "is given without a proxy, and the cluster trusts it only where there is one",
			"write additionalTrustBundlePolicy: Always if it is for a mirror or anything else")
	}
	t := textOf(path, c.AdditionalTrustBundle, f)
	contents := pemfile.Read([]byte(c.AdditionalTrustBundle))
	for _, fault := range contents.Faults {
		if !t.literal {
			fault.Hint = hint // its lines may not be where the file has them
		}
		if fault.Line <= len(t.lines) {
			if char, _, odd := diag.Odd(t.lines[fault.Line-1]); odd {
				fault.Detail += "; it has " + diag.Rune(char) + " in it"
			}
		}
		t.fail(fault.Line, fault.Column, fault.Detail, fault.Hint)
	}
	for i, block := range contents.Blocks {
		n := i + 1
		switch certificate, err := x509.ParseCertificate(block.Bytes); {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			t.fail(block.Line, 1, fmt.Sprintf("block %d is a private key, which everybody in the cluster could read", n),
				"remove it, and replace the key if this file was passed on")
		case block.Type == "TRUSTED CERTIFICATE":
			t.fail(block.Line, 1, fmt.Sprintf("block %d is a certificate in OpenSSL's own form, which only OpenSSL reads", n),
				"write what this prints: openssl x509 -in FILE")
		case block.Type != "CERTIFICATE":
			t.fail(block.Line, 1, fmt.Sprintf("block %d is not a certificate", n), hint)
		case err != nil:
			t.fail(block.Line, 1, fmt.Sprintf("block %d is not a certificate that can be read: some of it is lost or changed", n),
				"copy it again, from its first line to its last")
		case certificate.Version < 3:
			t.warn(block.Line,
				fmt.Sprintf("certificate %d (%s) is of version %d, which Go programs do not trust as an authority",
					n, shorten(certificate.Subject.String()), certificate.Version),
				"")
		case !certificate.IsCA:
			t.warn(block.Line, fmt.Sprintf("certificate %d (%s) is not of an authority", n, shorten(certificate.Subject.String())),
				"add the certificate that signed it instead")
		}
	}
	switch {
	case len(contents.Faults) > 0 || contents.RestLine == 0:
	case len(contents.Blocks) == 0:
		detail, next := notPEM(c.AdditionalTrustBundle, hint)
		f.fail(path, detail, next)
	default:
		t.fail(contents.RestLine, 1, "has text after the last certificate that is none", "remove it, or complete the certificate there")
	}
}

// notPEM says what a text without certificates is instead.
func notPEM(text, otherwise string) (detail, hint string) {
	decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	switch {
	case err != nil || len(decoded) == 0:
		return "holds no certificate", otherwise
	case bytes.Contains(decoded, []byte("-----BEGIN ")):
		return "is the base64 of certificates in PEM", "write what it stands for: base64 -d prints it"
	}
	if _, err := x509.ParseCertificates(decoded); err == nil {
		return "is the base64 of a certificate, without its BEGIN and END lines",
			"write -----BEGIN CERTIFICATE----- on a line before it, and -----END CERTIFICATE----- on a line behind it"
	}
	return "holds no certificate", otherwise
}
