package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
)

const liveConfig = `{"ignition":{"version":"3.2.0"}}`

func embed(m *iso.Image) error { return m.SetIgnition([]byte(liveConfig)) }

// published is an image on the disk.
func published(t *testing.T) (path string, image []byte) {
	t.Helper()
	image = isotest.Layout{Size: 3 << 20}.Image()
	path = filepath.Join(t.TempDir(), "live.iso")
	if err := os.WriteFile(path, image, 0o640); err != nil {
		t.Fatal(err)
	}
	return path, image
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// only wants nothing else in the folder: no parts of files.
func only(t *testing.T, path string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("the folder has %v, want %v", got, names)
	}
}

func TestISOInPlace(t *testing.T) {
	t.Parallel()
	path, image := published(t)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := ISOEdit{In: path}.Run(t.Context(), embed)
	if n != 256<<10 || err != nil {
		t.Fatalf("%d bytes changed, %v", n, err)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() || after.Size() != before.Size() {
		t.Errorf("it is another file: %v, was %v, %v", after.Mode(), before.Mode(), err)
	}
	m, err := ReadISO(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := m.Ignition(); string(raw) != liveConfig {
		t.Errorf("the config is %q", raw)
	}
	if n, err := (ISOEdit{In: path}).Run(t.Context(), embed); n != 0 || err != nil {
		t.Errorf("the second time %d bytes changed, %v", n, err)
	}
	if _, err := (ISOEdit{In: path}).Run(t.Context(), reset); err != nil || !bytes.Equal(content(t, path), image) {
		t.Errorf("after reset it is not as published, %v", err)
	}
	only(t, path, "live.iso")
}

func reset(m *iso.Image) error {
	m.Reset()
	return nil
}

// The copy, the stream, and both from standard input are the same bytes.
func TestISOCopies(t *testing.T) {
	t.Parallel()
	path, image := published(t)
	reference := path + ".in-place"
	if err := os.WriteFile(reference, image, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (ISOEdit{In: reference}).Run(t.Context(), embed); err != nil {
		t.Fatal(err)
	}
	want := content(t, reference)
	for name, e := range map[string]ISOEdit{
		"file to file":     {In: path, Out: filepath.Join(t.TempDir(), "out.iso")},
		"file to stream":   {In: path, Out: "-"},
		"stream to file":   {In: "-", Out: filepath.Join(t.TempDir(), "out.iso"), Stdin: bytes.NewReader(image)},
		"stream to stream": {In: "-", Out: "-", Stdin: bytes.NewReader(image)},
	} {
		var out bytes.Buffer
		e.Stdout = &out
		n, err := e.Run(t.Context(), embed)
		if n != 256<<10 || err != nil {
			t.Errorf("%s: %d bytes changed, %v", name, n, err)
			continue
		}
		got := out.Bytes()
		if e.Out != "-" {
			got = content(t, e.Out)
			only(t, e.Out, "out.iso")
			if info, err := os.Stat(e.Out); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
				t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, and not what the edit in place gave", name, len(got))
		}
		if !bytes.Equal(content(t, path), image) {
			t.Fatalf("%s: the input changed", name)
		}
	}
}

var errStop = errors.New("stop")

// Whatever goes wrong: the image stays, and no output appears.
func TestISOFailures(t *testing.T) { //nolint:tparallel // the cases share one image
	t.Parallel()
	path, image := published(t)
	dir := filepath.Dir(path)
	file := func(name string, data []byte) string {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	text, short := file("text.iso", []byte("hello")), file("short.iso", image[:200_000])
	taken := file("taken.iso", []byte("mine"))
	noise := noisy(400 << 10)
	for name, c := range map[string]struct {
		edit   ISOEdit
		change func(*iso.Image) error
		want   string
	}{
		"change fails":        {ISOEdit{In: path}, func(*iso.Image) error { return errStop }, "stop"},
		"change fails, copy":  {ISOEdit{In: path, Out: path + ".out"}, func(*iso.Image) error { return errStop }, "stop"},
		"too large":           {ISOEdit{In: path}, func(m *iso.Image) error { return m.SetIgnition(noise) }, "live.iso: the config does not fit"},
		"too large, stream":   {ISOEdit{In: "-", Out: path + ".out", Stdin: bytes.NewReader(image)}, func(m *iso.Image) error { return m.SetIgnition(noise) }, "standard input: the config does not fit"},
		"no image":            {ISOEdit{In: text}, embed, "text.iso: is not an ISO image"},
		"incomplete":          {ISOEdit{In: short}, embed, "short.iso: this ISO image is incomplete"},
		"missing":             {ISOEdit{In: path + ".none"}, embed, "live.iso.none: does not exist"},
		"missing, copy":       {ISOEdit{In: path + ".none", Out: path + ".out"}, embed, "live.iso.none: does not exist"},
		"a folder":            {ISOEdit{In: dir, Out: path + ".out"}, embed, "is a directory"},
		"output exists":       {ISOEdit{In: path, Out: taken}, embed, "taken.iso: exists, and is not replaced"},
		"output is input":     {ISOEdit{In: path, Out: path}, embed, "live.iso: exists, and is not replaced"},
		"output into nowhere": {ISOEdit{In: path, Out: filepath.Join(dir, "none", "out.iso")}, embed, "none: does not exist"},
		"stream in place":     {ISOEdit{In: "-", Stdin: bytes.NewReader(image)}, embed, "cannot be changed in place"},
		"stream ends":         {ISOEdit{In: "-", Out: path + ".out", Stdin: bytes.NewReader(image[:100_000])}, embed, "incomplete"},
		"flag": {ISOEdit{In: path}, func(*iso.Image) error { return diag.Problems{{Path: "--x", Detail: "no"}, {Detail: "yes"}} },
			"--x: no\n" + path + ": yes"},
	} {
		t.Run(name, func(t *testing.T) {
			c.edit.Stdout = io.Discard
			_, err := c.edit.Run(t.Context(), c.change)
			if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), filepath.ToSlash(c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if !bytes.Equal(content(t, path), image) || string(content(t, taken)) != "mine" || string(content(t, text)) != "hello" {
				t.Error("a file changed")
			}
			only(t, path, "live.iso", "short.iso", "taken.iso", "text.iso")
		})
	}
}

// noisy is data that does not compress.
func noisy(n int) []byte {
	x, out := uint64(88172645463325252), make([]byte, 0, n)
	for len(out) < n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out = append(out, byte(x>>24))
	}
	return out
}

func TestISONotWritable(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may write everything")
	}
	path, image := published(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := ISOEdit{In: path}.Run(t.Context(), embed)
	if err == nil || !strings.Contains(err.Error(), "--output") || !bytes.Equal(content(t, path), image) {
		t.Errorf("got %v", err)
	}
}

func TestISOInterrupted(t *testing.T) {
	t.Parallel()
	path, image := published(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, e := range []ISOEdit{
		{In: path, Out: path + ".out"}, {In: "-", Out: path + ".out", Stdin: bytes.NewReader(image)},
		{In: path, Out: "-", Stdout: io.Discard},
	} {
		if _, err := e.Run(ctx, embed); !errors.Is(err, context.Canceled) {
			t.Errorf("%+v: got %v", e, err)
		}
	}
	only(t, path, "live.iso")
}

func TestCopyChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := WriteFile(in, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	upper := func(w io.Writer, r io.Reader) error {
		data, err := io.ReadAll(r)
		if err == nil {
			_, err = w.Write(bytes.ToUpper(data))
		}
		return err
	}
	half := func(w io.Writer, _ io.Reader) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, diag.Problem{Detail: "no initrd"})
	}
	err := CopyChanged(t.Context(), in, out, nil, half)
	if err == nil || !strings.Contains(err.Error(), "no initrd") {
		t.Errorf("got %v", err)
	}
	only(t, in, "in")
	if err := CopyChanged(t.Context(), in, out, nil, upper); err != nil || string(content(t, out)) != "TEXT" {
		t.Errorf("got %q, %v", content(t, out), err)
	}
	var b bytes.Buffer
	if err := CopyChanged(t.Context(), in, "-", &b, upper); err != nil || b.String() != "TEXT" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	if err := CopyChanged(t.Context(), in, out, nil, upper); err == nil || !strings.Contains(err.Error(), "not replaced") {
		t.Errorf("got %v", err)
	}
	if err := CopyChanged(t.Context(), in+"x", out+"x", nil, upper); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("got %v", err)
	}
	only(t, in, "in", "out")
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o644, 0o600} {
		path := filepath.Join(dir, fmt.Sprintf("boot-%o.ipxe", mode))
		for range 2 { // the same again is no matter
			if err := WriteFile(path, []byte("one"), mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := WriteFile(path, []byte("two"), mode); err == nil ||
			!strings.Contains(err.Error(), "exists with other content, and is not replaced") {
			t.Errorf("%v: got %v", mode, err)
		}
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode() != mode || string(content(t, path)) != "one" {
			t.Errorf("%v: %v, %v", mode, info.Mode(), err)
		}
	}
	if err := WriteFile(dir, []byte("one"), 0o600); err == nil || !strings.Contains(err.Error(), "not replaced") {
		t.Errorf("a directory: got %v", err)
	}
	// A device would become a file if root's command put one in its place.
	if err := WriteFile(os.DevNull, nil, 0o600); runtime.GOOS != "windows" && err == nil {
		t.Error("the null device was replaced")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("there is %v, %v", entries, err)
	}
}

func TestReadInitrd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.img")
	archive, err := cpio.Pack(map[string][]byte{"config.ign": []byte(liveConfig), "other": nil})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadInitrd(t.Context(), path); len(got) != 1 || string(got["config.ign"]) != liveConfig || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadInitrd(t.Context(), path); err == nil ||
		!strings.Contains(filepath.ToSlash(err.Error()), filepath.ToSlash(path)+": cannot be read as an initrd") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadInitrd(t.Context(), path+"x"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("got %v", err)
	}
}

// What goes wrong with the part is said of the file that is wanted.
func TestNewFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new.iso")
	err := writeNew(path, func(f *os.File) error {
		return &fs.PathError{Op: "write", Path: f.Name(), Err: errors.New("broken")}
	})
	if err == nil || !strings.HasSuffix(err.Error(), "new.iso: cannot be written: broken") {
		t.Errorf("got %v", err)
	}
	err = writeNew(path, func(*os.File) error { return &fs.PathError{Op: "read", Path: "live.iso", Err: errors.New("broken")} })
	if err == nil || err.Error() != "read live.iso: broken" {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
