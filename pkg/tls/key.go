package tls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// The two algorithms of KeySpec.
const (
	RSA   = "RSA"
	ECDSA = "ECDSA"
)

// KeySpec is the kind of a key. Only one of Size and Curve is set.
type KeySpec struct {
	// Algorithm is RSA or ECDSA.
	Algorithm string `json:"algorithm"`
	// Size is that of an RSA key in bits: 2048 to 8192 in steps of 1024.
	Size int `json:"size,omitempty"`
	// Curve is that of an ECDSA key: P256, P384 or P521.
	Curve string `json:"curve,omitempty"`
}

// DefaultKey is what every key is unless the install-config's pki says else.
var DefaultKey = KeySpec{Algorithm: RSA, Size: 2048}

// curves are those that the install-config can name.
var curves = map[string]func() elliptic.Curve{"P256": elliptic.P256, "P384": elliptic.P384, "P521": elliptic.P521}

// String gives the spec as ParseKeySpec reads it: rsa-2048, ecdsa-p256.
func (k KeySpec) String() string {
	if k.Algorithm == RSA {
		return fmt.Sprintf("rsa-%d", k.Size)
	}
	return strings.ToLower(k.Algorithm + "-" + k.Curve)
}

// ParseKeySpec reads rsa-<bits> or ecdsa-<curve>, in any case.
func ParseKeySpec(s string) (KeySpec, error) {
	algorithm, rest, _ := strings.Cut(strings.ToUpper(s), "-")
	k := KeySpec{Algorithm: algorithm}
	switch algorithm {
	case RSA:
		size, err := strconv.Atoi(rest)
		if err != nil || strconv.Itoa(size) != rest {
			return KeySpec{}, keySpecError(s)
		}
		k.Size = size
	case ECDSA:
		k.Curve = rest
	}
	if k.Validate() != nil {
		return KeySpec{}, keySpecError(s)
	}
	return k, nil
}

func keySpecError(s string) error {
	return fmt.Errorf("%s is not a kind of key: use rsa-2048 to rsa-8192 in steps of 1024, or ecdsa-p256, ecdsa-p384, ecdsa-p521", quote(s))
}

// Validate reports whether keys of this kind can be made.
func (k KeySpec) Validate() error {
	switch {
	case k.Algorithm == RSA && k.Curve == "" && k.Size >= 2048 && k.Size <= 8192 && k.Size%1024 == 0:
		return nil
	case k.Algorithm == ECDSA && k.Size == 0 && curves[k.Curve] != nil:
		return nil
	}
	return keySpecError(k.String())
}

// generate makes a key. Its randomness is that of the process: crypto/rsa and
// crypto/ecdsa take no other.
func (k KeySpec) generate() (crypto.Signer, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	if k.Algorithm == RSA {
		return rsa.GenerateKey(rand.Reader, k.Size)
	}
	return ecdsa.GenerateKey(curves[k.Curve](), rand.Reader)
}

// keySpecOf names the kind of a public key as String does, also for kinds that
// okd-install does not make.
func keySpecOf(public any) string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return KeySpec{Algorithm: RSA, Size: key.N.BitLen()}.String()
	case *ecdsa.PublicKey:
		return KeySpec{Algorithm: ECDSA, Curve: strings.ReplaceAll(key.Curve.Params().Name, "-", "")}.String()
	default:
		name := strings.ToLower(strings.TrimLeft(fmt.Sprintf("%T", public), "*"))
		return strings.TrimSuffix(name, ".publickey")
	}
}

// encodeKey writes RSA keys as PKCS#1 and ECDSA keys as SEC 1: the forms with
// the algorithm in the label, which all readers on the bootstrap host know.
// kube-apiserver in particular does not read an ECDSA key in PKCS#8 where it
// looks for the public half of one.
func encodeKey(key crypto.Signer) ([]byte, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
	}
	return nil, errUnsupportedKey
}

var (
	errNoKey          = errors.New("holds no private key in PEM form")
	errEncryptedKey   = errors.New("holds an encrypted private key, which nothing on the bootstrap host could open")
	errUnreadableKey  = errors.New("holds a private key that is damaged or of a form other than PKCS#1, PKCS#8 or SEC 1")
	errUnsupportedKey = errors.New("holds a key that is neither RSA of at least 2048 bits nor ECDSA on P-256, P-384 or P-521")
	errTwoKeys        = errors.New("holds more than one private key")
)

// maxKeyDER has room for an RSA key of 16384 bits several times over. Checking a
// larger one would take minutes, not milliseconds.
const maxKeyDER = 32 << 10

// parseKey reads the one private key of a PEM file: PKCS#1, PKCS#8 or SEC 1,
// whatever the label says. Blocks that are no private key are passed over, since
// OpenSSL writes one with the curve before the key. Errors say nothing of the
// content.
func parseKey(data []byte) (crypto.Signer, error) {
	var found *pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if found != nil {
			return nil, errTwoKeys
		}
		found = block
	}
	if found == nil {
		return nil, errNoKey
	}
	if strings.HasPrefix(found.Type, "ENCRYPTED") || strings.Contains(found.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, errEncryptedKey
	}
	if len(found.Bytes) > maxKeyDER {
		return nil, errUnsupportedKey
	}
	key := parseKeyDER(found.Bytes)
	if key == nil {
		return nil, errUnreadableKey
	}
	if !supported(key.Public()) {
		return nil, errUnsupportedKey
	}
	return key, nil
}

func parseKeyDER(der []byte) crypto.Signer {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer
		}
		return unsupportedKey{}
	}
	return nil
}

// unsupportedKey stands for a key that parses but cannot sign, such as X25519.
type unsupportedKey struct{ crypto.Signer }

func (unsupportedKey) Public() crypto.PublicKey { return nil }

// supported reports whether all who read these files can use the key.
func supported(public any) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return curves[strings.ReplaceAll(key.Curve.Params().Name, "-", "")] != nil
	}
	return false
}

// samePublic reports whether two public keys are one.
func samePublic(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

// quote shortens and quotes what a user wrote.
func quote(s string) string {
	return strconv.Quote(diag.Clip(s, 80))
}
