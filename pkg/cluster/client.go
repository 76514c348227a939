package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// maxBody bounds what is read of one answer, in bytes. The largest one is the
// list of requests on a cluster that nobody has looked after for months.
const maxBody = 64 << 20

// requestTimeout is how long one request may take. Every request is repeated,
// so it is short: a connection that hangs is found soon.
const requestTimeout = 15 * time.Second

// Options is what a client gets from the outside.
type Options struct {
	// Dial connects to the API. address is host:port as in the kubeconfig.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Proxy chooses the proxy of a request; nil for none.
	Proxy func(*http.Request) (*url.URL, error)
	Now   func() time.Time
}

// Client asks one cluster's API. It may be used by several goroutines.
type Client struct {
	Kubeconfig Kubeconfig
	http       *http.Client
	now        func() time.Time

	mu     sync.Mutex
	skew   time.Duration
	dated  bool
	served []*x509.Certificate
}

// NewClient makes a client. It does not connect yet.
func NewClient(k Kubeconfig, o Options) (*Client, error) {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	c := &Client{Kubeconfig: k, now: o.Now}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: k.ServerName, Time: o.Now}
	if k.Authorities != nil {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(k.Authorities)
	}
	if k.Client != nil {
		config.Certificates = []tls.Certificate{*k.Client}
	}
	c.http = &http.Client{
		Timeout: requestTimeout,
		// an API does not redirect; whatever does is not one, and must not see a token
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: o.Dial, Proxy: o.Proxy, TLSClientConfig: config,
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 4,
			// HTTP/1.1: a connection through a load balancer whose backend has gone is
			// noticed with the next request, and not after a quarter of an hour
			TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
		},
	}
	return c, nil
}

// answerError is an answer of the API that is not what was asked for.
type answerError struct {
	Code int
	// Reason is Kubernetes' word, such as NotFound; empty if the answer did not
	// come from an API server.
	Reason, Message string
}

// Error gives the code and what the API said.
func (e *answerError) Error() string {
	text := fmt.Sprintf("the API answers %d %s", e.Code, http.StatusText(e.Code))
	if e.Message != "" {
		text += ": " + oneLine(e.Message, 200)
	}
	return text
}

// notFound tells that the API is there and the object is not.
func notFound(err error) bool {
	var status *answerError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// conflict tells that somebody else changed the object in the meantime.
func conflict(err error) bool {
	var status *answerError
	return errors.As(err, &status) && status.Code == http.StatusConflict
}

// get reads the object or list at the path of the API, such as /version, into out.
func (c *Client) get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, "application/json", nil, out)
}

// getMetadata reads a list with the metadata of its objects only. The content
// of secrets is never sent that way.
func (c *Client) getMetadata(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", nil, out)
}

// put replaces an object.
func (c *Client) put(ctx context.Context, path string, body any) error {
	return c.do(ctx, http.MethodPut, path, "application/json", body, nil)
}

func (c *Client) do(ctx context.Context, method, path, accept string, body, out any) error {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Kubeconfig.Server.String()+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "okd-install")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Kubeconfig.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Kubeconfig.Token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		c.http.CloseIdleConnections() // ask DNS and the load balancer again
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	c.remember(answer)
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err != nil {
		c.http.CloseIdleConnections()
		return err
	}
	if len(data) > maxBody {
		c.http.CloseIdleConnections()
		message := fmt.Sprintf("the answer to %s has more than %d MiB, and is not read", path, maxBody>>20)
		return &answerError{Code: answer.StatusCode, Message: message}
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return statusError(answer, data)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &answerError{Code: answer.StatusCode, Message: "the answer is not JSON"}
	}
	return nil
}

func statusError(answer *http.Response, data []byte) error {
	var status struct {
		Kind    string `json:"kind"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}
	e := &answerError{Code: answer.StatusCode}
	if json.Unmarshal(data, &status) == nil && status.Kind == "Status" {
		e.Reason, e.Message = status.Reason, status.Message
	} else if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
		e.Message = oneLine(string(data), 200)
	}
	return e
}

// remember keeps what every answer tells besides its content: the API's clock,
// and its certificate.
func (c *Client) remember(answer *http.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		// the header has whole seconds
		c.skew, c.dated = date.Add(500*time.Millisecond).Sub(c.now()), true
	}
	if answer.TLS != nil {
		c.served = answer.TLS.PeerCertificates
	}
}

// clockSkew is how far the API's clock was ahead of ours at its last answer, to about
// a second; zero before the first.
func (c *Client) clockSkew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

// clusterNow is the time by the API's clock, which the times in its objects are by.
func (c *Client) clusterNow() time.Time { return c.now().Add(c.clockSkew()) }

// chain is the chain of certificates that the API showed last.
func (c *Client) chain() []*x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.served
}

// oneLine makes text from elsewhere fit for a terminal: on one line, without
// control characters, and at most limit characters.
func oneLine(text string, limit int) string {
	return diag.Clip(diag.Printable(strings.Join(strings.Fields(text), " ")), limit)
}
