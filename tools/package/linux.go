package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers the format
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers the format
)

const description = `Create OKD clusters on your own machines
 okd-install turns an install-config.yaml into everything that an OKD cluster
 on your own machines needs: manifests, certificates, and the Ignition configs
 that the machines boot with.`

// linuxPackages are a deb and an rpm for each architecture.
func (r *release) linuxPackages() (made []string, err error) {
	folder, err := os.MkdirTemp("", "okd-install-package")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	for _, p := range platforms {
		if p.system != "linux" {
			continue
		}
		for _, format := range []string{"deb", "rpm"} {
			name, err := r.linuxPackage(folder, format, p.arch)
			if err != nil {
				return nil, err
			}
			made = append(made, name)
		}
	}
	return made, nil
}

func (r *release) linuxPackage(folder, format, arch string) (string, error) {
	packager, err := nfpm.Get(format)
	if err != nil {
		return "", err
	}
	contents, err := r.packageContents(folder, arch)
	if err != nil {
		return "", err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "okd-install", Arch: arch, Platform: "linux", Version: r.number, VersionSchema: "none", Release: "1",
		Section: "admin", Priority: "optional", Maintainer: "The okd-install authors <okd-install@users.noreply.github.com>",
		Description: description, Homepage: "https://github.com/okd-project/okd-install", License: "Apache-2.0", MTime: r.when,
		Overridables: nfpm.Overridables{Contents: contents, RPM: nfpm.RPM{BuildHost: "localhost", Compression: "gzip"}, Deb: nfpm.Deb{Compression: "gzip"}},
	})
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return "", err
	}
	var packed bytes.Buffer
	if err := packager.Package(info, &packed); err != nil {
		return "", err
	}
	name := packager.ConventionalFileName(info)
	return name, os.WriteFile(filepath.Join(r.dist, name), packed.Bytes(), 0o644)
}

// packageContents lays the files of a package out in a folder, and says where
// each of them goes.
func (r *release) packageContents(folder, arch string) (contents files.Contents, err error) {
	add := func(source, target string, mode os.FileMode) {
		contents = append(contents, &files.Content{Source: source, Destination: target, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: r.when}})
	}
	add(r.binary("linux", arch), "/usr/bin/okd-install", 0o755)
	add(filepath.Join(r.source, "LICENSE"), "/usr/share/doc/okd-install/copyright", 0o644)
	add(filepath.Join(r.source, "README.md"), "/usr/share/doc/okd-install/README.md", 0o644)
	all := maps.Clone(r.completions)
	maps.Copy(all, r.manuals)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		source := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(source, all[name], 0o644); err != nil {
			return nil, err
		}
		add(source, "/usr/"+name, 0o644)
	}
	return contents, nil
}
