package manifests

import (
	"encoding/json"

	"github.com/okd-project/okd-install/pkg/diag"
)

// MachineConfig is the part of a MachineConfig that Ignition reads.
type MachineConfig struct {
	// Config is the config as JSON.
	Config []byte
	// Selected says that a pool of machines is given the MachineConfig. The
	// machine-config operator reads no other.
	Selected bool
	document *document
}

// Position is the place of a field of the config in the user's file, or of the
// deepest field on the way to it. The path is one such as storage.files[3].mode;
// empty is the config itself.
func (m MachineConfig) Position(path string) diag.Position {
	p := diag.Position{File: m.document.path}
	if n := m.document.field(append([]string{"spec", "config"}, stepsOf(path)...)...); n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	return p
}

// MachineConfigs lists the Ignition configs in the MachineConfigs among the
// files, in the order of their paths and of their places in each. One without a
// config, such as one that only has kernel arguments, is not in it; one with an
// empty config is, since the machine-config operator reads that, and anything
// else that stands there.
func (s Set) MachineConfigs() []MachineConfig {
	var list []MachineConfig
	pools := machinePools(s.docs)
	for _, d := range s.docs {
		config := d.value("spec", "config")
		if !d.isMachineConfig() || config == nil {
			continue
		}
		raw, err := json.Marshal(config)
		if err != nil {
			continue // it was read from JSON
		}
		list = append(list, MachineConfig{Config: raw, Selected: isSelected(d, pools), document: d})
	}
	return list
}
