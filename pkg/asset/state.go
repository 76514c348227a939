package asset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/graph"
)

// stateSchema is the version of the state file's layout.
const stateSchema = 1

// State is the content of the state file: what cannot be made again from the
// files in the directory. Only random things are remembered as values; of the
// rest there are fingerprints.
type State struct {
	SchemaVersion int `json:"schemaVersion"`
	// Release is the version that the directory was made for; for an image that
	// is not in the catalogue it is the line, and ReleaseImage the pull spec.
	Release      string `json:"release,omitempty"`
	ReleaseImage string `json:"releaseImage,omitempty"`
	// Pins are release images that were looked up, by their pull spec with a tag.
	Pins map[string]Pin `json:"pins,omitempty"`
	// LeafKey is the kind of key that the user chose, such as ecdsa-p256.
	LeafKey string `json:"leafKey,omitempty"`
	// Kept holds remembered values by node name.
	Kept map[string]graph.Kept `json:"kept,omitempty"`
	// Remembers lists the names in Kept, so that a value that is gone is missed.
	Remembers []string `json:"remembers,omitempty"`
	// ManifestsFrom tells what manifests/ and openshift/ were made from: field
	// path -> SHA-256 of the value.
	ManifestsFrom map[string]string `json:"manifestsFrom,omitempty"`
	// ManifestsMade holds the SHA-256 of each of them as it was made.
	ManifestsMade map[string]string `json:"manifestsMade,omitempty"`
	// Written holds the SHA-256 of each output as it was last written.
	Written map[string]string `json:"written,omitempty"`
	// OwnCertificates names the certificates that the user brought.
	OwnCertificates []string `json:"ownCertificates,omitempty"`
	// IngressCA is what wait-for install-complete has added to auth/kubeconfig.
	IngressCA *IngressCA `json:"ingressCA,omitempty"`
	// Kubeconfig is the SHA-256 of auth/kubeconfig as it was last made, without
	// what somebody has added to it since.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// Consumed holds input files that --consume-inputs removed.
	Consumed Files `json:"consumed,omitempty"`
}

// Pin is what a release image with a tag was when it was looked up.
type Pin struct {
	// Image is the same image by digest.
	Image string `json:"image"`
	// Version is the release that it is by its own word; empty for one of no line that
	// is known.
	Version string `json:"version,omitempty"`
}

// stateError is a problem with the state file.
func stateError(detail string) diag.Problems {
	return diag.Problems{{
		Position: diag.Position{File: assetdir.StateFile},
		Detail:   detail,
		Hint:     "restore the file from a backup, or start again in an empty directory with a copy of install-config.yaml",
	}}
}

// readState returns what is remembered of a directory.
func readState(d *assetdir.Dir) (State, error) {
	data, err := d.ReadState()
	if err != nil {
		return State{}, err
	}
	return parseState(data)
}

// parseState reads a state file. Absent data is an empty state.
func parseState(data []byte) (State, error) {
	s := State{SchemaVersion: stateSchema}
	if data == nil {
		return s, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	var version struct {
		SchemaVersion int `json:"schemaVersion"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return s, stateError("the file is damaged: it is not JSON")
	}
	if version.SchemaVersion != stateSchema {
		return s, stateError(fmt.Sprintf("the file has schema version %d, and this version of okd-install reads %d",
			version.SchemaVersion, stateSchema))
	}
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, stateError("the file is damaged: it does not have the fields that okd-install writes")
	}
	return s, nil
}

// marshal returns the state file's content, the same bytes for the same state.
func (s State) marshal() ([]byte, error) {
	for name := range s.Kept {
		if !slices.Contains(s.Remembers, name) {
			s.Remembers = append(slices.Clip(s.Remembers), name)
		}
	}
	slices.Sort(s.Remembers)
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

// exists reports whether any run has left a state.
func (s State) exists() bool { return len(s.Kept) > 0 }

// firstKept are the values that the first run makes, whatever its target, unless
// the user brings them.
var firstKept = []string{"cluster-id", "root-ca", "machine-config-server"}

// complete sees that nothing of what is remembered has been lost: it would be made
// again in silence, and not fit the rest.
func (s State) complete() error {
	expected := s.Remembers
	if s.exists() {
		expected = append(slices.Clone(expected), firstKept...)
	}
	var problems diag.Problems
	for _, name := range slices.Compact(slices.Sorted(slices.Values(expected))) {
		_, there := s.Kept[name]
		if !there && (slices.Contains(s.Remembers, name) || !slices.Contains(s.OwnCertificates, name)) {
			problems = append(problems, stateError("the file is damaged: the remembered value of "+name+" is missing, though others are there")...)
		}
	}
	return problems.Err()
}

// clone returns a state whose maps can be changed without changing s.
func (s State) clone() State {
	s.Remembers = slices.Clone(s.Remembers)
	s.Kept, s.Written, s.Consumed, s.Pins = maps.Clone(s.Kept), maps.Clone(s.Written), maps.Clone(s.Consumed), maps.Clone(s.Pins)
	if s.Kept == nil {
		s.Kept = map[string]graph.Kept{}
	}
	if s.Written == nil {
		s.Written = map[string]string{}
	}
	if s.Consumed == nil {
		s.Consumed = Files{}
	}
	return s
}
