package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"strings"
	"time"
)

// maxRequest bounds the request inside, in bytes: a kubelet's has less than a thousand.
const maxRequest = 64 << 10

// parsed is the request inside a request.
type parsed struct {
	csr *x509.CertificateRequest
	// alone tells that it is what it should be, and nothing is around it.
	alone bool
}

func parseRequest(data []byte) parsed {
	if len(data) > 2*maxRequest {
		return parsed{}
	}
	block, rest := pem.Decode(data)
	if block == nil || len(block.Bytes) > maxRequest {
		return parsed{}
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		csr = nil
	}
	return parsed{csr, block.Type == "CERTIFICATE REQUEST" && strings.TrimSpace(string(rest)) == ""}
}

// index is what a round knows, by what is looked for in it. Thousands of requests that
// are nobody's must not make each other slow: every one is parsed once.
type index struct {
	parsed map[string]parsed
	// parses counts, for a test.
	parses   int
	declared map[string]DeclaredNode
	// short are the first declared nodes by their first label.
	short map[string]string
	nodes map[string]Node
	// taken are the names of declared nodes and of nodes that have joined, in small letters.
	taken map[string]bool
	// holders and owners are the nodes that have an address, and for which it is declared.
	holders, owners  map[netip.Addr][]string
	rejoin, approved map[string]bool
	// asking are those who ask for a first certificate, by subject.
	asking map[string]*asking
	// first is when the first certificate was asked for that a subject got last, and
	// serving when its serving certificate was.
	first, serving map[string]time.Time
}

// asking are the requests for one node's first certificate.
type asking struct {
	// keys are in the order in which they came.
	keys  []string
	byKey map[string]*asker
	// approved and answered are the first of the keys that were let in by this run,
	// and before it.
	approved, answered string
}

// asker is one machine, as far as its key tells.
type asker struct {
	request string
	pending bool
}

// indexed makes the index of facts.
func indexed(f Facts) *index {
	x := &index{
		parsed: map[string]parsed{}, declared: map[string]DeclaredNode{}, short: map[string]string{},
		nodes: map[string]Node{}, taken: map[string]bool{},
		holders: map[netip.Addr][]string{}, owners: map[netip.Addr][]string{}, rejoin: map[string]bool{}, approved: map[string]bool{},
		asking: map[string]*asking{}, first: map[string]time.Time{}, serving: map[string]time.Time{},
	}
	for _, n := range f.Declared {
		x.declared[n.Name] = n
		if label, _, _ := strings.Cut(n.Name, "."); x.short[label] == "" {
			x.short[label] = n.Name
		}
		x.taken[strings.ToLower(n.Name)] = true
		for _, ip := range n.Addresses {
			x.owners[ip] = append(x.owners[ip], n.Name)
		}
	}
	for _, n := range f.Nodes {
		if _, twice := x.nodes[n.Metadata.Name]; !twice {
			x.nodes[n.Metadata.Name] = n
		}
		x.taken[strings.ToLower(n.Metadata.Name)] = true
		for _, ip := range n.addresses() {
			x.holders[ip] = append(x.holders[ip], n.Metadata.Name)
		}
	}
	for _, name := range f.Rejoin {
		x.rejoin[name] = true
	}
	for _, name := range f.Approved {
		x.approved[name] = true
	}
	for _, r := range f.Requests {
		x.add(r)
	}
	return x
}

// addresses are those that a node has, each once.
func (n Node) addresses() []netip.Addr {
	var all []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, a := range n.Status.Addresses {
		if ip, err := netip.ParseAddr(a.Address); err == nil && !seen[ip.Unmap()] {
			seen[ip.Unmap()] = true
			all = append(all, ip.Unmap())
		}
	}
	return all
}

// read parses a request, once.
func (x *index) read(r Request) parsed {
	p, ok := x.parsed[string(r.Spec.Request)]
	if !ok {
		x.parses++
		p = parseRequest(r.Spec.Request)
		x.parsed[string(r.Spec.Request)] = p
	}
	return p
}

func (x *index) add(r Request) {
	at := r.Metadata.CreationTimestamp
	if r.Spec.SignerName == servingSigner && len(r.Status.Certificate) > 0 {
		if last, ok := x.serving[r.Spec.Username]; !ok || at.After(last) {
			x.serving[r.Spec.Username] = at
		}
	}
	if r.Spec.SignerName != clientSigner || r.Spec.Username != bootstrapper {
		return
	}
	csr := x.read(r).csr
	if csr == nil {
		return
	}
	subject := csr.Subject.CommonName
	if len(r.Status.Certificate) > 0 && at.After(x.first[subject]) {
		x.first[subject] = at
	}
	if r.has("Denied") || r.has("Failed") {
		return
	}
	byUs := x.approved[r.Metadata.Name]
	if !r.pending() && !byUs && x.rejoin[strings.TrimPrefix(subject, nodePrefix)] {
		return // answered before the machine was installed again
	}
	a := x.asking[subject]
	if a == nil {
		a = &asking{byKey: map[string]*asker{}}
		x.asking[subject] = a
	}
	a.add(string(csr.RawSubjectPublicKeyInfo), asker{oneLine(r.Metadata.Name, 253), r.pending()}, byUs)
}

func (a *asking) add(key string, one asker, byUs bool) {
	known := a.byKey[key]
	if known == nil {
		known = &asker{one.request, one.pending}
		a.byKey[key], a.keys = known, append(a.keys, key)
	}
	switch {
	case byUs:
		*known = one
		if a.approved == "" {
			a.approved = key
		}
	case !one.pending:
		known.pending = false
		if a.answered == "" {
			a.answered = key
		}
	}
}

// approve remembers that a request was approved in this round.
func (x *index) approve(r Request) {
	x.approved[r.Metadata.Name] = true
	csr := x.read(r).csr
	if csr == nil || r.Spec.SignerName != clientSigner || r.Spec.Username != bootstrapper {
		return
	}
	if a := x.asking[csr.Subject.CommonName]; a != nil {
		a.add(string(csr.RawSubjectPublicKeyInfo), asker{oneLine(r.Metadata.Name, 253), true}, true)
	}
}

// rivals are the keys of others that ask for the same node, those first that were let in.
// There are as many of them as are told, and the number of all.
func (x *index) rivals(subject, key string) (told []string, all int) {
	const most = 3
	a := x.asking[subject]
	if a == nil {
		return nil, 0
	}
	all = len(a.keys)
	if a.byKey[key] != nil {
		all--
	}
	seen := map[string]bool{key: true, "": true}
	tell := func(k string) {
		if !seen[k] && len(told) < most {
			seen[k] = true
			told = append(told, k)
		}
	}
	tell(a.approved)
	tell(a.answered)
	for _, k := range a.keys {
		if len(told) == min(most, all) {
			break
		}
		tell(k)
	}
	return told, all
}
