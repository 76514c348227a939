package tls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"testing"
	"time"
)

// handshake lets a server with one pair and a client that trusts roots talk
// TLS. The client shows a pair of its own if the server wants one.
func handshake(t *testing.T, serverPair Pair, roots []byte, name string, clientPair *Pair, clientRoots []byte) error {
	t.Helper()
	at := func() time.Time { return born.Add(time.Hour) }
	own, err := tls.X509KeyPair(serverPair.Cert, serverPair.Key)
	if err != nil {
		return err
	}
	serverConfig := &tls.Config{Certificates: []tls.Certificate{own}, Time: at}
	clientConfig := &tls.Config{ServerName: name, RootCAs: x509.NewCertPool(), Time: at}
	clientConfig.RootCAs.AppendCertsFromPEM(roots)
	if clientPair != nil {
		shown, err := tls.X509KeyPair(clientPair.Cert, clientPair.Key)
		if err != nil {
			return err
		}
		clientConfig.Certificates = []tls.Certificate{shown}
		serverConfig.ClientAuth, serverConfig.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		serverConfig.ClientCAs.AppendCertsFromPEM(clientRoots)
	}
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	done := make(chan error, 1)
	go func() {
		c := tls.Server(a, serverConfig)
		err := c.Handshake()
		if err == nil {
			_, err = c.Write([]byte("x"))
		}
		done <- err
		_ = a.Close()
	}()
	c := tls.Client(b, clientConfig)
	_, clientErr := c.Read(make([]byte, 1))
	if clientErr != nil {
		_ = b.Close()
	}
	return errors.Join(clientErr, <-done)
}

// TestServersAreKnownByAllTheirNames does real handshakes, as the API server,
// its clients and new machines do.
func TestServersAreKnownByAllTheirNames(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]set{"rsa": must(t, rsaSet), "ecdsa": must(t, ecSet)} {
		roots, err := bundlePEM("kube-apiserver-complete-server-ca-bundle", s.certs)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range Certificates {
			if !slices.Contains(row.Use, x509.ExtKeyUsageServerAuth) || len(row.DNS) == 0 {
				continue
			}
			trusted := roots
			if row.Signer == "root-ca" {
				trusted = s.certs["root-ca"].Cert
			}
			for _, host := range dualStack.expand(append(slices.Clone(row.DNS), row.IPs...)) {
				if err := handshake(t, s.certs[row.Name], trusted, host, nil, nil); err != nil {
					t.Errorf("%s: %s as %s: %v", name, row.Name, host, err)
				}
			}
			if handshake(t, s.certs[row.Name], trusted, "elsewhere.example.com", nil, nil) == nil {
				t.Errorf("%s: %s is accepted as another host", name, row.Name)
			}
		}
	}
}

// TestClientsAreLetIn shows each client's certificate to a server that trusts
// what the API server trusts, or extension API servers.
func TestClientsAreLetIn(t *testing.T) {
	t.Parallel()
	s := must(t, ecSet)
	for _, row := range Certificates {
		if !slices.Contains(row.Use, x509.ExtKeyUsageClientAuth) || row.Signer == "root-ca" {
			continue
		}
		roots, err := bundlePEM("kube-apiserver-complete-client-ca-bundle", s.certs)
		if err != nil {
			t.Fatal(err)
		}
		aggregated := row.Signer == "aggregator-signer" || row.Signer == "aggregator-ca"
		shown := s.certs[row.Name]
		serving := s.certs["kube-apiserver-localhost-server"]
		servers := s.certs["kube-apiserver-localhost-signer"].Cert
		if err := handshake(t, serving, servers, "localhost", &shown, roots); (err == nil) == aggregated {
			t.Errorf("%s at the API server: %v", row.Name, err)
		}
		if aggregated {
			if err := handshake(t, serving, servers, "localhost", &shown, s.certs[row.Signer].Cert); err != nil {
				t.Errorf("%s at an extension API server: %v", row.Name, err)
			}
		}
	}
}
