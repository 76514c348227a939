package manifests

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// contents finds values that the API server refuses for the types that people
// write by hand most. The bootstrap host tries to create such an object until
// its time is over.
func (d *document) contents() diag.Problems {
	switch id := d.identity(); {
	case id.group == "" && id.kind == "Secret":
		return slices.Concat(
			d.texts("data", "write the value as base64 prints it, or as it is under stringData", isBase64),
			d.texts("stringData", "put the value in quotes", nil))
	case id.group == "" && id.kind == "ConfigMap":
		return slices.Concat(
			d.texts("data", "put the value in quotes; for several lines, write | and indent them", nil),
			d.texts("binaryData", "write the value as base64 prints it, or as it is under data", isBase64))
	}
	return nil
}

// texts finds the entries of a map that are no text, or not what good wants.
// Values are not quoted: they may be secrets.
func (d *document) texts(field, hint string, good func(string) bool) (problems diag.Problems) {
	if d.object[field] == nil {
		return nil
	}
	entries, ok := d.object[field].(object)
	if !ok {
		return d.refuse(d.field(field), field, "is not an object", "write each entry as a name, a colon and a value")
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		switch text, isText := entries[key].(string); {
		case entries[key] == nil: // the same as an empty text
		case !isText:
			problems = append(problems, d.refuse(d.field(field, key), join(field, key), "is not text, which the API server refuses", hint)...)
		case good != nil && !good(text):
			problems = append(problems, d.refuse(d.field(field, key), join(field, key), "is not base64, which the API server refuses", hint)...)
		}
	}
	return problems
}

// isBase64 is as tolerant as the API server, which skips line ends.
func isBase64(text string) bool {
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil
}

// roleLabel says for which pool of machines a MachineConfig is.
const roleLabel = "machineconfiguration.openshift.io/role"

// MachineConfig is the part of a MachineConfig that Ignition reads.
type MachineConfig struct {
	// Position is where the config begins.
	Position diag.Position
	// Config is the config as JSON.
	Config []byte
}

// MachineConfigs lists the Ignition configs in the MachineConfigs among the
// files, in the order of their paths. One without a config, such as one that
// only has kernel arguments, is not in it; one with an empty config is, since the
// machine-config operator reads that, and anything else that stands there.
func MachineConfigs(files map[string][]byte) []MachineConfig {
	var list []MachineConfig
	docs, _, _ := readAll(files)
	for _, d := range docs {
		config := d.value("spec", "config")
		if !d.isMachineConfig() || config == nil {
			continue
		}
		raw, err := json.Marshal(config)
		if err != nil {
			continue // it was read from JSON
		}
		m := MachineConfig{Position: diag.Position{File: d.path}, Config: raw}
		if n := d.field("spec", "config"); n != nil {
			m.Position.Line, m.Position.Column = n.Line, n.Column
		}
		list = append(list, m)
	}
	return list
}

func (d *document) isMachineConfig() bool {
	id := d.identity()
	return id.group == "machineconfiguration.openshift.io" && id.kind == "MachineConfig"
}

// unselected warns of MachineConfigs that no pool of machines looks for.
func unselected(docs []*document) (warnings diag.Problems) {
	for _, d := range docs {
		if d.isMachineConfig() && strings.TrimSpace(d.text("metadata", "labels", roleLabel)) == "" {
			warnings = append(warnings, d.refuse(d.field("metadata", "labels"), "metadata.labels", "have no "+roleLabel+", so that no machine gets this MachineConfig",
				"add the label with the value master or worker")...)
		}
	}
	return warnings
}
