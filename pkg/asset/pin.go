package asset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/ignition"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
	"github.com/okd-project/okd-install/pkg/rhcos"
)

// This file pins the release of a directory: from a tag, which can be moved and which
// mirrors do not serve, to the digest of the image.

// PinRequest says which release is pinned, and where.
type PinRequest struct {
	Dir     string
	Opening assetdir.Opening
	// Release and ReleaseImage are the user's choice, as in Request.
	Release, ReleaseImage string
	// Digest is what somebody has looked up elsewhere, sha256:…; empty to look it up.
	Digest string
	// Architecture is that of the machines; empty for what the install-config says.
	Architecture string
	Environment  Environment
	// Resolve asks a registry.
	Resolve func(ctx context.Context, q PayloadQuery, architectures []string) (PayloadImage, error)
}

// Pinned is the result.
type Pinned struct {
	SchemaVersion int `json:"schemaVersion"`
	// Release is the version by the image's own word; empty for a build of one's own.
	Release string `json:"release,omitempty"`
	Line    string `json:"line"`
	// Tagged is the pull spec that was looked up, and Image the same by digest.
	Tagged string `json:"tagged"`
	Image  string `json:"image"`
	Digest string `json:"digest"`
	// Source is the pull spec that a registry answered for, which may be a mirror's;
	// empty if the digest was given.
	Source string `json:"source,omitempty"`
	// Architectures are those of the machines, for which the image was checked.
	Architectures []string `json:"architectures,omitempty"`
	// Changed tells that the directory did not know this before.
	Changed  bool          `json:"changed"`
	Notices  diag.Problems `json:"-"`
	Warnings diag.Problems `json:"-"`
	// Next is what to do now.
	Next []Step `json:"-"`
}

// PinRelease looks a release up and has the directory remember its digest. Nothing else
// in the directory is changed.
func PinRelease(ctx context.Context, req PinRequest) (p Pinned, err error) {
	dir, err := assetdir.Open(ctx, req.Dir, req.Opening)
	if err != nil {
		return Pinned{}, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	o, err := open(dir.Dir, Request{Dir: req.Dir, Release: req.Release, ReleaseImage: req.ReleaseImage, Environment: req.Environment})
	if err != nil {
		return Pinned{}, err
	}
	p, state, err := o.pin(ctx, req)
	p.Notices = notes(dir.Notices)
	if err != nil {
		return p, err
	}
	data, err := state.marshal()
	if err != nil {
		return p, err
	}
	written, err := dir.Commit(assetdir.Change{Write: Files{assetdir.StateFile: data}})
	p.Changed = len(written) > 0
	if p.Changed && o.before.exists() {
		p.Next = []Step{{target(targetIgnitionConfigs).step().Command, "writes the digest into the Ignition configs"}}
		if o.before.Written[ignition.InPlaceFile] != "" {
			p.Next[0].Command = target(targetSingleNode).step().Command
		}
	}
	return p, err
}

// pin settles the release, its digest, and the state that remembers it.
func (o opened) pin(ctx context.Context, req PinRequest) (Pinned, State, error) {
	r, err := o.before.tagged(o.Release, o.ReleaseImage, o.Environment)
	if err != nil {
		return Pinned{}, State{}, err
	}
	if err := o.checkLine(r); err != nil {
		return Pinned{}, State{}, err
	}
	p := Pinned{SchemaVersion: 1, Release: r.Version, Line: r.Line, Tagged: r.Image}
	access, err := o.registryAccess(r, req.Architecture)
	if err != nil {
		return p, State{}, err
	}
	if req.Digest != "" {
		p.Digest, err = givenDigest(req.Digest, r.Image)
	} else {
		err = p.lookUp(ctx, req, access, r)
	}
	if err != nil {
		return p, State{}, err
	}
	p.Image = byDigest(r.Image, p.Digest)
	p.Warnings = otherDigest(r, p)
	return p, o.before.pinned(r, p), nil
}

// lookUp asks the registry for the digest of the release.
func (p *Pinned) lookUp(ctx context.Context, req PinRequest, access registryAccess, r release.Release) error {
	access.Release, access.Component = r.Image, osComponent
	found, err := req.Resolve(ctx, access.PayloadQuery, access.Architectures)
	if err != nil {
		return err
	}
	if err := checkFound(r, found); err != nil {
		return err
	}
	p.Digest, p.Source, p.Architectures = found.Digest, found.Source, access.Architectures
	if release.Line(found.Version) == r.Line {
		p.Release = found.Version
	}
	return nil
}

// pinned is the state that remembers p as the image of the release.
func (s State) pinned(r release.Release, p Pinned) State {
	s = s.clone()
	if s.Pins == nil {
		s.Pins = map[string]Pin{}
	}
	s.Pins[r.Image] = Pin{Image: p.Image, Version: p.Release}
	r.Version, r.Image = p.Release, p.Image
	s.rememberRelease(r)
	return s
}

// tagged is the release for the user's words, as chooseRelease has it, but with the tag
// that is to be looked up. It need not be in the catalogue.
func (s State) tagged(name, image string, env Environment) (release.Release, error) {
	catalogue, err := release.Parse(data.Releases)
	if err != nil {
		return release.Release{}, err
	}
	image = cmp.Or(image, env.ReleaseImage)
	switch {
	case image != "":
		r, err := s.chooseRelease(name, image, Environment{})
		r.Image = image
		return r, err
	case (name == "" || name == s.Release) && s.ReleaseImage != "":
		// an image of one's own: the tag that it was pinned from, or itself
		for _, tagged := range slices.Sorted(maps.Keys(s.Pins)) {
			if s.Pins[tagged].Image == s.ReleaseImage {
				return s.tagged(name, tagged, Environment{})
			}
		}
		return s.chooseRelease(name, "", Environment{})
	}
	return catalogue.Tagged(cmp.Or(name, s.Release, release.DefaultLine))
}

// registryAccess is what registries want, and the architectures of the machines, by the
// install-config if there is one.
type registryAccess struct {
	PayloadQuery
	Architectures []string
}

func (o opened) registryAccess(r release.Release, architecture string) (registryAccess, error) {
	access := registryAccess{Architectures: []string{rhcos.Architecture(cmp.Or(architecture, "amd64"))}}
	if !o.dir.Exists(installconfig.FileName) && o.before.Consumed[installconfig.FileName] == nil {
		return access, nil
	}
	loaded, err := o.loadConfig(r)
	if err != nil {
		return access, err
	}
	config := loaded.Config
	access.PayloadQuery = registryQuery(config)
	if architecture == "" {
		access.Architectures = nil
		for _, role := range []string{"master", "worker"} {
			if role == "worker" && config.ComputeReplicas() == 0 {
				continue
			}
			if a := rhcos.Architecture(cmp.Or(architectureOf(config, role), "amd64")); !slices.Contains(access.Architectures, a) {
				access.Architectures = append(access.Architectures, a)
			}
		}
	}
	return access, nil
}

// checkFound stops where a tag leads to another release than it says.
func checkFound(r release.Release, found PayloadImage) error {
	line := release.Line(found.Version)
	if line == "" {
		line = lineOf(found.Version)
	}
	switch {
	case line != "" && line != r.Line:
		return diag.Problem{
			Detail: fmt.Sprintf("the release image %s is of OKD %s, and not of %s", r.Image, found.Version, r.Line),
			Hint:   "give the right line with --release, or the right image with --release-image",
		}
	case r.Version != "" && found.Version != r.Version:
		return diag.Problem{
			Detail: fmt.Sprintf("the release image %s identifies itself as %s, not as %s", r.Image, found.Version, r.Version),
			Hint:   "the tag was moved, or the mirror is wrong: give another image with --release-image, or the digest with --digest",
		}
	}
	return nil
}

// givenDigest reads the digest of the user.
func givenDigest(digest, image string) (string, error) {
	if hex, ok := strings.CutPrefix(digest, "sha256:"); !ok || !release.IsDigest(hex) {
		return "", diag.Problem{
			Path:   "--digest",
			Detail: fmt.Sprintf("%.100q is not the digest of an image", digest),
			Hint:   "write sha256: and 64 hexadecimal digits, as releases pin prints it on a machine with a network",
		}
	}
	if strings.Contains(image, "@") && !strings.HasSuffix(image, "@"+digest) {
		return "", diag.Problem{
			Path:   "--digest",
			Detail: "differs from the release image " + image + " has",
			Hint:   "leave out one of them",
		}
	}
	return digest, nil
}

// byDigest is a pull spec with the digest in the place of its tag.
func byDigest(image, digest string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image + "@" + digest
}

// otherDigest tells that a release has another digest than the catalogue says: mirroring
// changes it, but where the release comes from it should not.
func otherDigest(r release.Release, p Pinned) diag.Problems {
	known, err := ChooseRelease(p.Release, "", Environment{})
	_, digest, pinned := strings.Cut(known.Image, "@")
	if err != nil || p.Release == "" || !pinned || digest == p.Digest {
		return nil //nolint:nilerr // a release that is in no catalogue has no digest to differ from
	}
	if p.Source != "" && p.Source != r.Image {
		return diag.Problems{{Detail: fmt.Sprintf("%s has %s as %s: where it was published it is %s", p.Source, p.Release, p.Digest, digest)}}
	}
	return diag.Problems{{
		Detail: fmt.Sprintf("%s was published as %s, and is %s now: the image was mirrored, or the tag was moved",
			p.Release, digest, p.Digest),
	}}
}
