package release

import (
	"errors"
	"slices"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

func TestLineOf(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for image, want := range map[string]string{
		"registry.example.com/okd/scos-release:test":                    "",
		"registry.example.com/okd/scos-release":                         "",
		"registry.example.com/okd/scos-release@sha256:" + unknown:       "",
		"registry.example.com/okd/scos-release@sha256:" + digest7:       "4.22",
		"registry.example.com/okd/scos-release:4.20":                    "4.20",
		"registry.example.com/okd/scos-release:4.20-mine":               "4.20",
		"registry.example.com/okd/scos-release:4.200":                   "",
		"registry.example.com/okd/scos-release:4.21.0-okd-scos.99":      "4.21",
		"registry.example.com/okd/scos-release:4.20.0-okd-scos.3-amd64": "4.20",
	} {
		if got, err := c.LineOf(image); err != nil || got != want {
			t.Errorf("LineOf(%q) = %q, %v, want %q", image, got, err, want)
		}
	}
	for _, image := range []string{"nonsense", "mirror.lan/r:4.14.0-okd-scos.0"} {
		var p diag.Problem
		if got, err := c.LineOf(image); got != "" || !errors.As(err, &p) {
			t.Errorf("LineOf(%q) = %q, %v", image, got, err)
		}
	}
	for name, want := range map[string]string{
		"4.22": "4.22", "4.22.0-okd-scos.11": "4.22", "5.0.0-okd-scos.ec.1": "5.0", "latest": "", "": "", "4.022": "",
	} {
		if got := Line(name); got != want {
			t.Errorf("Line(%q) = %q, want %q", name, got, want)
		}
	}
}

// What was looked up is found as if it stood in the catalogue, which stays as it was.
func TestWith(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	const newer, other = "4.22.0-okd-scos.11", "00000000000000000000000000000000000000000000000000000000000000bb"
	with, err := c.With(map[string]string{newer: unknown, "4.22.0-okd-scos.7": other, "4.20.0-okd-scos.8": digest6})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{newer: unknown, "4.22": unknown, "4.22.0-okd-scos.7": other, "4.20.0-okd-scos.8": digest6} {
		if r, err := with.Find(name); err != nil || r.Image != "quay.io/okd/scos-release@sha256:"+want {
			t.Errorf("Find(%q) = %+v, %v, want the digest %s", name, r, err, want)
		}
	}
	if r, err := with.ForImage("mirror.lan/r@sha256:"+unknown, ""); err != nil || r.Version != newer {
		t.Errorf("by digest: %+v, %v", r, err)
	}
	if r, err := with.Find("4.20"); err != nil || r.Version != c.mustFind(t, "4.20").Version {
		t.Errorf("an older release that was looked up is not the newest: %+v, %v", r, err)
	}
	if r, err := c.Find(newer); err == nil {
		t.Errorf("the catalogue itself has changed: %+v", r)
	}
	if r := c.mustFind(t, "4.22.0-okd-scos.7"); r.Image != "quay.io/okd/scos-release@sha256:"+digest7 {
		t.Errorf("the catalogue itself has changed: %+v", r)
	}
	for _, bad := range []map[string]string{{"latest": unknown}, {"6.0.0-okd-scos.0": unknown}, {newer: "65f2"}, {newer: ""}} {
		if _, err := c.With(bad); err == nil {
			t.Errorf("With(%v) was taken", bad)
		}
	}
}

func (c Catalogue) mustFind(t *testing.T, name string) Release {
	t.Helper()
	r, err := c.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTagged(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for name, want := range map[string]string{
		"4.22.0-okd-scos.7": "4.22.0-okd-scos.7", "4.22.0-okd-scos.11": "4.22.0-okd-scos.11", "4.22.1-okd-scos.ec.0": "4.22.1-okd-scos.ec.0",
		"5.0": c.mustFind(t, "5.0").Version,
	} {
		r, err := c.Tagged(name)
		if err != nil || r.Version != want || r.Image != "quay.io/okd/scos-release:"+want || r.Kubernetes == "" || r.BootImage.Build == "" {
			t.Errorf("Tagged(%q) = %+v, %v", name, r, err)
		}
	}
	for _, name := range []string{"6.0.0-okd-scos.0", "6.0", "latest", ""} {
		var p diag.Problem
		if r, err := c.Tagged(name); !errors.As(err, &p) || p.Hint == "" {
			t.Errorf("Tagged(%q) = %+v, %v", name, r, err)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range c.Merge([]string{
		"latest", "4.22.0-okd-scos.9", "4.22.0-okd-scos.11", "4.22.0-okd-scos.10", "4.22.0-okd-scos.12-amd64",
		"9.9.0-okd-scos.1", "4.22.1-okd-scos.ec.0",
	}) {
		text := l.Version
		if l.Known {
			text += " known"
		}
		if l.Online {
			text += " online"
		}
		if l.Preview {
			text += " preview"
		}
		got = append(got, text)
	}
	want := []string{
		"4.22.1-okd-scos.ec.0 online preview", "4.22.0-okd-scos.11 online", "4.22.0-okd-scos.10 known online",
		"4.22.0-okd-scos.9 online",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if all := c.Merge(nil); len(all) != 1 || all[0].Online {
		t.Errorf("without a registry: %+v", all)
	}
}
