package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
)

// serverPort is where the machine config server answers.
const serverPort = "22623"

// NewWorker is what a machine needs to join a running cluster.
type NewWorker struct {
	// Pointer is the content of worker.ign.
	Pointer []byte
	// Host is the machine config server's name or address, Authority the
	// certificates that vouch for it, as PEM.
	Host      string
	Authority []byte
	// Source is where in the cluster the authority was found.
	Source string
}

// FetchWorker reads from the cluster who vouches for its machine config server
// now, and where that is, and makes the config with which a worker finds it. The
// authority may be another one than at the installation: clusters renew it.
func (c *Client) FetchWorker(ctx context.Context) (NewWorker, error) {
	w := NewWorker{}
	var infra infrastructure
	if err := c.get(ctx, pathInfrastructure, &infra); err != nil && !notFound(err) {
		return w, err
	}
	if u, err := url.Parse(infra.Status.InternalURL); err == nil && u.Hostname() != "" {
		w.Host = u.Hostname()
	} else if domain := c.Kubeconfig.domain(); domain != "" {
		w.Host = "api-int." + domain
	} else {
		return w, diag.Problem{Detail: "the cluster does not say what its internal name is", Hint: "use a kubeconfig whose server is api.<cluster>.<domain>"}
	}
	var expired error
	for _, place := range []struct{ path, key, name string }{
		{pathServerAuthority, "ca-bundle.crt", "ConfigMap openshift-machine-config-operator/machine-config-server-ca"},
		{pathRootAuthority, "ca.crt", "ConfigMap kube-system/root-ca"},
	} {
		var found configMap
		if err := c.get(ctx, place.path, &found); err != nil && !notFound(err) {
			return w, err
		}
		authority := []byte(found.Data[place.key])
		end, good := lastEnd(authority, c.clusterNow())
		if good {
			w.Authority, w.Source = authority, place.name
			break
		}
		if !end.IsZero() && w.Source == "" {
			w.Source = place.name
			expired = diag.Problem{Detail: fmt.Sprintf("the authority of the machine config server that the cluster publishes in %s expired at %s: a new machine would refuse the server", place.name, moment(end)),
				Hint: "have the cluster renew it first; the cluster's clock says " + moment(c.clusterNow())}
		}
	}
	if w.Authority == nil && expired != nil {
		return w, expired
	}
	if w.Authority == nil {
		return w, diag.Problem{Detail: "the cluster does not publish the authority of its machine config server",
			Hint: "check that this is an OKD cluster and that the kubeconfig is the administrator's"}
	}
	var err error
	w.Pointer, err = ignition.Pointer(w.Host, "worker", append(bytes.TrimSpace(w.Authority), '\n'))
	return w, err
}

// lastEnd is when the last of some certificates, as PEM, expires, and whether that is
// still to come; zero if there is none.
func lastEnd(bundle []byte, now time.Time) (end time.Time, good bool) {
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && cert.NotAfter.After(end) {
			end = cert.NotAfter
		}
	}
	return end, end.After(now)
}

// Offer is what the machine config server offers to a worker.
type Offer struct {
	// Address is where it was asked, Bytes the size of the config, Spec its
	// Ignition version, and Expires the end of the server's certificate.
	Address string    `json:"address"`
	Bytes   int       `json:"bytes"`
	Spec    string    `json:"spec"`
	Expires time.Time `json:"certificateNotAfter"`
}

// maxOffer bounds what is read of a machine's config, in bytes.
const maxOffer = 32 << 20

// CheckServer asks the machine config server for the worker's config, as a new
// machine will, and throws it away. The cause says what is in the way; from this
// machine the way may be another than from the new one.
func (w NewWorker) CheckServer(ctx context.Context, o Options) (Offer, *Cause) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.Authority)
	address := net.JoinHostPort(w.Host, serverPort)
	server := &url.URL{Scheme: "https", Host: address, Path: "/config/worker"}
	k := Kubeconfig{File: "worker.ign", Server: server}
	offer := Offer{Address: address}
	client := &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: o.Dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Time: o.Now}, DisableKeepAlives: true,
			TLSHandshakeTimeout: 10 * time.Second,
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.String(), nil)
	if err != nil {
		return offer, &Cause{Kind: causeOther, Detail: err.Error()}
	}
	// without it the server answers in spec 2.2.0, or not at all if that cannot say what the config does
	request.Header.Set("Accept", "application/vnd.coreos.ignition+json;version=3.2.0, */*;q=0.1")
	request.Header.Set("User-Agent", "Ignition/2.26.0")
	answer, err := client.Do(request)
	if err != nil {
		cause := k.Explain(err, o.Now())
		return offer, aboutServer(cause)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.TLS != nil && len(answer.TLS.PeerCertificates) > 0 {
		offer.Expires = answer.TLS.PeerCertificates[0].NotAfter.UTC()
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxOffer+1))
	if err != nil {
		return offer, &Cause{Kind: causeOther, Detail: fmt.Sprintf("%s breaks off in the middle of its answer", address), Hint: "ask again"}
	}
	if len(data) > maxOffer {
		return offer, &Cause{
			Kind:   CauseNotAPI,
			Detail: fmt.Sprintf("%s does not offer a worker's config: its answer has more than %d MiB", address, maxOffer>>20),
			Hint:   "check that the backend for port 22623 is the machine config server",
		}
	}
	var config struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
	}
	if answer.StatusCode != http.StatusOK || json.Unmarshal(data, &config) != nil || config.Ignition.Version == "" {
		return offer, &Cause{Kind: CauseNotAPI,
			Detail: fmt.Sprintf("%s does not offer a worker's config: it answers %d %s",
				address, answer.StatusCode, http.StatusText(answer.StatusCode)),
			Hint: "check that the machine config pool worker exists and is not degraded, and that the backend for port 22623 is the " +
				"machine config server"}
	}
	offer.Bytes, offer.Spec = len(data), oneLine(config.Ignition.Version, 20)
	return offer, nil
}

// aboutServer fits the words about the API to the machine config server.
func aboutServer(c Cause) *Cause {
	c.Detail = strings.NewReplacer("it is a load balancer without a working API server behind it",
		"it is a load balancer without a working machine config server behind it",
		"the API's certificate", "the machine config server's certificate", "that kubeconfig", "the cluster").Replace(c.Detail)
	switch c.Kind {
	case CauseOtherCluster, CauseIntercepted:
		c.Hint = "port 22623 leads to another cluster, or to something that terminates TLS: a new machine would refuse it as well"
	case CauseName:
		c.Hint = "the new machine must be able to resolve it; this one need not"
	default:
		c.Hint = "new machines need port 22623 of the internal name; where it is closed to other machines, this check proves nothing"
	}
	c.Final = false
	return &c
}
