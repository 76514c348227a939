package manifests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

const (
	machineConfigPrefix   = "openshift/99_openshift-machineconfig_"
	installerIgnitionFile = "openshift/99_openshift-installer-ignition_ROLE.yaml"
)

// machineConfig fills a MachineConfig that only depends on the role, for each
// role whose machines need it.
func machineConfig(needed func(installconfig.InstallConfig, installconfig.MachinePool) bool) filler {
	return eachRole(func(in Inputs, role string) (values, error) {
		if !needed(in.Config, pool(in.Config, role)) {
			return nil, nil
		}
		return values{"role": role}, nil
	})
}

func withoutHyperthreading(_ installconfig.InstallConfig, p installconfig.MachinePool) bool {
	return p.Hyperthreading == "Disabled"
}

func withFIPS(c installconfig.InstallConfig, _ installconfig.MachinePool) bool { return c.FIPS }

func dualStack(c installconfig.InstallConfig, _ installconfig.MachinePool) bool {
	return c.DualStack()
}

func sshKeys(in Inputs, role string) (values, error) {
	keys := in.Config.SSHKeys()
	if len(keys) == 0 {
		return nil, nil
	}
	return values{"role": role, "sshKeys": keys}, nil
}

// InstallerIgnitionFile is the path of the file that InstallerIgnition makes.
func InstallerIgnitionFile(role string) string {
	return strings.Replace(installerIgnitionFile, forRole, role, 1)
}

// InstallerIgnition wraps what a user added to the pointer Ignition config of a
// role in a MachineConfig, so that it stays on the machines after their first
// boot. customised is the edited config, as JSON, without ignition.config.merge.
// The file belongs into bootstrap.ign only, at the returned path.
func InstallerIgnition(role string, customised []byte) (path string, data []byte, err error) {
	path = InstallerIgnitionFile(role)
	decoder := json.NewDecoder(bytes.NewReader(customised))
	decoder.UseNumber()
	var edited object
	if err := decoder.Decode(&edited); err != nil || edited == nil {
		return "", nil, diag.Problems{{
			Position: diag.Position{File: role + ".ign"},
			Detail:   "is not a JSON object",
			Hint:     "delete the file to have it made again, and repeat the edit",
		}}
	}
	o, err := fill(installerIgnitionFile, values{"role": role, "config": edited})
	if err != nil {
		return "", nil, err
	}
	data, err = yaml.Marshal(o)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	return path, data, nil
}
