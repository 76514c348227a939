package payload

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

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

// FuzzSecret: whatever a pull secret holds, each registry gets one answer, and nobody
// gets the credentials of a registry that only begins like its own.
func FuzzSecret(f *testing.F) {
	for _, seed := range []string{
		`{"auths":{"quay.io":{"auth":"dTpw"}}}`, `{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"x/y":{"username":"u"}}}`,
		`{"auths":null}`, `{"auths":{"":{}}}`, `[]`, "", `{"auths":{"/":{"auth":"%%"}}}`,
	} {
		f.Add(seed, "quay.io/okd/scos-release")
	}
	f.Fuzz(func(t *testing.T, text, repository string) {
		secret, err := parseSecret(text)
		if err != nil {
			if secret != nil {
				t.Errorf("got %v beside %v", secret, err)
			}
			return
		}
		at, err := name.NewRepository(repository)
		if err != nil {
			return
		}
		found, err := secret.Resolve(at)
		if err != nil {
			t.Fatal(err)
		}
		if found == authn.Anonymous {
			return
		}
		for place := range secret {
			if place == at.String() || strings.HasPrefix(at.String(), place+"/") {
				return
			}
		}
		t.Errorf("%s gets credentials, and none of %v is for it", at, secret)
	})
}
