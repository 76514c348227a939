package payload

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/okd-project/okd-install/pkg/diag"
)

// read gets the list from one registry, and the digest of the image that has it.
func (c Client) read(ctx context.Context, reference, architecture string, secret pullSecret) (list []byte, digest string, err error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, "", errors.New("it is not the pull spec of an image")
	}
	described, err := remote.Get(ref, c.options(ctx, architecture, secret)...)
	if err != nil {
		return nil, "", err
	}
	image, err := described.Image()
	if err != nil {
		return nil, "", err
	}
	if list, err = readList(ctx, image); err != nil {
		return nil, "", err
	}
	return list, described.Digest.String(), checkArchitecture(image, goArchitecture(architecture))
}

// options are how each request is made.
func (c Client) options(ctx context.Context, architecture string, secret pullSecret) []remote.Option {
	pause := c.Pause
	if pause == 0 {
		pause = time.Second
	}
	return []remote.Option{
		remote.WithContext(ctx), remote.WithTransport(c.Transport), remote.WithUserAgent(c.UserAgent), remote.WithAuthFromKeychain(secret),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: goArchitecture(architecture)}),
		remote.WithRetryBackoff(remote.Backoff{Duration: pause, Factor: 3, Jitter: 0.1, Steps: 3}),
	}
}

// architectureError is for which architecture an image is in place of the wanted one.
type architectureError string

func (e architectureError) Error() string { return string(e) }

// checkArchitecture refuses an image for other machines: one that is in no list of
// architectures comes whatever was asked for.
func checkArchitecture(image v1.Image, want string) error {
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	if manifest.Config.Size < 0 || manifest.Config.Size > maxList {
		return layerError(fmt.Sprintf("the image has settings of %d bytes, more than any release image", manifest.Config.Size))
	}
	settings, err := image.ConfigFile()
	var answer *transport.Error
	switch {
	case errors.As(err, &answer):
		return err
	case err != nil:
		return layerError("the settings of the image cannot be read: they are damaged or incomplete")
	}
	if got := settings.Architecture; got != "" && got != want {
		return architectureError(fmt.Sprintf("the image is for %.20s, not for %s", got, want))
	}
	return nil
}

func goArchitecture(architecture string) string {
	switch architecture {
	case "", "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	default:
		return architecture
	}
}

// newTransport trusts the bundle as well as the system's authorities.
func newTransport(bundle string) (http.RoundTripper, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if strings.TrimSpace(bundle) != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(bundle)) {
			return nil, diag.Problem{Path: "additionalTrustBundle", Detail: "holds no certificate", Hint: "put the authority's certificate there as PEM"}
		}
		config.RootCAs = pool
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true,
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
	}, nil
}

// errPlain is that a password would have gone over the network for all to read.
var errPlain = errors.New("it answers without TLS only")

// onlyTLS lets requests pass that are encrypted or stay on this machine.
type onlyTLS struct{ http.RoundTripper }

func (o onlyTLS) RoundTrip(r *http.Request) (*http.Response, error) {
	if host := r.URL.Hostname(); r.URL.Scheme != "https" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, errPlain
	}
	return o.RoundTripper.RoundTrip(r)
}

// pullSecret is credentials by registry, or by a registry and the beginning of a repository.
type pullSecret map[string]authn.AuthConfig

func parseSecret(text string) (pullSecret, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var file struct {
		Auths map[string]json.RawMessage `json:"auths"`
	}
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return nil, diag.Problem{Path: "pullSecret", Detail: "is not the JSON of a pull secret",
			Hint: "leave it out, or write it as the registry issued it"}
	}
	secret := pullSecret{}
	for place, raw := range file.Auths {
		var auth authn.AuthConfig
		if err := json.Unmarshal(raw, &auth); err != nil {
			continue // a registry that is not asked for need not be right
		}
		place = strings.TrimPrefix(strings.TrimPrefix(place, "https://"), "http://")
		secret[dockerHub(strings.TrimSuffix(place, "/"))] = auth
	}
	return secret, nil
}

// dockerHub brings the names that Docker Hub has in pull secrets into the one that the
// library asks for.
func dockerHub(place string) string {
	place = strings.TrimSuffix(place, "/v1")
	host, path, below := strings.Cut(place, "/")
	if host != "docker.io" {
		return place
	}
	if below {
		return "index.docker.io/" + path
	}
	return "index.docker.io"
}

// Resolve finds the credentials of a repository: those of the longest beginning.
func (s pullSecret) Resolve(r authn.Resource) (authn.Authenticator, error) {
	for place := r.String(); ; {
		if auth, ok := s[place]; ok {
			return authn.FromConfig(auth), nil
		}
		i := strings.LastIndexByte(place, '/')
		if i < 0 {
			return authn.Anonymous, nil
		}
		place = place[:i]
	}
}

// refusals are what registries answered.
type refusals struct {
	texts, hints []string
}

func (r *refusals) add(reference string, err error) {
	host, _, _ := strings.Cut(reference, "/")
	reason, hint := reasonOf(host, err)
	r.texts = append(r.texts, host+": "+reason)
	if hint != "" {
		r.hints = append(r.hints, hint)
	}
}

// problem names every registry that was asked. otherwise is what to do where none of
// them can be reached.
func (r *refusals) problem(what, otherwise string) diag.Problem {
	hint := ""
	if len(r.hints) > 0 {
		hint = r.hints[0] + "; or "
	}
	return diag.Problem{Detail: what + ": " + strings.Join(r.texts, "; "), Hint: hint + otherwise}
}

// reasonOf says what is wrong with a registry, without its URLs, which may hold
// signatures, and what to do about it.
func reasonOf(host string, err error) (reason, hint string) {
	var answer *transport.Error
	var unknown x509.UnknownAuthorityError
	var layer layerError
	var architecture architectureError
	const otherArchitecture = "give another architecture with --arch, or another release image with --release-image"
	var network *net.OpError
	var u *url.Error
	switch {
	case errors.As(err, &layer):
		return layer.Error(), "the registry or something on the way to it is broken: another mirror may have a complete copy"
	case errors.As(err, &unknown):
		return "its certificate is from an authority that is not trusted here", "put the authority into additionalTrustBundle"
	case errors.As(err, &answer):
		return answered(host, answer)
	case strings.Contains(err.Error(), "does not match requested digest"):
		return "what it sends does not match this digest", "the registry or something on the way to it is broken: another mirror " +
			"may have a complete copy"
	case strings.Contains(err.Error(), "no child with platform"):
		return "it has the image, but not for this architecture", otherArchitecture
	case errors.As(err, &architecture):
		return architecture.Error(), otherArchitecture
	case errors.As(err, &network):
		return network.Err.Error(), "proxies are taken from HTTPS_PROXY and NO_PROXY"
	case errors.Is(err, errPlain):
		return errPlain.Error(), "give the registry a certificate, with its authority in additionalTrustBundle"
	case errors.As(err, &u):
		return withoutQueries(u.Err.Error()), "proxies are taken from HTTPS_PROXY and NO_PROXY"
	}
	return withoutQueries(err.Error()), ""
}

// withoutQueries is a text on one line in which no URL has a query, where storage
// services keep the right to read.
func withoutQueries(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if strings.Contains(word, "://") {
			words[i], _, _ = strings.Cut(word, "?")
		}
	}
	return fmt.Sprintf("%.200q", strings.Join(words, " "))
}

func answered(host string, e *transport.Error) (reason, hint string) {
	reason = fmt.Sprintf("it answers %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return reason, fmt.Sprintf("put a login for %s that may read it into pullSecret; some registries give the same answer for "+
			"an image that does not exist", host)
	case http.StatusNotFound:
		return reason, "give an image that exists with --release or --release-image"
	case http.StatusProxyAuthRequired:
		return reason, "the proxy requires a user: HTTPS_PROXY=http://user:password@proxy.example.com:3128"
	}
	return reason, "try again later"
}
