package payload

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
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
	data, err := json.Marshal(map[string]any{
		"kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
		"metadata": map[string]any{"name": "4.18.0-okd-scos.10"}, "spec": map[string]any{"tags": tags},
	})
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
			of := func(architecture string, image v1.Image) mutate.IndexAddendum {
				linux := &v1.Platform{OS: "linux", Architecture: architecture}
				return mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: linux}}
			}
			index := mutate.AppendManifests(empty.Index, of("arm64", imageOf(t, gzipped(older))), of("amd64", image))
			pinned := f.push(t, "okd/scos-release:4.18.0-okd-scos.10", image)
			pinnedIndex := f.push(t, "okd/scos-release:multi", index)
			for _, reference := range []string{
				f.host + "/okd/scos-release:4.18.0-okd-scos.10", pinned, f.host + "/okd/scos-release:multi", pinnedIndex,
			} {
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
		`is of "4.18.0-okd-scos.10" and lists 1 images, but no stream-coreos`: {archive(at, string(listOf("cli", osImage)))},
		"it is of OpenShift":                        {archive(at, string(listOf("rhel-coreos", osImage)))},
		"its nodes run Fedora CoreOS":               {archive(at, string(listOf("fedora-coreos", osImage)))},
		"does not list stream-coreos by digest":     {archive(at, string(listOf(component, unpinned)))},
		`but as "quay.io/okd/x@sha256:$(reboot)`:    {archive(at, string(listOf(component, "quay.io/okd/x@sha256:$(reboot)")))},
		"lists 0 images":                            {archive(at, `{"kind":"ImageStream"}`)},
		"has a list of images that cannot be read":  {archive(at, `{"kind":"Pod"}`)},
		"a list of images that cannot":              {archive(at, "<html>")},
		"so it is not the image of a release":       {archive("etc/os-release", "x"), archive("bin/sh", "x")},
		"not the image of a release":                {archive(at, string(goodList)), archive("release-manifests/.wh.image-references", "")},
		"has no release-manifests":                  {archive(at, string(goodList)), archive(".wh.release-manifests", "")},
		"no release-manifests/image-references, so": {},
		"is not a file of at most":                  {archive(at, "-> /etc/passwd")},
		"a file of at most 8388608 bytes":           {gzipped(archive(at, strings.Repeat("x", maxList+1)))},
		"a layer is not an archive":                 {[]byte("this is not an archive, but it is somewhat longer than nothing")},
		"a layer cannot be decompressed":            {[]byte("\x1f\x8b nonsense")},
		"a layer is cut off: unexpected EOF":        {gzipped(archive(at, string(goodList))[:700])},
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
		"another manifest":  {"/manifests/", []byte(`{"schemaVersion":2,"layers":[]}`), "does not match this digest"},
		"a portal's answer": {"/manifests/", []byte("<html>"), "does not match this digest"},
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
			refused(t, err, test.want, "another mirror may have a complete copy")
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
	// What never ends is not read to the end.
	read := &endless{}
	_, _, err := readLayer(t.Context(), read, v1.Descriptor{Size: 1 << 20, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("1", 64)}})
	if err == nil || !strings.Contains(err.Error(), "is damaged") || read.size > 2<<20 {
		t.Errorf("read %d bytes, got %v", read.size, err)
	}
}

type endless struct{ size int }

func (e *endless) Read(p []byte) (int, error) { e.size += len(p); return len(p), nil }
