package payload

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/okd-project/okd-install/pkg/ignition"
)

// multi is a list of two architectures, and the image of each.
func multi(t *testing.T) (index v1.ImageIndex, amd, arm v1.Image) {
	t.Helper()
	list := archive("release-manifests/image-references", string(goodList))
	for image, architecture := range map[*v1.Image]string{&amd: "amd64", &arm: "arm64"} {
		plain := imageOf(t, gzipped(list), gzipped(archive("etc/"+architecture, "x")))
		made, err := mutate.ConfigFile(plain, &v1.ConfigFile{Architecture: architecture, OS: "linux", RootFS: rootOf(t, plain)})
		if err != nil {
			t.Fatal(err)
		}
		*image = made
	}
	return mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}}), amd, arm
}

// A tag becomes the digest of the list of architectures, or of the image where there is
// no list, over TLS and with a login; it must be for all machines.
func TestResolve(t *testing.T) {
	t.Parallel()
	f := newRegistry(t, true)
	bundle := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}))
	index, amd, arm := multi(t)
	repository := f.host + "/okd/scos-release"
	digests := map[string]string{
		"multi": f.push(t, "okd/scos-release:multi", index), "amd": f.push(t, "okd/scos-release:amd", amd),
		"arm": f.push(t, "okd/scos-release:arm", arm),
	}
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user == "me" && password == "s3cret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	secret := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, f.host, base64.StdEncoding.EncodeToString([]byte("me:s3cret")))
	q := Query{Component: component, PullSecret: secret, TrustBundle: bundle}
	for _, test := range []struct {
		tag, architectures, want string
	}{
		{"multi", "", ""}, {"multi", "x86_64", ""}, {"multi", "aarch64", ""}, {"multi", "x86_64 aarch64", ""},
		{"amd", "x86_64", ""}, {"arm", "aarch64", ""},
		{"arm", "x86_64", "the image is for arm64, not for amd64"},
		{"amd", "x86_64 aarch64", "the image is for amd64, not for arm64"},
		{"multi", "x86_64 s390x", "it has the image, but not for this architecture"},
		{"gone", "x86_64", "it answers 404 Not Found"},
	} {
		q.Release = repository + ":" + test.tag
		got, err := quick().Resolve(t.Context(), q, strings.Fields(test.architectures))
		if test.want != "" {
			refused(t, err, "the digest of "+q.Release+" cannot be looked up: "+f.host+": "+test.want, "--digest")
			continue
		}
		_, digest, _ := strings.Cut(digests[test.tag], "@")
		if err != nil || got.Release != digest || got.Version != "4.18.0-okd-scos.10" || got.Source != q.Release {
			t.Errorf("%s for %q: got %+v, %v", test.tag, test.architectures, got, err)
		}
	}
	// By digest it is only made sure of.
	q.Release = digests["multi"]
	if got, err := quick().Resolve(t.Context(), q, nil); err != nil || repository+"@"+got.Release != q.Release {
		t.Errorf("got %+v, %v", got, err)
	}
	q.PullSecret = ""
	_, err := quick().Resolve(t.Context(), q, nil)
	refused(t, err, "it answers 401 Unauthorized", "put a login for "+f.host)
	q.TrustBundle = ""
	_, err = quick().Resolve(t.Context(), q, nil)
	refused(t, err, "its certificate is from an authority that is not trusted here")
	q.TrustBundle = bundle
	_, err = quick().Tags(t.Context(), repository, q)
	refused(t, err, "the tags of "+repository+" cannot be listed: "+f.host+": it answers 401", "--repository")
	q.PullSecret = secret
	if tags, err := quick().Tags(t.Context(), repository, q); err != nil || !slices.Equal(tags, []string{"amd", "arm", "multi"}) {
		t.Errorf("got %v, %v", tags, err)
	}
}

// A mirror is asked for the tag first, since its digest is the one that it serves; the
// source comes after it, or never.
func TestResolveByMirror(t *testing.T) {
	t.Parallel()
	index, amd, _ := multi(t)
	source, mirror := newRegistry(t, false), newRegistry(t, false)
	full := source.push(t, "okd/scos-release:4.18", index)
	_, filtered, _ := strings.Cut(mirror.push(t, "copies/scos-release:4.18", amd), "@")
	q := Query{
		Release: source.host + "/okd/scos-release:4.18", Component: component,
		Mirrors: []ignition.Mirror{{Source: source.host + "/okd", Mirrors: []string{mirror.host + "/copies"}}},
	}
	got, err := quick().Resolve(t.Context(), q, nil)
	if err != nil || got.Release != filtered || got.Source != mirror.host+"/copies/scos-release:4.18" {
		t.Errorf("got %+v, %v", got, err)
	}
	q.Mirrors[0].Mirrors[0] = mirror.host + "/empty"
	got, err = quick().Resolve(t.Context(), q, nil)
	if err != nil || source.host+"/okd/scos-release@"+got.Release != full {
		t.Errorf("got %+v, %v", got, err)
	}
	q.Mirrors[0].Policy = "NeverContactSource"
	_, err = quick().Resolve(t.Context(), q, nil)
	refused(t, err, mirror.host+": it answers 404")
	if strings.Contains(err.Error(), source.host+": ") {
		t.Errorf("the source was asked: %v", err)
	}
}

// What is no release of OKD is not pinned.
func TestResolveRefused(t *testing.T) {
	t.Parallel()
	at := "release-manifests/image-references"
	f := newRegistry(t, false)
	for want, layer := range map[string][]byte{
		"it is of OpenShift":          archive(at, string(listOf("rhel-coreos", osImage))),
		"so it is not the image of a": archive("etc/os-release", "x"),
		"a list of images that canno": archive(at, "{}"),
	} {
		reference := f.push(t, "okd/scos-release:4.18", imageOf(t, layer))
		_, err := quick().Resolve(t.Context(), Query{Release: reference, Component: component}, nil)
		refused(t, err, want)
	}
}

// A list of tags ends, whatever a registry sends.
func TestTagsEnd(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"tags without end": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"tags":["a"`+strings.Repeat(`,"a"`, maxPage))
		},
		"pages without end": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+r.URL.Path+`?n=1&last=a>; rel="next"`)
			_, _ = io.WriteString(w, `{"tags":[]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newRegistry(t, false)
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/tags/list") {
					answer(w, r)
					return true
				}
				return false
			}
			_, err := quick().Tags(t.Context(), f.host+"/okd/scos-release", Query{})
			refused(t, err, "cannot be listed", "--online")
		})
	}
	for _, repository := range []string{"", "quay.io", "quay.io/okd/scos-release:4.22", "quay.io/OKD/x"} {
		_, err := quick().Tags(t.Context(), repository, Query{})
		refused(t, err, "is not a repository")
	}
}
