package media

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/okd-project/okd-install/pkg/diag"
)

// noSubpacket is a signature with a subpacket of no bytes, at which a version of the
// library panicked.
var noSubpacket = []byte{0xc2, 12, 4, 0, 1, 8, 0, 2, 1, 4, 0, 0, 0, 0}

// FuzzSignature holds that no bytes are a signature of two contents, and that what is
// refused is refused with a problem for people.
func FuzzSignature(f *testing.F) {
	key, public := newKey(f, "fedora")
	for _, seed := range [][]byte{
		sign(f, key, good), armoured(f, sign(f, key, good)), public, nil,
		[]byte("-----BEGIN PGP SIGNATURE-----\n\nAAAA"), {0x88, 0x5d, 4}, {0xc2, 0xff, 0xff, 0xff, 0xff, 0xff},
		noSubpacket,
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, data, keys []byte) {
		if _, err := readKeys(keys); err != nil && !isProblem(err) {
			t.Errorf("the keys: %v", err)
		}
		s, err := parseSignature(data, "x.sig")
		if err != nil {
			if s != nil || !isProblem(err) {
				t.Errorf("got %+v, %v", s, err)
			}
			return
		}
		_, first := s.verify(t.Context(), bytes.NewReader(good), openpgp.EntityList{key})
		_, second := s.verify(t.Context(), bytes.NewReader(other), openpgp.EntityList{key})
		if first == nil && second == nil {
			t.Error("one signature is good for two contents")
		}
		for _, err := range []error{first, second} {
			if err != nil && !isProblem(err) {
				t.Errorf("not for people: %v", err)
			}
		}
	})
}

func isProblem(err error) bool {
	var p diag.Problem
	return errors.As(err, &p)
}

// compressedWith returns content in each form that has an ending.
func compressedWith(f *testing.F, content []byte) map[string][]byte {
	f.Helper()
	forms := map[string]func(io.Writer) (io.WriteCloser, error){
		".gz":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		".xz":  func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		".zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	}
	out := map[string][]byte{}
	for ending, open := range forms {
		var b bytes.Buffer
		w, err := open(&b)
		if err == nil {
			_, err = w.Write(content)
			err = errors.Join(err, w.Close())
		}
		if err != nil {
			f.Fatal(err)
		}
		out[ending] = b.Bytes()
	}
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	w, err := archive.Create("disk.vhdx")
	if err == nil {
		_, err = w.Write(content)
		err = errors.Join(err, archive.Close())
	}
	if err != nil {
		f.Fatal(err)
	}
	out[zipEnding] = b.Bytes()
	return out
}

// FuzzCompressed reads what anybody may have compressed: it is read, or refused, and a
// stream that was cut off is never taken for a whole one.
func FuzzCompressed(f *testing.F) {
	content := noise(3000, 5)
	for ending, data := range compressedWith(f, content) {
		f.Add(ending, data)
		f.Add(ending, data[:len(data)/2])
		f.Add(ending, []byte(nil))
	}
	const most = 1 << 20 // of a stream that may never end
	f.Fuzz(func(t *testing.T, ending string, data []byte) {
		if _, compressed := plainName("x" + ending); !compressed {
			return
		}
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		read := func(name string) ([]byte, error) {
			source, err := openCompressed(t.Context(), name, file)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(io.LimitReader(source, most))
		}
		got, err := read("x" + ending)
		if err != nil || len(got) == most || ending == zipEnding || len(data) == 0 {
			return
		}
		// the same without its last byte has to fail, or to give less
		if err := file.Truncate(int64(len(data) - 1)); err == nil {
			t.Fatal("the file was not opened for reading only")
		}
		if err := os.WriteFile(path, data[:len(data)-1], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if cut, err := read("x" + ending); err == nil && len(cut) > len(got) {
			t.Errorf("%d bytes, and %d without the last byte of the file", len(got), len(cut))
		}
	})
}
