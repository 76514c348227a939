package ignition

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/needs"
)

// preflightTree makes the files that preflight looks for.
func preflightTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	names, _ := runBash(t, dir, `source "$L/lib/okd-install/preflight.sh"
printf 'tls/%s.key\n' "${PREFLIGHT_PAIRS[@]}"
printf 'tls/%s.crt\n' "${PREFLIGHT_PAIRS[@]}" "${PREFLIGHT_CERTIFICATES[@]}"; printf '%s\n' "${PREFLIGHT_FILES[@]}"`)
	valid := certificate(t, -time.Hour, 23*time.Hour)
	for name := range strings.Lines(names) {
		file := filepath.Join(dir, strings.TrimSpace(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, valid, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func certificate(t *testing.T, from, until time.Duration) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	needs.Program(t, "openssl") // dates are looked at with it
	for name, c := range map[string]struct {
		change map[string]string // to "" removes, to "-" empties
		want   []string
	}{
		"whole":          {nil, nil},
		"missing signer": {map[string]string{"tls/aggregator-signer.crt": ""}, []string{"/opt/openshift/tls/aggregator-signer.crt is missing"}},
		"several": {map[string]string{"tls/kubelet-signer.key": "-", "auth/kubeconfig": ""},
			[]string{"tls/kubelet-signer.key is empty", "auth/kubeconfig is missing", "2 of the files"}},
		"expired": {map[string]string{"tls/apiserver-proxy.crt": string(certificate(t, -25*time.Hour, -time.Hour))},
			[]string{"tls/apiserver-proxy.crt: certificate has expired", "make bootstrap.ign again"}},
		"clock behind":          {map[string]string{"tls/root-ca.crt": string(certificate(t, 2*time.Hour, 20*time.Hour))}, []string{"tls/root-ca.crt: certificate is not yet valid", "timedatectl"}},
		"no certificate":        {map[string]string{"tls/root-ca.crt": "text"}, []string{"tls/root-ca.crt is not a certificate"}},
		"empty manifest":        {map[string]string{"openshift/99_mine.yaml": "-"}, []string{"openshift/99_mine.yaml is empty"}},
		"half of the bound key": {map[string]string{"tls/bound-service-account-signing-key.key": "key"}, []string{"without tls/bound-service-account-signing-key.pub"}},
		"the whole bound key":   {map[string]string{"tls/bound-service-account-signing-key.key": "k", "tls/bound-service-account-signing-key.pub": "p"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := preflightTree(t)
			for file, text := range c.change {
				file = filepath.Join(dir, file)
				if text == "" {
					if err := os.Remove(file); err != nil {
						t.Fatal(err)
					}
				} else if err := os.WriteFile(file, []byte(strings.TrimPrefix(text, "-")), 0o600); err != nil && text != "-" {
					t.Fatal(err)
				}
				if strings.HasPrefix(text, "-----") {
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			out, code := runBash(t, dir, `source "$L/lib/okd-install/preflight.sh"; preflight || exit 1; echo fine`)
			if (code == 0) != (c.want == nil) || (code == 0) != strings.Contains(out, "fine\n") {
				t.Errorf("exit %d\n%s", code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("does not say %q:\n%s", want, out)
				}
			}
		})
	}
}
