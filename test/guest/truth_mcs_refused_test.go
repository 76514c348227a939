//go:build e2e && truth

package guest

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// poolsThatAreNot have the server answer 404 for a pool that it would serve, on which
// Ignition gives up, and 500 for all others, on which it goes on.
func poolsThatAreNot(t *testing.T, h *host, n newcomer) {
	c := h.pointerClient(t, "master.ign").accepts("3.2.0")
	for pool, want := range map[string]struct {
		code   int
		reason string
		err    error
	}{
		"arbiter": {404, "GET result: Not Found", nil},
		"nothing": {500, "GET result: Internal Server Error", errPatience},
	} {
		if said := h.answers(c, "GET", "/config/"+pool, "", want.code); said != "" {
			t.Errorf("who asks for the pool %s is told: %s", pool, tail(said, 3))
		}
		config := strings.Replace(string(readFile(t, filepath.Join(h.dir, "master.ign"))), "/config/master", "/config/"+pool, 1)
		name := filepath.Join(t.TempDir(), pool+".ign")
		write(t, name, []byte(config), 0o600)
		n.fetchesNothing(t, name, want.reason, want.err)
	}
}

// badMachineConfigServers puts certificates in the place of the server's, with the host's
// own authority where that can be: Ignition must refuse each, for the right reason. It
// refuses ours as well when its pointer is that of another cluster.
func badMachineConfigServers(t *testing.T, h *host, n newcomer) {
	var secret struct {
		Data map[string][]byte `json:"data"`
	}
	must(t, yaml.Unmarshal([]byte(h.read("/opt/openshift/manifests/machine-config-server-ca-secret.yaml")), &secret))
	root := readIssuer(t, string(secret.Data["tls.crt"]), string(secret.Data["tls.key"]))
	other := newIssuer(t, "root-ca")
	ours, pointer := h.pointerClient(t, "master.ign"), filepath.Join(h.dir, "master.ign")
	nameless := serving("api-int.demo.example.com")
	nameless.DNSNames = nil
	expired := serving("api-int.demo.example.com")
	expired.NotAfter = time.Now().Add(-time.Minute)
	for _, bad := range []struct {
		cert   *x509.Certificate
		signer issuer
		reason string
	}{
		{serving("api-int.demo.example.com"), other, "x509: certificate signed by unknown authority"},
		{expired, root, "x509: certificate has expired or is not yet valid"},
		{serving("api-int.other.example.com"), root, "x509: certificate is valid for api-int.other.example.com, not api-int.demo.example.com"},
		{nameless, root, "x509: certificate relies on legacy Common Name field, use SANs instead"},
	} {
		made := issue(t, bad.cert, &bad.signer)
		h.put("/etc/ssl/mcs/tls.key", made.keyPEM(t), "600")
		h.put("/etc/ssl/mcs/tls.crt", made.pem, "600")
		h.until("the server shows another certificate: "+bad.reason, 2*time.Minute, func() (bool, string) {
			code, _, err := h.ask(ours, "GET", "/healthz", "")
			return err != nil && strings.Contains(err.Error(), strings.TrimPrefix(bad.reason, "x509: ")), fmt.Sprint(code, " ", err)
		})
		n.fetchesNothing(t, pointer, bad.reason, errPatience)
	}
	h.sh("for kind in key crt; do cp /opt/openshift/tls/machine-config-server.${kind} /etc/ssl/mcs/tls.${kind}; done")
	h.until("the server shows our certificate again", 2*time.Minute, func() (bool, string) {
		code, _, err := h.ask(ours, "GET", "/healthz", "")
		return code == 200, fmt.Sprint(code, " ", err)
	})
	if said, err := n.fetch(t, pointer, time.Minute); err != nil {
		t.Errorf("Ignition does not fetch from our server again: %v\n%s", err, tail(said, 10))
	}
	base := base64.StdEncoding.EncodeToString
	foreign := strings.Replace(string(readFile(t, pointer)), base(ours.ca), base(other.pem), 1)
	name := filepath.Join(t.TempDir(), "master.ign")
	write(t, name, []byte(foreign), 0o600)
	n.fetchesNothing(t, name, "x509: certificate signed by unknown authority", errPatience)
}

// serverLogIsClean looks into what gather would take of the server's log: the server
// writes there whole what it serves, with the kubeconfig and the pull secret.
func serverLogIsClean(t *testing.T, h *host) {
	const copied = "/run/okd-test-server.log"
	h.sh("cat %s >%s", serverLog, copied)
	if said := h.read(copied); !strings.Contains(said, "client-key-data") || !strings.Contains(said, "auths") {
		t.Error("the server's log does not have what it serves: this step proves nothing")
	}
	h.sh("/usr/local/bin/redact-secrets.sh %s", copied)
	said := h.read(copied)
	plain := regexp.MustCompile("(?i)%[0-9a-f]{2}").ReplaceAllStringFunc(said, func(escape string) string {
		char, err := url.PathUnescape(escape)
		must(t, err)
		return char
	})
	h.noSecrets(map[string][]byte{"machine-config-server.log": []byte(said), "machine-config-server.log, decoded": []byte(plain)})
	if !strings.Contains(said, "Launching server on :22623") {
		t.Error("nothing is left of the server's log")
	}
}
