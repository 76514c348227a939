//go:build unix

package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// A partial file that somebody else may have open is not used, whatever it holds: he
// could change it after its sum was made. It stays as it is.
func TestForeignPartial(t *testing.T) {
	t.Parallel()
	note := fmt.Appendf(nil, `{"sha256":%q,"validator":"\"v\"","total":%d}`, sumOf(good), size)
	mine := filepath.Base(partialPaths("x.iso")[len(partialPaths("x.iso"))-1])
	for name, test := range map[string]struct {
		prepare func(t *testing.T, partial string) error
		root    bool
	}{
		"writable for all": {func(_ *testing.T, partial string) error { return os.Chmod(partial, 0o666) }, false},
		"a second name":    {func(t *testing.T, partial string) error { return os.Link(partial, filepath.Join(t.TempDir(), "x")) }, false},
		"a link": {func(_ *testing.T, partial string) error {
			return errors.Join(os.Rename(partial, partial+"2"), os.Symlink(partial+"2", partial))
		}, false},
		"of somebody else": {func(_ *testing.T, partial string) error { return os.Chown(partial, 65534, 65534) }, true},
		"a note of his":    {func(_ *testing.T, partial string) error { return os.Chown(partial+".json", 65534, 65534) }, true},
		"a note that is one": {func(_ *testing.T, partial string) error {
			return errors.Join(os.Remove(partial+".json"), os.Symlink("/etc/passwd", partial+".json"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			s := newServer(t, serve(good, `"v"`))
			dir := t.TempDir()
			partial := filepath.Join(dir, ".x.iso.partial")
			write(t, partial, good)
			write(t, partial+".json", note)
			if err := test.prepare(t, partial); err != nil {
				t.Fatal(err)
			}
			held, err := os.OpenFile(partial, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = held.Close() }()
			during := ""
			f := quick()
			f.Progress = func(int64, int64) {
				if info, err := os.Stat(filepath.Join(dir, mine)); err == nil {
					during = info.Mode().String()
				}
			}
			if _, err := f.Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir}); err != nil {
				t.Fatal(err)
			}
			final := filepath.Join(dir, "x.iso")
			info, err := os.Lstat(final)
			if err != nil || !info.Mode().IsRegular() {
				t.Fatalf("got %v, %v", info, err)
			}
			if _, err := held.WriteAt([]byte("evil"), 0); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(mustRead(t, final), good) {
				t.Error("who had the partial file open has changed the finished one")
			}
			if !strings.Contains(name, "note") && during != "-rw-------" {
				t.Errorf("while it came it was %s", during)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("asked %q", s.requests())
			}
		})
	}
}

// Where every name is taken, the user is told which file to remove.
func TestForeignInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range partialPaths(filepath.Join(dir, "x.iso")) {
		write(t, path, good)
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := newServer(t, serve(good, `"v"`))
	_, err := quick().Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir})
	var p diag.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Detail, "a file of this name exists: others may write to it (mode 0666)") ||
		!strings.Contains(p.File, ".partial") {
		t.Errorf("got %v", err)
	}
}

// What another user has put there is not called right, since he may change it later;
// from a cache of several users it is copied, and the copy is what counts.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	content := noise(3*holeSize+100, 5)
	packed := compressed(t, ".gz", content)
	s := newServer(t, status(500))
	give := func(path string, data []byte) {
		write(t, path, data)
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	dir, cache := t.TempDir(), t.TempDir()
	r := Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir}
	give(filepath.Join(dir, "x.iso"), good)
	_, err := quick().Download(t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), "with the right content exists, but it belongs to user ") ||
		!strings.Contains(err.Error(), "chown") {
		t.Errorf("got %v", err)
	}
	r = Request{URL: s.URL + "/d.raw.gz", SHA256: sumOf(packed), UncompressedSHA256: sumOf(content), Dir: dir, Cache: cache, Decompress: true}
	give(filepath.Join(cache, "sha256-"+r.SHA256+".gz"), packed)
	if _, err := quick().Download(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"d.raw"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(mustRead(t, filepath.Join(dir, name)), content) {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if got := tree(t, dir); !reflect.DeepEqual(got, []string{"d.raw", "x.iso"}) {
		t.Errorf("the folder holds %v", got)
	}
}

// What is on the disk counts, not what was sent there.
func TestChangedOnTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newServer(t, serve(good, `"v"`))
	f := quick()
	f.Progress = func(done, _ int64) {
		if done == size {
			h, err := os.OpenFile(filepath.Join(dir, ".x.iso.partial"), os.O_RDWR, 0)
			if err == nil {
				_, err = h.WriteAt([]byte("evil"), 10)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	_, err := f.Download(t.Context(), Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "the file does not contain what was written to it") {
		t.Errorf("got %v", err)
	}
	if got := tree(t, dir); len(got) != 0 {
		t.Errorf("the folder holds %v", got)
	}
}

// A pipe in place of a file keeps nobody waiting.
func TestPipesInTheWay(t *testing.T) {
	t.Parallel()
	s := newServer(t, serve(good, `"v"`))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, name := range []string{"x.iso", ".x.iso.partial", ".x.iso.partial.json"} {
		dir := t.TempDir()
		pipe(t, filepath.Join(dir, name))
		_, err := quick().Download(ctx, Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: dir})
		if ctx.Err() != nil || (err == nil) != (name != "x.iso") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	cache := t.TempDir()
	pipe(t, filepath.Join(cache, "sha256-"+sumOf(good)+".iso"))
	_, err := quick().Download(ctx, Request{URL: s.URL + "/x.iso", SHA256: sumOf(good), Dir: t.TempDir(), Cache: cache})
	if ctx.Err() != nil || err == nil || !strings.Contains(err.Error(), "it is not a regular file") {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "p")} {
		pipe(t, path)
		if _, err := ReadISO(ctx, path); err == nil || ctx.Err() != nil {
			t.Errorf("got %v", err)
		}
		err := CopyChanged(ctx, path, filepath.Join(t.TempDir(), "out"), io.Discard, func(w io.Writer, r io.Reader) error {
			_, err := io.Copy(w, r)
			return err
		})
		if ctx.Err() != nil {
			t.Errorf("got %v", err)
		}
	}
}

func pipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
