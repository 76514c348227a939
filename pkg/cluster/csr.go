package cluster

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Request is a certificate signing request as the API has it.
type Request struct {
	Metadata Meta `json:"metadata"`
	Spec     struct {
		Request    []byte   `json:"request"`
		SignerName string   `json:"signerName"`
		Usages     []string `json:"usages"`
		Username   string   `json:"username"`
		Groups     []string `json:"groups"`
	} `json:"spec"`
	Status struct {
		Certificate []byte `json:"certificate"`
		Conditions  []struct {
			Type string `json:"type"`
		} `json:"conditions"`
	} `json:"status"`
}

// has reports whether the request has a condition.
func (r Request) has(condition string) bool {
	for _, c := range r.Status.Conditions {
		if c.Type == condition {
			return true
		}
	}
	return false
}

func (r Request) pending() bool { return !r.has("Approved") && !r.has("Denied") && !r.has("Failed") }

// The signers whose requests are looked at. Both are of Kubernetes; see
// https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
const (
	clientSigner  = "kubernetes.io/kube-apiserver-client-kubelet"
	servingSigner = "kubernetes.io/kubelet-serving"
)

// Who asks. The machine config server hands every new machine a kubeconfig of
// the first; the second part of a node's name is its own.
const (
	bootstrapper      = "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper"
	bootstrapperGroup = "system:serviceaccounts:openshift-machine-config-operator"
	serviceAccounts   = "system:serviceaccounts"
	nodePrefix        = "system:node:"
	nodeGroup         = "system:nodes"
	everyone          = "system:authenticated"
)

// The two kinds of certificates of a node.
const (
	kindClient  = "client"
	kindServing = "serving"
)

// Verdict says what is to be done with a request.
type Verdict struct {
	// Request is the name of the request, Node that of the node it speaks for,
	// if it does.
	Request string `json:"request"`
	Node    string `json:"node,omitempty"`
	// Kind is client or serving; empty for the request of no kubelet.
	Kind      string `json:"kind,omitempty"`
	Signer    string `json:"signer"`
	Requestor string `json:"requestor"`
	// Addresses are the names and addresses that the certificate would be for.
	Addresses []string  `json:"addresses,omitempty"`
	Created   time.Time `json:"created"`
	// Approve is true if nothing speaks against it. Otherwise Reasons holds all
	// that does, and Hint the way out if the request is good after all.
	Approve bool     `json:"approve"`
	Reasons []string `json:"reasons,omitempty"`
	Hint    string   `json:"hint,omitempty"`
}

// Facts is what a request is judged by.
type Facts struct {
	// Declared are the nodes that belong to the cluster.
	Declared []DeclaredNode
	// Rejoin names nodes that may get a first certificate although the cluster
	// has a node of that name: machines that were installed again.
	Rejoin []string
	// Nodes are those that have joined.
	Nodes []Node
	// Reserved are addresses that no node may have, by what they are: "the API".
	Reserved map[netip.Addr]string
	// Requests are all that the cluster has, answered or not.
	Requests []Request
	// Approved names those of them that were approved in this run. A machine that
	// was installed again gets in once.
	Approved []string

	// index is of all that, made once for many requests; nil makes it for one.
	index *index
}

// judgement collects what speaks against a request.
type judgement struct {
	Verdict
	request Request
	facts   Facts
	*index
	csr *x509.CertificateRequest
	// more is how many reasons there are that are not told.
	more int
}

// maxReasons is how many reasons are told of one request, and maxNames how many of the
// names and addresses that it asks for: it may hold thousands.
const (
	maxReasons = 20
	maxNames   = 50
)

func (j *judgement) refuse(format string, args ...any) {
	if len(j.Reasons) == maxReasons {
		j.more++
		return
	}
	j.Reasons = append(j.Reasons, oneLine(fmt.Sprintf(format, args...), 300))
}

// judge reports whether a request is one that a declared node makes when it joins
// the cluster: its first client certificate, its own renewal of that, or the
// certificate that its kubelet serves with. It approves nothing else, whoever
// asks: a certificate that is not needed is a way into the cluster.
func judge(r Request, f Facts) Verdict {
	if f.index == nil {
		f.index = indexed(f)
	}
	j := &judgement{request: r, facts: f, index: f.index, Verdict: Verdict{
		Request: oneLine(r.Metadata.Name, 253), Created: r.Metadata.CreationTimestamp,
		Signer: oneLine(r.Spec.SignerName, 200), Requestor: oneLine(r.Spec.Username, 200),
	}}
	switch r.Spec.SignerName {
	case clientSigner:
		j.Kind = kindClient
	case servingSigner:
		j.Kind = kindServing
	default:
		j.refuse("it is not for a kubelet: its signer is %s", r.Spec.SignerName)
		return j.Verdict
	}
	if !j.parse() {
		return j.Verdict
	}
	j.checkSubject()
	if j.Kind == kindClient {
		j.checkClient()
	} else {
		j.checkServing()
	}
	j.Approve = len(j.Reasons) == 0
	if j.more > 0 {
		j.Reasons = append(j.Reasons, fmt.Sprintf("and %d more", j.more))
	}
	return j.Verdict
}

// parse reads the request itself, and whether it is signed with its own key.
func (j *judgement) parse() bool {
	inside := j.read(j.request)
	switch {
	case !inside.alone:
		j.refuse("it does not hold exactly one PEM request")
		return false
	case inside.csr == nil:
		j.refuse("the request in it is damaged")
		return false
	}
	csr := inside.csr
	j.csr = csr
	if csr.CheckSignature() != nil {
		j.refuse("the request is not signed with the key that it is for")
	}
	switch key := csr.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			j.refuse("its RSA key has %d bits", key.N.BitLen())
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		j.refuse("its key is of an unknown kind")
	}
	j.Addresses = j.names()
	return true
}

// names lists the names and addresses in the request.
func (j *judgement) names() []string {
	var out []string
	for _, name := range j.csr.DNSNames {
		out = append(out, oneLine(name, 253))
	}
	for _, ip := range j.csr.IPAddresses {
		out = append(out, ip.String())
	}
	if more := len(out) - maxNames; more > 0 {
		out = append(out[:maxNames:maxNames], fmt.Sprintf("and %d more", more))
	}
	return out
}

// checkSubject wants the name of a declared node, as a member of the group of
// nodes and of no other.
func (j *judgement) checkSubject() {
	subject := j.csr.Subject
	name, isNode := strings.CutPrefix(subject.CommonName, nodePrefix)
	switch {
	case !isNode || !validNodeName(name):
		j.refuse("its subject %q is not a node's", subject.CommonName)
	default:
		j.Node = name
		if _, ok := j.declared[name]; !ok {
			j.refuse("%s is not one of the declared nodes", name)
			j.Hint = "if the machine is yours, add it to --nodes"
			if near := j.similar(name); near != "" {
				j.Hint = fmt.Sprintf("%s is declared, and this node reports the name %s: if it is the same machine, declare that name", near, name)
			}
		}
	}
	if !slices.Equal(subject.Organization, []string{nodeGroup}) || len(subject.Names) != 2 {
		j.refuse("its subject must be a member of %s and nothing else, and is %q", nodeGroup, subject.String())
	}
	if len(j.csr.EmailAddresses)+len(j.csr.URIs) > 0 {
		j.refuse("it asks for email addresses or URIs")
	}
}

// checkClient is for the certificate with which a kubelet speaks to the API.
func (j *judgement) checkClient() {
	j.checkUsages("client auth")
	if len(j.csr.DNSNames)+len(j.csr.IPAddresses) > 0 {
		j.refuse("it asks for names or addresses, which a client certificate does not need")
	}
	spec := j.request.Spec
	switch {
	case spec.Username == bootstrapper:
		j.checkGroups(bootstrapperGroup, serviceAccounts)
		j.checkRivals()
		_, joined := j.node()
		if joined && !j.rejoin[j.Node] {
			j.refuse("%s is already part of the cluster, and its kubelet renews its certificate by itself: a new request from "+
				"outside may come from another machine", j.Node)
			j.Hint = "if the machine was installed again, add --rejoin " + j.Node
		}
	case spec.Username == nodePrefix+j.Node && j.Node != "":
		j.checkGroups(nodeGroup)
	default:
		j.refuse("%s is neither a new machine nor the node itself", spec.Username)
	}
}

// checkRivals refuses a first certificate that two machines ask for: one of them
// is not who it says, and from here nobody can tell which. A kubelet that asks
// again does so with the same key.
func (j *judgement) checkRivals() {
	keys, all := j.rivals(j.csr.Subject.CommonName, string(j.csr.RawSubjectPublicKeyInfo))
	asking := j.asking[j.csr.Subject.CommonName]
	for i, key := range keys {
		rival := asking.byKey[key]
		j.refuse("%s asks for the same node with another key", rival.request)
		switch {
		case i > 0: // the hint is about the first of them, which counts most
		case key == asking.approved:
			j.Hint = "it was approved just now; find out which of the two is your machine, and deny the other: oc adm certificate deny <name>"
		case !rival.pending:
			j.Hint = "if the machine was installed again since then, add --rejoin " + j.Node
		default:
			j.Hint = "find out which of the two is your machine, and deny the other: oc adm certificate deny <name>"
		}
	}
	if more := all - len(keys); more > 0 {
		j.refuse("and so do %d more", more)
	}
}

// node is the node in the cluster that the request speaks for.
func (j *judgement) node() (Node, bool) {
	n, ok := j.nodes[j.Node]
	return n, ok
}

// checkUsages wants those that a kubelet asks for: RSA keys may be for
// enciphering keys too.
func (j *judgement) checkUsages(purpose string) {
	usages := slices.Clone(j.request.Spec.Usages)
	slices.Sort(usages)
	short, long := []string{purpose, "digital signature"}, []string{purpose, "digital signature", "key encipherment"}
	slices.Sort(short)
	slices.Sort(long)
	if !slices.Equal(usages, short) && !slices.Equal(usages, long) {
		j.refuse("its usages must be digital signature and %s, with or without key encipherment, and are %s", purpose, strings.Join(usages, ", "))
	}
}

// checkGroups wants who asks in its own group, and in no other than those that
// may be there. The API says which: one more, and somebody with more rights asks
// in the name of a machine.
func (j *judgement) checkGroups(own string, maybe ...string) {
	for _, group := range j.request.Spec.Groups {
		if group != own && group != everyone && !slices.Contains(maybe, group) {
			j.refuse("the requester is in the group %s, to which no machine belongs", group)
		}
	}
	for _, group := range []string{own, everyone} {
		if !slices.Contains(j.request.Spec.Groups, group) {
			j.refuse("the requester is not in the group %s", group)
		}
	}
}
