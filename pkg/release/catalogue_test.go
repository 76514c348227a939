package release

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

func shipped(t testing.TB) Catalogue {
	t.Helper()
	data, err := os.ReadFile("../../data/releases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The shipped catalogue has one row per line; this is what a user gets who names
// no more than the line.
func TestShippedLines(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	want := []struct{ line, version, kubernetes, stream, build string }{
		{"4.16", "4.16.0-okd-scos.1", "1.29", "stable", "39.20231101.3.0"},
		{"4.17", "4.17.0-okd-scos.3", "1.30", "stable", "39.20231101.3.0"},
		{"4.18", "4.18.0-okd-scos.10", "1.31", "stable", "39.20231101.3.0"},
		{"4.19", "4.19.0-okd-scos.19", "1.32", "c9s", "9.0.20250411-0"},
		{"4.20", "4.20.0-okd-scos.17", "1.33", "c10s", "10.0.20250628-0"},
		{"4.21", "4.21.0-okd-scos.11", "1.34", "c10s", "10.0.20251103-0"},
		{"4.22", "4.22.0-okd-scos.10", "1.35", "c10s", "10.0.20251103-0"},
		{"5.0", "5.0.0-okd-scos.1", "1.36", "c10s", "10.0.20251103-0"},
	}
	if got := len(c.Lines()); got != len(want) {
		t.Errorf("the catalogue has the lines %v, want %d", c.Lines(), len(want))
	}
	for _, w := range want {
		r, err := c.Find(w.line)
		if err != nil {
			t.Errorf("Find(%q): %v", w.line, err)
			continue
		}
		if r.Line != w.line || r.Version != w.version || r.Kubernetes != w.kubernetes || r.BootImage != (BootImage{w.stream, w.build}) {
			t.Errorf("Find(%q) = %+v, want %+v", w.line, r, w)
		}
	}
	if got := c.Default().Version; got != "4.22.0-okd-scos.10" {
		t.Errorf("the default is %s", got)
	}
}

func TestFindTag(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for name, image := range map[string]string{
		"4.22.0-okd-scos.7":    "quay.io/okd/scos-release@sha256:8de30c8988d2420d4edab93af533077a8d191cf3a92c80c1ecbe4917bf6b1959",
		"4.22.0-okd-scos.10":   "quay.io/okd/scos-release:4.22.0-okd-scos.10",
		"4.20.0-okd-scos.ec.9": "quay.io/okd/scos-release@sha256:55212abfe50e60c6176be37c0b73a113f46a58ae9c1c142c592a36ec099b11b3",
		"5.0.0-okd-scos.0":     "quay.io/okd/scos-release@sha256:eca01dee0f0690a8149d58f0a8c7e3187f624d583c1b713dc660bd1b28c2dfbc",
	} {
		r, err := c.Find(name)
		if err != nil || r.Version != name || r.Image != image {
			t.Errorf("Find(%q) = %+v, %v, want the image %s", name, r, err, image)
		}
	}
}

func TestFindUnknown(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for _, test := range []struct{ name, hint string }{
		{"4.2O", "did you mean 4.20? give a line, one of 5.0, 4.22, 4.21, 4.20, 4.19, 4.18, 4.17, 4.16,"},
		{"v4.22", "did you mean 4.22? "},
		{"4.22.0-okd-sco.7", "did you mean 4.22.0-okd-scos.7? "},
		{"4.23", "give a line, one of 5.0"},
		{"4.22.0-okd-scos.11", "the catalogue has these releases of 4.22: 4.22.0-okd-scos.10, .9, .8, .7, .6, .5, .4, .3, .2, .1, " +
			".0; look up a newer one first: okd-install releases pin --release 4.22.0-okd-scos.11;"},
		{"6.0.0-okd-scos.0", "give a line, one of 5.0"},
		{"", "give a line, one of 5.0"},
		{"latest", "give a line, one of 5.0"},
	} {
		r, err := c.Find(test.name)
		var p diag.Problem
		if !errors.As(err, &p) || r != (Release{}) {
			t.Errorf("Find(%q) = %+v, %v, want a problem", test.name, r, err)
			continue
		}
		if !strings.HasPrefix(p.Hint, test.hint) {
			t.Errorf("Find(%q) hints\n\t%s\nwant\n\t%s…", test.name, p.Hint, test.hint)
		}
	}
}

// Every name that the catalogue lists leads back to the same release, and the
// list begins with the newest whatever the order of the file is.
func TestAll(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	all := c.All()
	if len(all) != 61 {
		t.Errorf("the catalogue lists %d releases", len(all))
	}
	for _, e := range all {
		r, err := c.Find(e.Version)
		if err != nil || r != e.Release {
			t.Errorf("Find(%q) = %+v, %v, but All has %+v", e.Version, r, err, e.Release)
		}
		if e.Preview != strings.Contains(e.Version, ".ec.") {
			t.Errorf("%s has preview %v", e.Version, e.Preview)
		}
	}
	var names []string
	for _, e := range all {
		if e.Line == "5.0" {
			names = append(names, strings.TrimPrefix(e.Version, "5.0.0-okd-scos."))
		}
	}
	want := []string{"1", "0", "ec.9", "ec.8", "ec.7", "ec.6", "ec.5", "ec.4", "ec.3", "ec.2", "ec.1", "ec.0"}
	if !slices.Equal(names, want) {
		t.Errorf("5.0 is sorted %v, want %v", names, want)
	}
}

// minimal is a catalogue with one release; the tests below break it.
const minimal = `repository: quay.io/okd/scos-release
lines:
- line: "4.22"
  kubernetes: "1.35"
  bootImage: {stream: c10s, build: 10.0.20251103-0}
  releases:
  - {tag: 4.22.0-okd-scos.10, date: 2026-09}
`

func TestParseSorts(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(minimal + `  - {tag: 4.22.0-okd-scos.9}
  - {tag: 4.22.1-okd-scos.0}
  - {tag: 4.22.1-okd-scos.ec.12}
- line: "4.9"
  kubernetes: "1.22"
  bootImage: {stream: stable, build: x}
  releases: [{tag: 4.9.0-okd-scos.ec.2}, {tag: 4.9.0-okd-scos.ec.10}]
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range c.All() {
		got = append(got, e.Version)
	}
	want := []string{
		"4.22.1-okd-scos.0", "4.22.1-okd-scos.ec.12", "4.22.0-okd-scos.10", "4.22.0-okd-scos.9",
		"4.9.0-okd-scos.ec.10", "4.9.0-okd-scos.ec.2",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sorted\n\t%v\nwant\n\t%v", got, want)
	}
	// A line with previews alone gives its newest preview.
	if r, err := c.Find("4.9"); err != nil || r.Version != "4.9.0-okd-scos.ec.10" {
		t.Errorf("Find(4.9) = %v, %v", r.Version, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, want string }{
		{minimal, "", "it is empty"},
		{minimal, "[]", "cannot unmarshal"},
		{minimal, minimal + "---\n{}\n", "more than one YAML document"},
		{minimal, minimal + strings.Repeat(" ", maxCatalogue), "more than the limit of 1048576"},
		{"date:", "day:", "field day not found"},
		{"date: 2026-09", "date: 2026-13", `date: "2026-13" is not a date`},
		{"date: 2026-09", "date: 2026-09-1", "is not a date"},
		{"date: 2026-09", "tag: 4.22.0-okd-scos.1", "already defined"},
		{"quay.io/okd/scos-release", "okd", `repository: "okd" is not a repository`},
		{"quay.io/okd/scos-release", "quay.io/okd/scos-release:x", "is not a repository"},
		{`line: "4.22"`, `line: "4.022"`, `lines[0].line: "4.022" is not a release line`},
		{`line: "4.22"`, `line: "4.21"`, "lines[0].releases[0].tag: 4.22.0-okd-scos.10 is not a release of 4.21"},
		{`"1.35"`, `"v1.35"`, "lines[0].kubernetes"},
		{", build: 10.0.20251103-0", "", "lines[0].bootImage: stream and build are both needed"},
		{"scos.10", "scos.ec.10", "no stable release of 4.22, the default"},
		{"scos.10", "scos.010", "is not the name of a release"},
		{"scos.10", "scos.", "is not the name of a release"},
		{"  - {tag: 4.22.0-okd-scos.10, date: 2026-09}", "  - {tag: 4.22.0-okd-scos.1}\n  - {tag: 4.22.0-okd-scos.1}",
			`tag "4.22.0-okd-scos.1" already exists, at lines[0].releases[0].tag`},
		{"date: 2026-09", "digest: 65f272bc", `digest: "65f272bc" is not 64 hexadecimal digits`},
		{"releases:\n  - {tag: 4.22.0-okd-scos.10, date: 2026-09}", "releases: []", "lines[0].releases: 4.22 has no release"},
	} {
		c, err := Parse([]byte(strings.Replace(minimal, test.from, test.to, 1)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("with %q: got %v, want %s", test.to, err, test.want)
		}
		if !reflect.DeepEqual(c, Catalogue{}) {
			t.Errorf("with %q: a catalogue came with the error", test.to)
		}
	}
}

// The zero Catalogue answers, too; a caller that forgot Parse gets errors, not a panic.
func TestZeroCatalogue(t *testing.T) {
	t.Parallel()
	var c Catalogue
	if r := c.Default(); r != (Release{}) {
		t.Errorf("Default() = %+v", r)
	}
	if _, err := c.Find("4.22"); err == nil {
		t.Error("the zero Catalogue finds 4.22")
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("../../data/releases.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(minimal))
	f.Add([]byte("lines: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		if c.Default().Line != DefaultLine {
			t.Errorf("the default is %+v", c.Default())
		}
		for _, e := range c.All() {
			if r, err := c.Find(e.Version); err != nil || r != e.Release {
				t.Errorf("Find(%q) = %+v, %v", e.Version, r, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("../../data/releases.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
