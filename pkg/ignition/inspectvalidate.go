package ignition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	ignerrors "github.com/coreos/ignition/v2/config/shared/errors"
	"github.com/coreos/ignition/v2/config/v3_6"

	"github.com/okd-project/okd-install/pkg/diag"
)

// NewestSpec is the newest spec that ValidateAny knows.
const NewestSpec = "3.6.0"

// ValidateAny reads a config of any stable spec since 3.0.0 with Ignition's own
// parser and validator, and returns the spec that it is written for. As in
// Validate, whatever these report is an error.
func ValidateAny(name string, raw []byte) (version string, err error) {
	file := diag.Position{File: name}
	if len(bytes.TrimSpace(raw)) == 0 {
		return "", diag.Problems{{Position: file, Detail: "is empty"}}
	}
	if len(raw) > maxConfig {
		return "", diag.Problems{{Position: file, Detail: fmt.Sprintf("is larger than %d MiB", maxConfig>>20)}}
	}
	problems := checkJSON(name, raw)
	for i := range problems {
		problems[i].Hint = strings.TrimSuffix(strings.TrimSuffix(problems[i].Hint, " to have it made again"), "; delete it")
	}
	version, problems, ok := versionOf(name, raw, problems)
	if !ok {
		return "", problems
	}
	config, rpt, err := v3_6.ParseCompatibleVersion(raw)
	if errors.Is(err, ignerrors.ErrUnknownVersion) || errors.Is(err, ignerrors.ErrInvalidVersion) {
		return version, append(problems, unknownSpec(file, version))
	}
	for _, p := range reported(name, rpt) {
		if strings.HasPrefix(p.Detail, "json: ") { // in the words of Go's types
			if err := json.Unmarshal(raw, &config); err != nil {
				p = jsonProblem(name, raw, err)
			}
		}
		p.Detail = strings.ReplaceAll(p.Detail, "spec "+specVersion, "spec "+version)
		p.Hint = strings.TrimSuffix(p.Hint, "correct the field, or move the file away to have it made again")
		problems = append(problems, p)
	}
	if err != nil && len(problems) == 0 {
		problems = diag.Problems{{Position: file, Detail: "Ignition does not read it"}}
		if err := json.Unmarshal(raw, &config); err != nil {
			problems = diag.Problems{jsonProblem(name, raw, err)}
		}
	}
	return version, problems.Err()
}

// versionOf is the spec that a config says it has. If it says none, the problems that
// were found before say why, or one more does.
func versionOf(name string, raw []byte, problems diag.Problems) (string, diag.Problems, bool) {
	var v struct {
		Ignition struct {
			Version *string `json:"version"`
		} `json:"ignition"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		if len(problems) == 0 {
			problems = diag.Problems{jsonProblem(name, raw, err)}
		}
		return "", problems, false
	}
	if v.Ignition.Version == nil {
		return "", append(problems, diag.Problem{
			Position: diag.Position{File: name},
			Path:     "ignition.version",
			Detail:   "is missing",
			Hint:     "write the spec there, such as " + specVersion,
		}), false
	}
	return *v.Ignition.Version, problems, true
}

func unknownSpec(file diag.Position, version string) diag.Problem {
	p := diag.Problem{
		Position: file, Path: "ignition.version",
		Detail: fmt.Sprintf("%.20q is not a known spec: 3.0.0 to %s are known", version, NewestSpec),
		Hint:   "write the config for spec " + specVersion + ", which the boot images of every OKD release read",
	}
	if strings.HasPrefix(version, "2.") || strings.HasPrefix(version, "1") {
		p.Detail = fmt.Sprintf("%.20q is the spec of an older generation, which no boot image of an OKD release from 4.16 on reads", version)
	}
	return p
}
