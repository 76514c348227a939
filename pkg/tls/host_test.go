package tls

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestHostFiles holds the list of files that the payload's renderers read.
func TestHostFiles(t *testing.T) {
	t.Parallel()
	s := must(t, ecSet)
	keys := maps.Clone(s.keys)
	delete(keys, boundServiceAccount)
	files, err := HostFiles(okd, s.certs, keys)
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := "0600"
		if name == "tls/root-ca.crt" {
			mode = "0644"
		}
		labels := []string{}
		for _, line := range strings.Split(string(files[name]), "\n") {
			if label, ok := strings.CutPrefix(line, "-----BEGIN "); ok {
				labels = append(labels, strings.TrimSuffix(label, "-----"))
			}
		}
		list.WriteString(mode + " " + name + " " + strings.Join(labels, ", ") + "\n")
	}
	golden(t, "testdata/host.golden", list.String())
	for _, secret := range []string{"root-ca", "admin-kubeconfig-signer", "kubelet-bootstrap-kubeconfig-signer"} {
		for name, content := range files {
			if bytes.Contains(content, s.certs[secret].Key) {
				t.Errorf("%s gives the key of %s away", name, secret)
			}
		}
	}
	for name, content := range files {
		if bytes.Contains(content, s.keys[BootstrapSSH].Private) {
			t.Errorf("%s gives the bootstrap host's own SSH key away", name)
		}
	}
}

func TestHostFilesWithBoundServiceAccountKey(t *testing.T) {
	t.Parallel()
	s := must(t, ecSet)
	files, err := HostFiles(okd, s.certs, s.keys)
	if err != nil {
		t.Fatal(err)
	}
	want := s.keys[boundServiceAccount]
	if !bytes.Equal(files["tls/bound-service-account-signing-key.key"], want.Private) ||
		!bytes.Equal(files["tls/bound-service-account-signing-key.pub"], want.Public) {
		t.Error("the user's key pair is not there")
	}
}

// TestHostFilesWantsAll: a renderer that misses a file succeeds, and the
// cluster fails an hour later.
func TestHostFilesWantsAll(t *testing.T) {
	t.Parallel()
	s := must(t, ecSet)
	for _, c := range Certificates {
		certs := fresh(t)
		delete(certs, c.Name)
		if files, err := HostFiles(okd, certs, s.keys); err == nil || !strings.Contains(err.Error(), c.Name) || files != nil {
			t.Errorf("without %s: %v", c.Name, err)
		}
	}
	for _, name := range []string{serviceAccount, BootstrapSSH} {
		keys := maps.Clone(s.keys)
		delete(keys, name)
		if _, err := HostFiles(okd, s.certs, keys); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	if _, err := HostFiles(Names{}, s.certs, s.keys); err == nil {
		t.Error("kubeconfigs of a cluster without a name")
	}
}
