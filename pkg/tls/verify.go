package tls

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Verify sees that a pair is what Mint makes of the row: whole, with the row's
// subject and, for a leaf, accepted by whoever trusts the signer, for the row's
// uses and for the names that n has. The signer is nil for an authority. Whether
// it is valid now is not its concern.
func (c Certificate) Verify(pair Pair, signer *Pair, n Names) error {
	if _, err := pair.Check(); err != nil {
		return err
	}
	cert, err := parseCert(pair.Cert)
	if err != nil {
		return err
	}
	if want := c.subject(); !sameName(cert.Subject, want) {
		return fmt.Errorf("its subject is %s and not %s", quote(nameOf(cert.Subject)), want)
	}
	if !c.Authority() {
		return c.trusted(cert, signer, n)
	}
	if !cert.IsCA {
		return errNotAuthority
	}
	if cert.CheckSignatureFrom(cert) != nil {
		return errors.New("it is not signed by its own key")
	}
	return nil
}

// sameName compares what these certificates use of a name. The order of groups
// is the encoding's.
func sameName(a, b pkix.Name) bool {
	same := func(a, b []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
	}
	return a.CommonName == b.CommonName && same(a.Organization, b.Organization) && same(a.OrganizationalUnit, b.OrganizationalUnit)
}

// trusted tells why somebody who knows nothing but the signer would not accept
// the leaf, as a server or a client of its names.
func (c Certificate) trusted(leaf *x509.Certificate, signer *Pair, n Names) error {
	if signer == nil {
		return fmt.Errorf("its signer %s is missing", c.Signer)
	}
	parent, err := parseCert(signer.Cert)
	if err != nil {
		return fmt.Errorf("its signer %s %w", c.Signer, err)
	}
	for _, name := range n.expand(append(slices.Clone(c.DNS), c.IPs...)) {
		if leaf.VerifyHostname(name) != nil {
			return fmt.Errorf("it is not valid for %s", name)
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(parent)
	at := leaf.NotBefore
	if parent.NotBefore.After(at) {
		at = parent.NotBefore
	}
	for _, use := range c.Use {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
		if err != nil {
			return &untrusted{signer: c.Signer, leaf: leaf, use: use, cause: err}
		}
	}
	return nil
}

// untrusted is that a leaf does not verify against its signer.
type untrusted struct {
	signer string
	leaf   *x509.Certificate
	use    x509.ExtKeyUsage
	cause  error
}

func (e *untrusted) Error() string {
	return fmt.Sprintf("a program that trusts %s does not accept it for %s: %s", e.signer, useName(e.use), e.why())
}

// why says what of the signer rules the leaf out.
func (e *untrusted) why() string {
	var invalid x509.CertificateInvalidError
	var critical x509.UnhandledCriticalExtension
	switch {
	case errors.As(e.cause, &critical):
		return "the certificate of " + e.signer + " has a critical extension that the programs of a cluster do not know"
	case !errors.As(e.cause, &invalid):
		return "it is not signed by " + e.signer
	}
	switch invalid.Reason {
	case x509.CANotAuthorizedForThisName, x509.NameConstraintsWithoutSANs, x509.TooManyConstraints, x509.UnconstrainedName, x509.NameMismatch:
		return "the name constraints of " + e.signer + " exclude a name that it must have (" + strings.Join(describe(e.leaf).SANs, ", ") + ")"
	case x509.IncompatibleUsage, x509.CANotAuthorizedForExtKeyUsage:
		whose := e.signer
		if !slices.Contains(e.leaf.ExtKeyUsage, e.use) {
			whose = "the certificate"
		}
		return "the extended key usage of " + whose + " has no " + useNames([]x509.ExtKeyUsage{e.use})
	case x509.NotAuthorizedToSign:
		return e.signer + " may not sign certificates"
	case x509.Expired:
		return "the two are never valid at the same time"
	default:
		return "the rules of " + e.signer + " exclude it"
	}
}

// hint says what to do about the signer.
func (e *untrusted) hint() string {
	var invalid x509.CertificateInvalidError
	if errors.As(e.cause, &invalid) && (invalid.Reason == x509.IncompatibleUsage || invalid.Reason == x509.CANotAuthorizedForExtKeyUsage) {
		return "use an authority without an extended key usage, or with " + useNames([]x509.ExtKeyUsage{e.use}) + " in it"
	}
	return "use an authority whose rules allow these names, or one without name constraints; or remove it with its key to have it made"
}

// accepted is the last look at a pair that was just made.
func (c Certificate) accepted(pair Pair, signer *Pair, n Names) error {
	err := c.Verify(pair, signer, n)
	var refused *untrusted
	if errors.As(err, &refused) {
		return diag.Problem{Path: c.Signer, Detail: "cannot sign " + c.Name + ": " + refused.why(), Hint: refused.hint()}
	}
	return err
}

// trial signs, with keys that are thrown away, all leaves that a user's authority
// will have to sign, and returns what is wrong with it.
func (p *provided) trial(n Names, files map[string][]byte) diag.Problems {
	signer, err := p.pair(nil)
	if err != nil {
		return diag.Problems{problem(keyFile(p.row.Name), err.Error(), "")}
	}
	var ps diag.Problems
	for _, leaf := range leaves(p.row.Name) {
		if present(files, leaf.Name) {
			continue
		}
		_, err := leaf.Mint(n, &signer, KeySpec{Algorithm: ECDSA, Curve: "P256"}, p.certs[0].NotBefore)
		var refused diag.Problem
		if errors.As(err, &refused) && refused.Path == p.row.Name {
			ps = append(ps, problem(certFile(p.row.Name), refused.Detail, refused.Hint))
		}
	}
	return ps
}

// Check sees that the pair's halves are whole and belong together, in the form
// that NewKeyPair writes for the row called name.
func (p KeyPair) Check(name string) error {
	i := slices.IndexFunc(KeyPairs, func(r KeyPairRow) bool { return r.Name == name })
	if i < 0 {
		return fmt.Errorf("there is no key pair called %s", quote(name))
	}
	private, err := parseKey(p.Private)
	if err != nil {
		return err
	}
	whole, err := KeyPairs[i].encode(private)
	if err != nil {
		return err
	}
	if !bytes.Equal(bytes.TrimSpace(whole.Public), bytes.TrimSpace(p.Public)) {
		return errors.New("its public half is not that of the private key")
	}
	return nil
}

func useName(use x509.ExtKeyUsage) string {
	if use == x509.ExtKeyUsageServerAuth {
		return "servers"
	}
	return "clients"
}

// useNames writes uses as OpenSSL's extendedKeyUsage does.
func useNames(uses []x509.ExtKeyUsage) string {
	names := map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth"}
	var out []string
	for _, u := range uses {
		out = append(out, names[u])
	}
	return strings.Join(out, ",")
}
