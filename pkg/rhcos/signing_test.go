package rhcos

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/diag"
)

// fingerprints are those that Fedora publishes, by the version of Fedora.
var fingerprints = map[int]string{39: "E8F23996F23218640CB44CBE75CF5AC418B8E74C"}

func keyFiles(t *testing.T) fs.FS {
	t.Helper()
	files, err := fs.Sub(data.CoreOS, "coreos")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A key by another hand would make every check worthless.
func TestSigningKeys(t *testing.T) {
	t.Parallel()
	files := keyFiles(t)
	names, err := fs.Glob(files, keysDir+"/*")
	if err != nil || len(names) != len(fingerprints) {
		t.Errorf("there are the keys %v, %v", names, err)
	}
	for major, want := range fingerprints {
		key, err := SigningKey(files, fmt.Sprintf("%d.20231101.3.0", major))
		if err != nil {
			t.Fatal(err)
		}
		ring, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
		if err != nil || len(ring) != 1 {
			t.Fatalf("%d keys, %v", len(ring), err)
		}
		if got := fmt.Sprintf("%X", ring[0].PrimaryKey.Fingerprint); got != want {
			t.Errorf("Fedora %d: the key is %s, want %s", major, got, want)
		}
		if ring[0].PrivateKey != nil {
			t.Error("this is a secret key")
		}
		name := fmt.Sprintf("Fedora (%d) <fedora-%[1]d-primary@fedoraproject.org>", major)
		if _, ok := ring[0].Identities[name]; !ok || len(ring[0].Identities) != 1 {
			t.Errorf("the key is of %v", ring[0].Identities)
		}
	}
}

// Every file that was published with a signature can be verified with what is here.
func TestEverySignatureHasItsKey(t *testing.T) {
	t.Parallel()
	files := keyFiles(t)
	c, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	signed := map[string]int{}
	for _, b := range c.builds {
		for _, i := range b.Images() {
			if i.Signature == "" {
				continue
			}
			signed[b.ID]++
			if i.Signature != i.Location+".sig" {
				t.Errorf("%s: the signature is at %s", i.Location, i.Signature)
			}
			if _, err := SigningKey(files, i.Build); err != nil {
				t.Errorf("%s: %v", i.Location, err)
			}
		}
	}
	if len(signed) != 1 || signed["39.20231101.3.0"] != 52 {
		t.Errorf("signed are %v; want the 52 files of 39.20231101.3.0", signed)
	}
}

func TestSigningKeyIsMissing(t *testing.T) {
	t.Parallel()
	for build, want := range map[string]string{
		"42.20250410.3.2":  "the build 42.20250410.3.2 is signed with the key of Fedora 42, which okd-install does not include",
		"10.0.20251103-0":  `no signer is known for the build "10.0.20251103-0"`,
		"../fedora-39.asc": "no signer is known for",
		"":                 "no signer is known for",
	} {
		key, err := SigningKey(keyFiles(t), build)
		var p diag.Problem
		if key != nil || !errors.As(err, &p) || !strings.Contains(p.Detail, want) || !strings.Contains(p.Hint, "--signing-key") {
			t.Errorf("%q: got %v", build, err)
		}
	}
}
