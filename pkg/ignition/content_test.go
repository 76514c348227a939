package ignition

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"
	"github.com/vincent-petithory/dataurl"
)

func zipped(t testing.TB, content []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return "data:;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
}

// filesIn are the files of a config with the content that they have in it.
func filesIn(t testing.TB, raw []byte) []File {
	t.Helper()
	config, problems := parse("", raw)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var files []File
	for _, f := range config.Storage.Files {
		for i, c := range append([]types.Resource{f.Contents}, f.Append...) {
			if c.Source == nil {
				continue
			}
			var compression string
			if c.Compression != nil {
				compression = *c.Compression
			}
			data, err := Content(*c.Source, compression, MaxContent)
			if err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			file := File{Path: f.Path, Mode: 0o644, Append: i > 0, Data: data}
			if f.Mode != nil {
				file.Mode = *f.Mode
			}
			files = append(files, file)
		}
	}
	return files
}

// What Bootstrap put in comes out again.
func TestFilesOfBootstrap(t *testing.T) {
	t.Parallel()
	h := fullHost()
	raw, err := Bootstrap(h)
	if err != nil {
		t.Fatal(err)
	}
	got := filesIn(t, raw)
	want, err := h.files()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d files of %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Path != want[i].Path || !bytes.Equal(got[i].Data, want[i].Data) || got[i].Mode != want[i].Mode ||
			got[i].Append != want[i].Append {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.OpenShift)) {
		if !slices.ContainsFunc(got, func(f File) bool { return f.Path == "/opt/openshift/"+name }) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("certificate\n", 1000)
	half := zipped(t, []byte(strings.Repeat("x", 90)))
	for _, c := range []struct{ name, source, compression, want, refused string }{
		{"percent", "data:,a%20b+c", "", "a b+c", ""},
		{"base64", "data:;base64,YQo=", "", "a\n", ""},
		{"a comma in the data", "data:text/plain,x,y", "", "x,y", ""},
		{"nothing", "data:,", "", "", ""},
		{"gzip", zipped(t, []byte("zip")), "gzip", "zip", ""},
		{"a longer one", zipped(t, []byte(long)), "gzip", long, ""},
		{"no comma", "data:text", "", "", "source: the data URL has no comma before its data"},
		{"no base64", "data:;base64,s3cret!", "", "", "source: the data URL is not base64"},
		{"no escape", "data:,%s3", "", "", "source: the data URL has a % that is not followed by two hexadecimal digits"},
		{"not gzip", "data:,s3cret", "gzip", "", "source: it is not gzip"},
		{"half a gzip", half[:len("data:;base64,")+28], "gzip", "", "source: its gzip data is damaged"},
		{"another compression", "data:,abc", "xz", "", "compression: only gzip is known"},
		{"too long", "data:," + strings.Repeat("x", 20_001), "", "", ErrTooLarge.Error()},
		{"a bomb", zipped(t, make([]byte, 1<<20)), "gzip", "", "source: " + ErrTooLarge.Error()},
	} {
		got, err := Content(c.source, c.compression, 20_000)
		if err == nil && c.refused != "" || err != nil && err.Error() != c.refused || string(got) != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

// The decoder here reads what Ignition's reads, and gets the same out of it.
func FuzzDataURL(f *testing.F) {
	for _, s := range []string{
		"data:,", "data:,a%20b", "data:;base64,YQ==", "data:text/plain;charset=utf-8;base64,YQ==", `data:text/plain;a="b",c`,
		"data:,+",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := dataurl.DecodeString(s)
		if err != nil || strings.Contains(want.MediaType.String(), "%2C") {
			t.Skip("Ignition does not read it, or it has a comma within the media type")
		}
		got, err := decodeDataURL(s)
		if err != nil || !bytes.Equal(got, want.Data) {
			t.Fatalf("got %q (%v), want %q", got, err, want.Data)
		}
	})
}
