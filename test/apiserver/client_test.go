//go:build e2e

package apiserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

type object = map[string]any

// makeAssets has okd-install make a cluster's files.
func makeAssets(t *testing.T, config string, create ...string) string {
	t.Helper()
	if os.Getenv("OKD_INSTALL") == "" {
		t.Fatal("set OKD_INSTALL to the okd-install to be tested")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "install-config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := okd(t, append([]string{"create", "ignition-configs", "--dir", dir}, create...)...); code != 0 {
		t.Fatalf("create ignition-configs ended with %d", code)
	}
	return dir
}

// unpack writes the files below /opt/openshift of an Ignition config to a folder.
func unpack(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Storage struct {
			Files []struct {
				Path     string `json:"path"`
				Contents struct {
					Source      string `json:"source"`
					Compression string `json:"compression"`
				} `json:"contents"`
			} `json:"files"`
		} `json:"storage"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range config.Storage.Files {
		rest, ok := strings.CutPrefix(f.Path, "/opt/openshift/")
		_, encoded, isBase64 := strings.Cut(f.Contents.Source, ";base64,")
		if !ok || !isBase64 || f.Contents.Compression != "" {
			continue
		}
		content, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, filepath.FromSlash(rest))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// client speaks to the API as a kubeconfig says, but at a port of the loopback:
// the names api and api-int lead there as if DNS said so.
type client struct {
	t      *testing.T
	server string
	token  string
	http   *http.Client
}

func newClient(t *testing.T, kubeconfig, port string) *client {
	t.Helper()
	data, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	var k struct {
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
	if err := yaml.Unmarshal(data, &k); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(k.Clusters[0].Cluster.CA) {
		t.Fatal("the kubeconfig has no authority")
	}
	pair, err := tls.X509KeyPair(k.Users[0].User.Cert, k.Users[0].User.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &client{
		t: t, server: k.Clusters[0].Cluster.Server,
		http: loopback(port, &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}),
	}
}

func loopback(port string, config *tls.Config) *http.Client {
	return &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
		}}}
}

// as is the same way with other credentials.
func (c *client) as(port string, certs []tls.Certificate, token string) *client {
	config := c.http.Transport.(*http.Transport).TLSClientConfig.Clone()
	config.Certificates = certs
	return &client{t: c.t, server: c.server, token: token, http: loopback(port, config)}
}

// try sends one request. The code is 0 if there was no answer.
func (c *client) try(method, path string, body object) (int, []byte) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		content = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, c.server+path, content)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if method == "PATCH" {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return answer.StatusCode, data
}

// must sends one request that has to succeed.
func (c *client) must(method, path string, body object) object {
	c.t.Helper()
	code, data := c.try(method, path, body)
	if code < 200 || code > 299 {
		c.t.Fatalf("%s %s: %d %s", method, path, code, data)
	}
	var out object
	_ = json.Unmarshal(data, &out)
	return out
}

// put makes an object, or brings it to the given state, with its status.
func (c *client) put(collection string, o object) {
	c.t.Helper()
	name := o["metadata"].(object)["name"].(string)
	path := collection + "/" + name
	if code, data := c.try("POST", collection, o); code != 201 && code != 409 {
		c.t.Fatalf("POST %s: %d %s", path, code, data)
	}
	if code, data := c.try("PATCH", path, o); code != 200 {
		c.t.Fatalf("PATCH %s: %d %s", path, code, data)
	}
	if status, ok := o["status"]; ok {
		if code, data := c.try("PATCH", path+"/status", object{"status": status}); code != 200 && code != 404 {
			c.t.Fatalf("PATCH %s/status: %d %s", path, code, data)
		}
	}
}

func (c *client) remove(path string) {
	c.t.Helper()
	if code, data := c.try("DELETE", path, nil); code != 200 && code != 404 {
		c.t.Fatalf("DELETE %s: %d %s", path, code, data)
	}
}

// field digs into an object.
func field(o any, path ...string) any {
	for _, key := range path {
		m, ok := o.(object)
		if !ok {
			return nil
		}
		o = m[key]
	}
	return o
}
