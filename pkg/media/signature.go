package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"

	"github.com/okd-project/okd-install/pkg/diag"
)

// maxSignature is far above any detached signature.
const maxSignature = 64 << 10

// readKeys reads public keys: one export, or several armoured ones in one file, as
// Fedora publishes those of its versions.
func readKeys(data []byte) (openpgp.EntityList, error) {
	const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	var keys openpgp.EntityList
	var err error
	if _, rest, armoured := strings.Cut(string(data), begin); armoured {
		for block := range strings.SplitSeq(rest, begin) {
			more, blockErr := openpgp.ReadArmoredKeyRing(strings.NewReader(begin + block))
			keys, err = append(keys, more...), errors.Join(err, blockErr)
		}
	} else {
		keys, err = openpgp.ReadKeyRing(bytes.NewReader(data))
	}
	if err != nil || len(keys) == 0 {
		return nil, diag.Problem{Detail: "the signing key is not an OpenPGP public key", Hint: "give the file that the vendor publishes, such as gpg --export writes"}
	}
	return keys, nil
}

// fetchSmall gets a small file, such as a signature.
func (f *Fetcher) fetchSmall(ctx context.Context, address string) ([]byte, error) {
	var last error
	pause := or(f.Pause, 0)
	for try := range or(f.Attempts, 6) {
		if try > 0 {
			if err := sleep(ctx, max(pause, 1)<<(try-1)); err != nil {
				return nil, err
			}
		}
		data, err := f.getSmall(ctx, address)
		var permanent permanentError
		switch {
		case err == nil:
			return data, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &permanent):
			return nil, permanent.error
		}
		last = err
	}
	return nil, diag.Problem{Detail: fmt.Sprintf("%s cannot be downloaded: %v", show(address), last), Hint: "without --signing-key no signature is needed"}
}

func (f *Fetcher) getSmall(ctx context.Context, address string) ([]byte, error) {
	stall := or(f.Stall, defaultStall)
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	t := &transfer{Fetcher: f, url: address, part: &partial{}}
	request, err := t.request(ctx)
	if err != nil {
		return nil, permanentError{err}
	}
	response, err := f.client().Do(request)
	if err != nil {
		return nil, reasonOf(err, stall)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, t.refused(response)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxSignature+1))
	if err != nil {
		return nil, reasonOf(err, stall)
	}
	if len(data) > maxSignature {
		return nil, permanentError{diag.Problem{Detail: show(address) + " is too large for a signature", Hint: "is there a portal or a proxy in between that answers in place of the server?"}}
	}
	return data, nil
}

// verifySignature tells by whose key a file is signed.
func verifySignature(ctx context.Context, path string, signature []byte, keys openpgp.EntityList) (signer string, err error) {
	if len(signature) == 0 {
		return "", diag.Problem{Detail: "the signature is not good: it is empty", Hint: "look at where it comes from"}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fileProblem(path, "the file cannot be read", err)
	}
	defer func() { _ = f.Close() }()
	content := func() io.Reader { return &interruptible{ctx, f} }
	check := openpgp.CheckDetachedSignature
	if bytes.HasPrefix(bytes.TrimSpace(signature), []byte("-----BEGIN")) {
		check = openpgp.CheckArmoredDetachedSignature
	}
	entity, err := check(keys, content(), bytes.NewReader(signature), nil)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "", diag.Problem{Detail: "the signature is by another key than the signing key that was given", Hint: "every major version of Fedora has a key of its own"}
	case err != nil:
		return "", diag.Problem{Detail: "the signature is not good: " + err.Error(), Hint: "the file has the sum of the catalogue all the same; look at the signing key and at where the signature comes from"}
	}
	return fmt.Sprintf("%X", entity.PrimaryKey.Fingerprint), nil
}
