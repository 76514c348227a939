package tls

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Info is what a certificate says, without anything secret.
type Info struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// SANs holds the subject alternative names, each once: DNS names, then
	// addresses.
	SANs      []string  `json:"sans,omitempty"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// Key is the kind of key, such as rsa-2048 or ecdsa-p256.
	Key string `json:"key"`
	CA  bool   `json:"ca"`
}

// Describe lists the certificates of a PEM file in its order. Other blocks are
// passed over. The error says that there are none, or that one is damaged.
func Describe(data []byte) ([]Info, error) {
	certs, err := parseCerts(data)
	if err != nil {
		return nil, err
	}
	out := make([]Info, 0, len(certs))
	for _, c := range certs {
		out = append(out, describe(c))
	}
	return out, nil
}

func describe(c *x509.Certificate) Info {
	info := Info{
		Subject:   nameOf(c.Subject),
		Issuer:    nameOf(c.Issuer),
		NotBefore: c.NotBefore.UTC(),
		NotAfter:  c.NotAfter.UTC(),
		Key:       keySpecOf(c.PublicKey),
		CA:        c.IsCA,
	}
	for _, name := range c.DNSNames {
		info.SANs = append(info.SANs, diag.Printable(name))
	}
	for _, ip := range c.IPAddresses {
		// An address may stand there as a DNS name too, for old clients.
		if !slices.Contains(info.SANs, ip.String()) {
			info.SANs = append(info.SANs, ip.String())
		}
	}
	return info
}

func nameOf(n pkix.Name) string { return diag.Printable(n.String()) }

// State says whether a certificate is good enough to boot a cluster with.
type State string

// The states, from best to worst.
const (
	// Fresh leaves at least 12 hours, which a cluster needs to come up in peace.
	Fresh State = "fresh"
	// Stale leaves less than 12 hours: it may still do.
	Stale State = "stale"
	// NotYetValid means that the clock is behind the one at its making.
	NotYetValid State = "not yet valid"
	Expired     State = "expired"
	// noCertificate means that the file holds no certificate.
	noCertificate State = "unreadable"
)

// Margin is the life that a certificate should have left when machines boot.
// For the 24-hour certificates it says: boot within 12 hours of their making.
const Margin = 12 * time.Hour

// rank orders states from best to worst.
func (s State) rank() int {
	for i, t := range []State{Fresh, Stale, NotYetValid, Expired, noCertificate} {
		if s == t {
			return i
		}
	}
	return 0
}

// Worse returns the worse of two states.
func Worse(a, b State) State {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// Bootable reports whether a cluster can be booted with a certificate in this
// state.
func (s State) Bootable() bool { return s == Fresh || s == Stale }

// State gives the info's state at now.
func (i Info) State(now time.Time) State {
	switch {
	case now.After(i.NotAfter):
		return Expired
	case now.Before(i.NotBefore):
		return NotYetValid
	case now.After(i.NotAfter.Add(-Margin)):
		return Stale
	}
	return Fresh
}

// Check reads the pair and tells what its certificate says, or that one of its
// halves is damaged or is not the other's.
func (p Pair) Check() (Info, error) {
	cert, err := parseCert(p.Cert)
	if err != nil {
		return Info{}, err
	}
	key, err := parseKey(p.Key)
	if err != nil {
		return Info{}, err
	}
	if !samePublic(key.Public(), cert.PublicKey) {
		return Info{}, errKeyMismatch
	}
	return describe(cert), nil
}

// Finding is what Check says about one certificate.
type Finding struct {
	Name    string `json:"name"`
	Purpose string `json:"purpose,omitempty"`
	State   State  `json:"state"`
	Info
}

// Verdict is what Check says about a set of certificates.
type Verdict struct {
	// State is the worst of all.
	State State `json:"state"`
	// BootBy is until when machines should have been booted: 12 hours before
	// the first certificate ends. Zero if the set has no 24-hour certificates,
	// since nobody boots from it yet.
	BootBy time.Time `json:"bootBy,omitzero"`
	// BootAtLatest is when the first certificate ends: what has not come up by
	// then never will. Zero as BootBy is.
	BootAtLatest time.Time `json:"bootAtLatest,omitzero"`
	Certificates []Finding `json:"certificates"`
}

// Check looks at certificates by name at now. Findings come in the order of the
// table; names that it does not have are left out.
func Check(certs map[string]Pair, now time.Time) Verdict {
	v := Verdict{State: Fresh, Certificates: []Finding{}}
	var first time.Time
	short := false
	for _, row := range Certificates {
		pair, ok := certs[row.Name]
		if !ok {
			continue
		}
		f := Finding{Name: row.Name, Purpose: row.Purpose, State: noCertificate}
		if cert, err := parseCert(pair.Cert); err == nil {
			f.Info = describe(cert)
			f.State = f.Info.State(now)
			if first.IsZero() || f.NotAfter.Before(first) {
				first = f.NotAfter
			}
			short = short || row.Short()
		}
		v.State = Worse(v.State, f.State)
		v.Certificates = append(v.Certificates, f)
	}
	if short {
		v.BootBy, v.BootAtLatest = first.Add(-Margin), first
	}
	return v
}
