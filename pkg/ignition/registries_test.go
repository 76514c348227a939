package ignition

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/okd-project/okd-install/pkg/installconfig"
)

func TestMirrors(t *testing.T) {
	t.Parallel()
	type digest = installconfig.ImageDigestSource
	type content = installconfig.ImageContentSource
	for _, c := range []struct {
		name    string
		digest  []digest
		content []content
		want    []Mirror
	}{
		{name: "none"},
		{
			name:   "a source without mirrors is left out",
			digest: []digest{{Source: "quay.io/a"}, {Source: "quay.io/b", Mirrors: []string{"m/b"}}},
			want:   []Mirror{{Source: "quay.io/b", Mirrors: []string{"m/b"}}},
		},
		{
			name: "entries of a source are merged, in the order of first mention, each mirror once",
			digest: []digest{
				{Source: "quay.io/a", Mirrors: []string{"m2", "m1"}},
				{Source: "quay.io/b", Mirrors: []string{"m9", "m9"}},
				{Source: "quay.io/a", Mirrors: []string{"m1", "m0"}},
			},
			want: []Mirror{
				{Source: "quay.io/a", Mirrors: []string{"m2", "m1", "m0"}},
				{Source: "quay.io/b", Mirrors: []string{"m9"}},
			},
		},
		{
			name: "another policy is another entry",
			digest: []digest{
				{Source: "quay.io/a", Mirrors: []string{"m1"}},
				{Source: "quay.io/a", Mirrors: []string{"m1"}, SourcePolicy: "NeverContactSource"},
			},
			want: []Mirror{
				{Source: "quay.io/a", Mirrors: []string{"m1"}},
				{Source: "quay.io/a", Mirrors: []string{"m1"}, Policy: "NeverContactSource"},
			},
		},
		{
			name:    "the deprecated form",
			content: []content{{Source: "quay.io/a", Mirrors: []string{"m1"}}, {Source: "quay.io/a", Mirrors: []string{"m2"}}},
			want:    []Mirror{{Source: "quay.io/a", Mirrors: []string{"m1", "m2"}}},
		},
	} {
		if got := Mirrors(c.digest, c.content); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Podman refuses a registries.conf in which a location is both blocked and not,
// and then nothing on the host can be pulled: the host is refused instead.
func TestMirrorsThatBlockAndAllow(t *testing.T) {
	t.Parallel()
	mirrors := []string{"m"}
	for _, c := range []struct {
		policies []string
		refused  bool
	}{
		{[]string{"", "AllowContactingSource"}, false},
		{[]string{"NeverContactSource"}, false},
		{[]string{"", "NeverContactSource"}, true},
		{[]string{"NeverContactSource", "AllowContactingSource"}, true},
	} {
		h := smallHost()
		for _, p := range c.policies {
			h.Mirrors = append(h.Mirrors, Mirror{Source: "quay.io/a", Mirrors: mirrors, Policy: p})
		}
		_, err := Bootstrap(h)
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "imageDigestSources: source quay.io/a") {
			t.Errorf("%q: %v", c.policies, err)
		}
	}
}

// registries is the file as containers-registries.conf(5) reads it.
type registries struct {
	Registry []struct {
		Location           string
		Insecure           *bool
		Blocked            *bool
		MirrorByDigestOnly *bool `toml:"mirror-by-digest-only"`
		Mirror             []struct {
			Location string
			Insecure *bool
		}
	}
}

func readRegistries(t *testing.T, conf []byte) registries {
	t.Helper()
	var r registries
	meta, err := toml.Decode(string(conf), &r)
	if err != nil {
		t.Fatalf("%v\n%s", err, conf)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		t.Fatalf("unknown keys %v\n%s", unknown, conf)
	}
	return r
}

func TestRegistriesConf(t *testing.T) {
	t.Parallel()
	if got := registriesConf(nil); len(got) != 0 {
		t.Errorf("without mirrors: %q", got)
	}
	var mirrors []Mirror
	for _, v := range hostile {
		mirrors = append(mirrors,
			Mirror{Source: v, Mirrors: []string{v, "m"}},
			Mirror{Source: v, Mirrors: []string{"n"}, Policy: neverContactSource})
	}
	r := readRegistries(t, registriesConf(mirrors))
	if len(r.Registry) != len(mirrors) {
		t.Fatalf("%d of %d entries", len(r.Registry), len(mirrors))
	}
	for i, want := range mirrors {
		got := r.Registry[i]
		if got.Location != want.Source || *got.Insecure || !*got.MirrorByDigestOnly || *got.Blocked != (want.Policy == neverContactSource) {
			t.Errorf("got %+v of %+v", got, want)
		}
		for j, m := range want.Mirrors {
			if got.Mirror[j].Location != m || *got.Mirror[j].Insecure {
				t.Errorf("got %+v of %+v", got, want)
			}
		}
	}
}

func FuzzRegistriesConf(f *testing.F) {
	for _, v := range hostile {
		f.Add(v, "mirror.corp:5000/okd")
	}
	f.Fuzz(func(t *testing.T, source, mirror string) {
		if !utf8.ValidString(source) || !utf8.ValidString(mirror) {
			t.Skip("Host.problems refuses it")
		}
		r := readRegistries(t, registriesConf([]Mirror{{Source: source, Mirrors: []string{mirror}}}))
		if len(r.Registry) != 1 || r.Registry[0].Location != source || len(r.Registry[0].Mirror) != 1 ||
			r.Registry[0].Mirror[0].Location != mirror {
			t.Fatalf("%q and %q came back as %+v", source, mirror, r)
		}
	})
}
