package asset

import (
	"bytes"
	"encoding/pem"
	"testing"
)

// FuzzAuthorities merges any certificates into any kubeconfig: what was there stays, a
// second time changes nothing, and what is no certificate is not added.
func FuzzAuthorities(f *testing.F) {
	authority, other := testAuthority(f, "one"), testAuthority(f, "two")
	kubeconfig := []byte("apiVersion: v1\nkind: Config\nclusters:\n- name: demo\n  cluster:\n    server: https://api.demo.example.com:6443\n")
	for _, more := range [][]byte{
		authority, append(bytes.Clone(authority), other...), nil,
		[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		f.Add(kubeconfig, authority, more)
		f.Add([]byte("clusters: []"), []byte("x"), more)
		f.Add([]byte("clusters: [{cluster: 1}]"), []byte("-----BEGIN"), more)
		f.Add([]byte("clusters:\n- name: demo\n-\n"), authority, more) // an entry without anything
	}
	f.Fuzz(func(t *testing.T, kubeconfig, base, more []byte) {
		merged := mergePEM(base, more)
		if !bytes.HasPrefix(merged, base) {
			t.Errorf("what was there is gone: %q became %q", base, merged)
		}
		if again := mergePEM(merged, more); !bytes.Equal(again, merged) {
			t.Errorf("a second time adds %q", again[len(merged):])
		}
		if n, least := blocks(merged), blocks(base); n < least {
			t.Errorf("%d certificates of %d are left", n, least)
		}
		after, err := withAuthorities(kubeconfig, more)
		if err != nil {
			return
		}
		again, err := withAuthorities(after, more)
		if err != nil || !bytes.Equal(again, after) {
			t.Errorf("a second time makes\n%s\nof\n%s\n%v", again, after, err)
		}
	})
}

func blocks(data []byte) (n int) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		n++
	}
	return n
}
