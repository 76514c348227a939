//go:build e2e

package guest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/okd-project/okd-install/test/bootkube"
)

// What the registry of the guest holds, and by which names the release knows it.
// The host has to go from one to the other by the mirrors of its registries.conf.
const (
	registryHost = "mirror.example.com"
	registryPort = 5000
	contentRepo  = "okd/content"
	releaseRepo  = "okd/release"
	contentSpec  = "quay.io/okd/scos-content"
	releaseSpec  = "quay.io/okd/scos-release"
)

// entry is a file of a layer; with a link it is one to there.
type entry struct {
	name, link string
	content    []byte
	mode       int64
}

// blob is something that a registry keeps by its digest.
type blob struct {
	data   []byte
	digest string
}

func newBlob(data []byte) blob {
	return blob{data, fmt.Sprintf("sha256:%x", sha256.Sum256(data))}
}

type layer struct {
	blob
	diffID string
}

func newLayer(t *testing.T, entries ...entry) layer {
	t.Helper()
	var plain, packed bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
		if e.link != "" {
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
		}
		must(t, w.WriteHeader(h))
		_, err := w.Write(e.content)
		must(t, err)
	}
	must(t, w.Close())
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	must(t, err)
	_, err = z.Write(plain.Bytes())
	must(t, err)
	must(t, z.Close())
	return layer{newBlob(packed.Bytes()), newBlob(plain.Bytes()).digest}
}

// image is an image of one architecture.
type image struct {
	config, manifest blob
	layers           []layer
}

func newImage(t *testing.T, entrypoint string, env []string, layers ...layer) image {
	t.Helper()
	type object = map[string]any
	marshal := func(v any) []byte {
		raw, err := json.Marshal(v)
		must(t, err)
		return raw
	}
	settings := object{"Env": append([]string{"PATH=/usr/bin"}, env...)}
	if entrypoint != "" {
		settings["Entrypoint"] = []string{entrypoint}
	}
	var diffs []string
	var list []object
	for _, l := range layers {
		diffs = append(diffs, l.diffID)
		list = append(list, object{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": l.digest, "size": len(l.data)})
	}
	i := image{layers: layers}
	i.config = newBlob(marshal(object{
		"architecture": "amd64", "os": "linux", "config": settings, "rootfs": object{"type": "layers", "diff_ids": diffs},
	}))
	i.manifest = newBlob(marshal(object{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": object{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": i.config.digest, "size": len(i.config.data)},
		"layers": list,
	}))
	return i
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

// payload is a release: the image of itself, and those that it names.
type payload struct {
	setup   bootkube.Setup
	release image
	content map[string]image
}

// newPayload builds the images of a release of a line. All of them that have no real
// part are the program standin, which learns from its environment which image it is.
func newPayload(t *testing.T, line, version, kubernetes string, standin []byte, with parts) payload {
	t.Helper()
	p := payload{setup: bootkube.Setup{Line: line, Version: version, Kubernetes: kubernetes}, content: map[string]image{}}
	table := operators(t)
	programs := table.Programs()
	entries := []entry{
		{name: "standin", content: standin, mode: 0o755}, {name: "usr/bin/cat", link: "/standin"},
		{name: "usr/bin/etcdctl", link: "/standin"},
	}
	var seen []string
	for _, list := range programs {
		for _, program := range list {
			if !slices.Contains(seen, program) {
				seen = append(seen, program)
			}
		}
	}
	slices.Sort(seen)
	for _, program := range seen {
		if program != "/standin" {
			entries = append(entries, entry{name: program[1:], link: "/standin"})
		}
	}
	common := newLayer(t, append(entries, with.common...)...)
	specs := map[string]string{}
	for _, tag := range bootkube.PayloadTags() {
		i := newImage(t, table.Entrypoint(tag), []string{"STANDIN_IMAGE=" + tag}, common)
		if tag == "stream-coreos" {
			i = newImage(t, "", nil, nodeLayer(t, standin, with.node...))
		}
		if part, ok := with.images[tag]; ok {
			i = part
		}
		p.content[tag] = i
		specs[tag] = contentSpec + "@" + i.manifest.digest
	}
	references := newLayer(t,
		entry{name: "release-manifests/image-references", content: bootkube.ImageReferences(version, specs), mode: 0o644},
		entry{
			name:    "release-manifests/release-metadata",
			content: fmt.Appendf(nil, `{"kind":"cincinnati-metadata-v0","version":%q}`, version), mode: 0o644,
		})
	p.release = newImage(t, table.Entrypoint(""), []string{"STANDIN_IMAGE=release"}, common, references)
	p.setup.Digest = releaseSpec + "@" + p.release.manifest.digest
	p.setup.Release = p.setup.Digest
	return p
}

// crioUnit is what the node image brings to run CRI-O.
const crioUnit = `[Unit]
Description=A stand-in for CRI-O
[Service]
Type=notify
ExecStart=/usr/bin/crio
`

// nodePrograms are those that the node image brings.
var nodePrograms = []string{"kubelet", "crio", "crictl", "oc"}

// nodeLayer is what the node image has beyond the booted system, with real programs in
// the place of stand-ins of the same name.
func nodeLayer(t *testing.T, standin []byte, replacements ...entry) layer {
	t.Helper()
	entries := []entry{{name: "usr/bin/standin", content: standin, mode: 0o755}}
	for _, name := range nodePrograms {
		entries = append(entries, entry{name: "usr/bin/" + name, link: "standin"})
	}
	entries = append(entries,
		entry{name: "usr/lib/systemd/system/crio.service", content: []byte(crioUnit), mode: 0o644},
		entry{name: "usr/etc/okd-test/of-the-node-image", content: []byte("the node image\n"), mode: 0o644},
		entry{name: "usr/etc/okd-test/changed-here", content: []byte("the node image\n"), mode: 0o644})
	entries = slices.DeleteFunc(entries, func(e entry) bool {
		return slices.ContainsFunc(replacements, func(r entry) bool { return r.name == e.name })
	})
	return newLayer(t, append(entries, replacements...)...)
}

// registry pushes images to the registry of the guest.
type registry struct {
	url, user, password string
	client              *http.Client
}

// newRegistry reaches the registry of a guest by the name that it has there.
func newRegistry(dial func(port int) (net.Conn, error), trust *tls.Config, password string) registry {
	return registry{
		url: fmt.Sprintf("https://%s:%d", registryHost, registryPort), user: registryUser, password: password,
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{
			TLSClientConfig: trust,
			DialContext:     func(context.Context, string, string) (net.Conn, error) { return dial(registryPort) },
		}},
	}
}

// do asks the registry, which has to answer with the code wanted, and returns
// where it wants to be asked next.
func (r registry) do(method, url, kind string, body []byte, want int) (location string, err error) {
	request, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(r.user, r.password)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
	if response.StatusCode != want {
		return "", fmt.Errorf("%s %s: %s: %s", method, url, response.Status, said)
	}
	return response.Header.Get("Location"), nil
}

// upload puts a blob into a repository.
func (r registry) upload(repository string, b blob) error {
	if _, err := r.do(http.MethodHead, r.url+"/v2/"+repository+"/blobs/"+b.digest, "", nil, http.StatusOK); err == nil {
		return nil
	}
	location, err := r.do(http.MethodPost, r.url+"/v2/"+repository+"/blobs/uploads/", "", nil, http.StatusAccepted)
	if err != nil {
		return err
	}
	_, err = r.do(http.MethodPut, location+"&digest="+b.digest, "application/octet-stream", b.data, http.StatusCreated)
	return err
}

func (r registry) push(repository string, i image) error {
	for _, l := range i.layers {
		if err := r.upload(repository, l.blob); err != nil {
			return err
		}
	}
	if err := r.upload(repository, i.config); err != nil {
		return err
	}
	_, err := r.do(http.MethodPut, r.url+"/v2/"+repository+"/manifests/"+i.manifest.digest, manifestType, i.manifest.data, http.StatusCreated)
	return err
}

// pushRelease pushes all images of a release, itself last.
func (r registry) pushRelease(t *testing.T, p payload) {
	t.Helper()
	defer took(t, "pushing the release", time.Now())
	for _, tag := range bootkube.PayloadTags() {
		must(t, r.push(contentRepo, p.content[tag]))
	}
	must(t, r.push(releaseRepo, p.release))
}
