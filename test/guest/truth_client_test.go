//go:build e2e && truth

package guest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// client is somebody who asks a server on the host.
type client struct {
	server  string
	ca      []byte
	cert    []byte
	key     []byte
	headers map[string]string
}

// kubeconfigClient does what a kubeconfig says, and no more.
func kubeconfigClient(t *testing.T, text string) client {
	t.Helper()
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string `json:"server"`
				CA     []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Cert []byte `json:"client-certificate-data"`
				Key  []byte `json:"client-key-data"`
			} `json:"user"`
		} `json:"users"`
	}
	must(t, yaml.Unmarshal([]byte(text), &config))
	if len(config.Clusters) != 1 || len(config.Users) != 1 {
		t.Fatalf("the kubeconfig has %d clusters and %d users", len(config.Clusters), len(config.Users))
	}
	cluster, user := config.Clusters[0].Cluster, config.Users[0].User
	return client{server: cluster.Server, ca: cluster.CA, cert: user.Cert, key: user.Key}
}

// anonymous is the same server without a login.
func (c client) anonymous() client {
	c.cert, c.key = nil, nil
	return c
}

// by has the client ask the server by another name, on the same port.
func (c client) by(name string) client {
	_, port, _ := strings.Cut(strings.TrimPrefix(c.server, "https://"), ":")
	c.server = "https://" + name + ":" + port
	return c
}

// as logs in with another certificate.
func (c client) as(cert, key []byte) client {
	c.cert, c.key = cert, key
	return c
}

// transport reaches servers as a client, each time on a connection of its own: from the
// machine network by a name of the cluster's domain, and from the host itself by another.
func (h *host) transport(c client) *http.Transport {
	h.t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(c.ca) {
		h.t.Fatal("the client has no authority")
	}
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if c.cert != nil {
		pair, err := tls.X509KeyPair(c.cert, c.key)
		must(h.t, err)
		// also where the server would rather see another authority's
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return &http.Transport{
		TLSClientConfig: config, DisableKeepAlives: true,
		DialContext: func(_ context.Context, _, at string) (net.Conn, error) {
			name, port, err := net.SplitHostPort(at)
			if err != nil {
				return nil, err
			}
			if strings.HasSuffix(name, "."+domain) {
				return h.byName(name, port)
			}
			n, err := strconv.Atoi(port)
			if err != nil {
				return nil, err
			}
			return h.dial(n)
		},
	}
}

// ask sends one request. An error is one of the connection: the server is not reached, or not
// trusted.
func (h *host) ask(c client, method, path, body string) (code int, said string, err error) {
	h.t.Helper()
	transport := h.transport(c)
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, strings.NewReader(body))
	must(h.t, err)
	request.Header.Set("Accept", "application/json")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return response.StatusCode, string(raw), err
}

// until asks again and again until the answer is the right one.
func (h *host) until(what string, patience time.Duration, right func() (bool, string)) {
	h.t.Helper()
	defer took(h.t, what, time.Now())
	end := time.Now().Add(patience * time.Duration(h.slow))
	for {
		ok, said := right()
		if ok {
			return
		}
		if time.Now().After(end) {
			why, _ := h.session("sudo bash", []byte(showTruth), false)
			h.t.Fatalf("%s does not come to pass in %v: %s\n%s", what, patience*time.Duration(h.slow), said, tail(why, 100))
		}
		time.Sleep(time.Second)
	}
}

// answers wants a code for a request.
func (h *host) answers(c client, method, path, body string, want int) string {
	h.t.Helper()
	code, said, err := h.ask(c, method, path, body)
	if err != nil || code != want {
		h.t.Errorf("%s %s%s: %d, %v, want %d: %s", method, c.server, path, code, err, want, tail(said, 5))
	}
	return said
}

// distrusts wants a client to end the connection for a reason.
func (h *host) distrusts(c client, reason string) {
	h.t.Helper()
	code, _, err := h.ask(c, "GET", "/readyz", "")
	if err == nil || !strings.Contains(err.Error(), reason) {
		h.t.Errorf("%s: %d, %v, want an error about %q", c.server, code, err, reason)
	}
}

// object is JSON of an object in the namespace kube-system.
func configMap(name string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q},"data":{"by":"the test"}}`, name)
}
