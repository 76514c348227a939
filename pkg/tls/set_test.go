package tls

import (
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with a file, or rewrites the file under -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.FromSlash(file), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the tables say; run go test ./pkg/tls -update and look at the diff\ngot:\n%s", file, got)
	}
}

var (
	born = time.Date(2026, 3, 1, 12, 30, 15, 987654321, time.FixedZone("CET", 3600))

	okd = Names{
		ClusterName:   "okd",
		ClusterDomain: "okd.example.com",
		ServiceIPs:    []string{"172.30.0.1"},
	}
	dualStack = Names{
		ClusterName:   "okd",
		ClusterDomain: "okd.example.com",
		ServiceIPs:    []string{"172.30.0.1", "fd02:0::1"},
		APIVIPs:       []string{"192.168.1.5", "fd00::5"},
	}

	p256 = KeySpec{Algorithm: ECDSA, Curve: "P256"}
)

// mintAll mints the table from top to bottom, on one goroutine.
func mintAll(n Names, key func(Certificate) KeySpec, from time.Time) (map[string]Pair, error) {
	certs := map[string]Pair{}
	for _, c := range Certificates {
		pair, err := mintOne(c, n, certs, key(c), from)
		if err != nil {
			return nil, err
		}
		certs[c.Name] = pair
	}
	return certs, nil
}

func mintOne(c Certificate, n Names, certs map[string]Pair, key KeySpec, from time.Time) (Pair, error) {
	if c.Authority() {
		return c.Mint(n, nil, key, from)
	}
	signer := certs[c.Signer]
	return c.Mint(n, &signer, key, from)
}

func always(k KeySpec) func(Certificate) KeySpec {
	return func(Certificate) KeySpec { return k }
}

type set struct {
	certs map[string]Pair
	keys  map[string]KeyPair
}

func newSet(key KeySpec) (set, error) {
	certs, err := mintAll(dualStack, always(key), born)
	if err != nil {
		return set{}, err
	}
	s := set{certs: certs, keys: map[string]KeyPair{}}
	for _, r := range KeyPairs {
		if s.keys[r.Name], err = NewKeyPair(r.Name, key); err != nil {
			return set{}, err
		}
	}
	return s, nil
}

// RSA keys take their time: there is one set of them in a process.
var (
	rsaSet = sync.OnceValues(func() (set, error) { return newSet(DefaultKey) })
	ecSet  = sync.OnceValues(func() (set, error) { return newSet(p256) })
)

func must[T any](t testing.TB, f func() (T, error)) T {
	t.Helper()
	v, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// fresh gives a copy of the ECDSA set, for tests that change it.
func fresh(t testing.TB) map[string]Pair {
	t.Helper()
	out := map[string]Pair{}
	for name, pair := range must(t, ecSet).certs {
		out[name] = pair
	}
	return out
}
