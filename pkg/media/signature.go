package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// maxSignature is far above any detached signature.
const maxSignature = 64 << 10

// signatureEnding is what the name of a signature has more than that of its file.
const signatureEnding = ".sig"

// readKeys reads public keys: one export, or several armoured ones in one file, as
// Fedora publishes those of its versions.
func readKeys(data []byte) (openpgp.EntityList, error) {
	var keys openpgp.EntityList
	err := guarded(func() (err error) {
		keys, err = readKeyRing(data)
		return err
	})
	if err != nil || len(keys) == 0 {
		return nil, diag.Problem{Detail: "the signing key is not an OpenPGP public key",
			Hint: "give the file that the vendor publishes, as gpg --export writes it"}
	}
	return keys, nil
}

func readKeyRing(data []byte) (keys openpgp.EntityList, err error) {
	const begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	_, rest, armoured := strings.Cut(string(data), begin)
	if !armoured {
		return openpgp.ReadKeyRing(bytes.NewReader(data))
	}
	for block := range strings.SplitSeq(rest, begin) {
		more, blockErr := openpgp.ReadArmoredKeyRing(strings.NewReader(begin + block))
		keys, err = append(keys, more...), errors.Join(err, blockErr)
	}
	return keys, err
}

// errMalformed stands for a panic of the OpenPGP library.
var errMalformed = errors.New("its data is malformed")

// guarded calls what reads OpenPGP data from elsewhere. The library indexes into
// them, and where it has missed a check, what a server sent would end the program.
func guarded(read func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errMalformed
		}
	}()
	return read()
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
	return nil, diag.Problem{Detail: fmt.Sprintf("the signature cannot be downloaded from %s: %v", show(address), last),
		Hint: "check the connection to this server; proxies are taken from HTTPS_PROXY and NO_PROXY; --mirror uses another " +
			"server, and --skip-signature skips this check: the SHA-256 sum is still verified"}
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
	if code := response.StatusCode; code != http.StatusOK {
		err := t.refused(response)
		var permanent permanentError
		if errors.As(err, &permanent) && code != http.StatusProxyAuthRequired {
			err = permanentError{diag.Problem{
				Detail: fmt.Sprintf("there is no signature at %s: the server answers %d %s", show(address), code, http.StatusText(code)),
				Hint:   "put the published signature there, beside its file; or add --skip-signature: the SHA-256 sum is still verified",
			}}
		}
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxSignature+1))
	if err != nil {
		return nil, reasonOf(err, stall)
	}
	if len(data) > maxSignature {
		return nil, permanentError{diag.Problem{Detail: show(address) + " is too large for a signature",
			Hint: "check whether a portal or a proxy answers in place of the server"}}
	}
	return data, nil
}

// signature is a detached signature of a file, and where it stands.
type signature struct {
	// content is not armoured. place is a path or a URL for people.
	content []byte
	place   string
	// keyID is the key that it says it is by, if it says so, and issuer its name:
	// the fingerprint or the end of that.
	keyID  *uint64
	issuer string
}

// parseSignature reads a detached signature, armoured or not.
func parseSignature(data []byte, place string) (*signature, error) {
	s := &signature{content: data, place: place}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN")) {
		block, err := armor.Decode(bytes.NewReader(data))
		if err == nil && block.Type == openpgp.SignatureType {
			s.content, err = io.ReadAll(block.Body)
		}
		if err != nil {
			s.content = nil
		}
	}
	var p packet.Packet
	err := guarded(func() (err error) {
		p, err = packet.Read(bytes.NewReader(s.content))
		return err
	})
	if err == nil {
		if found, ok := p.(*packet.Signature); ok {
			s.keyID = found.IssuerKeyId
			switch {
			case len(found.IssuerFingerprint) > 0:
				s.issuer = fmt.Sprintf("%X", found.IssuerFingerprint)
			case found.IssuerKeyId != nil:
				s.issuer = fmt.Sprintf("%016X", *found.IssuerKeyId)
			default:
				s.issuer = "an unnamed one"
			}
			return s, nil
		}
	}
	return nil, diag.Problem{Detail: "the signature is not valid: " + place + " holds none"}
}

// readSignature gets the signature of a file if keys were given: from beside it,
// where an earlier run has put it, or else over the network.
func (d *download) readSignature(ctx context.Context, final string) error {
	if d.keys == nil || d.signature != nil {
		return nil
	}
	beside := final + signatureEnding
	data, err := readSmall(ctx, beside)
	place, hint := filepath.ToSlash(beside), "remove it to have the signature downloaded"
	if errors.Is(err, fs.ErrNotExist) {
		place, hint = show(d.Signature), "check whether a portal or a proxy answers in place of the server"
		data, err = d.fetchSmall(ctx, d.Signature)
	}
	if err != nil {
		return err
	}
	d.signature, err = parseSignature(data, place)
	var p diag.Problem
	switch {
	case errors.As(err, &p):
		p.Hint = hint
		return p
	case err == nil && d.signature.keyID != nil && len(d.keys.KeysById(*d.signature.keyID)) == 0:
		return d.signature.byAnother(d.keys) // the file need not even be fetched
	}
	return err
}

func readSmall(ctx context.Context, path string) ([]byte, error) {
	data, err := system.ReadFile(ctx, path, maxSignature)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fileProblem(path, "the file cannot be read", err)
	}
	return data, err
}

// keepSignature puts the signature that was found good beside the file.
func (d *download) keepSignature(final string) error {
	if d.result.SignedBy == "" {
		return nil
	}
	if _, err := os.Lstat(final + signatureEnding); err == nil {
		return nil
	}
	return WriteFile(final+signatureEnding, d.signature.content, 0o644)
}

// verify looks at the signature of a file if keys were given, and keeps it.
func (d *download) verify(ctx context.Context, final string) error {
	f, err := system.OpenRegular(ctx, final)
	if err != nil {
		return fileProblem(final, "the file cannot be read", err)
	}
	defer func() { _ = f.Close() }()
	if err := d.verifyAs(ctx, f, final); err != nil {
		return err
	}
	return d.keepSignature(final)
}

// verifyAs looks at the signature of an open file that is to get the name final. It is
// open, since its name could lead to another file by now.
func (d *download) verifyAs(ctx context.Context, f *os.File, final string) error {
	if d.keys == nil || d.result.SignedBy != "" {
		return nil
	}
	if err := d.readSignature(ctx, final); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fileProblem(f.Name(), "the file cannot be read", err)
	}
	var err error
	d.result.SignedBy, err = d.signature.verify(ctx, f, d.keys)
	return err
}

// verify tells by whose key a file is signed.
func (s *signature) verify(ctx context.Context, file io.Reader, keys openpgp.EntityList) (signer string, err error) {
	var entity *openpgp.Entity
	err = guarded(func() (err error) {
		entity, err = openpgp.CheckDetachedSignature(keys, &untilDone{ctx, file}, bytes.NewReader(s.content), nil)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		return "", s.byAnother(keys)
	case err != nil:
		return "", diag.Problem{
			Detail: fmt.Sprintf("the signature at %s is not valid: %v", s.place, err),
			Hint:   "the file itself has the right SHA-256 sum, so the signature was changed or damaged; --skip-signature skips the check",
		}
	}
	return fmt.Sprintf("%X", entity.PrimaryKey.Fingerprint), nil
}

func (s *signature) byAnother(keys openpgp.EntityList) error {
	var names []string
	for _, k := range keys {
		names = append(names, fmt.Sprintf("%X", k.PrimaryKey.Fingerprint))
	}
	return diag.Problem{
		Detail: fmt.Sprintf("the signature at %s was made with the wrong key: %s, not %s", s.place, s.issuer, strings.Join(names, " or ")),
		Hint:   "every major version of Fedora has its own key; give a file with the right one with --signing-key",
	}
}
