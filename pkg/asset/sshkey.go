package asset

import (
	"encoding/json"
	"slices"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/tls"
)

// BootstrapKey returns the private key that lets into the bootstrap host, in PEM. Its
// public half is in the bootstrap.ign of the asset directory. It is nil, without an error,
// where none was made: the directory may be the established installer's.
func BootstrapKey(dir string) ([]byte, error) {
	files, err := assetdir.ReadOnly(dir, assetdir.StateFile)
	if err != nil {
		return nil, err
	}
	state, err := parseState(files[assetdir.StateFile])
	if err != nil {
		return nil, err
	}
	kept, ok := state.Kept[tls.BootstrapSSH]
	switch {
	case !ok && slices.Contains(state.Remembers, tls.BootstrapSSH):
		return nil, stateError("the key of the bootstrap host is missing in it")
	case !ok:
		return nil, nil
	}
	var pair tls.KeyPair
	if json.Unmarshal(kept.Value, &pair) != nil || pair.Check(tls.BootstrapSSH) != nil {
		return nil, stateError("the key of the bootstrap host that it holds is damaged")
	}
	return pair.Private, nil
}
