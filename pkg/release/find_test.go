package release

import (
	"errors"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

const (
	digest7 = "8de30c8988d2420d4edab93af533077a8d191cf3a92c80c1ecbe4917bf6b1959" // 4.22.0-okd-scos.7
	digest6 = "765b8a3547a0cd97152dfb2fe4e51d8c23da8a6de77f3a131f33ee016d357bf1" // 4.22.0-okd-scos.6
	unknown = "00000000000000000000000000000000000000000000000000000000000000aa"
)

func TestForImage(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for _, test := range []struct {
		name, image, line     string
		wantLine, wantVersion string
	}{
		{"by tag", "quay.io/okd/scos-release:4.22.0-okd-scos.10", "", "4.22", "4.22.0-okd-scos.10"},
		{"by digest", "quay.io/okd/scos-release@sha256:" + digest7, "", "4.22", "4.22.0-okd-scos.7"},
		{"on a mirror", "mirror.lan:5000/okd/release:4.20.0-okd-scos.3", "", "4.20", "4.20.0-okd-scos.3"},
		{"on a mirror, by digest", "mirror.lan:5000/okd/release@sha256:" + digest6, "", "4.22", "4.22.0-okd-scos.6"},
		{"mirrored with a new digest", "mirror.lan/r:4.22.0-okd-scos.7@sha256:" + unknown, "", "4.22", "4.22.0-okd-scos.7"},
		{"tag and digest agree", "mirror.lan/r:4.22.0-okd-scos.7@sha256:" + digest7, "4.22", "4.22", "4.22.0-okd-scos.7"},
		{"line and image agree", "quay.io/okd/scos-release:5.0.0-okd-scos.1", "5.0", "5.0", "5.0.0-okd-scos.1"},
		{"tag asked for and image agree", "mirror.lan/r@sha256:" + digest7, "4.22.0-okd-scos.7", "4.22", "4.22.0-okd-scos.7"},
		{"unknown, nothing asked", "mirror.lan/r@sha256:" + unknown, "", "4.22", ""},
		{"unknown, line asked", "mirror.lan/r@sha256:" + unknown, "4.19", "4.19", ""},
		{"unknown, tag asked", "mirror.lan/r@sha256:" + unknown, "4.19.0-okd-scos.1", "4.19", ""},
		{"newer than the catalogue", "quay.io/okd/scos-release:4.21.0-okd-scos.99", "", "4.21", ""},
		{"a stream's tag", "registry.ci.openshift.org/origin/release:4.20", "", "4.20", ""},
		{"a tag that only begins alike", "mirror.lan/r:4.200", "", "4.22", ""},
		{"a word for a tag", "mirror.lan/r:mine", "", "4.22", ""},
		{"neither tag nor digest", "mirror.lan/r", "5.0", "5.0", ""},
		{"the line wins over an unknown tag", "mirror.lan/r:4.20-mine", "4.22", "4.22", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := c.ForImage(test.image, test.line)
			if err != nil {
				t.Fatal(err)
			}
			if r.Line != test.wantLine || r.Version != test.wantVersion || r.Image != test.image {
				t.Errorf("got %+v", r)
			}
			like, err := c.Find(test.wantLine)
			if err != nil || r.Kubernetes != like.Kubernetes || r.BootImage != like.BootImage {
				t.Errorf("got %+v, want the Kubernetes and the boot image of %+v", r, like)
			}
		})
	}
}

// A tag of the catalogue's own repository is worth its digest, where that is known:
// mirrors serve nothing else. Elsewhere the digest may be another one.
func TestForImageByDigest(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for image, want := range map[string]string{
		"quay.io/okd/scos-release:4.22.0-okd-scos.7":                   "quay.io/okd/scos-release@sha256:" + digest7,
		"quay.io/okd/scos-release:4.22.0-okd-scos.10":                  "quay.io/okd/scos-release:4.22.0-okd-scos.10",
		"quay.io/okd/scos-release:4.22.0-okd-scos.7@sha256:" + unknown: "quay.io/okd/scos-release:4.22.0-okd-scos.7@sha256:" + unknown,
		"mirror.lan/okd/scos-release:4.22.0-okd-scos.7":                "mirror.lan/okd/scos-release:4.22.0-okd-scos.7",
	} {
		for _, line := range []string{"", "4.22", "4.22.0-okd-scos.7"} {
			if strings.HasSuffix(image, ".10") && line != "" && line != "4.22" {
				continue
			}
			if r, err := c.ForImage(image, line); err != nil || r.Image != want {
				t.Errorf("ForImage(%q, %q) = %q, %v, want %q", image, line, r.Image, err, want)
			}
		}
	}
}

func TestForImageRefuses(t *testing.T) {
	t.Parallel()
	c := shipped(t)
	for _, test := range []struct{ image, line, want string }{
		{"", "", "the release image is empty"},
		{"scos-release:4.22.0-okd-scos.7", "", "does not start with the host of a registry"},
		{"okd/scos-release:4.22.0-okd-scos.7", "", "does not start with the host of a registry"},
		{"docker://quay.io/okd/scos-release:x", "", "starts with a scheme"},
		{"https://user:s3cret@quay.io/okd/scos-release:x", "", "user name or password"},
		{"user:s3cret@quay.io/okd/scos-release:x", "", "user name or password"},
		{"user:s3cret@quay.io", "", "not followed by a sha256 digest"},
		{"quay.io/okd/scos-release@sha256:8de30c89", "", "not followed by a sha256 digest"},
		{"quay.io/okd/scos-release@sha256:" + strings.ToUpper(digest7), "", "not followed by a sha256 digest"},
		{"quay.io/okd/scos-release@sha512:" + digest7 + digest7, "", "not followed by a sha256 digest"},
		{"quay.io/okd/scos-release@", "", "not followed by a sha256 digest"},
		{"quay.io/okd/scos-release:", "", "a tag that no registry can hold"},
		{"quay.io/okd/scos-release: 4.22", "", "a tag that no registry can hold"},
		{"quay.io/OKD/scos-release:4.22", "", "lower-case words"},
		{"quay.io//scos-release:4.22", "", "lower-case words"},
		{"quay.io/okd/scos---._release", "", "lower-case words"},
		{"quay.io:0/okd/scos-release", "", "does not start with the host"},
		{"quay.io:port/okd/scos-release", "", "does not start with the host"},
		{"-quay.io/okd/scos-release", "", "does not start with the host"},
		{"mirror.lan/r:x", "4.2O", `there is no release "4.2O" in the catalogue`},
		{"mirror.lan/r:4.14.0-okd-scos.0", "", "the release image is of 4.14, which this version of okd-install does not know"},
		{"mirror.lan/r:4.22.0-okd-scos.7", "4.20", "the release image is 4.22.0-okd-scos.7, but 4.20 was asked for as well"},
		{"mirror.lan/r:4.22.0-okd-scos.7", "4.22.0-okd-scos.8", "but 4.22.0-okd-scos.8 was asked for as well"},
		{"mirror.lan/r:4.22.0-okd-scos.7@sha256:" + digest6, "", "the tag of 4.22.0-okd-scos.7 and the digest of 4.22.0-okd-scos.6"},
	} {
		_, err := c.ForImage(test.image, test.line)
		var p diag.Problem
		if !errors.As(err, &p) || !strings.Contains(p.Detail, test.want) || p.Hint == "" {
			t.Errorf("ForImage(%q, %q): got %v, want %s, with a hint", test.image, test.line, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("ForImage(%q) repeats a password: %v", test.image, err)
		}
	}
}

func TestReferenceParts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]reference{
		"quay.io/okd/scos-release:4.22":          {"quay.io", "okd/scos-release", "4.22", ""},
		"localhost/r":                            {"localhost", "r", "", ""},
		"mirror:5000/a/b/c_d__e-f.g":             {"mirror:5000", "a/b/c_d__e-f.g", "", ""},
		"[2001:db8::1]:5000/r@sha256:" + digest7: {"[2001:db8::1]:5000", "r", "", digest7},
		"192.0.2.1:443/r:t@sha256:" + digest7:    {"192.0.2.1:443", "r", "t", digest7},
	} {
		if got, err := parseReference(text); err != nil || got != want {
			t.Errorf("parseReference(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		have, want string
		is         bool
	}{
		{"4.22", "4.22", true},
		{"4.22", "4.9", true},
		{"4.9", "4.22", false},
		{"5.0", "4.22", true},
		{"4.22", "5.0", false},
		{"", "4.16", false},
	} {
		if got := (Release{Line: test.have}).AtLeast(test.want); got != test.is {
			t.Errorf("%q.AtLeast(%q) = %v", test.have, test.want, got)
		}
	}
}

// What parseReference takes apart says the same when it is put together again.
func FuzzForImage(f *testing.F) {
	c := shipped(f)
	for _, s := range []string{
		"quay.io/okd/scos-release:4.22.0-okd-scos.7", "quay.io/okd/scos-release@sha256:" + digest7,
		"[::1]:5000/r:t@sha256:" + unknown, "localhost/r", "user:pass@host/r", "4.20", "mirror:5000/a__b/c--d",
	} {
		f.Add(s, "")
		f.Add(s, "4.20")
		f.Add("mirror.lan/r", s)
	}
	f.Fuzz(func(t *testing.T, image, line string) {
		r, err := c.ForImage(image, line)
		if err != nil {
			return
		}
		ref, err := parseReference(image)
		if err != nil {
			t.Fatalf("ForImage took %q, but: %v", image, err)
		}
		again := ref.host + "/" + ref.repository
		if ref.tag != "" {
			again += ":" + ref.tag
		}
		if ref.digest != "" {
			again += "@sha256:" + ref.digest
		}
		pinned := ref.digest == "" && c.owns(ref) && r.Version == ref.tag && strings.HasPrefix(r.Image, c.repository+"@sha256:")
		if again != image || r.Image != image && !pinned || strings.ContainsAny(image, " \t\n'\"$`\\") {
			t.Errorf("%q came back as %q, with %+v", image, again, r)
		}
		if c.lineIndex(r.Line) < 0 {
			t.Errorf("%q has the line %q", image, r.Line)
		}
	})
}
