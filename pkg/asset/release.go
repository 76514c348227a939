package asset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// ChooseRelease returns the release for the user's words: a line or version, a
// pull spec, or neither for the default. The environment's pull spec counts
// where no other is given. What a directory remembers does not count here.
func ChooseRelease(name, image string, env Environment) (release.Release, error) {
	return State{}.chooseRelease(name, image, env)
}

// chooseRelease returns the release for the user's words in a directory. What they
// leave open is as the directory remembers it: all of it without a word; the line of
// an image that says none itself, such as scos-release:test; the image where the
// release is named again.
func (s State) chooseRelease(name, image string, env Environment) (release.Release, error) {
	catalogue, err := s.catalogue()
	if err != nil {
		return release.Release{}, err
	}
	image = cmp.Or(image, env.ReleaseImage)
	if pin, ok := s.Pins[image]; ok {
		image = pin.Image
	}
	switch {
	case name == "" && image == "":
		name, image = s.Release, s.ReleaseImage
	case image == "" && name == s.Release:
		image = s.ReleaseImage
	case name == "" && image == s.ReleaseImage:
		name = s.Release
	case name == "":
		says, err := catalogue.LineOf(image)
		if err != nil {
			return release.Release{}, err
		}
		if says == "" {
			name = release.Line(s.Release)
		}
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

// catalogue is what this program knows, and what was looked up for this directory.
func (s State) catalogue() (release.Catalogue, error) {
	catalogue, err := release.Parse(data.Releases)
	if err != nil {
		return release.Catalogue{}, err
	}
	digests := map[string]string{}
	for _, tagged := range slices.Sorted(maps.Keys(s.Pins)) {
		pin := s.Pins[tagged]
		repository, digest, ok := strings.Cut(pin.Image, "@sha256:")
		if !ok || !release.IsDigest(digest) {
			return release.Catalogue{}, stateError("the remembered digest of a release image is damaged")
		}
		if _, there := digests[pin.Version]; pin.Version != "" && (!there || repository == catalogue.Repository()) {
			digests[pin.Version] = digest
		}
	}
	known, err := catalogue.With(digests)
	if err != nil {
		return release.Catalogue{}, stateError("a release that was looked up is damaged: " + err.Error())
	}
	return known, nil
}

// rememberRelease puts a release into the state, so that the next run chooses it again.
func (s *State) rememberRelease(r release.Release) {
	s.Release, s.ReleaseImage = cmp.Or(r.Version, r.Line), ""
	if known, err := (State{Pins: s.Pins}).chooseRelease(s.Release, "", Environment{}); err != nil || known.Image != r.Image {
		s.ReleaseImage = r.Image
	}
}

// checkLine stops where a directory would get the line of another release than what is
// in it was made for. --release names a line; an image alone never changes it.
func (o opened) checkLine(r release.Release) error {
	was, is := release.Line(o.before.Release), r.Line
	if was == "" || was == is || o.Overwrite || o.DiscardManifests {
		return nil
	}
	asked, undo := "--release "+o.Release, "leave out --release"
	switch image := cmp.Or(o.ReleaseImage, o.Environment.ReleaseImage); {
	case o.Release != "":
	case o.ReleaseImage != "":
		asked, undo = "the release image "+image, "leave out --release-image, or give an image of "+was
	default:
		asked, undo = "OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE ("+image+")", "unset it, or set it to an image of "+was
	}
	p := diag.Problem{Position: diag.Position{File: o.Dir}}
	switch {
	case o.haveThem:
		p.Detail = fmt.Sprintf("manifests/ and openshift/ were made for OKD %s, and %s is of %s: they would not match", was, asked, is)
		p.Hint = undo + "; or use --overwrite, which moves the folders aside and makes them for " + is
		if o.target().make == nil { // releases pin makes nothing itself
			p.Hint = undo + "; or run create manifests with it and --overwrite, which moves the folders aside and makes them for " + is
		}
	case o.Release == "" && o.before.exists():
		p.Detail = fmt.Sprintf("this directory is for OKD %s, and %s is of %s", was, asked, is)
		p.Hint = undo + "; or change the release of the directory: add --release " + is
	default:
		return nil
	}
	return diag.Problems{p}
}

// ReleaseLines lists the lines, newest first.
func ReleaseLines() []string {
	catalogue, err := release.Parse(data.Releases)
	if err != nil {
		return nil
	}
	return catalogue.Lines()
}

// ReleaseNames lists what can be chosen: the lines, and all versions, newest first.
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
