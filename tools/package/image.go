package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// imageName is what the archive calls its image.
const imageName = "okd-install"

// user is who the image runs as: nobody that exists, as is the custom.
const user = "65532:65532"

// image is an OCI archive for two architectures with nothing in it but the
// binary, certificate authorities, a user and a folder to work in. No daemon is
// needed to build it, and none to look at it.
func (r *release) image() ([]string, error) {
	var index v1.ImageIndex = empty.Index
	index = mutate.IndexMediaType(index, types.OCIImageIndex)
	for _, p := range platforms {
		if p.system != "linux" {
			continue
		}
		img, err := r.imageFor(p.arch)
		if err != nil {
			return nil, err
		}
		platform := &v1.Platform{OS: "linux", Architecture: p.arch}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
	}
	folder, err := os.MkdirTemp("", "okd-install-image")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return nil, err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": imageName + ":" + r.version})); err != nil {
		return nil, err
	}
	name := "okd-install_" + r.number + "_oci.tar"
	return []string{name}, r.archiveOf(folder, filepath.Join(r.dist, name))
}

func (r *release) imageFor(arch string) (v1.Image, error) {
	layer, err := r.layer(arch)
	if err != nil {
		return nil, err
	}
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	img, err = mutate.Append(img, mutate.Addendum{
		Layer: layer, MediaType: types.OCILayer,
		History: v1.History{Created: v1.Time{Time: r.when}, CreatedBy: "okd-install"},
	})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: r.when}
	config.Config = v1.Config{
		User: user, WorkingDir: "/work", Entrypoint: []string{"/usr/bin/okd-install"},
		Env: []string{"PATH=/usr/bin", "HOME=/work"},
		Labels: map[string]string{
			"org.opencontainers.image.title": "okd-install", "org.opencontainers.image.version": r.version,
			"org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.source": "https://github.com/okd-project/okd-install",
		},
	}
	return mutate.ConfigFile(img, config)
}

// layer is the whole file system of the image.
func (r *release) layer(arch string) (v1.Layer, error) {
	program, err := os.ReadFile(r.binary("linux", arch))
	if err != nil {
		return nil, err
	}
	licence, err := os.ReadFile(filepath.Join(r.source, "LICENSE"))
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	t := tar.NewWriter(&packed)
	for _, f := range []struct {
		name  string
		mode  int64
		owner int
		data  []byte
	}{
		{"etc/", 0o755, 0, nil},
		{"etc/passwd", 0o644, 0, []byte("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/work:/sbin/nologin\n")},
		{"etc/group", 0o644, 0, []byte("root:x:0:\nnonroot:x:65532:\n")},
		{"etc/ssl/", 0o755, 0, nil},
		{"etc/ssl/certs/", 0o755, 0, nil},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, 0, authorities()},
		{"tmp/", 0o1777, 0, nil},
		{"usr/", 0o755, 0, nil},
		{"usr/bin/", 0o755, 0, nil},
		{"usr/bin/okd-install", 0o755, 0, program},
		{"usr/share/", 0o755, 0, nil},
		{"usr/share/licenses/", 0o755, 0, nil},
		{"usr/share/licenses/okd-install/", 0o755, 0, nil},
		{"usr/share/licenses/okd-install/LICENSE", 0o644, 0, licence},
		{"usr/share/licenses/okd-install/" + noticesName, 0o644, 0, r.notices},
		{"work/", 0o700, 65532, nil},
	} {
		header := &tar.Header{
			Name: f.name, Mode: f.mode, Uid: f.owner, Gid: f.owner, ModTime: r.when, Typeflag: tar.TypeReg,
			Size: int64(len(f.data)), Format: tar.FormatPAX,
		}
		if f.data == nil {
			header.Typeflag = tar.TypeDir
		}
		if err := t.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

// authorities are Mozilla's, at the version that go.mod names: those of the
// machine that packs would differ from machine to machine.
func authorities() []byte {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil { // a file of PEM cannot say it
			continue
		}
		_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
	}
	return all.Bytes()
}

// archiveOf packs a folder.
func (r *release) archiveOf(folder, to string) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	t := tar.NewWriter(f)
	err = filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: filepath.ToSlash(rel), Mode: 0o644, Size: int64(len(data)), ModTime: r.when,
		}
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		_, err = t.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return f.Close()
}
