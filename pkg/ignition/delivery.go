package ignition

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"

	ignerrors "github.com/coreos/ignition/v2/config/shared/errors"
	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/pkg/diag"
)

// The names of the configs that bootstrap a cluster, and of the one that only
// says where the first of them is.
const (
	BootstrapFile        = "bootstrap.ign"
	InPlaceFile          = "bootstrap-in-place-for-live-iso.ign"
	BootstrapPointerFile = "bootstrap-pointer.ign"
)

// EmbedArea is the room, in bytes, that a CoreOS live ISO has for a config. It
// is the largest of the ways in which a machine commonly gets one: user data of
// a cloud holds 16 to 64 KiB.
const EmbedArea = 256 << 10

// EmbeddedSize is the number of bytes that a config takes in a live ISO, where
// it stands compressed. coreos-installer compresses a little better than this. A
// size that is within EmbedArea may be too high: it is found the quick way.
func EmbeddedSize(raw []byte) int {
	size := compressed(raw, gzip.BestSpeed)
	if size > EmbedArea {
		size = compressed(raw, gzip.DefaultCompression)
	}
	return size
}

func compressed(raw []byte, level int) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, level) // both levels exist
	_, _ = w.Write(raw)                    // a Buffer takes everything
	_ = w.Close()
	return b.Len()
}

// BootstrapPointer makes the config that has a machine fetch bootstrap, the
// content of bootstrap.ign, from source, and refuse it if it is another one. The
// certificates of trustBundle, as PEM, vouch for the server. A source that is
// not the URL of a web server is a diag.Problem.
func BootstrapPointer(source string, bootstrap []byte, trustBundle string, proxy Proxy) ([]byte, error) {
	if err := checkSource(source); err != nil {
		return nil, err
	}
	sum := sha512.Sum512(bootstrap)
	hash := "sha512-" + hex.EncodeToString(sum[:])
	config := types.Config{Ignition: types.Ignition{
		Version: specVersion,
		Config: types.IgnitionConfig{Replace: types.Resource{
			Source: &source, Verification: types.Verification{Hash: &hash},
		}},
		Proxy: proxy.entry(),
	}}
	config.Ignition.Security.TLS.CertificateAuthorities = authorities(trustBundle)
	raw, err := encode(config)
	if err != nil {
		return nil, err
	}
	_, problems := parse(BootstrapPointerFile, raw)
	// Most proxies for https are themselves spoken to over http. Ignition only
	// remarks on it.
	return raw, slices.DeleteFunc(problems, func(p diag.Problem) bool {
		return p.Detail == ignerrors.ErrInsecureProxy.Error()
	}).Err()
}

// authorities are the certificates of a bundle, each by itself and once:
// Ignition takes neither a bundle nor the same certificate twice.
func authorities(bundle string) []types.Resource {
	var out []types.Resource
	seen := map[string]bool{}
	for rest := []byte(bundle); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		if source := dataURL(pem.EncodeToMemory(block)); !seen[*source] {
			seen[*source] = true
			out = append(out, types.Resource{Source: source})
		}
	}
}

// checkSource refuses what no web server can be reached by.
func checkSource(source string) error {
	u, err := url.Parse(source)
	problem := diag.Problem{
		Path: "--url",
		Hint: "give the URL from which the bootstrap host can fetch bootstrap.ign, such as https://files.example.com/okd/bootstrap.ign",
	}
	switch {
	case source == "":
		problem.Detail = "is missing"
	case err != nil:
		problem.Detail = "is not a URL" // the library's error quotes it, and it may hold a password
	case u.Scheme != "https" && u.Scheme != "http":
		problem.Detail = "does not begin with https:// or http://"
	case u.Hostname() == "":
		problem.Detail = "names no host"
	case u.Fragment != "" || strings.HasSuffix(source, "#"):
		problem.Detail = "has a part after #, which is never sent to a server"
	default:
		return nil
	}
	return problem
}

// entry is the proxy as Ignition wants it.
func (p Proxy) entry() types.Proxy {
	var out types.Proxy
	if p.HTTP != "" {
		out.HTTPProxy = &p.HTTP
	}
	if p.HTTPS != "" {
		out.HTTPSProxy = &p.HTTPS
	}
	if p.NoProxy != "" && (p.HTTP != "" || p.HTTPS != "") {
		for _, name := range strings.Split(p.NoProxy, ",") {
			out.NoProxy = append(out.NoProxy, types.NoProxyItem(name))
		}
	}
	return out
}
