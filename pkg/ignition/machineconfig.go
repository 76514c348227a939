package ignition

import (
	"encoding/json"
	"errors"
	"strings"

	ignerrors "github.com/coreos/ignition/v2/config/shared/errors"
	"github.com/coreos/ignition/v2/config/v3_6"

	"github.com/okd-project/okd-install/pkg/diag"
)

// CheckMachineConfig looks at the config in a MachineConfig as the
// machine-config operator does on the bootstrap host. It stops at what Ignition
// calls an error, and no machine is then given any config; these are problems.
// What Ignition would pass over is a warning. Configs of the generation before
// spec 3 are not looked at: the operator translates them.
//
// Raw is JSON. All that is found is said to be at the one position, that of the
// config in the MachineConfig.
func CheckMachineConfig(at diag.Position, raw []byte) (problems, warnings diag.Problems) {
	add := func(to *diag.Problems, p diag.Problem) {
		p.Position = at
		p.Path = strings.TrimSuffix("spec.config."+p.Path, ".")
		*to = append(*to, p)
	}
	var v struct {
		Ignition struct {
			Version string `json:"version"`
		} `json:"ignition"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		add(&problems, jsonProblem("", raw, err))
		return problems, nil
	}
	switch {
	case v.Ignition.Version == "":
		add(&problems, diag.Problem{
			Path: "ignition.version", Detail: "is missing, and the machine-config operator stops at a config without it",
			Hint: "write " + specVersion + " there, which every OKD release reads",
		})
		return problems, nil
	case strings.HasPrefix(v.Ignition.Version, "2."):
		return nil, nil
	}
	config, rpt, err := v3_6.ParseCompatibleVersion(raw)
	if errors.Is(err, ignerrors.ErrUnknownVersion) || errors.Is(err, ignerrors.ErrInvalidVersion) {
		add(&problems, unknownSpec(diag.Position{}, v.Ignition.Version))
		return problems, nil
	}
	if wrong := json.Unmarshal(raw, &config); wrong != nil && err != nil {
		add(&problems, jsonProblem("", raw, wrong))
		return problems, nil
	}
	found := reported("", rpt)
	for i, entry := range rpt.Entries {
		p := found[i]
		p.Detail = strings.ReplaceAll(p.Detail, "spec "+specVersion, "spec "+v.Ignition.Version)
		p.Hint = strings.TrimSuffix(p.Hint, "correct the field, or move the file away to have it made again")
		if entry.Kind.IsFatal() {
			p.Detail += ", and the machine-config operator stops at that"
			add(&problems, p)
		} else {
			add(&warnings, p)
		}
	}
	return problems, warnings
}
