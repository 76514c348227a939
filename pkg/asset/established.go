package asset

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// This file reads what the established installer has left in a directory. Its keys
// and IDs are of no use here, since they are bound to files that only it makes; but
// it removes the install-config that it has read, and keeps the only copy there.

// EstablishedStateFile is the state of the established installer. It holds private
// keys and the pull secret.
const EstablishedStateFile = ".openshift_install_state.json"

// fromStateHint says how to get a consumed install-config back.
const fromStateHint = "the established installer has consumed it: create install-config --from-state restores it from " +
	EstablishedStateFile

// establishedConfigs are the names under which that state has the install-config.
var establishedConfigs = []string{"*installconfig.InstallConfig", "*agent.OptionalInstallConfig"}

// establishedConfig takes the install-config out of a state file: the text of the
// file as it was kept, or else the values.
func establishedConfig(path string, state []byte) ([]byte, error) {
	refuse := func(detail, hint string) error {
		return diag.Problems{{Position: diag.Position{File: path}, Detail: detail, Hint: hint}}
	}
	var assets map[string]json.RawMessage
	if err := json.Unmarshal(state, &assets); err != nil {
		return nil, refuse("this is not a state file of the established installer: it is not the JSON of an object",
			"restore it from a backup; or write install-config.yaml again")
	}
	for _, name := range establishedConfigs {
		var kept struct {
			Config json.RawMessage `json:"config"`
			File   struct {
				Data []byte `json:"data"`
			} `json:"file"`
		}
		raw, ok := assets[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, &kept); err != nil {
			return nil, refuse("the install-config in this state file is damaged", "restore it from a backup; or write install-config.yaml again")
		}
		if len(kept.File.Data) > 0 {
			return kept.File.Data, nil
		}
		if text := strings.TrimSpace(string(kept.Config)); text != "" && text != "null" && text != "{}" {
			return yaml.JSONToYAML(kept.Config)
		}
	}
	return nil, refuse("the established installer has not kept an install-config here: it had not been read yet",
		"write install-config.yaml, or have create install-config ask for its content")
}

// HasEstablishedConfig reports whether the established installer has consumed the
// install-config of a directory, and it can be got back.
func HasEstablishedConfig(dir string) bool {
	config, _, err := ReadConfig(dir)
	if err != nil || config != nil {
		return false
	}
	files, err := assetdir.ReadOnly(dir, EstablishedStateFile)
	if err != nil || files[EstablishedStateFile] == nil {
		return false
	}
	_, err = establishedConfig(EstablishedStateFile, files[EstablishedStateFile])
	return err == nil
}

// takeEstablishedConfig gets the consumed install-config back.
func takeEstablishedConfig(dir *assetdir.Dir) (Files, error) {
	path := dir.Abs(EstablishedStateFile)
	data, ok, err := dir.ReadFile(EstablishedStateFile)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, diag.Problems{{
			Position: diag.Position{File: path}, Detail: "this file does not exist, so there is nothing to take an install-config from",
			Hint: "give the directory in which the established installer ran with --dir, or leave out --from-state",
		}}
	}
	config, err := establishedConfig(path, data)
	if err != nil {
		return nil, err
	}
	return Files{installconfig.FileName: config}, nil
}

// keepTakenConfig writes a config that was taken from a state even if it has
// problems: they can be mended in a file, and the file is the user's.
func (c *creation) keepTakenConfig(dir *assetdir.Locked, err error) error {
	var invalid *installconfig.InvalidError
	if !c.FromState || !errors.As(err, &invalid) {
		return err
	}
	old, onDisk, readErr := c.dir.ReadFile(installconfig.FileName)
	if readErr != nil {
		return errors.Join(readErr, err)
	}
	if refused := c.writeNewConfig(old, onDisk); refused != nil {
		return refused
	}
	written, commitErr := dir.Commit(c.change)
	if commitErr == nil && slices.Contains(written, installconfig.FileName) {
		c.report.Notes = append(c.report.Notes, diag.Problem{
			Detail: "wrote " + filepath.Join(c.Dir, installconfig.FileName) + " as " + EstablishedStateFile +
				" has it; it has problems, which can be corrected there",
		})
	}
	return errors.Join(commitErr, err)
}

// tellEstablished says that another program has begun in this directory, as long
// as this one has not.
func (c *creation) tellEstablished() {
	if !c.target().Input && !c.before.exists() && c.dir.Exists(EstablishedStateFile) {
		c.warn("%s was written by the established installer: its keys, cluster ID and password are not used, so the cluster made "+
			"here is a new one",
			EstablishedStateFile)
	}
}
