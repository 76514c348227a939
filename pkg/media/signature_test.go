package media

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// newKey makes a pair of keys; public is armoured.
func newKey(t testing.TB, name string) (pair *openpgp.Entity, public []byte) {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", name+"@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err == nil {
		err = errors.Join(e.Serialize(w), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return e, b.Bytes()
}

func sign(t testing.TB, key *openpgp.Entity, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := openpgp.DetachSign(&b, key, bytes.NewReader(content), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func armoured(t testing.TB, signature []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.SignatureType, nil)
	if err == nil {
		_, err = w.Write(signature)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withSignature serves a file and its signature.
func withSignature(content, signature []byte) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sig") {
			_, _ = w.Write(signature)
			return
		}
		serve(content, `"v"`)(w, r)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	fedora, fedoraKey := newKey(t, "fedora")
	other1, otherKey := newKey(t, "other")
	var binary bytes.Buffer
	if err := fedora.Serialize(&binary); err != nil {
		t.Fatal(err)
	}
	right := sign(t, fedora, good)
	fingerprint := func(e *openpgp.Entity) string { return fmt.Sprintf("%X", e.PrimaryKey.Fingerprint) }
	for _, test := range []struct {
		name           string
		key, signature []byte
		fails          string
	}{
		{"good", fedoraKey, right, ""},
		{"good, key not armoured", binary.Bytes(), right, ""},
		{"several keys", append(bytes.Clone(otherKey), fedoraKey...), right, ""},
		{"another key", otherKey, right, "was made with the wrong key: " + fingerprint(fedora) + ", not " + fingerprint(other1)},
		{"armoured", fedoraKey, armoured(t, right), ""},
		{"of another file", fedoraKey, sign(t, fedora, other), "x.iso.sig is not valid"},
		{"nonsense", fedoraKey, []byte("<html>"), "x.iso.sig holds none"},
		{"nonsense, armoured", fedoraKey, []byte("-----BEGIN PGP SIGNATURE-----"), "x.iso.sig holds none"},
		{"a key", fedoraKey, binary.Bytes(), "x.iso.sig holds none"},
		{"empty", fedoraKey, nil, "x.iso.sig holds none"},
		{"huge", fedoraKey, noise(maxSignature+1, 7), "too large for a signature"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, withSignature(good, test.signature))
			dir := t.TempDir()
			r := Request{URL: s.URL + "/x.iso", Signature: s.URL + "/x.iso.sig", SHA256: sumOf(good), Dir: dir, SigningKey: test.key}
			result, err := quick().Download(t.Context(), r)
			if test.fails == "" {
				if err != nil || result.SignedBy != fingerprint(fedora) || !reflect.DeepEqual(tree(t, dir), []string{"x.iso", "x.iso.sig"}) {
					t.Errorf("got %+v, %v", result, err)
				}
				// it is looked at again when the file is there already, without the network
				s.Close()
				if result, err = quick().Download(t.Context(), r); err != nil || result.SignedBy == "" {
					t.Errorf("again: got %+v, %v", result, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("got %v, want %s", err, test.fails)
			}
			for _, name := range []string{"x.iso", "x.iso.sig"} {
				if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
					t.Errorf("there is %s", name)
				}
			}
			// The right key needs no second download.
			r.SigningKey = nil
			if _, err := quick().Download(t.Context(), r); err != nil {
				t.Error(err)
			}
			if n := len(s.requests()); n > 2 {
				t.Errorf("asked %q", s.requests())
			}
		})
	}
}

// A server without the signature is found out before the file is fetched from it.
func TestSignatureIsMissing(t *testing.T) {
	t.Parallel()
	_, key := newKey(t, "fedora")
	for code, want := range map[int]string{
		404: "there is no signature at URL/okd/x.iso.sig: the server answers 404 Not Found",
		403: "there is no signature at URL/okd/x.iso.sig: the server answers 403 Forbidden",
		407: "the proxy requires a user",
		503: "the signature cannot be downloaded from URL/okd/x.iso.sig: the server answers 503",
	} {
		s := newServer(t, status(code))
		dir := t.TempDir()
		r := Request{
			URL: "https://elsewhere.invalid/x.iso", Signature: "https://elsewhere.invalid/x.iso.sig",
			Mirror: s.URL + "/okd", SHA256: sumOf(good), Dir: dir, SigningKey: key,
		}
		_, err := quick().Download(t.Context(), r)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), s.URL, "URL"), want) {
			t.Errorf("%d: got %v", code, err)
		}
		for _, asked := range s.requests() {
			if asked != "/okd/x.iso.sig" {
				t.Errorf("%d: asked for %s", code, asked)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "x.iso")); err == nil {
			t.Errorf("%d: the file is there", code)
		}
	}
}

// What lies beside the file in place of its signature is named, and not replaced.
func TestSignatureBeside(t *testing.T) {
	t.Parallel()
	pair, key := newKey(t, "fedora")
	for content, want := range map[string]string{
		"<html>":                                 "x.iso.sig holds none",
		string(sign(t, pair, other)):             "x.iso.sig is not valid",
		string(sign(t, pair, good)):              "",
		string(armoured(t, sign(t, pair, good))): "",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "x.iso"), good)
		write(t, filepath.Join(dir, "x.iso.sig"), []byte(content))
		_, err := quick().Download(t.Context(), Request{
			URL: "https://nowhere.invalid/x.iso", Signature: "https://nowhere.invalid/x.iso.sig",
			SHA256: sumOf(good), Dir: dir, SigningKey: key,
		})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if string(mustRead(t, filepath.Join(dir, "x.iso.sig"))) != content {
			t.Error("the file beside was changed")
		}
	}
}

// The cache keeps the signature with the file; what is decompressed has none.
func TestSignatureInCache(t *testing.T) {
	t.Parallel()
	pair, key := newKey(t, "fedora")
	data := compressed(t, ".gz", good)
	s := newServer(t, withSignature(data, sign(t, pair, data)))
	cache := t.TempDir()
	r := Request{
		URL: s.URL + "/d.raw.gz", Signature: s.URL + "/d.raw.gz.sig", SHA256: sumOf(data),
		UncompressedSHA256: sumOf(good), Cache: cache, SigningKey: key,
	}
	for _, test := range []struct {
		decompress, cached bool
		files              []string
		requests           int
	}{
		{false, true, []string{"d.raw.gz", "d.raw.gz.sig"}, 2},
		{false, true, []string{"d.raw.gz", "d.raw.gz.sig"}, 2},
		{true, true, []string{"d.raw"}, 2},
		{true, false, []string{"d.raw"}, 4},
	} {
		r.Dir, r.Decompress = t.TempDir(), test.decompress
		if r.Cache = ""; test.cached {
			r.Cache = cache
		}
		result, err := quick().Download(t.Context(), r)
		if err != nil || result.SignedBy == "" || !slices.Equal(tree(t, r.Dir), test.files) {
			t.Errorf("got %+v, %v, %v", result, tree(t, r.Dir), err)
		}
		if asked := s.requests(); len(asked) != test.requests || asked[0] != "/d.raw.gz.sig" {
			t.Errorf("asked for %v, want %d", asked, test.requests)
		}
	}
	if want := []string{"sha256-" + sumOf(data) + ".gz", "sha256-" + sumOf(data) + ".gz.sig"}; !slices.Equal(tree(t, cache), want) {
		t.Errorf("the cache holds %v", tree(t, cache))
	}
}

// A fault in the library is an answer about the data, not the end of the program.
func TestLibraryThatPanics(t *testing.T) {
	t.Parallel()
	if err := guarded(func() error { panic("index out of range") }); !errors.Is(err, errMalformed) {
		t.Errorf("got %v", err)
	}
	if _, err := parseSignature(noSubpacket, "x.sig"); !isProblem(err) {
		t.Errorf("got %v", err)
	}
}
