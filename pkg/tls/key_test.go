package tls

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestKeySpecReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"rsa-2048", "rsa-3072", "rsa-4096", "rsa-8192", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"} {
		k, err := ParseKeySpec(s)
		if err != nil || k.String() != s {
			t.Errorf("%s: got %s, %v", s, k, err)
		}
		if upper, err := ParseKeySpec(strings.ToUpper(s)); err != nil || upper != k {
			t.Errorf("%s in capitals: got %s, %v", s, upper, err)
		}
	}
	for _, s := range []string{
		"", "rsa", "rsa-", "rsa-1024", "rsa-2049", "rsa-9216", "rsa-+2048", "rsa-02048", "rsa--2048", "rsa-2048 ", "rsa-p256",
		"ecdsa", "ecdsa-p224", "ecdsa-256", "ecdsa-2048", "ed25519", "dsa-2048", "-", strings.Repeat("x", 1<<10),
	} {
		if k, err := ParseKeySpec(s); err == nil || len(err.Error()) > 250 {
			t.Errorf("%q: got %s, %v", s, k, err)
		}
	}
}

func TestValidateRefusesMixtures(t *testing.T) {
	t.Parallel()
	for _, k := range []KeySpec{
		{},
		{Algorithm: RSA},
		{Algorithm: ECDSA},
		{Algorithm: RSA, Size: 2048, Curve: "P256"},
		{Algorithm: ECDSA, Size: 2048, Curve: "P256"},
		{Algorithm: "rsa", Size: 2048},
		{Algorithm: ECDSA, Curve: "p256"},
	} {
		if k.Validate() == nil {
			t.Errorf("%#v is accepted", k)
		}
	}
}

func pemOf(t *testing.T, label string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func TestParseKeyReadsAllForms(t *testing.T) {
	t.Parallel()
	rsaPair, ecPair := must(t, rsaSet).certs["root-ca"], must(t, ecSet).certs["root-ca"]
	r, err := parseKey(rsaPair.Key)
	if err != nil {
		t.Fatal(err)
	}
	e, err := parseKey(ecPair.Key)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(rsaPair.Key, []byte("-----BEGIN RSA PRIVATE KEY-----\n")) ||
		!bytes.HasPrefix(ecPair.Key, []byte("-----BEGIN EC PRIVATE KEY-----\n")) {
		t.Error("keys are written as PKCS#1 and SEC 1")
	}
	rsa8, err := x509.MarshalPKCS8PrivateKey(r)
	rsa8PEM := pemOf(t, "PRIVATE KEY", rsa8, err)
	ec8, err := x509.MarshalPKCS8PrivateKey(e)
	ec8PEM := pemOf(t, "PRIVATE KEY", ec8, err)
	parameters := pemOf(t, "EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}, nil)
	for name, tc := range map[string]struct {
		data []byte
		want crypto.Signer
	}{
		"PKCS#1":            {rsaPair.Key, r},
		"PKCS#8 RSA":        {rsa8PEM, r},
		"PKCS#8 ECDSA":      {ec8PEM, e},
		"SEC 1":             {ecPair.Key, e},
		"after parameters":  {append(parameters, ecPair.Key...), e},
		"with text around":  {append([]byte("a comment\n"), append(rsaPair.Key, "more\n"...)...), r},
		"with Windows ends": {bytes.ReplaceAll(ecPair.Key, []byte("\n"), []byte("\r\n")), e},
	} {
		got, err := parseKey(tc.data)
		if err != nil || !samePublic(got.Public(), tc.want.Public()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edDER, err := x509.MarshalPKCS8PrivateKey(ed)
	edPEM := pemOf(t, "PRIVATE KEY", edDER, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p224DER, err := x509.MarshalECPrivateKey(p224)
	p224PEM := pemOf(t, "EC PRIVATE KEY", p224DER, err)
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	xDER, err := x509.MarshalPKCS8PrivateKey(x)
	xPEM := pemOf(t, "PRIVATE KEY", xDER, err)
	good := must(t, ecSet).certs["root-ca"].Key
	old := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x"), Headers: map[string]string{
		"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00",
	}})
	for name, tc := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":          {nil, errNoKey},
		"a certificate":    {must(t, ecSet).certs["root-ca"].Cert, errNoKey},
		"half a block":     {good[:len(good)/2], errNoKey},
		"damaged":          {pemOf(t, "PRIVATE KEY", []byte("damaged"), nil), errUnreadableKey},
		"OpenSSH's form":   {pemOf(t, "OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00"), nil), errUnreadableKey},
		"encrypted":        {pemOf(t, "ENCRYPTED PRIVATE KEY", []byte("x"), nil), errEncryptedKey},
		"encrypted of old": {old, errEncryptedKey},
		"two keys":         {append(bytes.Clone(good), good...), errTwoKeys},
		"Ed25519":          {edPEM, errUnsupportedKey},
		"X25519":           {xPEM, errUnsupportedKey},
		"RSA of 1024":      {pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small), nil), errUnsupportedKey},
		"P-224":            {p224PEM, errUnsupportedKey},
		"far too large":    {pemOf(t, "RSA PRIVATE KEY", make([]byte, maxKeyDER+1), nil), errUnsupportedKey},
	} {
		if key, err := parseKey(tc.data); !errors.Is(err, tc.want) || key != nil {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

// TestServiceAccountKeysAsKubernetesReadsThem reads the public half the way
// kube-apiserver does, for which an RSA key in PKCS#1 is no key.
func TestServiceAccountKeysAsKubernetesReadsThem(t *testing.T) {
	t.Parallel()
	for label, s := range map[string]set{"RSA PUBLIC KEY": must(t, rsaSet), "PUBLIC KEY": must(t, ecSet)} {
		pair := s.keys[serviceAccount]
		private, err := parseKey(pair.Private)
		if err != nil {
			t.Fatal(err)
		}
		block, rest := pem.Decode(pair.Public)
		if block == nil || block.Type != label || len(rest) > 0 {
			t.Fatalf("%s: %q", label, pair.Public)
		}
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil || !samePublic(public, private.Public()) {
			t.Errorf("%s: %v", label, err)
		}
	}
}

func TestBootstrapSSHKey(t *testing.T) {
	t.Parallel()
	for kind, s := range map[string]set{"ssh-rsa": must(t, rsaSet), "ecdsa-sha2-nistp256": must(t, ecSet)} {
		pair := s.keys[BootstrapSSH]
		signer, err := ssh.ParsePrivateKey(pair.Private)
		if err != nil {
			t.Fatal(err)
		}
		public, comment, options, rest, err := ssh.ParseAuthorizedKey(pair.Public)
		if err != nil || comment != "" || options != nil || len(rest) > 0 || public.Type() != kind {
			t.Errorf("%q: %v", pair.Public, err)
		}
		if !bytes.Equal(public.Marshal(), signer.PublicKey().Marshal()) {
			t.Errorf("%s: the two halves do not belong together", kind)
		}
		if bytes.Count(pair.Public, []byte("\n")) != 1 || !bytes.HasSuffix(pair.Public, []byte("\n")) {
			t.Errorf("%q is not one line", pair.Public)
		}
	}
}

func TestNewKeyPairRefuses(t *testing.T) {
	t.Parallel()
	if _, err := NewKeyPair("unknown", p256); err == nil || !strings.Contains(err.Error(), `"unknown"`) {
		t.Error(err)
	}
	if _, err := NewKeyPair(serviceAccount, KeySpec{}); err == nil || !strings.HasPrefix(err.Error(), "service-account: ") {
		t.Error(err)
	}
}
