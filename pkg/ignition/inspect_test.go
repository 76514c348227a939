package ignition

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

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

// What Bootstrap put in comes out again.
func TestFilesOfBootstrap(t *testing.T) {
	t.Parallel()
	h := fullHost()
	raw, err := Bootstrap(h)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Files(raw)
	if err != nil {
		t.Fatal(err)
	}
	want, err := h.files()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d files of %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Path != want[i].Path || !bytes.Equal(got[i].Data, want[i].Data) || got[i].Mode != want[i].Mode || got[i].Append != want[i].Append {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.OpenShift)) {
		if !slices.ContainsFunc(got, func(f File) bool { return f.Path == "/opt/openshift/"+name }) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("certificate\n", 1000)
	for _, c := range []struct{ name, files, want string }{
		{"nothing", `null`, ``},
		{"percent", `[{"path":"/a","contents":{"source":"data:,a%20b+c"}}]`, `/a 644 "a b+c"`},
		{"base64", `[{"path":"/a","mode":384,"contents":{"source":"data:;base64,YQo="}}]`, `/a 600 "a\n"`},
		{"a media type with a quoted comma is not cut there", `[{"path":"/a","contents":{"source":"data:text/plain,x,y"}}]`, `/a 644 "x,y"`},
		{"gzip", `[{"path":"/a","contents":{"compression":"gzip","source":"` + zipped(t, []byte("zip")) + `"}}]`, `/a 644 "zip"`},
		{"elsewhere", `[{"path":"/a","contents":{"source":"https://a/b"}},{"path":"/b","mode":420},{"path":"/c","contents":{"source":null}}]`, ``},
		{"appended", `[{"path":"/a","append":[{"source":"data:,x"},{"source":"http://x"},{"source":"data:,y"}]}]`, `/a 644+ "x", /a 644+ "y"`},
		{"both", `[{"path":"/a","contents":{"source":"data:,x"},"append":[{"source":"data:,y"}]}]`, `/a 644 "x", /a 644+ "y"`},
	} {
		// the place of storage among other sections does not count
		for _, around := range []string{`{"ignition":{"version":"3.4.0","x":[{"files":[1]}]},"storage":{"disks":[{}],"files":%s}}`, `{"storage":{"files":%s,"links":[[]]},"files":[{"path":"/no"}]}`} {
			got, err := Files(fmt.Appendf(nil, around, c.files))
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			var text []string
			for _, f := range got {
				plus := ""
				if f.Append {
					plus = "+"
				}
				text = append(text, fmt.Sprintf("%s %o%s %q", f.Path, f.Mode, plus, f.Data))
			}
			if s := strings.Join(text, ", "); s != c.want {
				t.Errorf("%s: got %s, want %s", c.name, s, c.want)
			}
		}
	}
	got, err := Files(fmt.Appendf(nil, `{"storage":{"files":[{"path":"/a","contents":{"compression":"gzip","source":%q}}]}}`, zipped(t, []byte(long))))
	if err != nil || len(got) != 1 || string(got[0].Data) != long {
		t.Errorf("a longer file: %v", err)
	}
}

func TestFilesRefuses(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, make([]byte, 5<<20))
	bombs := strings.Repeat(`{"path":"/a","contents":{"compression":"gzip","source":"`+bomb+`"}},`, 13)
	file := func(contents string) string {
		return `{"storage":{"files":[{"path":"/ok"},{"path":"/a","contents":` + contents + `}]}}`
	}
	for _, c := range []struct{ name, raw, want string }{
		{"nothing", ``, "it ends too early"},
		{"half", `{"storage":{"files":[{"path":"/a"`, "it ends too early"},
		{"text", `hello`, "is not JSON"},
		{"a number", `1`, "an object is expected"},
		{"files that are none", `{"storage":{"files":{}}}`, "an array is expected"},
		{"a file that is none", `{"storage":{"files":[1]}}`, "a JSON number cannot stand here"},
		{"more after the end", `{}{}`, "more text after the end"},
		{"no comma", file(`{"source":"data:text"}`), "storage.files[1].contents.source: the data URL has no comma"},
		{"no base64", file(`{"source":"data:;base64,s3cret!"}`), "storage.files[1].contents.source: the data URL is not base64"},
		{"no escape", file(`{"source":"data:,%s3"}`), "not followed by two hexadecimal digits"},
		{"not gzip", file(`{"source":"data:,abc","compression":"gzip"}`), "it is not gzip"},
		{"half a gzip", file(`{"source":"` + strings.TrimRight(zipped(t, []byte(strings.Repeat("x", 90)))[:45], "=")[:45] + `","compression":"gzip"}`), "contents.source: "},
		{"another compression", file(`{"source":"data:,abc","compression":"xz"}`), "contents.compression: only gzip is known"},
		{"gzip bombs", `{"storage":{"files":[` + strings.TrimSuffix(bombs, ",") + `]}}`, "more than 64 MiB"},
		{"far too long", strings.Repeat(" ", maxConfig+1), "larger than 64 MiB"},
		{"too many", `{"storage":{"files":[` + strings.Repeat(`{"contents":{"source":"data:,"}},`, maxFiles) + `{"contents":{"source":"data:,"}}]}}`, "more than 20000 files"},
	} {
		files, err := Files([]byte(c.raw))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || files != nil {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

// A config of brackets only, as long as allowed, must not cost gigabytes.
func TestFilesMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second")
	}
	for _, raw := range []string{
		`{"storage":{"files":[` + strings.Repeat("{},", 1<<20) + `{}]}}`,
		`{"storage":{"files":[{"append":[` + strings.Repeat("{},", 1<<20) + `{}]}]}}`,
		`{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		files, err := Files([]byte(raw))
		if err != nil || len(files) != 0 {
			t.Errorf("%d files (%v)", len(files), err)
		}
	}
}

func FuzzFiles(f *testing.F) {
	for _, h := range []Host{smallHost(), fullHost()} {
		raw, err := Bootstrap(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"storage":{"files":[{"path":"/a","append":[{"source":"data:,y"}],"contents":{"compression":"gzip","source":"` + zipped(f, []byte("z")) + `"}}]}}`))
	f.Add([]byte(`{"storage":{"files":[{"path":"/a","contents":{"source":"data:,%41%"}},null]}}`))
	f.Add([]byte(`{"storage":null,"storage":{"files":null}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		files, err := Files(raw)
		if err != nil {
			if files != nil {
				t.Fatal("files and an error")
			}
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("%q is not JSON", raw)
		}
		total := 0
		for _, file := range files {
			total += len(file.Data)
		}
		if total > maxContent {
			t.Fatalf("%d bytes", total)
		}
	})
}

// The decoder here reads what Ignition's reads, and gets the same out of it.
func FuzzDataURL(f *testing.F) {
	for _, s := range []string{"data:,", "data:,a%20b", "data:;base64,YQ==", "data:text/plain;charset=utf-8;base64,YQ==", `data:text/plain;a="b",c`, "data:,+"} {
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
