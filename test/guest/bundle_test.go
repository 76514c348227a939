//go:build e2e

package guest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/vincent-petithory/dataurl"
)

// bundle has the host make a log bundle as `gather bootstrap` does: as core, with
// the agent of the one who logs in, by whose key the control plane is reached. The
// machine of the control plane is the host itself, under another name.
func (h *host) bundle() {
	t := h.t
	t.Helper()
	defer took(t, "the log bundle", time.Now())
	const id = "20261122140509"
	h.forwardAgent()
	out, err := h.session("/usr/local/bin/installer-gather.sh --id "+id, nil, true)
	if err != nil {
		t.Fatalf("installer-gather.sh: %v", err)
	}
	if strings.Contains(out, "did not give everything") {
		t.Errorf("the control plane was not reached:\n%s", tail(out, 20))
	}
	packed, err := h.try("cat log-bundle-" + id + ".tar.gz")
	must(t, err)
	files := unpackBundle(h, packed, "log-bundle-"+id+"/")
	for _, name := range []string{
		"gather.log", "failed-units.txt", "bootstrap/services/bootkube.json", "bootstrap/services/release-image.json",
		"bootstrap/services/progress.json", "bootstrap/journals/bootkube.log", "bootstrap/journals/kubelet.log",
		"bootstrap/journals/release-image.log", "bootstrap/journals/journal.log.gz", "bootstrap/network/ip-addr.txt",
		"bootstrap/network/ip-route.txt", "bootstrap/network/hostname.txt", "bootstrap/network/resolv.conf",
		"bootstrap/network/netstat.txt", "bootstrap/rpm-ostree/status",
		"rendered-assets/openshift/manifests/cluster-config.yaml", "rendered-assets/openshift/original_cvo_overrides.patch",
		"resources/nodes.list", "resources/masters.list", "resources/clusterversion.json", "resources/openapi.json.gz",
		"resources/secrets-names.txt", "control-plane/master-0/journals/kubelet.log",
		"control-plane/master-0/network/ip-addr.txt", "control-plane/master-0/failed-units.txt",
	} {
		if _, ok := files[name]; !ok {
			t.Errorf("the log bundle has no %s", name)
		}
	}
	if got := string(files["bootstrap/journals/bootkube.log"]); !strings.Contains(got, "stage cb-bootstrap is done") {
		t.Errorf("the journal of bootkube in the bundle is:\n%s", tail(got, 10))
	}
	if got := string(files["resources/masters.list"]); got != "master-0\n" {
		t.Errorf("masters.list is %q", got)
	}
	containers := false
	for name := range files {
		containers = containers || strings.HasPrefix(name, "bootstrap/containers/etcd-member-id-of-etcd-member") && strings.HasSuffix(name, ".log")
	}
	if !containers {
		t.Error("the log bundle has no log of the container etcd-member")
	}
	h.noSecrets(files)
}

// unpackBundle reads the files of a bundle, by their names in its folder.
func unpackBundle(h *host, packed, folder string) map[string][]byte {
	h.t.Helper()
	files := map[string][]byte{}
	z, err := gzip.NewReader(strings.NewReader(packed))
	must(h.t, err)
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		must(h.t, err)
		name, ok := strings.CutPrefix(path.Clean(header.Name)+"/", folder)
		if !ok {
			h.t.Errorf("%s is not in the folder %s", header.Name, folder)
		}
		if header.Typeflag == tar.TypeReg {
			files[strings.TrimSuffix(name, "/")], err = io.ReadAll(r)
			must(h.t, err)
		}
	}
}

// secrets are pieces of all that must not leave the host, by where they come from.
func (h *host) secrets() map[string][]string {
	t := h.t
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(h.dir, h.config))
	must(t, err)
	var config struct {
		Storage struct {
			Files []struct {
				Path     string
				Contents struct{ Source string }
			}
		}
	}
	must(t, json.Unmarshal(raw, &config))
	pieces := map[string][]string{}
	add := func(from string, secret []byte) {
		text := strings.TrimSpace(string(secret))
		encoded := base64.StdEncoding.EncodeToString(secret)
		for _, s := range []string{text, encoded} {
			// the middle, which no wrapping or alignment of the ends can change
			if len(s) > 90 {
				s = s[len(s)/2 : len(s)/2+40]
			}
			pieces[from] = append(pieces[from], s)
		}
	}
	for _, f := range config.Storage.Files {
		if f.Contents.Source == "" {
			continue
		}
		url, err := dataurl.DecodeString(f.Contents.Source)
		must(t, err)
		if block, _ := pem.Decode(url.Data); block != nil && strings.Contains(block.Type, "PRIVATE KEY") {
			body := strings.Split(string(url.Data), "\n")
			add(f.Path, []byte(body[len(body)/2]))
			add(f.Path, url.Data)
		}
		if strings.HasPrefix(f.Path, "/opt/openshift/auth/") {
			for line := range strings.Lines(string(url.Data)) {
				if key, ok := strings.CutPrefix(strings.TrimSpace(line), "client-key-data: "); ok {
					add(f.Path, []byte(key))
				}
			}
		}
	}
	if len(pieces) < 20 {
		t.Fatalf("%s has only %d private keys", h.config, len(pieces))
	}
	password, err := os.ReadFile(filepath.Join(h.dir, "auth/kubeadmin-password"))
	must(t, err)
	add("kubeadmin-password", password)
	add("pull secret", []byte(registryUser+":"+registryPassword))
	pieces["pull secret"] = append(pieces["pull secret"], registryPassword)
	return pieces
}

// noSecrets looks for secrets in a bundle, also in what is compressed there.
func (h *host) noSecrets(files map[string][]byte) {
	h.t.Helper()
	secrets := h.secrets()
	for name, content := range files {
		if z, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			content, err = io.ReadAll(z)
			must(h.t, err)
		}
		if bytes.Contains(content, []byte("PRIVATE KEY-----")) {
			h.t.Errorf("%s has a private key", name)
		}
		for from, pieces := range secrets {
			for _, piece := range pieces {
				if bytes.Contains(content, []byte(piece)) {
					h.t.Errorf("%s in the log bundle has a piece of %s", name, from)
				}
			}
		}
	}
}
