package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // registers the format
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers the format
)

// What the packages say of themselves. A deb has both in one field, one after
// the other, an rpm in two.
const (
	summary     = "Create OKD clusters on your own machines"
	description = `okd-install turns an install-config.yaml into everything that an OKD cluster
on your own machines needs: manifests, certificates, and the Ignition configs
that the machines boot with.`
)

// places are where a kind of package has files that others have elsewhere: zsh
// looks for completions in another folder on Fedora than on Debian.
type places struct{ zsh, licence, notices string }

var placesOf = map[string]places{
	"deb": {"share/zsh/vendor-completions/_okd-install", "share/doc/okd-install/copyright", "share/doc/okd-install/" + noticesName},
	"rpm": {"share/zsh/site-functions/_okd-install", "share/licenses/okd-install/LICENSE", "share/licenses/okd-install/" + noticesName},
}

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
	contents, err := r.packageContents(filepath.Join(folder, format), format, arch)
	if err != nil {
		return "", err
	}
	about := description
	if format == "deb" {
		about = summary + "\n" + description
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "okd-install", Arch: arch, Platform: "linux", Version: r.number, VersionSchema: "none", Release: "1",
		Section: "admin", Priority: "optional", Maintainer: "The okd-install authors <okd-install@users.noreply.github.com>",
		Description: about, Homepage: "https://github.com/okd-project/okd-install", License: "Apache-2.0", MTime: r.when,
		Overridables: nfpm.Overridables{
			Contents: contents, Deb: nfpm.Deb{Compression: "gzip"},
			RPM: nfpm.RPM{Summary: summary, BuildHost: "localhost", Compression: "gzip"},
		},
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
func (r *release) packageContents(folder, format, arch string) (contents files.Contents, err error) {
	place := placesOf[format]
	add := func(source, target string, mode os.FileMode) {
		kind := files.TypeFile
		switch {
		case format == "rpm" && (target == "/usr/"+place.licence || target == "/usr/"+place.notices):
			kind = files.TypeRPMLicense
		case format == "rpm" && strings.HasPrefix(target, "/usr/share/doc/"):
			kind = files.TypeRPMDoc
		}
		contents = append(contents, &files.Content{
			Source: source, Destination: target, Type: kind,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: r.when},
		})
	}
	add(r.binary("linux", arch), "/usr/bin/okd-install", 0o755)
	add(filepath.Join(r.source, "LICENSE"), "/usr/"+place.licence, 0o644)
	add(filepath.Join(r.source, "README.md"), "/usr/share/doc/okd-install/README.md", 0o644)
	all := maps.Clone(r.completions)
	maps.Copy(all, r.manuals)
	all[place.notices] = r.notices
	for _, name := range slices.Sorted(maps.Keys(all)) {
		source := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(source, all[name], 0o644); err != nil {
			return nil, err
		}
		target := name
		if strings.HasPrefix(name, "share/zsh/") {
			target = place.zsh
		}
		add(source, "/usr/"+target, 0o644)
	}
	return contents, nil
}
