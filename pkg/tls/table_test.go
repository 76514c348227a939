package tls

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	names, files := map[string]bool{}, map[string]bool{}
	add := func(seen map[string]bool, s string) {
		if seen[s] {
			t.Errorf("%s is there twice", s)
		}
		seen[s] = true
	}
	for _, c := range Certificates {
		add(names, c.Name)
		add(files, c.Name+".crt")
		add(files, c.Name+".key")
	}
	for _, b := range bundles {
		add(names, b.Name)
		add(files, b.Name+".crt")
	}
	for _, r := range KeyPairs {
		add(names, r.Name)
		add(files, r.Name+".key")
		add(files, r.Name+".pub")
	}
	for _, k := range Kubeconfigs {
		add(map[string]bool{}, k.Name)
		place := k.File
		if k.Host {
			place = "/opt/openshift/" + place
		}
		add(files, place)
	}
	if len(Certificates) != 24 || len(bundles) != 12 {
		t.Errorf("%d certificates and %d bundles: if that is meant, correct this test", len(Certificates), len(bundles))
	}
}

func TestEverySignerIsAnAuthorityThatStandsBefore(t *testing.T) {
	t.Parallel()
	authorities := map[string]Certificate{}
	for _, c := range Certificates {
		if c.Authority() {
			authorities[c.Name] = c
			if len(c.Use) > 0 || len(c.DNS) > 0 || len(c.IPs) > 0 || c.AppendSigner || c.NoKeyUsage {
				t.Errorf("%s is an authority and has what only leaves have", c.Name)
			}
			if len(leaves(c.Name)) == 0 && c.Name != "kubelet-signer" {
				t.Errorf("%s signs nothing", c.Name)
			}
			continue
		}
		signer, ok := authorities[c.Signer]
		switch {
		case !ok:
			t.Errorf("%s: %s is not an authority further up", c.Name, c.Signer)
		case c.Life > signer.Life:
			t.Errorf("%s outlives its signer %s", c.Name, c.Signer)
		case signer.Short() && !c.Short():
			t.Errorf("%s is signed by a 24-hour certificate and lives longer", c.Name)
		}
		if len(c.Use) == 0 || c.Subject.CommonName == "" {
			t.Errorf("%s is a leaf without a use or a subject", c.Name)
		}
	}
}

func TestBundlesNameAuthorities(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, b := range bundles {
		if len(b.Authorities) == 0 {
			t.Errorf("%s is empty", b.Name)
		}
		for i, name := range b.Authorities {
			if c, ok := Lookup(name); !ok || !c.Authority() {
				t.Errorf("%s: %s is not an authority", b.Name, name)
			}
			if slices.Contains(b.Authorities[:i], name) {
				t.Errorf("%s names %s twice", b.Name, name)
			}
			used[name] = true
		}
	}
	// The other two are known by their own files.
	for _, c := range Certificates {
		if c.Authority() && !used[c.Name] && c.Name != "root-ca" && c.Name != "aggregator-ca" {
			t.Errorf("nobody is told to trust %s", c.Name)
		}
	}
}

func TestKubeconfigsNameRows(t *testing.T) {
	t.Parallel()
	for _, k := range Kubeconfigs {
		if _, ok := LookupBundle(k.Bundle); !ok {
			t.Errorf("%s: there is no bundle %s", k.Name, k.Bundle)
		}
		if c, ok := Lookup(k.Client); !ok || c.Authority() {
			t.Errorf("%s: %s is not a leaf", k.Name, k.Client)
		}
		if got, ok := LookupKubeconfig(k.Name); !ok || got != k {
			t.Errorf("%s is not found by its name", k.Name)
		}
	}
}

func TestPurposesAreShortSentences(t *testing.T) {
	t.Parallel()
	purposes := map[string]string{}
	for _, c := range Certificates {
		purposes[c.Name] = c.Purpose
	}
	for _, b := range bundles {
		purposes[b.Name] = b.Purpose
	}
	for _, r := range KeyPairs {
		purposes[r.Name] = r.Purpose
	}
	for _, k := range Kubeconfigs {
		purposes[k.Name] = k.Purpose
	}
	for name, p := range purposes {
		if p == "" || len(p) > 130 || strings.HasSuffix(p, ".") || strings.Contains(p, "|") {
			t.Errorf("%s: the purpose %q is missing, long, or has a full stop or a bar", name, p)
		}
	}
}

// TestShortRows holds the set that a run past 12 hours issues again: growing it
// would lock booted clusters out.
func TestShortRows(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range Certificates {
		if c.Short() {
			got = append(got, c.Name)
		}
	}
	want := []string{
		"kubelet-signer",
		"kube-apiserver-lb-server", "kube-apiserver-internal-lb-server", "kube-apiserver-localhost-server",
		"kube-apiserver-service-network-server",
		"aggregator-signer", "aggregator-client", "aggregator-ca", "apiserver-proxy",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLookupOfNothing(t *testing.T) {
	t.Parallel()
	if _, ok := Lookup("none"); ok {
		t.Error("found a certificate that is not there")
	}
	if _, ok := LookupBundle("none"); ok {
		t.Error("found a bundle that is not there")
	}
	if _, ok := LookupKubeconfig("none"); ok {
		t.Error("found a kubeconfig that is not there")
	}
	if leaves("") != nil {
		t.Error("authorities are nobody's leaves")
	}
}
