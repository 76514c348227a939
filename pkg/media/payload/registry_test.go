package payload

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/okd-project/okd-install/pkg/ignition"
)

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
	refused(t, err, "its source must not be contacted", "by digest")
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
		got, err := candidates(image, mirrors, false)
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
	refused(t, err, "its certificate is from an authority that is not trusted here", "additionalTrustBundle")
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
		_, err = plain.Find(t.Context(), Query{
			Release: host + "/okd/release:1", Component: component,
			PullSecret: `{"auths":{"10.1.2.3":{"auth":"bWU6czNjcmV0"}}}`,
		})
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
		return nil, &url.Error{
			Op: "Get", URL: "https://s3.invalid/x?X-Amz-Signature=s3cret",
			Err: errors.New("GET https://s3.invalid/x?X-Amz-Signature=s3cret: \x1b[31mbroken"),
		}
	})}
	_, err := c.Find(t.Context(), Query{Release: "quay.io/okd/release:1", Component: component})
	refused(t, err, "quay.io: ", "broken")
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %q", err)
	}
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
