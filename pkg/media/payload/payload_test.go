package payload

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
)

const (
	component = "stream-coreos"
	osImage   = "quay.io/okd/scos-content@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// listOf is the list of a release, with name and pull spec alternating.
func listOf(images ...string) []byte {
	type tag map[string]any
	tags := []tag{}
	for i := 0; i+1 < len(images); i += 2 {
		tags = append(tags, tag{"name": images[i], "from": tag{"kind": "DockerImage", "name": images[i+1]}, "annotations": tag{"x": "y"}})
	}
	data, err := json.Marshal(map[string]any{"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": map[string]any{"name": "4.18.0-okd-scos.10"}, "spec": map[string]any{"tags": tags}})
	if err != nil {
		panic(err)
	}
	return data
}

var goodList = listOf("cli", strings.Replace(osImage, "0123", "4567", 1), component, osImage)

// archive is a layer that is not compressed; files are name and content alternating.
func archive(files ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		header := &tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(files[i+1], "-> "); ok {
			header.Typeflag, header.Linkname, header.Size, files[i+1] = tar.TypeSymlink, target, 0, ""
		}
		if err := errors.Join(w.WriteHeader(header), ignoreSize(io.WriteString(w, files[i+1]))); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func ignoreSize(_ int, err error) error { return err }

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := errors.Join(ignoreSize(w.Write(data)), w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(data, nil)
}

func imageOf(t *testing.T, layers ...[]byte) v1.Image {
	t.Helper()
	image := empty.Image
	for _, content := range layers {
		var err error
		if image, err = mutate.AppendLayers(image, static.NewLayer(content, types.DockerLayer)); err != nil {
			t.Fatal(err)
		}
	}
	return image
}

func rootOf(t *testing.T, image v1.Image) v1.RootFS {
	t.Helper()
	settings, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return settings.RootFS
}

// fakeRegistry is a real one on this machine, in front of which a test may stand.
type fakeRegistry struct {
	*httptest.Server
	host string
	lock sync.Mutex
	// before handles a request itself if it returns true.
	before func(http.ResponseWriter, *http.Request) bool
	asked  []string
}

func newRegistry(t *testing.T, secure bool) *fakeRegistry {
	t.Helper()
	actual := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	f := &fakeRegistry{}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.lock.Lock()
		f.asked = append(f.asked, r.Method+" "+r.URL.Path)
		before := f.before
		f.lock.Unlock()
		if before == nil || !before(w, r) {
			actual.ServeHTTP(w, r)
		}
	}))
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(f.Close)
	_, f.host, _ = strings.Cut(f.URL, "://")
	return f
}

// push puts an image there, and returns it by its digest.
func (f *fakeRegistry) push(t *testing.T, repository string, image remote.Taggable) string {
	t.Helper()
	ref, err := name.ParseReference(f.host + "/" + repository)
	if err != nil {
		t.Fatal(err)
	}
	transport := remote.WithTransport(f.Client().Transport)
	if index, ok := image.(v1.ImageIndex); ok {
		err = remote.WriteIndex(ref, index, transport)
	} else if i, ok := image.(v1.Image); ok {
		err = remote.Write(ref, i, transport)
	}
	if err != nil {
		t.Fatal(err)
	}
	described, err := remote.Head(ref, transport)
	if err != nil {
		t.Fatal(err)
	}
	f.lock.Lock()
	f.asked = nil
	f.lock.Unlock()
	return ref.Context().Name() + "@" + described.Digest.String()
}

func quick() Client { return Client{Pause: time.Millisecond, UserAgent: "okd-install"} }

// refused makes sure that the answer is an error for people.
func refused(t *testing.T, err error, want ...string) {
	t.Helper()
	var p diag.Problem
	if !errors.As(err, &p) || p.Hint == "" {
		t.Errorf("got %v, want a problem with a hint", err)
		return
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}
}

// By tag and by digest, alone and in a list of architectures, however the layer is
// compressed and wherever it stands.
func TestFind(t *testing.T) {
	t.Parallel()
	list := archive("release-manifests/0000_50_x.yaml", "kind: Pod", "release-manifests/image-references", string(goodList))
	dotted := archive("./release-manifests/image-references", string(goodList))
	older := archive("release-manifests/image-references", string(listOf(component, strings.ReplaceAll(osImage, "0", "1"))))
	for name, layers := range map[string][][]byte{
		"gzip": {gzipped(archive("etc/os-release", "x")), gzipped(list)},
		"zstd": {zstandard(list)}, "plain": {list}, "dotted": {gzipped(dotted)},
		"below another": {gzipped(list), gzipped(archive("etc/passwd", "x"))},
		"over an older": {gzipped(older), gzipped(list)},
		"twice in one":  {gzipped(archive("release-manifests/image-references", "{}", "release-manifests/image-references", string(goodList)))},
		"removed below": {gzipped(older), gzipped(archive("release-manifests/.wh..wh..opq", "")), gzipped(list)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newRegistry(t, false)
			image := imageOf(t, layers...)
			index := mutate.AppendManifests(empty.Index,
				mutate.IndexAddendum{Add: imageOf(t, gzipped(older)), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
				mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
			pinned := f.push(t, "okd/scos-release:4.18.0-okd-scos.10", image)
			pinnedIndex := f.push(t, "okd/scos-release:multi", index)
			for _, reference := range []string{f.host + "/okd/scos-release:4.18.0-okd-scos.10", pinned, f.host + "/okd/scos-release:multi", pinnedIndex} {
				got, err := quick().Find(t.Context(), Query{Release: reference, Component: component, Architecture: "x86_64"})
				_, digest, _ := strings.Cut(pinned, "@")
				if strings.Contains(reference, "multi") || reference == pinnedIndex {
					_, digest, _ = strings.Cut(pinnedIndex, "@")
				}
				if want := (Image{osImage, "4.18.0-okd-scos.10", digest, reference}); err != nil || got != want {
					t.Errorf("%s: got %+v, %v, want %+v", reference, got, err, want)
				}
			}
			_, err := quick().Find(t.Context(), Query{Release: f.host + "/okd/scos-release:multi", Component: component, Architecture: "s390x"})
			refused(t, err, "not for this architecture", "--arch")
			// An image that is in no list says itself what it is for.
			alone, err := mutate.ConfigFile(image, &v1.ConfigFile{Architecture: "arm64", OS: "linux", RootFS: rootOf(t, image)})
			if err != nil {
				t.Fatal(err)
			}
			single := f.push(t, "okd/scos-release:arm", alone)
			for architecture, fits := range map[string]bool{"aarch64": true, "x86_64": false, "": false} {
				_, err = quick().Find(t.Context(), Query{Release: single, Component: component, Architecture: architecture})
				if fits && err != nil {
					t.Error(err)
				}
				if !fits {
					refused(t, err, "the image is for arm64, not for amd64", "--arch")
				}
			}
		})
	}
}

// What the list does not say, and what is no list.
func TestFindRefused(t *testing.T) {
	t.Parallel()
	at := "release-manifests/image-references"
	unpinned := strings.Replace(osImage, "@sha256:", ":", 1)
	for want, layers := range map[string][][]byte{
		`is of "4.18.0-okd-scos.10" and names 1 images, but no stream-coreos`: {archive(at, string(listOf("cli", osImage)))},
		"it is of OpenShift":                           {archive(at, string(listOf("rhel-coreos", osImage)))},
		"its nodes run Fedora CoreOS":                  {archive(at, string(listOf("fedora-coreos", osImage)))},
		"does not name stream-coreos by digest":        {archive(at, string(listOf(component, unpinned)))},
		`but as "quay.io/okd/x@sha256:$(reboot)`:       {archive(at, string(listOf(component, "quay.io/okd/x@sha256:$(reboot)")))},
		"names 0 images":                               {archive(at, `{"kind":"ImageStream"}`)},
		"has a list of its images that cannot be read": {archive(at, `{"kind":"Pod"}`)},
		"a list of its images that cannot":             {archive(at, "<html>")},
		"so it is not the image of a release":          {archive("etc/os-release", "x"), archive("bin/sh", "x")},
		"not the image of a release":                   {archive(at, string(goodList)), archive("release-manifests/.wh.image-references", "")},
		"has no release-manifests":                     {archive(at, string(goodList)), archive(".wh.release-manifests", "")},
		"no release-manifests/image-references, so":    {},
		"is not a file of at most":                     {archive(at, "-> /etc/passwd")},
		"a file of at most 8388608 bytes":              {gzipped(archive(at, strings.Repeat("x", maxList+1)))},
		"a layer is not an archive":                    {[]byte("this is not an archive, but it is somewhat longer than nothing")},
		"a layer cannot be decompressed":               {[]byte("\x1f\x8b nonsense")},
		"a layer is cut off: unexpected EOF":           {gzipped(archive(at, string(goodList))[:700])},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			f := newRegistry(t, false)
			pinned := f.push(t, "okd/scos-release:4.18", imageOf(t, layers...))
			_, err := quick().Find(t.Context(), Query{Release: pinned, Component: component})
			refused(t, err, want)
		})
	}
}

// A registry, or somebody on the way, that sends something else than it says.
func TestDamaged(t *testing.T) {
	t.Parallel()
	forged := gzipped(archive("release-manifests/image-references", string(listOf(component, strings.ReplaceAll(osImage, "0", "f")))))
	right := gzipped(archive("release-manifests/image-references", string(goodList)))
	same := bytes.Clone(right)
	same[len(same)-9] ^= 1
	for name, test := range map[string]struct {
		part string
		body []byte
		want string
	}{
		"another layer":     {"/blobs/", forged, "is damaged"},
		"one bit":           {"/blobs/", same, "is damaged"},
		"cut off":           {"/blobs/", right[:len(right)-20], fmt.Sprintf("is damaged: it came with %d of %d bytes", len(right)-20, len(right))},
		"empty":             {"/blobs/", nil, "is damaged: it came with 0 of"},
		"another manifest":  {"/manifests/", []byte(`{"schemaVersion":2,"layers":[]}`), "is not the image of this digest"},
		"a portal's answer": {"/manifests/", []byte("<html>"), "is not the image of this digest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newRegistry(t, false)
			pinned := f.push(t, "okd/scos-release:4.18", imageOf(t, right))
			f.before = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, test.part) {
					return false
				}
				w.Header().Set("Content-Type", string(types.DockerManifestSchema2))
				_, _ = w.Write(test.body)
				return true
			}
			got, err := quick().Find(t.Context(), Query{Release: pinned, Component: component})
			refused(t, err, test.want, "another mirror may have it whole")
			if got.Image != "" {
				t.Errorf("got %+v all the same", got)
			}
		})
	}
}

// Sizes are looked at before anything is fetched, and again while it comes.
func TestBounds(t *testing.T) {
	t.Parallel()
	f := newRegistry(t, false)
	digest := "sha256:" + strings.Repeat("1", 64)
	for layers, want := range map[string]string{
		fmt.Sprintf(`{"size":%d,"digest":%q}`, maxLayer+1, digest):                                           "is larger than a release image",
		fmt.Sprintf(`{"size":-1,"digest":%q}`, digest):                                                       "is larger than a release image",
		fmt.Sprintf(`{"size":1,"digest":%q,"urls":["http://169.254.169.254/"]}`, digest):                     "a layer of a kind",
		strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"size":1,"digest":%q},`, digest), maxLayers+1), ","): "the image has 129 layers",
	} {
		manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"size":1,"digest":%q},"layers":[%s]}`, types.DockerManifestSchema2, digest, layers)
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/blobs/") {
				t.Error("a layer was asked for")
			}
			if !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			w.Header().Set("Content-Type", string(types.DockerManifestSchema2))
			_, _ = io.WriteString(w, manifest)
			return true
		}
		_, err := quick().Find(t.Context(), Query{Release: f.host + "/okd/release:1", Component: component})
		refused(t, err, want)
	}
	// What never ends is not read to its end.
	read := &endless{}
	_, _, err := readLayer(t.Context(), read, v1.Descriptor{Size: 1 << 20, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("1", 64)}})
	if err == nil || !strings.Contains(err.Error(), "is damaged") || read.size > 2<<20 {
		t.Errorf("read %d bytes, got %v", read.size, err)
	}
}

type endless struct{ size int }

func (e *endless) Read(p []byte) (int, error) { e.size += len(p); return len(p), nil }

// Where the login is asked for, it comes from the pull secret: the one of the
// longest beginning, and no other registry's.
func TestAuth(t *testing.T) {
	t.Parallel()
	image := imageOf(t, gzipped(archive("release-manifests/image-references", string(goodList))))
	login := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	f := newRegistry(t, false)
	pinned := f.push(t, "okd/scos-release:4.18", image)
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			user, password, _ := r.BasicAuth()
			if user != "me" || password != "s3cret" {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			_, _ = io.WriteString(w, `{"token":"t0ken"}`)
			return true
		}
		if r.Header.Get("Authorization") != "Bearer t0ken" {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="x"`, f.host))
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
	auths := func(entries ...string) string {
		var b []string
		for i := 0; i+1 < len(entries); i += 2 {
			b = append(b, fmt.Sprintf(`%q:{"auth":%q}`, entries[i], login(entries[i+1])))
		}
		return `{"auths":{` + strings.Join(b, ",") + `}}`
	}
	for name, test := range map[string]struct {
		secret string
		good   bool
	}{
		"registry":      {auths(f.host, "me:s3cret"), true},
		"organisation":  {auths(f.host, "other:wrong", f.host+"/okd", "me:s3cret"), true},
		"repository":    {auths(f.host+"/okd", "other:wrong", f.host+"/okd/scos-release", "me:s3cret"), true},
		"with a scheme": {auths("https://"+f.host+"/", "me:s3cret"), true},
		"wrong":         {auths(f.host, "me:wr0ng"), false},
		"elsewhere":     {auths("quay.io", "me:s3cret", f.host+"/okd/scos", "me:s3cret"), false},
		"none":          {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := quick().Find(t.Context(), Query{Release: pinned, Component: component, PullSecret: test.secret})
			if test.good {
				if err != nil || got.Image != osImage {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			refused(t, err, f.host+": it answers 401 Unauthorized", "put a login for "+f.host)
			for _, secret := range []string{"s3cret", "wr0ng", login("me:s3cret"), login("me:wr0ng"), "t0ken"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %s: %v", secret, err)
				}
			}
		})
	}
	_, err := quick().Find(t.Context(), Query{Release: pinned, Component: component, PullSecret: "s3cret"})
	refused(t, err, "is not the JSON of a pull secret")
}

// Mirrors have what is asked for by digest; a tag is asked of the source.
func TestMirrors(t *testing.T) {
	t.Parallel()
	image := imageOf(t, gzipped(archive("release-manifests/image-references", string(goodList))))
	f, broken := newRegistry(t, false), newRegistry(t, false)
	_, digest, _ := strings.Cut(f.push(t, "mirror/scos-release:x", image), "@")
	broken.before = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true }
	mirrors := []ignition.Mirror{
		{Source: "release.invalid", Mirrors: []string{broken.host}},
		{Source: "release.invalid/okd", Mirrors: []string{broken.host + "/gone", f.host + "/mirror"}},
	}
	q := Query{Release: "release.invalid/okd/scos-release@" + digest, Component: component, Mirrors: mirrors}
	got, err := quick().Find(t.Context(), q)
	if err != nil || got.Image != osImage || got.Source != f.host+"/mirror/scos-release@"+digest {
		t.Errorf("got %+v, %v", got, err)
	}
	// Every one that was asked is named.
	mirrors[1].Mirrors[1] = f.host + "/elsewhere"
	_, err = quick().Find(t.Context(), q)
	refused(t, err, broken.host+": it answers 502 Bad Gateway", f.host+": it answers 404 Not Found", "release.invalid: ")
	mirrors[1].Policy = "NeverContactSource"
	_, err = quick().Find(t.Context(), q)
	refused(t, err, broken.host+": it answers 502")
	if strings.Contains(err.Error(), "release.invalid:") {
		t.Errorf("the source was asked: %v", err)
	}
	q.Release = "release.invalid/okd/scos-release:4.18"
	_, err = quick().Find(t.Context(), q)
	refused(t, err, "its source must not be asked", "by digest")
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	mirrors := []ignition.Mirror{{Source: "quay.io/okd", Mirrors: []string{"a.example.com/x", "b.example.com:5000"}}}
	for image, want := range map[string]string{
		"quay.io/okd/scos-release@sha256:1":       "a.example.com/x/scos-release@sha256:1 b.example.com:5000/scos-release@sha256:1 quay.io/okd/scos-release@sha256:1",
		"quay.io/okd@sha256:1":                    "a.example.com/x@sha256:1 b.example.com:5000@sha256:1 quay.io/okd@sha256:1",
		"quay.io/okd/scos-release:4.18@sha256:1":  "a.example.com/x/scos-release@sha256:1 b.example.com:5000/scos-release@sha256:1 quay.io/okd/scos-release:4.18@sha256:1",
		"quay.io/okd/scos-release:4.18":           "quay.io/okd/scos-release:4.18",
		"quay.io/okdx/scos-release@sha256:1":      "quay.io/okdx/scos-release@sha256:1",
		"quay.io:443/okd/scos-release@sha256:1":   "quay.io:443/okd/scos-release@sha256:1",
		"other.example.com:5000/okd/rel@sha256:1": "other.example.com:5000/okd/rel@sha256:1",
	} {
		got, err := candidates(image, mirrors)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, %v", image, got, err)
		}
	}
}

// TLS as the trust bundle says, and never none.
func TestTrust(t *testing.T) {
	t.Parallel()
	f := newRegistry(t, true)
	pinned := f.push(t, "okd/scos-release:4.18", imageOf(t, gzipped(archive("release-manifests/image-references", string(goodList)))))
	bundle := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}))
	got, err := quick().Find(t.Context(), Query{Release: pinned, Component: component, TrustBundle: bundle})
	if err != nil || got.Image != osImage {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = quick().Find(t.Context(), Query{Release: pinned, Component: component})
	refused(t, err, "its certificate is by an authority that is not trusted here", "additionalTrustBundle")
	_, err = quick().Find(t.Context(), Query{Release: pinned, Component: component, TrustBundle: "nonsense"})
	refused(t, err, "holds no certificate")
	// 10.0.0.0/8 and *.local are where the library would fall back to HTTP.
	plain := Client{Pause: time.Millisecond, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme != "https" {
			t.Errorf("asked for %s", r.URL)
		}
		return nil, errors.New("http: server gave HTTP response to HTTPS client")
	})}
	for _, host := range []string{"10.1.2.3", "registry.local", "192.168.1.1:5000"} {
		_, err = plain.Find(t.Context(), Query{Release: host + "/okd/release:1", Component: component, PullSecret: `{"auths":{"10.1.2.3":{"auth":"bWU6czNjcmV0"}}}`})
		refused(t, err, host+": ", "TLS")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Nothing there, and nobody waiting any more.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	f := newRegistry(t, false)
	f.Close()
	_, err := quick().Find(t.Context(), Query{Release: f.host + "/okd/scos-release:4.18", Component: component})
	refused(t, err, f.host+": ", "refused", "HTTPS_PROXY", "--os-image: oc adm release info --image-for=stream-coreos "+f.host+"/okd/scos-release:4.18")

	slow := newRegistry(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	slow.before = func(_ http.ResponseWriter, r *http.Request) bool { cancel(); <-r.Context().Done(); return true }
	_, err = quick().Find(ctx, Query{Release: slow.host + "/okd/scos-release:4.18", Component: component})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What a storage service takes for a password is not told.
func TestErrorsHaveNoQueries(t *testing.T) {
	t.Parallel()
	c := Client{Pause: time.Millisecond, Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: "https://s3.invalid/x?X-Amz-Signature=s3cret", Err: errors.New("GET https://s3.invalid/x?X-Amz-Signature=s3cret: \x1b[31mbroken")}
	})}
	_, err := c.Find(t.Context(), Query{Release: "quay.io/okd/release:1", Component: component})
	refused(t, err, "quay.io: ", "broken")
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %q", err)
	}
}

// FuzzScan: whatever a layer holds, it is read or refused.
func FuzzScan(f *testing.F) {
	list := archive("release-manifests/image-references", string(goodList))
	for _, seed := range [][]byte{list, gzipped(list), zstandard(list), nil, list[:600], []byte("\x1f\x8b"), []byte("\x28\xb5\x2f\xfd")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, _, err := scan(bytes.NewReader(data))
		if err != nil && list != nil || len(list) > maxList {
			t.Errorf("%d bytes, %v", len(list), err)
		}
		i, err := find(list, Query{Component: component})
		if err == nil && !isPinned(i.Image) {
			t.Errorf("got %+v", i)
		}
	})
}

// A pull secret names Docker Hub in several ways.
func TestDockerHub(t *testing.T) {
	t.Parallel()
	image, err := name.ParseReference("docker.io/okd/release:4.18")
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"docker.io", "https://index.docker.io/v1/", "index.docker.io", "docker.io/okd"} {
		secret, err := parseSecret(`{"auths": {"` + place + `": {"auth": "dTpw"}, "quay.io": {"auth": "eDp5"}}}`)
		if err != nil {
			t.Fatal(err)
		}
		login, err := secret.Resolve(image.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := login.Authorization(); err != nil || got.Username != "u" || got.Password != "p" {
			t.Errorf("%s is not found: %+v, %v", place, got, err)
		}
	}
}
