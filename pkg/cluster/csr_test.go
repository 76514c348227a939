package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// ask is a request that a test then spoils in one way.
type ask struct {
	Request
	csr x509.CertificateRequest
	key any
}

func clientAsk(node string) *ask {
	a := &ask{csr: x509.CertificateRequest{Subject: pkix.Name{CommonName: nodePrefix + node, Organization: []string{nodeGroup}}}}
	a.Metadata.Name = "csr-" + node
	a.Spec.SignerName = clientSigner
	a.Spec.Usages = []string{"digital signature", "client auth"}
	a.Spec.Username = bootstrapper
	a.Spec.Groups = []string{"system:serviceaccounts", bootstrapperGroup, everyone}
	return a
}

func servingAsk(node string, ips ...string) *ask {
	a := clientAsk(node)
	a.Metadata.Name = "csr-serving-" + node
	a.Spec.SignerName = servingSigner
	a.Spec.Usages = []string{"digital signature", "server auth"}
	a.Spec.Username = nodePrefix + node
	a.Spec.Groups = []string{nodeGroup, everyone}
	a.csr.DNSNames = []string{node}
	for _, ip := range ips {
		a.csr.IPAddresses = append(a.csr.IPAddresses, net.ParseIP(ip))
	}
	return a
}

func (a *ask) request(t testing.TB) Request {
	t.Helper()
	if a.key == nil {
		a.key = newKey(t)
	}
	raw, err := x509.CreateCertificateRequest(rand.Reader, &a.csr, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.Spec.Request == nil {
		a.Spec.Request = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw})
	}
	return a.Request
}

func facts(t testing.TB) Facts {
	t.Helper()
	declared, err := ParseNodes("--nodes", "worker-0,worker-1=192.168.1.31+fd00::31,worker-2.demo.example.com,worker-2.other.example.com", false)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Declared: declared, Reserved: map[netip.Addr]string{
		netip.MustParseAddr("192.168.1.5"): "the API", netip.MustParseAddr("192.168.1.7"): "the ingress"}}
	for _, o := range []object{
		testNode("worker-1", true, "192.168.1.31", "192.168.1.99"), testNode("master-0", true, "192.168.1.20"),
		testNode("worker-2.demo.example.com", true, "192.168.1.32", "192.168.1.20"),
	} {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var n Node
		if err := json.Unmarshal(raw, &n); err != nil {
			t.Fatal(err)
		}
		if name, other, ok := strings.Cut(n.Metadata.Name, ".demo"); ok { // what a node may write about itself
			for _, said := range []string{name, name + ".other" + other} {
				n.Status.Addresses = append(n.Status.Addresses, n.Status.Addresses[0])
				last := &n.Status.Addresses[len(n.Status.Addresses)-1]
				last.Type, last.Address = "InternalDNS", said
			}
		}
		f.Nodes = append(f.Nodes, n)
	}
	return f
}

func TestJudge(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // that it is refused is the test
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const w0, w1, w2 = "worker-0", "worker-1", "worker-2.demo.example.com"
	for what, c := range map[string]struct {
		ask    *ask
		spoil  func(*ask)
		rejoin string
		// want is empty if the request is approved
		want string
	}{
		"a new machine":                   {ask: clientAsk(w0)},
		"RSA and key encipherment":        {ask: clientAsk(w0), spoil: func(a *ask) { a.key = big; a.Spec.Usages = append(a.Spec.Usages, "key encipherment") }},
		"its own renewal":                 {ask: clientAsk(w1), spoil: func(a *ask) { a.Spec.Username = nodePrefix + w1; a.Spec.Groups = []string{nodeGroup, everyone} }},
		"serving":                         {ask: servingAsk(w1, "192.168.1.31")},
		"serving with both families":      {ask: servingAsk(w1, "192.168.1.31", "fd00::31")},
		"serving without declared":        {ask: servingAsk(w2, "192.168.1.32")},
		"installed again":                 {ask: clientAsk(w1), rejoin: w1},
		"an unknown node":                 {ask: clientAsk("worker-9"), want: "worker-9 is not one of the declared nodes"},
		"another form of a declared name": {ask: clientAsk("worker-2"), want: "worker-2 is not one of the declared nodes"},
		"a name in capitals":              {ask: clientAsk("Worker-0"), want: "is not a node's"},
		"a joined node from outside":      {ask: clientAsk(w1), want: "is already part of the cluster"},
		"another signer":                  {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.SignerName = "kubernetes.io/kube-apiserver-client" }, want: "it is not for a kubelet"},
		"an administrator": {ask: clientAsk(w0), spoil: func(a *ask) {
			a.csr.Subject = pkix.Name{CommonName: "system:admin", Organization: []string{"system:masters"}}
		}, want: "is not a node's"},
		"one group more":        {ask: clientAsk(w0), spoil: func(a *ask) { a.csr.Subject.Organization = []string{nodeGroup, "system:masters"} }, want: "must be a member of system:nodes and nothing else"},
		"a unit in the subject": {ask: clientAsk(w0), spoil: func(a *ask) { a.csr.Subject.OrganizationalUnit = []string{"x"} }, want: "and nothing else"},
		"a second common name": {ask: clientAsk(w0), spoil: func(a *ask) {
			a.csr.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "system:admin"}}
		}, want: "its subject"},
		"who asks is a user":         {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Username = "system:admin" }, want: "is neither a new machine nor the node itself"},
		"who asks is another node":   {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Username = nodePrefix + w1 }, want: "is neither a new machine"},
		"without the group":          {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Groups = []string{everyone} }, want: "is not in the group " + bootstrapperGroup},
		"one group more of who asks": {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Groups = append(a.Spec.Groups, "system:masters") }, want: "is in the group system:masters"},
		"one group more of a node":   {ask: servingAsk(w1, "192.168.1.31"), spoil: func(a *ask) { a.Spec.Groups = append(a.Spec.Groups, "system:masters") }, want: "is in the group system:masters"},
		"a group with a blank":       {ask: clientAsk(w0), spoil: func(a *ask) { a.csr.Subject.Organization = []string{"system:nodes "} }, want: "must be a member of system:nodes and nothing else"},
		"a letter that looks alike":  {ask: clientAsk("wоrker-0"), want: "is not a node's"},
		"a name with a zero byte":    {ask: clientAsk(w0), spoil: func(a *ask) { a.csr.Subject.CommonName += "\x00" }, want: "is not a node's"},
		"a name with a slash":        {ask: clientAsk("worker-0/../x"), want: "is not a node's"},
		"no name":                    {ask: clientAsk(""), want: "is not a node's"},
		"who asks is nobody":         {ask: clientAsk(""), spoil: func(a *ask) { a.Spec.Username = nodePrefix }, want: "is not a node's"},
		"a usage twice":              {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Usages = append(a.Spec.Usages, "client auth") }, want: "its usages must be"},
		"two requests": {ask: clientAsk(w0), spoil: func(a *ask) {
			r := clientAsk(w0).request(t)
			a.Spec.Request = append(r.Spec.Request, r.Spec.Request...)
		}, want: "exactly one PEM request"},
		"serving a declared address": {ask: servingAsk(w2, "192.168.1.31"), want: "192.168.1.31 is declared as an address of worker-1"},
		"serving a declared name":    {ask: servingAsk(w2), spoil: func(a *ask) { a.csr.DNSNames = []string{"worker-2.other.example.com"} }, want: "worker-2.other.example.com is not a name of"},
		"serving its other name":     {ask: servingAsk(w2), spoil: func(a *ask) { a.csr.DNSNames = []string{w2, "worker-2"} }},
		"a wildcard":                 {ask: servingAsk(w1), spoil: func(a *ask) { a.csr.DNSNames = []string{"*.demo.example.com"} }, want: "is not a name of worker-1"},
		"an address as a name":       {ask: servingAsk(w1), spoil: func(a *ask) { a.csr.DNSNames = []string{"192.168.1.5"} }, want: "is not a name of worker-1"},
		"names for a client": {ask: clientAsk(w0), spoil: func(a *ask) { a.csr.DNSNames = []string{w0} },
			want: "names or addresses, which a client certificate does not need"},
		"server auth for a client": {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Usages = append(a.Spec.Usages, "server auth") },
			want: "its usages must be"},
		"cert sign": {ask: clientAsk(w0),
			spoil: func(a *ask) { a.Spec.Usages = []string{"cert sign", "digital signature"} }, want: "its usages must be"},
		"no usages":   {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Usages = nil }, want: "its usages must be"},
		"a small key": {ask: clientAsk(w0), spoil: func(a *ask) { a.key = small }, want: "1024 bits"},
		"damaged": {ask: clientAsk(w0), spoil: func(a *ask) {
			a.Spec.Request = []byte("-----BEGIN CERTIFICATE REQUEST-----\naGVsbG8=\n-----END CERTIFICATE REQUEST-----\n")
		}, want: "damaged"},
		"no PEM": {ask: clientAsk(w0), spoil: func(a *ask) { a.Spec.Request = []byte("hello") },
			want: "exactly one PEM request"},
		"mail addresses":            {ask: clientAsk(w0), spoil: func(a *ask) { a.csr.EmailAddresses = []string{"a@b.c"} }, want: "mail addresses or URIs"},
		"URIs":                      {ask: servingAsk(w1, "192.168.1.31"), spoil: func(a *ask) { a.csr.URIs = []*url.URL{{Scheme: "spiffe", Host: "x"}} }, want: "mail addresses or URIs"},
		"serving for another":       {ask: servingAsk(w1, "192.168.1.31"), spoil: func(a *ask) { a.csr.DNSNames = []string{w1, "api.demo.example.com"} }, want: "api.demo.example.com is not a name of worker-1"},
		"serving not declared":      {ask: servingAsk(w1, "192.168.1.99"), want: "192.168.1.99 is not one of the addresses that worker-1 was declared with"},
		"serving another's address": {ask: servingAsk(w2, "192.168.1.20"), want: "192.168.1.20 is an address of the node master-0"},
		"serving elsewhere":         {ask: servingAsk(w2, "10.0.0.1"), want: "10.0.0.1 is not an address of the node"},
		"serving on loopback":       {ask: servingAsk(w2, "127.0.0.1"), want: "is not an address of a machine"},
		"serving the API's address": {ask: servingAsk(w2, "192.168.1.5"), want: "is the address of the API"},
		"serving the ingress's":     {ask: servingAsk(w2, "192.168.1.7"), want: "is the address of the ingress"},
		"serving before joining":    {ask: servingAsk(w0, "192.168.1.30"), want: "no node of that name has joined"},
		"serving by the new":        {ask: servingAsk(w1, "192.168.1.31"), spoil: func(a *ask) { a.Spec.Username = bootstrapper }, want: "is not the node itself"},
		"serving without names":     {ask: servingAsk(w1), spoil: func(a *ask) { a.csr.DNSNames = nil }, want: "neither a name nor an address"},
		"client auth for serving":   {ask: servingAsk(w1, "192.168.1.31"), spoil: func(a *ask) { a.Spec.Usages = []string{"digital signature", "client auth"} }, want: "its usages must be"},
	} {
		if c.spoil != nil {
			c.spoil(c.ask)
		}
		f := facts(t)
		f.Rejoin = []string{c.rejoin}
		v := judge(c.ask.request(t), f)
		reasons := strings.Join(v.Reasons, "\n")
		if v.Approve != (c.want == "") || v.Approve != (len(v.Reasons) == 0) {
			t.Errorf("%s: approved %v: %s", what, v.Approve, reasons)
		}
		if !strings.Contains(reasons, c.want) {
			t.Errorf("%s: %q does not say %q", what, reasons, c.want)
		}
	}
}

// A key that was not the requestor's own.
func TestJudgeSignature(t *testing.T) {
	t.Parallel()
	r := clientAsk("worker-0").request(t)
	block, _ := pem.Decode(r.Spec.Request)
	block.Bytes[len(block.Bytes)-1] ^= 1
	r.Spec.Request = pem.EncodeToMemory(block)
	if v := judge(r, facts(t)); v.Approve || !strings.Contains(strings.Join(v.Reasons, "\n"), "not signed with the key") {
		t.Errorf("%+v", v)
	}
}

// Whoever has the bootstrap kubeconfig can ask in the name of a declared node. Two
// that do are told apart by nobody, so neither is let in.
func TestJudgeRivals(t *testing.T) {
	t.Parallel()
	mine := clientAsk("worker-0")
	first := mine.request(t)
	same := *mine
	same.Metadata.Name, same.Spec.Request = "csr-again", nil
	other := clientAsk("worker-0")
	other.Metadata.Name = "csr-other"
	rival := other.request(t)
	approved, denied := rival, rival
	approved.Status.Conditions = []struct {
		Type string `json:"type"`
	}{{"Approved"}}
	denied.Status.Conditions = []struct {
		Type string `json:"type"`
	}{{"Denied"}}
	byUs := approved
	byUs.Metadata.Name = "csr-other-by-us"
	for what, c := range map[string]struct {
		others []Request
		rejoin string
		want   bool
	}{
		"alone":                      {nil, "", true},
		"it asks again":              {[]Request{same.request(t)}, "", true},
		"another machine":            {[]Request{rival}, "", false},
		"another, and rejoin":        {[]Request{rival}, "worker-0", false},
		"another that was approved":  {[]Request{approved}, "", false},
		"installed again in an hour": {[]Request{approved}, "worker-0", true},
		"let in by us just now":      {[]Request{byUs}, "worker-0", false},
		"another that was denied":    {[]Request{denied}, "", true},
		"another node's":             {[]Request{clientAsk("worker-9").request(t)}, "", true},
	} {
		f := facts(t)
		f.Requests, f.Rejoin, f.Approved = append(c.others, first), []string{c.rejoin}, []string{"csr-other-by-us"}
		if v := judge(first, f); v.Approve != c.want ||
			!c.want && !strings.Contains(v.Reasons[0], c.others[0].Metadata.Name+" asks for the same node with another key") {
			t.Errorf("%s: %+v", what, v)
		}
	}
}

func TestJudgeHints(t *testing.T) {
	t.Parallel()
	for node, want := range map[string]string{"worker-2": "declare that name", "x": "--nodes", "worker-1": "--rejoin worker-1"} {
		if v := judge(clientAsk(node).request(t), facts(t)); !strings.Contains(v.Hint, want) {
			t.Errorf("%s: the hint is %q, want %q", node, v.Hint, want)
		}
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	f.set(pathNodes, items(testNode("worker-1", true, "192.168.1.31")))
	wire := func(r Request, conditions ...string) object {
		var cs []object
		for _, c := range conditions {
			cs = append(cs, object{"type": c})
		}
		o := object{
			"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
			"metadata": object{"name": r.Metadata.Name, "resourceVersion": "7"}, "spec": specOnTheWire(r), "status": object{},
		}
		if cs != nil {
			o["status"] = object{"conditions": cs, "certificate": []byte("PEM")}
		}
		f.set(pathRequests+"/"+r.Metadata.Name, o)
		return o
	}
	f.set(pathRequests, items(
		wire(clientAsk("worker-0").request(t)), wire(clientAsk("worker-9").request(t)),
		wire(servingAsk("worker-1", "192.168.1.31").request(t), "Approved"), wire(clientAsk("denied").request(t), "Denied"),
	))
	a := Approver{Client: f.client(t), Facts: facts(t), DryRun: true}
	for range 2 {
		round, err := a.Round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(round.Approved) != 1 || round.Approved[0].Node != "worker-0" || len(round.Refused) != 1 ||
			round.Refused[0].Node != "worker-9" || !slices.Equal(round.Joined, []string{"worker-1"}) {
			t.Errorf("%+v", round)
		}
		if len(f.puts) > 0 != !a.DryRun {
			t.Errorf("dry run %v: %v", a.DryRun, f.puts)
		}
		a.DryRun = false
	}
	if len(f.puts) != 1 || !strings.HasPrefix(f.puts[0], pathRequests+"/csr-worker-0/approval {") ||
		!strings.Contains(f.puts[0], `"resourceVersion":"7"`) || !strings.Contains(f.puts[0], `"type":"Approved"`) {
		t.Errorf("%v", f.puts)
	}
}

func TestParseNodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		file bool
		want string
	}{
		{"a,b.example.com", false, "a [], b.example.com []"},
		{" a , b=10.0.0.1+fd00::1 ", false, "a [], b.example.com []"},
		{"# workers\na\nb 10.0.0.1, fd00::1 # two\n\n", true, ""},
		{"", false, "no node is listed"},
		{"# nothing\n", true, "no node is listed"},
		{"A", false, "cannot be the name"},
		{"a,a", false, "a is listed twice"},
		{"a=10.0.0", false, `"10.0.0" is not an IP address`},
		{"-a\nb_c", true, "nodes:2"},
		{"=,", false, "does not contain a node name"},
	} {
		nodes, err := ParseNodes("nodes", c.text, c.file)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) || c.want == "" {
				t.Errorf("%q: %v, want %q", c.text, err, c.want)
			}
			continue
		}
		if len(nodes) != 2 || nodes[0].Name != "a" || !strings.HasPrefix(nodes[1].Name, "b") {
			t.Errorf("%q: %+v", c.text, nodes)
		}
		both := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")}
		if strings.Contains(c.text, "fd00") && !slices.Equal(nodes[1].Addresses, both) {
			t.Errorf("%q: %+v", c.text, nodes)
		}
	}
}

func FuzzParseNodes(f *testing.F) {
	for _, s := range []string{"a,b=10.0.0.1", "a\nb 10.0.0.1 fd00::1 # x\n", "=,=", "a b c"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, text string, file bool) {
		nodes, err := ParseNodes("nodes", text, file)
		if err == nil && len(nodes) == 0 {
			t.Errorf("%q gives neither nodes nor an error", text)
		}
		for _, n := range nodes {
			if !validNodeName(n.Name) {
				t.Errorf("%q gives %q", text, n.Name)
			}
		}
	})
}

// FuzzJudge holds what is never to be approved, whatever a request looks like.
func FuzzJudge(f *testing.F) {
	for _, a := range []*ask{clientAsk("worker-0"), clientAsk("worker-9"), servingAsk("worker-1", "192.168.1.31")} {
		r := a.request(f)
		block, _ := pem.Decode(r.Spec.Request)
		f.Add(block.Bytes, r.Spec.SignerName, r.Spec.Username, strings.Join(r.Spec.Groups, "\n"), strings.Join(r.Spec.Usages, "\n"))
	}
	known := facts(f)
	f.Fuzz(func(t *testing.T, der []byte, signer, user, groups, usages string) {
		r := Request{}
		r.Spec.Request = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
		r.Spec.SignerName, r.Spec.Username = signer, user
		r.Spec.Groups, r.Spec.Usages = strings.Split(groups, "\n"), strings.Split(usages, "\n")
		v := judge(r, known)
		if v.Approve != (len(v.Reasons) == 0) {
			t.Fatalf("%+v", v)
		}
		if !v.Approve {
			return
		}
		csr, err := x509.ParseCertificateRequest(der)
		if err != nil || csr.CheckSignature() != nil {
			t.Fatal("approved what is not a signed request")
		}
		name, isNode := strings.CutPrefix(csr.Subject.CommonName, nodePrefix)
		declared := slices.ContainsFunc(known.Declared, func(n DeclaredNode) bool { return n.Name == name })
		if !declared || !isNode || len(csr.Subject.Organization) != 1 || csr.Subject.Organization[0] != nodeGroup || len(csr.Subject.Names) != 2 {
			t.Fatalf("approved %v", csr.Subject)
		}
		if user != bootstrapper && user != nodePrefix+name || signer != clientSigner && signer != servingSigner {
			t.Fatalf("approved %s for %s", user, signer)
		}
		if slices.Contains(r.Spec.Usages, "cert sign") {
			t.Fatal("approved an authority")
		}
	})
}
