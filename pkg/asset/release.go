package asset

import (
	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/release"
)

// ChooseRelease returns the release for the user's words: a line or version, a
// pull spec, or neither for the default. The environment's pull spec counts
// where no other is given.
func ChooseRelease(name, image string, env Environment) (release.Release, error) {
	catalogue, err := release.Parse(data.Releases)
	if err != nil {
		return release.Release{}, err
	}
	if image == "" {
		image = env.ReleaseImage
	}
	switch {
	case image != "":
		return catalogue.ForImage(image, name)
	case name != "":
		return catalogue.Find(name)
	default:
		return catalogue.Default(), nil
	}
}

// ReleaseNames lists what can be chosen: the lines, and all versions.
func ReleaseNames() []string {
	catalogue, err := release.Parse(data.Releases)
	if err != nil {
		return nil
	}
	names := catalogue.Lines()
	for _, e := range catalogue.All() {
		names = append(names, e.Version)
	}
	return names
}

// Targets lists the targets with the graph behind each, for printing.
func Targets() []Target {
	c := NewCluster(Inputs{})
	return []Target{{TargetManifests, c.Manifests}, {TargetIgnitionConfigs, c.Ignition}, {TargetSingleNode, c.SingleNode}}
}

// TargetNames lists the names of the targets.
func TargetNames() []string {
	var names []string
	for _, t := range Targets() {
		names = append(names, t.Name)
	}
	return names
}
