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

// ignitionVersion is the spec of every Ignition config in a MachineConfig.
const ignitionVersion = "3.2.0"

// machineConfigRow is one kind of MachineConfig, made once for each role.
type machineConfigRow struct {
	// name holds ROLE where the role goes.
	name string
	when func(installconfig.InstallConfig, installconfig.MachinePool) bool
	// parts are the fields of spec that differ from an empty MachineConfig.
	parts func(installconfig.InstallConfig) object
}

var machineConfigTable = []machineConfigRow{
	{
		"99-ROLE-ssh",
		func(c installconfig.InstallConfig, _ installconfig.MachinePool) bool { return len(c.SSHKeys()) > 0 },
		func(c installconfig.InstallConfig) object {
			core := object{"name": "core", "sshAuthorizedKeys": c.SSHKeys()}
			return object{"config": object{
				"ignition": object{"version": ignitionVersion},
				"passwd":   object{"users": list{core}},
			}}
		},
	},
	{
		"99-ROLE-disable-hyperthreading",
		func(_ installconfig.InstallConfig, p installconfig.MachinePool) bool {
			return p.Hyperthreading == "Disabled"
		},
		func(installconfig.InstallConfig) object {
			return object{"kernelArguments": list{"nosmt", "smt-enabled=off"}}
		},
	},
	{
		"99-ROLE-fips",
		func(c installconfig.InstallConfig, _ installconfig.MachinePool) bool { return c.FIPS },
		func(installconfig.InstallConfig) object { return object{"fips": true} },
	},
	{
		"99-dual-stack-ROLE",
		func(c installconfig.InstallConfig, _ installconfig.MachinePool) bool {
			return len(networking(c).ServiceNetwork) == 2
		},
		func(installconfig.InstallConfig) object {
			return object{"kernelArguments": list{"ip=dhcp,dhcp6"}}
		},
	},
}

func machineConfigs(in Inputs) ([]file, error) {
	var out []file
	for _, row := range machineConfigTable {
		for _, role := range Roles(in.Config) {
			if !row.when(in.Config, pool(in.Config, role)) {
				continue
			}
			name := strings.ReplaceAll(row.name, "ROLE", role)
			out = append(out, file{
				"openshift/99_openshift-machineconfig_" + name + ".yaml",
				machineConfig(name, role, row.parts(in.Config)),
			})
		}
	}
	return out, nil
}

// machineConfig is a MachineConfig with every field of its spec written out, as
// the machine-config operator itself writes them, and the given ones replaced.
func machineConfig(name, role string, parts object) object {
	spec := object{
		"baseOSExtensionsContainerImage": "",
		"config":                         object{"ignition": object{"version": ignitionVersion}},
		"extensions":                     nil,
		"fips":                           false,
		"kernelArguments":                nil,
		"kernelType":                     "",
		"osImageURL":                     "",
	}
	for k, v := range parts {
		spec[k] = v
	}
	return object{
		"apiVersion": "machineconfiguration.openshift.io/v1",
		"kind":       "MachineConfig",
		"metadata": object{
			"name":   name,
			"labels": object{"machineconfiguration.openshift.io/role": role},
		},
		"spec": spec,
	}
}

// InstallerIgnitionFile is the path of the file that InstallerIgnition makes.
func InstallerIgnitionFile(role string) string {
	return OpenshiftDir + "/99_openshift-installer-ignition_" + role + ".yaml"
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
	data, err = yaml.Marshal(machineConfig("99-installer-ignition-"+role, role, object{"config": edited}))
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	return path, data, nil
}
