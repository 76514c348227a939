package tls

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/pemfile"
)

// maxPEM is more than any file of certificates or keys needs, in bytes.
const maxPEM = 1 << 20

// provided is what a user brought for one row.
type provided struct {
	row   Certificate
	certs []*x509.Certificate
	key   crypto.Signer
}

// Provided reads the certificates that a user brought instead of minted ones:
// any of the table's rows, as tls/<name>.crt with tls/<name>.key in files, by
// slash path. Other files are passed over, but for those whose name looks like
// a slip.
//
// A leaf needs its signer beside it, since whoever is shown the leaf knows it
// by the signer. The pairs that come back are written again: keys in the form
// that Mint uses, certificates without what stands between the PEM blocks.
//
// The error is diag.Problems with everything that is wrong, by file.
func Provided(files map[string][]byte, n Names, now time.Time) (map[string]Pair, error) {
	ps := misspelt(files)
	found := map[string]*provided{}
	for _, row := range Certificates {
		p, problems := read(row, files)
		ps = append(ps, problems...)
		if p == nil {
			continue
		}
		found[row.Name] = p
		ps = append(ps, p.checkLife(now)...)
		if row.Authority() {
			authority := p.checkAuthority()
			if len(authority) == 0 {
				authority = p.trial(n, files)
			}
			ps = append(ps, authority...)
			continue
		}
		ps = append(ps, p.checkUse(n)...)
		if signer := found[row.Signer]; signer != nil {
			ps = append(ps, p.checkSigner(signer)...)
		} else if !present(files, row.Signer) {
			ps = append(ps, problem(certFile(row.Name),
				fmt.Sprintf("its signer's files %s and %s are missing", certFile(row.Signer), keyFile(row.Signer)),
				"add them, or remove "+certFile(row.Name)+" and "+keyFile(row.Name)+" to have them made"))
		}
	}
	if len(ps) > 0 {
		return nil, ps.Err()
	}
	out := map[string]Pair{}
	for name, p := range found {
		pair, err := p.pair(found[p.row.Signer])
		if err != nil {
			return nil, diag.Problems{problem(keyFile(name), err.Error(), "")}
		}
		out[name] = pair
	}
	return out, nil
}

func certFile(name string) string { return "tls/" + name + ".crt" }
func keyFile(name string) string  { return "tls/" + name + ".key" }

func present(files map[string][]byte, name string) bool {
	_, hasCert := files[certFile(name)]
	_, hasKey := files[keyFile(name)]
	return hasCert || hasKey
}

func problem(file, detail, hint string) diag.Problem {
	return diag.Problem{Position: diag.Position{File: file}, Detail: detail, Hint: hint}
}

// read parses the row's two files. It returns nil without problems if there
// are none, and nil with problems if they are of no use.
func read(row Certificate, files map[string][]byte) (*provided, diag.Problems) {
	certPEM, hasCert := files[certFile(row.Name)]
	keyPEM, hasKey := files[keyFile(row.Name)]
	if !hasCert && !hasKey {
		return nil, nil
	}
	var ps diag.Problems
	p := &provided{row: row}
	var err error
	switch {
	case !hasCert:
		ps = append(ps, missing(certFile(row.Name), keyFile(row.Name)))
	default:
		p.certs, err = readCerts(certPEM)
		ps = append(ps, unreadable(certFile(row.Name), certPEM, err, "write it as a PEM block that begins with -----BEGIN CERTIFICATE-----")...)
	}
	switch {
	case !hasKey:
		ps = append(ps, missing(keyFile(row.Name), certFile(row.Name)))
	default:
		p.key, err = readKey(keyPEM)
		ps = append(ps, unreadable(keyFile(row.Name), keyPEM, err, keyHint(err))...)
	}
	if len(ps) == 0 && !samePublic(p.key.Public(), p.certs[0].PublicKey) {
		ps = append(ps, problem(certFile(row.Name), "its public key is not that of "+keyFile(row.Name),
			"put the certificate and the key of one pair there; the certificate comes first in a file with several"))
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return p, nil
}

// unreadable says why a file cannot be read: the lines that are the fault, where they
// are known, or else err. A block that is damaged is also reported beside others that
// are not, since nobody puts one there to be passed over.
func unreadable(file string, data []byte, err error, hint string) diag.Problems {
	if errors.Is(err, errTooLarge) {
		return diag.Problems{problem(file, err.Error(), hint)}
	}
	var ps diag.Problems
	for _, fault := range pemfile.Read(data).Faults {
		p := problem(file, fault.Detail, fault.Hint)
		p.Line, p.Column = fault.Line, fault.Column
		ps = append(ps, p)
	}
	if err != nil && len(ps) == 0 {
		ps = diag.Problems{problem(file, err.Error(), hint)}
	}
	return ps
}

func missing(file, other string) diag.Problem {
	return problem(file, "is missing, though "+other+" is there", "add it, or remove "+other+" to have both made")
}

var errTooLarge = errors.New("is larger than 1 MiB, so it cannot be a certificate or a key")

func readCerts(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxPEM {
		return nil, errTooLarge
	}
	return parseCerts(pemfile.Unix(data))
}

func readKey(data []byte) (crypto.Signer, error) {
	if len(data) > maxPEM {
		return nil, errTooLarge
	}
	return parseKey(pemfile.Unix(data))
}

func keyHint(err error) string {
	switch {
	case errors.Is(err, errEncryptedKey):
		return "write it without a passphrase: openssl pkey -in FILE -out FILE.plain"
	case errors.Is(err, errUnsupportedKey):
		return "use an RSA key of 2048 bits or more, or an ECDSA key on P-256, P-384 or P-521"
	case errors.Is(err, errTooLarge):
		return ""
	}
	return "write one private key as a PEM block, without a passphrase"
}

// checkLife looks at the clock. An authority must outlive the 24-hour
// certificates that it signs now.
func (p *provided) checkLife(now time.Time) diag.Problems {
	cert, file := p.certs[0], certFile(p.row.Name)
	switch {
	case now.Before(cert.NotBefore):
		return diag.Problems{problem(file, "is not valid before "+stamp(cert.NotBefore), "check this machine's clock, which says "+stamp(now))}
	case now.After(cert.NotAfter):
		return diag.Problems{problem(file, "has expired at "+stamp(cert.NotAfter), "renew it, or remove it with its key to have it made")}
	case p.row.Authority() && cert.NotAfter.Sub(now) < Day:
		return diag.Problems{problem(file, "ends at "+stamp(cert.NotAfter)+", which is less than 24 hours from now",
			"use an authority that outlives the cluster's first day")}
	}
	return nil
}

func (p *provided) checkAuthority() diag.Problems {
	var ps diag.Problems
	cert, file := p.certs[0], certFile(p.row.Name)
	const hint = "make it with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign,digitalSignature"
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		ps = append(ps, problem(file, errNotAuthority.Error(), hint))
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		ps = append(ps, problem(file, "may not sign certificates: its key usage lacks keyCertSign", hint))
	}
	return ps
}

// checkSigner sees that the leaf verifies against its signer for all that the
// row says it is used for.
func (p *provided) checkSigner(signer *provided) diag.Problems {
	cert, file := p.certs[0], certFile(p.row.Name)
	parent := signer.certs[0]
	if err := cert.CheckSignatureFrom(parent); err != nil {
		detail := "is not signed by " + certFile(p.row.Signer)
		var insecure x509.InsecureAlgorithmError
		if errors.As(err, &insecure) {
			detail = "is signed with an algorithm that is no longer accepted"
		}
		return diag.Problems{problem(file, detail, "sign it again with "+keyFile(p.row.Signer)+", or remove it with its key to have it made")}
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(parent)
	for _, c := range p.certs[1:] {
		between.AddCert(c)
	}
	var ps diag.Problems
	for _, use := range p.row.Use {
		// The clock has had its say, so that it is held where both are valid.
		at := cert.NotBefore
		if parent.NotBefore.After(at) {
			at = parent.NotBefore
		}
		_, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
		if err != nil {
			refused := &untrusted{signer: p.row.Signer, leaf: cert, use: use, cause: err}
			ps = append(ps, problem(file, "is not accepted as a certificate for "+useName(use)+": "+refused.why(),
				"sign it with extendedKeyUsage="+useNames(p.row.Use)+", by an authority that allows it and its names"))
		}
	}
	return ps
}

// checkUse sees that the cluster will know the leaf: a server by its names, a
// client by its subject.
func (p *provided) checkUse(n Names) diag.Problems {
	var ps diag.Problems
	cert, file := p.certs[0], certFile(p.row.Name)
	if slices.Contains(p.row.Use, x509.ExtKeyUsageServerAuth) {
		var lacks []string
		for _, name := range n.expand(append(slices.Clone(p.row.DNS), p.row.IPs...)) {
			if cert.VerifyHostname(name) != nil && !slices.Contains(lacks, name) {
				lacks = append(lacks, name)
			}
		}
		if len(lacks) > 0 {
			ps = append(ps, problem(file, "is not valid for "+strings.Join(lacks, ", "), "sign it with these as subject alternative names"))
		}
	}
	if want := p.row.subject(); slices.Contains(p.row.Use, x509.ExtKeyUsageClientAuth) {
		same := cert.Subject.CommonName == want.CommonName
		for _, group := range want.Organization {
			same = same && slices.Contains(cert.Subject.Organization, group)
		}
		if !same {
			ps = append(ps, problem(file, "its subject is "+quote(nameOf(cert.Subject))+", to which the cluster gives no rights",
				"sign it with subject "+want.String()))
		}
	}
	return ps
}

// pair writes what was read. A leaf that goes with its signer gets it appended
// if the user's file does not have it.
func (p *provided) pair(signer *provided) (Pair, error) {
	private, err := encodeKey(p.key)
	if err != nil {
		return Pair{}, err
	}
	out := Pair{Key: private}
	certs := p.certs
	if p.row.AppendSigner && !slices.ContainsFunc(certs, signer.certs[0].Equal) {
		certs = append(slices.Clone(certs), signer.certs[0])
	}
	for _, c := range certs {
		out.Cert = append(out.Cert, encodeCert(c.Raw)...)
	}
	return out, nil
}

// misspelt finds files whose names are near to one of the table's: a slip of
// the pen there would quietly make a cluster with other authorities than the
// user's. Names that are far from all belong to someone else.
func misspelt(files map[string][]byte) diag.Problems {
	var known, absent []string
	for _, c := range Certificates {
		known = append(known, certFile(c.Name), keyFile(c.Name))
	}
	for _, b := range bundles {
		known = append(known, certFile(b.Name))
	}
	for _, r := range KeyPairs {
		known = append(known, keyFile(r.Name), "tls/"+r.Name+".pub")
	}
	for _, k := range known {
		if _, ok := files[k]; !ok {
			absent = append(absent, k)
		}
	}
	var ps diag.Problems
	for file := range files {
		if slices.Contains(known, file) || !strings.HasPrefix(file, "tls/") {
			continue
		}
		if near := diag.Nearest(file, absent); near != "" {
			ps = append(ps, problem(file, "is not the name of a certificate or key that is read", "did you mean "+near+"?"))
		}
	}
	return ps
}

// ProvidedKeyPairs reads the key pairs that only a user brings, as
// tls/<name>.key in files. The public half tls/<name>.pub may be left out; if
// it is there it must be that of the key.
//
// The error is diag.Problems.
func ProvidedKeyPairs(files map[string][]byte) (map[string]KeyPair, error) {
	var ps diag.Problems
	out := map[string]KeyPair{}
	for _, row := range KeyPairs {
		if !row.UserOnly {
			continue
		}
		pub := "tls/" + row.Name + ".pub"
		private, hasPrivate := files[keyFile(row.Name)]
		public, hasPublic := files[pub]
		switch {
		case !hasPrivate && hasPublic:
			ps = append(ps, missing(keyFile(row.Name), pub))
			fallthrough
		case !hasPrivate:
			continue
		}
		signer, err := readKey(private)
		if err != nil {
			ps = append(ps, unreadable(keyFile(row.Name), files[keyFile(row.Name)], err, keyHint(err))...)
			continue
		}
		if _, ok := signer.(*rsa.PrivateKey); !ok {
			ps = append(ps, problem(keyFile(row.Name), "is not an RSA key", "tokens of service accounts are signed with RSA: openssl genrsa -out FILE 4096"))
			continue
		}
		if hasPublic && !samePublic(signer.Public(), readPublic(public)) {
			ps = append(ps, problem(pub, "is not the public half of "+keyFile(row.Name),
				"write it again: openssl rsa -in KEY -pubout, or remove it"))
			continue
		}
		pair, err := row.encode(signer)
		if err != nil {
			return nil, diag.Problems{problem(keyFile(row.Name), err.Error(), "")}
		}
		out[row.Name] = pair
	}
	if len(ps) > 0 {
		return nil, ps.Err()
	}
	return out, nil
}

// readPublic reads an RSA public key in either form, or gives nil.
func readPublic(data []byte) crypto.PublicKey {
	if len(data) > maxPEM {
		return nil
	}
	block, _ := pem.Decode(pemfile.Unix(data))
	if block == nil {
		return nil
	}
	if public, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
		return public
	}
	if public, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return public
	}
	return nil
}
