package asset

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
)

// ReleaseList is what there is to choose from, newest first.
type ReleaseList struct {
	SchemaVersion int    `json:"schemaVersion"`
	Repository    string `json:"repository"`
	// Asked tells that a registry was asked, so that Online of each release counts.
	Asked    bool            `json:"asked"`
	Releases []ListedRelease `json:"releases"`
}

// ListedRelease is one of them.
type ListedRelease struct {
	release.Listed
	// Digest is that of its image, sha256:…, where it is known; it is pulled by that.
	Digest string `json:"digest,omitempty"`
	// Default tells that it is installed where nobody names another, and Here that the
	// directory is for it.
	Default bool `json:"default,omitempty"`
	Here    bool `json:"here,omitempty"`
}

// ListReleases lists the releases of a line, or of all lines if line is empty: those of
// the catalogue, those that were looked up for the directory, and those among the tags
// of a repository; repository and tags are empty if none was asked. A directory that is
// not there remembers nothing.
func ListReleases(dir, line, repository string, tags []string) (ReleaseList, error) {
	state, err := rememberedState(dir)
	if err != nil {
		return ReleaseList{}, err
	}
	catalogue, err := state.catalogue()
	if err != nil {
		return ReleaseList{}, err
	}
	if line != "" {
		if _, err := catalogue.Find(line); err != nil {
			return ReleaseList{}, err
		}
		line = release.Line(line)
	}
	list := ReleaseList{SchemaVersion: 1, Repository: catalogue.Repository(), Asked: repository != "", Releases: []ListedRelease{}}
	if repository != "" {
		list.Repository = repository
	}
	usual := catalogue.Default().Version
	if plain, err := ChooseRelease("", "", Environment{}); err == nil {
		usual = plain.Version
	}
	for _, l := range catalogue.Merge(tags) {
		if line != "" && l.Line != line {
			continue
		}
		one := ListedRelease{Listed: l, Default: l.Version == usual, Here: l.Version == state.Release}
		if _, digest, ok := strings.Cut(l.Image, "@"); ok {
			one.Digest = digest
		}
		list.Releases = append(list.Releases, one)
	}
	return list, nil
}

// RegistryAccess is what registries want of those who install from a directory: its pull
// secret, trust bundle and mirrors. Without an install-config it is nothing; the error is
// that there is one that cannot be read.
func RegistryAccess(dir string, env Environment) (PayloadQuery, error) {
	if !assetdir.IsThere(dir) {
		return PayloadQuery{}, nil
	}
	data, _, err := ReadConfig(dir)
	if err != nil || data == nil {
		return PayloadQuery{}, err
	}
	options, err := ConfigOptions(dir, "", "", env)
	if err != nil {
		return PayloadQuery{}, err
	}
	loaded, err := installconfig.Load(installconfig.FileName, data, options)
	return registryQuery(loaded.Config), err
}

func registryQuery(config installconfig.InstallConfig) PayloadQuery {
	return PayloadQuery{
		PullSecret: config.PullSecret, TrustBundle: config.AdditionalTrustBundle,
		Mirrors: ignition.Mirrors(config.ImageDigestSources, config.ImageContentSources),
	}
}

// rememberedState is the state of a directory that is not locked; a directory that is not
// there has an empty one.
func rememberedState(dir string) (State, error) {
	if dir == "" || !assetdir.IsThere(dir) {
		return parseState(nil)
	}
	files, err := assetdir.ReadOnly(dir, assetdir.StateFile)
	if err != nil {
		return State{}, err
	}
	return parseState(files[assetdir.StateFile])
}
