package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/system"
)

// Cause says why the API could not be asked, for the one who must act.
type Cause struct {
	// Kind is one of the words below, for programs.
	Kind string `json:"kind"`
	// Detail says what is wrong, Hint what to do next. Neither holds a secret.
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	// Final means that waiting cannot mend it.
	Final bool `json:"final,omitempty"`
}

// The kinds of causes, in the order in which a request meets them.
const (
	CauseProxy        = "proxy"
	CauseName         = "name"          // the name does not resolve
	causeResolver     = "resolver"      // the DNS server does not answer
	causeRoute        = "route"         // there is no way to the address
	causeSilence      = "silence"       // the address does not answer
	causeRefused      = "refused"       // nothing listens on the port
	causeNoBackend    = "no-backend"    // accepted and closed again: a load balancer alone
	CauseNotTLS       = "not-tls"       // what listens does not speak TLS
	CauseOtherCluster = "other-cluster" // the certificate is another cluster's
	CauseIntercepted  = "intercepted"   // the certificate is no cluster's
	CauseHostname     = "hostname"      // the certificate has other names
	CauseExpired      = "expired"       // the API's certificate has expired
	CauseClock        = "clock"         // one of the clocks is wrong
	CauseClient       = "client"        // our certificate is not good, or not known
	CauseForbidden    = "forbidden"
	causeStarting     = "starting" // the API is up but not ready
	CauseNotAPI       = "not-api"  // what answers is not an API server
	causeOther        = "other"
)

// Explain tells what an error of the client means. now is this machine's time.
func (k Kubeconfig) Explain(err error, now time.Time) Cause {
	if when, expired, bad := k.clientEnd(now); bad {
		return k.explainClient(when, expired, now)
	}
	for _, explain := range []func(error) (Cause, bool){
		k.explainProxy, k.explainName, k.explainConnection,
		func(err error) (Cause, bool) { return k.explainCertificate(err, now) },
		k.explainHandshake, k.explainAnswer,
	} {
		if cause, ok := explain(err); ok {
			return cause
		}
	}
	return Cause{Kind: causeOther, Detail: fmt.Sprintf("%s cannot be reached: %s", k.Server.Host, oneLine(err.Error(), 200))}
}

func (k Kubeconfig) explainClient(when time.Time, expired bool, now time.Time) Cause {
	if expired {
		return Cause{Kind: CauseClient, Final: true,
			Detail: fmt.Sprintf("the client certificate in %s expired at %s", k.File, moment(when)),
			Hint:   "use a newer kubeconfig; this machine's clock says " + moment(now)}
	}
	return Cause{Kind: CauseClock, Final: true,
		Detail: fmt.Sprintf("this machine's clock says %s, and the client certificate in %s is valid only from %s on", moment(now),
			k.File, moment(when)),
		Hint: "set this machine's clock"}
}

// explainProxy is for the way to the API through an HTTP proxy.
func (k Kubeconfig) explainProxy(err error) (Cause, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "proxyconnect" {
		return Cause{}, false
	}
	return Cause{Kind: CauseProxy, Detail: "the proxy of this machine's environment cannot be used: " + oneLine(op.Err.Error(), 200),
		Hint: fmt.Sprintf("set NO_PROXY to include %s if the API is reached directly, or correct HTTPS_PROXY", k.host())}, true
}

func (k Kubeconfig) explainName(err error) (Cause, bool) {
	var dns *net.DNSError
	if !errors.As(err, &dns) {
		return Cause{}, false
	}
	if dns.IsNotFound {
		return Cause{Kind: CauseName, Detail: fmt.Sprintf("the name %s does not resolve on this machine", dns.Name),
			Hint: "create a DNS record that points to the load balancer of the API, or give its address with --api-address"}, true
	}
	return Cause{
		Kind:   causeResolver,
		Detail: fmt.Sprintf("this machine's DNS server does not answer for %s: %s", dns.Name, oneLine(dns.Err, 100)),
		Hint:   "check this machine's resolver, or give the load balancer's address with --api-address",
	}, true
}

// explainConnection is for what happens before the first byte.
func (k Kubeconfig) explainConnection(err error) (Cause, bool) {
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	where := k.Server.Host
	if dialing && op.Addr != nil && op.Addr.String() != where {
		where += " (" + op.Addr.String() + ")"
	}
	switch {
	case system.ConnectionRefused(err):
		return Cause{Kind: causeRefused, Detail: where + " refuses the connection: nothing listens on that port",
			Hint: "start the load balancer, or correct the DNS record if it should point elsewhere; without a load balancer the bootstrap host itself has to come up first"}, true
	case system.NoRoute(err):
		return Cause{Kind: causeRoute, Detail: "there is no route to " + where + ": the network or the host is unreachable",
			Hint: "check the routes and firewalls between this machine and the load balancer"}, true
	case dialing && op.Timeout(), dialing && errors.Is(err, context.DeadlineExceeded):
		return Cause{Kind: causeSilence, Detail: where + " does not answer",
			Hint: "check that the host is up, that no firewall drops the connection, and that the name points to the right address"}, true
	}
	return Cause{}, false
}

// explainCertificate is for a certificate that does not vouch for the API.
func (k Kubeconfig) explainCertificate(err error, now time.Time) (Cause, bool) {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return k.explainDates(invalid.Cert, now), true
	case errors.As(err, &hostname):
		names := hostname.Certificate.DNSNames
		for _, ip := range hostname.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		return Cause{Kind: CauseHostname,
			Detail: fmt.Sprintf("the certificate at %s is for other names: %s", k.Server.Host, oneLine(strings.Join(names, ", "), 200)),
			Hint:   "check that the name points to this cluster's load balancer, and the load balancer to its control plane"}, true
	case errors.As(err, &unknown):
		return k.explainAuthority(presented(err, unknown.Cert)), true
	case errors.As(err, &invalid):
		return Cause{Kind: CauseIntercepted, Detail: fmt.Sprintf("the certificate at %s cannot be used: %s", k.Server.Host, oneLine(invalid.Error(), 200))}, true
	}
	return Cause{}, false
}

// presented is the server's own certificate; the one in an unknown authority's
// error may be another of its chain.
func presented(err error, other *x509.Certificate) *x509.Certificate {
	var verification *tls.CertificateVerificationError
	if errors.As(err, &verification) && len(verification.UnverifiedCertificates) > 0 {
		return verification.UnverifiedCertificates[0]
	}
	return other
}

func (k Kubeconfig) explainDates(cert *x509.Certificate, now time.Time) Cause {
	if cert != nil && now.Before(cert.NotBefore) {
		return Cause{Kind: CauseClock,
			Detail: fmt.Sprintf("this machine's clock says %s, and the API's certificate is valid only from %s on", moment(now),
				moment(cert.NotBefore)),
			Hint: "set this machine's clock; if it is right, the clock of the machine that made the certificates, or of the control " +
				"plane, was ahead"}
	}
	when := "an unknown time"
	if cert != nil {
		when = moment(cert.NotAfter)
	}
	return Cause{Kind: CauseExpired,
		Detail: fmt.Sprintf("the API's certificate expired at %s, and this machine's clock says %s", when, moment(now)),
		Hint: "if the cluster has never been up, run create ignition-configs again, which issues new certificates, and boot all " +
			"machines again; " +
			"if it has, leave it running, since it renews its certificates only while it runs; if the clock is wrong, set it"}
}

// explainAuthority tells another cluster from something else on the way.
func (k Kubeconfig) explainAuthority(cert *x509.Certificate) Cause {
	issuer := "unknown"
	if cert != nil {
		issuer = oneLine(cert.Issuer.String(), 100)
	}
	for _, own := range []string{
		"kube-apiserver-lb-signer", "kube-apiserver-localhost-signer", "kube-apiserver-service-network-signer",
		"kube-apiserver-recovery",
	} {
		if cert != nil && strings.HasPrefix(cert.Issuer.CommonName, own) {
			return Cause{Kind: CauseOtherCluster,
				Detail: fmt.Sprintf("the server at %s is the API of another cluster: its certificate comes from an authority (%s) that "+
					"is not in %s", k.Server.Host, issuer, k.File),
				Hint: "check whether the machines were booted with the Ignition configs of an earlier run or of another directory, and " +
					"whether the name still points to an old cluster's load balancer; " +
					"otherwise use the kubeconfig that belongs to those machines"}
		}
	}
	return Cause{Kind: CauseIntercepted,
		Detail: fmt.Sprintf("the certificate at %s is not from this cluster: its issuer is %s", k.Server.Host, issuer),
		Hint: "the load balancer must pass TCP through and not terminate TLS; a proxy that inspects TLS must exclude the API; " +
			"if the API has a certificate of your own, the kubeconfig needs the authority that issued it"}
}

// explainHandshake is for a connection that ends before TLS is up, and for one
// that breaks later.
func (k Kubeconfig) explainHandshake(err error) (Cause, bool) {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var op *net.OpError
	where := k.Server.Host
	switch {
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return Cause{Kind: CauseNotTLS, Detail: where + " does not speak TLS",
			Hint: "the load balancer must pass TCP through to port 6443 of the control plane; check that this is its port for the API"}, true
	case errors.As(err, &alert), errors.As(err, &op) && op.Op == "remote error":
		return Cause{Kind: CauseClient, Detail: where + " refuses this client's certificate or TLS version: " + oneLine(errors.Unwrap(err).Error(), 100),
			Hint: "use the kubeconfig that belongs to this cluster"}, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		system.ConnectionReset(err), strings.Contains(err.Error(), "server closed idle connection"):
		return Cause{
			Kind:   causeNoBackend,
			Detail: where + " accepts the connection and closes it again: it is a load balancer without a working API server behind it",
			Hint: "wait for the bootstrap host, which takes some minutes to bring up the first API server; check that it has " +
				"booted and is among the backends for port 6443, with the control plane",
		}, true
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return Cause{Kind: causeSilence, Detail: where + " accepts the connection but does not answer in time",
			Hint: "the load balancer may pass it to a host that is down, or the API server is overloaded; check the health checks of the backends"}, true
	}
	return Cause{}, false
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// explainAnswer is for an answer that is not the object.
func (k Kubeconfig) explainAnswer(err error) (Cause, bool) {
	var status *answerError
	if !errors.As(err, &status) {
		return Cause{}, false
	}
	switch {
	case status.Code == http.StatusUnauthorized:
		return Cause{Kind: CauseClient, Detail: fmt.Sprintf("the API does not accept the client of %s", k.File),
			Hint: "use the kubeconfig that belongs to this cluster; a token may have expired"}, true
	case status.Code == http.StatusForbidden:
		return Cause{Kind: CauseForbidden, Detail: fmt.Sprintf("the client of %s is not allowed to do that: %s", k.File,
			oneLine(status.Message, 200)),
			Hint: "use the administrator's kubeconfig"}, true
	case status.Code == http.StatusNotFound && status.Reason != "",
		status.Code == http.StatusTooManyRequests, status.Reason != "" && status.Code >= 500,
		status.Code == http.StatusNotFound && strings.HasPrefix(status.Message, "404 page not found"):
		return Cause{
			Kind: causeStarting, Detail: "the API server is not ready yet: " + status.Error(),
			Hint: "wait; it is coming up, or its etcd is",
		}, true
	case status.Code >= 500 && status.Message != "":
		return Cause{
			Kind: causeStarting, Detail: "the API server is not ready yet: " + status.Error(),
			Hint: "wait; it is coming up, or its etcd is",
		}, true
	}
	return Cause{Kind: CauseNotAPI, Detail: fmt.Sprintf("the server at %s is not an API server: %s", k.Server.Host, status.Error()),
		Hint: "check that the name points to the load balancer of the API, and port 6443 there to port 6443 of the control plane"}, true
}

// moment is a time as people write it.
func moment(t time.Time) string { return t.Local().Format("Mon 2 Jan 2006 15:04 MST") }
