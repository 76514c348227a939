package tls

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
)

// KeyPair is a private key with its public half and no certificate.
type KeyPair struct {
	// Private is PEM.
	Private []byte `json:"private"`
	// Public is PEM, or for an SSH key a line of an authorized_keys file.
	Public []byte `json:"public"`
}

// KeyPairRow is a row of the table of key pairs.
type KeyPairRow struct {
	// Name is unique. The files are called <Name>.key and <Name>.pub.
	Name string
	// SSH says that the public half is a line of an authorized_keys file.
	SSH bool
	// UserOnly says that the pair is never made here: it exists if the user
	// brought it.
	UserOnly bool
	// Host says that the bootstrap host gets the files.
	Host    bool
	Purpose string
}

// The names of the key pairs.
const (
	serviceAccount      = "service-account"
	boundServiceAccount = "bound-service-account-signing-key"
	BootstrapSSH        = "bootstrap-ssh"
)

// KeyPairs is the table of key pairs.
var KeyPairs = []KeyPairRow{
	{Name: serviceAccount, Host: true,
		Purpose: "signs the tokens of service accounts while the cluster comes up"},
	{Name: boundServiceAccount, Host: true, UserOnly: true,
		Purpose: "signs the tokens of service accounts for good, where a cloud's identity provider must know the key beforehand"},
	{Name: BootstrapSSH, SSH: true,
		Purpose: "lets okd-install into the bootstrap host to gather logs"},
}

// NewKeyPair makes the key pair called name in the table.
func NewKeyPair(name string, key KeySpec) (KeyPair, error) {
	i := slices.IndexFunc(KeyPairs, func(r KeyPairRow) bool { return r.Name == name })
	if i < 0 {
		return KeyPair{}, fmt.Errorf("there is no key pair called %s", quote(name))
	}
	private, err := key.generate()
	if err != nil {
		return KeyPair{}, fmt.Errorf("%s: %w", name, err)
	}
	pair, err := KeyPairs[i].encode(private)
	if err != nil {
		return KeyPair{}, fmt.Errorf("%s: %w", name, err)
	}
	return pair, nil
}

// encode writes the pair. An SSH line has no comment: it would only tell the
// name of the user or machine that made it.
func (r KeyPairRow) encode(private crypto.Signer) (KeyPair, error) {
	var pair KeyPair
	var err error
	if pair.Private, err = encodeKey(private); err != nil {
		return KeyPair{}, err
	}
	if r.SSH {
		public, err := ssh.NewPublicKey(private.Public())
		if err != nil {
			return KeyPair{}, err
		}
		pair.Public = ssh.MarshalAuthorizedKey(public)
		return pair, nil
	}
	pair.Public, err = encodePublic(private.Public())
	return pair, err
}

// encodePublic writes a public key for kube-apiserver, which wants a
// SubjectPublicKeyInfo whatever the label, and does not read the PKCS#1 form
// that the label of an RSA key promises. The label is the established one.
func encodePublic(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	label := "PUBLIC KEY"
	if keySpecOf(public)[:3] == "rsa" {
		label = "RSA PUBLIC KEY"
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}), nil
}
