package gather

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/redact"
)

// FuzzPack takes the archive of a host that somebody else may own: the bundle made of it
// can be read to its end, and each name in it is a file's below the bundle's folder, once.
func FuzzPack(f *testing.F) {
	seed := func(headers ...tar.Header) []byte {
		var b bytes.Buffer
		zipped := gzip.NewWriter(&b)
		w := tar.NewWriter(zipped)
		for _, h := range headers {
			text := h.Uname
			h.Uname, h.Size = "", int64(len(text))
			if err := w.WriteHeader(&h); err != nil {
				f.Fatal(err)
			}
			if _, err := io.WriteString(w, text); err != nil {
				f.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), zipped.Close()); err != nil {
			f.Fatal(err)
		}
		return b.Bytes()
	}
	f.Add(seed(file("log/bootstrap/x.log", "password: secret"), file("log/../../etc/cron.d/x", "x"), file("/abs", "x")), "", true)
	f.Add(seed(file("log/a.gz", "not compressed"), file("log/a.gz", "twice")), "control-plane/10.0.0.5", true)
	f.Add([]byte("\x1f\x8b"), "", false)
	f.Fuzz(func(t *testing.T, data []byte, folder string, strip bool) {
		if len(data) > 1<<16 {
			return
		}
		dir := t.TempDir()
		archive := filepath.Join(dir, "archive")
		if err := os.WriteFile(archive, data, 0o600); err != nil {
			t.Fatal(err)
		}
		scratch, err := os.Create(filepath.Join(dir, "scratch"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = scratch.Close() }()
		var out bytes.Buffer
		p := &packer{
			ctx: t.Context(), out: tar.NewWriter(&out), top: "log-bundle-1", scratch: scratch, to: scratch,
			redact: redact.New(), seen: map[string]bool{},
		}
		if err := errors.Join(p.add(archive, folder, strip), p.out.Close()); err != nil {
			t.Fatalf("what a host sent stops the bundle: %v", err)
		}
		seen := map[string]bool{}
		for r := tar.NewReader(&out); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("the bundle cannot be read: %v", err)
			}
			name := strings.TrimPrefix(h.Name, "log-bundle-1/")
			if name == h.Name || !fs.ValidPath(name) || seen[name] || h.Typeflag != tar.TypeReg {
				t.Errorf("%q, type %q", h.Name, h.Typeflag)
			}
			seen[name] = true
		}
	})
}
