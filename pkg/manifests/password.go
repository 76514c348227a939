package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/crypto/bcrypt"

	"github.com/okd-project/okd-install/pkg/diag"
)

// The files by which a user brings a password for kubeadmin.
const (
	PasswordHashFile  = "tls/kubeadmin-password.hash"
	PasswordClearFile = "tls/kubeadmin-password"
)

// Password is that of kubeadmin, the first user of a cluster. The cluster only
// ever gets the hash.
type Password struct {
	// Clear is empty when the user brought a hash without it.
	Clear string `json:"clear,omitempty"`
	// Hash is bcrypt's.
	Hash string `json:"hash"`
}

// passwordAlphabet has no characters that look alike on paper.
const passwordAlphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ23456789"

// bcryptCost is what the cluster's own login page expects to work through.
const bcryptCost = 10

// NewPassword makes a password of four groups of five characters with dashes
// between them. Hashing takes some fifty milliseconds. random is
// crypto/rand.Reader outside of tests; the salt always comes from there.
func NewPassword(random io.Reader) (Password, error) {
	text, err := randomText(random, passwordAlphabet, 20)
	if err != nil {
		return Password{}, err
	}
	plain := text[:5] + "-" + text[5:10] + "-" + text[10:15] + "-" + text[15:]
	hash, err := bcrypt.GenerateFromPassword([]byte(plain), bcryptCost)
	if err != nil {
		return Password{}, fmt.Errorf("hashing kubeadmin's password: %w", err)
	}
	return Password{Clear: plain, Hash: string(hash)}, nil
}

// Check sees that the password is one that NewPassword makes: with its clear
// text, which the hash is of. It takes as long as NewPassword.
func (p Password) Check() error {
	if p.Clear == "" {
		return errors.New("the password itself is missing")
	}
	// the cost is looked at first: a high one would take hours to compare
	if cost, err := bcrypt.Cost([]byte(p.Hash)); err != nil || len(p.Hash) != 60 || cost != bcryptCost {
		return errors.New("its hash is not one of bcrypt with a cost of " + strconv.Itoa(bcryptCost))
	}
	if bcrypt.CompareHashAndPassword([]byte(p.Hash), []byte(p.Clear)) != nil {
		return errors.New("the hash is not that of the password")
	}
	return nil
}

// ProvidedPassword reads the contents of PasswordHashFile and, unless clear is
// nil, of PasswordClearFile. The errors name the file and never a password.
func ProvidedPassword(hash, plain []byte) (Password, error) {
	hash = bytes.TrimSpace(hash)
	if _, err := bcrypt.Cost(hash); err != nil || len(hash) != 60 {
		return Password{}, diag.Problems{{
			Position: diag.Position{File: PasswordHashFile},
			Detail:   "is not a bcrypt hash, which has 60 characters and starts with $2a$, $2b$ or $2y$",
			Hint:     "make one with `htpasswd -nBC 10 kubeadmin` and leave out the name and the colon, or delete the file to have a password made",
		}}
	}
	p := Password{Hash: string(hash)}
	if plain == nil {
		return p, nil
	}
	plain = bytes.TrimRight(plain, "\r\n")
	switch err := bcrypt.CompareHashAndPassword(hash, plain); {
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword), len(plain) == 0:
		return Password{}, diag.Problems{{
			Position: diag.Position{File: PasswordClearFile},
			Detail:   "is not the password that " + PasswordHashFile + " is the hash of",
			Hint:     "correct one of the two files, or delete " + PasswordClearFile + ", which is optional",
		}}
	case err != nil:
		return Password{}, diag.Problems{{
			Position: diag.Position{File: PasswordHashFile},
			Detail:   "cannot be compared with " + PasswordClearFile,
			Hint:     "make the hash again, with bcrypt and a cost of 10",
		}}
	}
	p.Clear = string(plain)
	return p, nil
}
