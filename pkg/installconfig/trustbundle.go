package installconfig

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/okd-project/okd-install/pkg/pemfile"
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
		f.warn(path, "is given without a proxy, and the cluster trusts it only where there is one",
			"write additionalTrustBundlePolicy: Always if it is for a mirror or anything else")
	}
	t := textOf(path, c.AdditionalTrustBundle, f)
	contents := pemfile.Read([]byte(c.AdditionalTrustBundle))
	for _, fault := range contents.Faults {
		if !t.literal {
			fault.Hint = hint // its lines may not be where the file has them
		}
		t.fail(fault.Line, fault.Column, fault.Detail, fault.Hint)
	}
	for i, block := range contents.Blocks {
		n := i + 1
		switch certificate, err := x509.ParseCertificate(block.Bytes); {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			t.fail(block.Line, 1, fmt.Sprintf("block %d is a private key, which everybody in the cluster could read", n),
				"remove it, and replace the key if this file was passed on")
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
		f.fail(path, "holds no certificate", hint)
	default:
		t.fail(contents.RestLine, 1, "has text after the last certificate that is none", "remove it, or complete the certificate there")
	}
}
