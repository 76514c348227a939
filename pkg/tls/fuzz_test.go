package tls

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// FuzzProvided brings one pair of any content. What is accepted must be
// accepted again in the form that it is written in.
func FuzzProvided(f *testing.F) {
	s, err := ecSet()
	if err != nil {
		f.Fatal(err)
	}
	// One RSA key and no more: under a fuzzer's instruments each takes seconds.
	row, _ := Lookup("root-ca")
	root, err := row.Mint(okd, nil, DefaultKey, born)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, root.Cert, root.Key)
	signers := []string{"root-ca", "kube-apiserver-lb-signer", "machine-config-server"}
	for i, name := range signers {
		f.Add(i, s.certs[name].Cert, s.certs[name].Key)
	}
	f.Add(0, []byte{}, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	f.Add(0, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		[]byte("-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n"))
	f.Fuzz(func(t *testing.T, which int, cert, key []byte) {
		name := signers[uint(which)%uint(len(signers))]
		files := map[string][]byte{certFile(name): cert, keyFile(name): key}
		if name == "machine-config-server" {
			maps.Copy(files, brought(s.certs, "root-ca"))
		}
		now := born.Add(time.Minute)
		pairs, err := Provided(files, dualStack, now)
		if err != nil {
			var ps diag.Problems
			if !errors.As(err, &ps) || pairs != nil {
				t.Fatalf("not problems: %v", err)
			}
			return
		}
		again, err := Provided(brought(pairs, slices.Collect(maps.Keys(pairs))...), dualStack, now)
		if err != nil {
			t.Fatalf("what was accepted is refused: %v", err)
		}
		for name := range pairs {
			if !bytes.Equal(again[name].Cert, pairs[name].Cert) || !bytes.Equal(again[name].Key, pairs[name].Key) {
				t.Fatalf("%s changes when it is read again", name)
			}
		}
		Check(pairs, now)
	})
}

func FuzzDescribe(f *testing.F) {
	s, err := ecSet()
	if err != nil {
		f.Fatal(err)
	}
	bundle, err := bundlePEM("kube-control-plane-ca-bundle", s.certs)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bundle)
	f.Add(s.certs["machine-config-server"].Cert)
	f.Add(s.certs["root-ca"].Key)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		infos, err := Describe(data)
		if (err == nil) != (len(infos) > 0) {
			t.Fatalf("%d certificates with error %v", len(infos), err)
		}
		for _, i := range infos {
			for _, text := range append([]string{i.Subject, i.Issuer, i.Key}, i.SANs...) {
				if strings.ContainsAny(text, "\x1b\n\r\x07") {
					t.Fatalf("%q would reach a terminal", text)
				}
			}
			i.State(born)
		}
	})
}

func FuzzParseKeySpec(f *testing.F) {
	for _, s := range []string{"rsa-2048", "ecdsa-p384", "RSA-8192", "ecdsa", "rsa-0002048", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseKeySpec(s)
		if err != nil {
			return
		}
		if again, err := ParseKeySpec(k.String()); err != nil || again != k || k.Validate() != nil {
			t.Fatalf("%q reads as %#v, then as %#v: %v", s, k, again, err)
		}
	})
}
