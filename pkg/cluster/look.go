package cluster

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report is how a cluster is at one moment.
type Report struct {
	Status
	// Server is the URL of the API, Version the release that the cluster runs or
	// is on its way to.
	Server  string `json:"server"`
	Version string `json:"version,omitempty"`
	// Unanswered counts all certificate signing requests that wait for an answer, also those
	// that are nobody's and those of the last seconds, which Status leaves out.
	Unanswered int `json:"pendingRequests"`
	// NextExpiry is the certificate that expires first, of those in the
	// kubeconfig, of the API and of the cluster's secrets; nil if none is known.
	NextExpiry *Expiry `json:"nextExpiry,omitempty"`
	// Skew is how far the API's clock is ahead of this machine's, in seconds.
	Skew float64 `json:"clockSkewSeconds"`
}

// Expiry is the end of a certificate.
type Expiry struct {
	// What says which certificate it is.
	What     string    `json:"what"`
	NotAfter time.Time `json:"notAfter"`
}

// The phases of a cluster's life, in words.
const (
	phaseUnreachable = "the API cannot be reached"
	phaseBootstrap   = "the bootstrap host brings up the control plane"
	phaseEtcd        = "the control plane is up, and etcd moves off the bootstrap host: do not remove the bootstrap host yet"
	phaseOperators   = "the control plane runs by itself, and the operators install the cluster"
	phaseSettling    = "the cluster is installed, and some operators are still progressing"
	phaseUpdating    = "the cluster is being updated"
	phaseComplete    = "the cluster is complete"
	phaseDegraded    = "the cluster is complete, but degraded"
)

// Look asks for everything once. What a cluster does not have yet is left out;
// an error is the client's, of the first request.
func (c *Client) Look(ctx context.Context) (Report, error) {
	r := Report{Server: c.Kubeconfig.Server.String()}
	r.NextExpiry = c.expiry(nil)
	var version apiVersion
	if err := c.get(ctx, pathVersion, &version); err != nil {
		cause := c.Kubeconfig.Explain(err, c.now())
		r.Phase, r.Cause = phaseUnreachable, &cause
		return r, ctx.Err()
	}
	r.API = oneLine(version.GitVersion, 60)
	r.Skew = c.clockSkew().Round(time.Second).Seconds()
	p := phase{}
	if err := c.gather(ctx, &r, &p); err != nil {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		cause := c.Kubeconfig.Explain(err, c.now())
		r.Phase, r.Cause = phaseUnreachable, &cause
		return r, nil
	}
	r.Version = oneLine(p.version.Status.Desired.Version, 80)
	r.Message = oneLine(p.version.Status.Conditions.find("Progressing").Message, 200)
	r.Phase = p.words(r.Status)
	return r, nil
}

// phase is what the cluster's phase is told by.
type phase struct {
	reported bool
	etcd     conditioned
	version  clusterVersion
}

// gather reads all that may or may not be there.
func (c *Client) gather(ctx context.Context, r *Report, p *phase) error {
	nodes, err := c.nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		s := NodeStatus{Name: oneLine(n.Metadata.Name, 253), ControlPlane: n.controlPlane(), Ready: n.ready()}
		if !s.Ready {
			s.Why = oneLine(n.Status.Conditions.find("Ready").Message, 160)
		}
		r.Nodes = append(r.Nodes, s)
	}
	if r.Operators, err = c.operators(ctx); err != nil && !notFound(err) {
		return err
	}
	var report configMap
	for path, into := range map[string]any{pathBootstrap: &report, pathEtcd: &p.etcd, pathClusterVersion: &p.version} {
		if err := c.get(ctx, path, into); err != nil && !notFound(err) {
			return err
		}
	}
	p.reported = report.Data["status"] == "complete"
	var requests list[Request]
	if err := c.get(ctx, pathRequests, &requests); err != nil {
		return err
	}
	for _, q := range requests.Items {
		if q.pending() {
			r.Unanswered++
		}
	}
	r.Requests, r.Pending = pendingOf(requests.Items, c.clusterNow())
	var secrets list[struct {
		Metadata Meta `json:"metadata"`
	}]
	if err := c.getMetadata(ctx, pathSecrets, &secrets); err != nil {
		return err
	}
	var others []Expiry
	for _, s := range secrets.Items {
		end, err := time.Parse(time.RFC3339, s.Metadata.Annotations["auth.openshift.io/certificate-not-after"])
		if err == nil {
			others = append(others, Expiry{What: "secret " + oneLine(s.Metadata.Namespace+"/"+s.Metadata.Name, 200), NotAfter: end})
		}
	}
	r.NextExpiry = c.expiry(others)
	return nil
}

// expiry finds the certificate that expires first.
func (c *Client) expiry(others []Expiry) *Expiry {
	all := slices.Clone(others)
	add := func(what string, cert *x509.Certificate) {
		all = append(all, Expiry{What: what + " " + oneLine(cert.Subject.String(), 120), NotAfter: cert.NotAfter.UTC()})
	}
	for _, cert := range c.Kubeconfig.certificates() {
		add(c.Kubeconfig.File+":", cert)
	}
	for _, cert := range c.chain() {
		add("the API's certificate", cert)
	}
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, func(a, b Expiry) int {
		return cmp.Or(a.NotAfter.Compare(b.NotAfter), cmp.Compare(a.What, b.What))
	})
	return &first
}

// words tells the phase.
func (p phase) words(s Status) string {
	removed := p.etcd.Status.Conditions.is("EtcdBootstrapMemberRemoved", "True")
	cs := p.version.Status.Conditions
	available, progressing := cs.is("Available", "True"), cs.is("Progressing", "True")
	unwell := cs.is("Failing", "True") || slices.ContainsFunc(s.Operators, func(o OperatorStatus) bool { return o.Degraded || !o.Available })
	switch {
	case !p.reported && !removed && !available:
		return phaseBootstrap
	case !removed && !available:
		return phaseEtcd
	case !available:
		return phaseOperators
	case progressing && strings.HasPrefix(cs.find("Progressing").Message, "Working towards"):
		return phaseUpdating
	case unwell:
		return phaseDegraded
	case progressing || len(s.Moving()) > 0:
		return phaseSettling
	}
	return phaseComplete
}

// In spells the time until an expiry, or since.
func (e Expiry) In(now time.Time) string {
	if left := e.NotAfter.Sub(now); left > 0 {
		if left > 48*time.Hour {
			return fmt.Sprintf("in %d days", int(left.Hours()/24))
		}
		return "in " + shorter(left.Truncate(time.Minute))
	}
	return "it has expired"
}
