package main

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/okd-project/okd-install/pkg/asset"
)

const nodeSystem = "quay.io/okd/scos-content@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// payloadImage is the image of a release that names a system.
func payloadImage(version, system string) v1.Image {
	list := fmt.Sprintf(`{"kind":"ImageStream","metadata":{"name":%q},"spec":{"tags":[{"name":"stream-coreos","from":{"kind":"DockerImage","name":%q}}]}}`,
		version, system)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: "release-manifests/image-references", Mode: 0o644, Size: int64(len(list))})
	if err == nil {
		_, err = io.WriteString(w, list)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	image, err := mutate.AppendLayers(empty.Image, static.NewLayer(b.Bytes(), types.DockerUncompressedLayer))
	if err != nil {
		panic(err)
	}
	return image
}

// forArchitecture says of an image what it is for.
func forArchitecture(t *testing.T, image v1.Image, architecture string) v1.Image {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{Architecture: architecture, OS: "linux", RootFS: config.RootFS})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// sampleReleases are the tags of the registry that stands in for quay.io. 4.22's .11 and
// .12 are newer than the catalogue; what is at .12 is something else than its tag says.
var sampleReleases = map[string]string{
	"5.0.0-okd-scos.1": "5.0.0-okd-scos.1", "4.22.0-okd-scos.10": "4.22.0-okd-scos.10", "4.22.0-okd-scos.11": "4.22.0-okd-scos.11",
	"4.22.0-okd-scos.12": "4.22.0-okd-scos.9", "4.20.0-okd-scos.17": "4.20.0-okd-scos.17", "latest": "5.0.0-okd-scos.1",
}

// registryAddress is where a registry with the sample releases listens, for all tests.
var registryAddress = sync.OnceValue(func() string {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	host := strings.TrimPrefix(s.URL, "http://")
	for tag, version := range sampleReleases {
		ref, err := name.NewTag(host + "/okd/scos-release:" + tag)
		if err == nil {
			err = remote.Write(ref, payloadImage(version, nodeSystem))
		}
		if err != nil {
			panic(err)
		}
	}
	return host
})

// registryTransport leads what is for quay.io to the registry of the tests.
type registryTransport struct{ host string }

func (t registryTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "quay.io" {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = "http", t.host, t.host
	}
	return http.DefaultTransport.RoundTrip(r)
}

// pinnedDir is an asset directory with a config to which lines are added.
func pinnedDir(t *testing.T, lines string) string {
	t.Helper()
	dir := t.TempDir()
	config, err := os.ReadFile("testdata/fast.yaml")
	config, _, _ = bytes.Cut(config, []byte("pullSecret:"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "install-config.yaml"), append(config, lines...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func runIn(t *testing.T, dir string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "okd-install", append(args, "--dir", dir)...)
	cmd.Env = append(os.Environ(), "TEST_NOW=2026-03-02T08:00:00Z", "OKD_INSTALL_PAUSE=1ms")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// A mirror with TLS and a login, named in the install-config: its digest is remembered,
// and stands in bootstrap.ign under the source's name, which nodes look up in the mirror.
func TestPinByMirror(t *testing.T) {
	t.Parallel()
	actual := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "s3cret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		actual.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "https://")
	images := map[string]v1.Image{}
	for tag, architecture := range map[string]string{"4.22.0-okd-scos.11": "amd64", "4.22.0-okd-scos.9": "arm64"} {
		images[tag] = forArchitecture(t, payloadImage(tag, nodeSystem), architecture)
		ref, err := name.NewTag(host + "/copies/scos-release:" + tag)
		if err == nil {
			err = remote.Write(ref, images[tag], remote.WithTransport(s.Client().Transport),
				remote.WithAuth(&authn.Basic{Username: "me", Password: "s3cret"}))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	digest, err := images["4.22.0-okd-scos.11"].Digest()
	if err != nil {
		t.Fatal(err)
	}
	bundle := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})), "\n", "\n  ")
	login := base64.StdEncoding.EncodeToString([]byte("me:s3cret"))
	mirror := "imageDigestSources:\n- source: quay.io/okd\n  mirrors:\n  - " + host + "/copies\n  sourcePolicy: NeverContactSource\n"
	secret := fmt.Sprintf("pullSecret: '{\"auths\":{%q:{\"auth\":%q}}}'\n", host, login)
	trust := "additionalTrustBundle: |\n  " + strings.TrimSpace(bundle) + "\n"

	dir := pinnedDir(t, mirror+secret+trust)
	stdout, stderr, err := runIn(t, dir, "releases", "pin", "--release", "4.22.0-okd-scos.11", "-o", "json")
	var p asset.Pinned
	if err != nil || json.Unmarshal([]byte(stdout), &p) != nil {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	want := "quay.io/okd/scos-release@" + digest.String()
	if p.Image != want || p.Release != "4.22.0-okd-scos.11" || p.Source != host+"/copies/scos-release:4.22.0-okd-scos.11" || !p.Changed {
		t.Errorf("got %+v", p)
	}
	// the release is newer than the catalogue, and known in this directory from now on
	if _, stderr, err = runIn(t, dir, "create", "ignition-configs", "--leaf-key", "ecdsa-p256"); err != nil ||
		!strings.Contains(stderr, "for OKD release 4.22.0-okd-scos.11 ("+want+")") {
		t.Errorf("%v\n%s", err, stderr)
	}
	if strings.Contains(stderr, "are not used for the release image") {
		t.Errorf("the mirror is said to be of no use: %s", stderr)
	}
	if _, stderr, err = runIn(t, dir, "create", "ignition-configs", "--release", "4.22.0-okd-scos.11"); err != nil ||
		!strings.Contains(stderr, "up to date") {
		t.Errorf("%v\n%s", err, stderr)
	}

	for name, test := range map[string]struct{ lines, release, want string }{
		"other architecture": {mirror + secret + trust, "4.22.0-okd-scos.9", "the image is for arm64, not for amd64"},
		"no such tag":        {mirror + secret + trust, "4.22.0-okd-scos.8", host + ": it answers 404 Not Found"},
		"no login":           {mirror + trust, "4.22.0-okd-scos.11", host + ": it answers 401 Unauthorized"},
		"no trust":           {mirror + secret, "4.22.0-okd-scos.11", "its certificate is from an authority that is not trusted here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := pinnedDir(t, test.lines)
			stdout, stderr, err := runIn(t, dir, "releases", "pin", "--release", test.release)
			if err == nil || stdout != "" || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "--digest") {
				t.Errorf("%v\n%s%s", err, stdout, stderr)
			}
			for _, secret := range []string{"s3cret", login} {
				if strings.Contains(stderr, secret) {
					t.Errorf("the error tells a secret: %s", stderr)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, ".okd_install_state.json")); err == nil {
				t.Error("something was remembered all the same")
			}
		})
	}
}
