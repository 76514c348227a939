package asset

import (
	"bytes"
	"maps"
	"path/filepath"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/release"
)

// ConfigOptions are the circumstances under which the create commands read the
// install-config of a directory: the release that they would choose there, and
// the environment. Without a directory it is what they would choose in a new one.
func ConfigOptions(dir, name, image string, env Environment) (installconfig.Options, error) {
	state, err := rememberedState(dir)
	if err != nil {
		return installconfig.Options{}, err
	}
	r, err := state.chooseRelease(name, image, env)
	if err != nil {
		return installconfig.Options{}, err
	}
	return env.strictness().options(r), nil
}

// strictness is what the environment says about the reading of an install-config.
type strictness struct {
	Lenient, SkipHostCryptCheck bool
	ClusterProfile              string
}

func (e Environment) strictness() strictness {
	return strictness{e.Invoker != "", e.SkipHostCryptCheck, e.ClusterProfile}
}

func (s strictness) options(r release.Release) installconfig.Options {
	return installconfig.Options{Lenient: s.Lenient, Release: r, SkipHostCryptCheck: s.SkipHostCryptCheck, ClusterProfile: s.ClusterProfile}
}

func loadConfig(data []byte, r release.Release, s strictness) (installconfig.Loaded, error) {
	return installconfig.Load(installconfig.FileName, data, s.options(r))
}

// NoConfigHint is the next step where a directory has no install-config: where there is a
// file of a similar name, or where the established installer has consumed it, that is not
// what is otherwise to be done.
func NoConfigHint(dir, otherwise string) string {
	if HasEstablishedConfig(dir) {
		return fromStateHint
	}
	if like := installconfig.LikeFileName(assetdir.Names(dir)); like != "" {
		return "there is " + diag.Clip(like, 80) + ": rename it to " + installconfig.FileName
	}
	return otherwise
}

// ReadConfig returns the install-config of a directory that is not locked, if
// there is one; consumed tells that it is only remembered, because an earlier
// run has removed the file.
func ReadConfig(dir string) (data []byte, consumed bool, err error) {
	files, err := assetdir.ReadOnly(dir, installconfig.FileName, assetdir.StateFile)
	if err != nil {
		return nil, false, err
	}
	if data, ok := files[installconfig.FileName]; ok {
		return data, false, nil
	}
	state, err := parseState(files[assetdir.StateFile])
	if err != nil {
		return nil, false, err
	}
	data, consumed = state.Consumed[installconfig.FileName]
	return data, consumed, nil
}

// writeNewConfig plans to write the config of the request. One that is there, or
// that an earlier run has consumed, is only replaced with overwrite.
func (c *creation) writeNewConfig(old []byte, onDisk bool) error {
	differs := old != nil && !bytes.Equal(old, c.Config[installconfig.FileName])
	switch {
	case differs && !c.Overwrite:
		return diag.Problems{{
			Position: diag.Position{File: filepath.Join(c.Dir, installconfig.FileName)},
			Detail:   "an install-config already exists, and would be replaced",
			Hint:     "change that file; or use --overwrite, which moves it aside first; or give another directory with --dir",
		}}
	case differs && onDisk:
		c.moveAside(installconfig.FileName)
	}
	maps.Copy(c.change.Write, c.Config)
	return nil
}
