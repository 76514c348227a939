// Package platform knows the platforms of an install-config: which there are,
// which fields each has, and what it requires of the rest of the config.
//
// Table lists them. A further platform is one file here with its types and rules,
// which offers itself; what a cluster on it gets stands in a folder of pkg/platform.
// Platform is the union in the file: at most one entry, under the platform's name;
// Pool is the same union as a machine pool has it.
//
// The package does not read YAML and does not know an install-config: the rules
// are given values (Cluster, a config block) and say what they find.
package platform

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Platform is the value of the install-config's platform field: the block under
// the platform's name. The zero value is an empty block.
type Platform struct {
	// Name is the key in the file, such as none; empty for an empty block.
	Name string
	// Config is what the row's New returned, filled from the file: *None, *External.
	Config any
}

// Pool is the value of a machine pool's platform field. It is usually empty.
type Pool struct {
	// Name is the key in the file, such as none; empty for an empty block.
	Name string
	// Config is what the row's NewPool returned, filled from the file.
	Config any
}

// Find returns the row of a platform.
func Find(name string) (Spec, bool) {
	i := slices.IndexFunc(Table, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return Table[i], true
}

// Names lists the supported platforms in the order of Table.
func Names() []string {
	names := make([]string, len(Table))
	for i, s := range Table {
		names[i] = s.Name
	}
	return names
}

// MarshalJSON writes the block under the platform's name.
func (p Platform) MarshalJSON() ([]byte, error) { return marshal(p.Name, p.Config) }

// MarshalJSON writes the block under the platform's name.
func (p Pool) MarshalJSON() ([]byte, error) { return marshal(p.Name, p.Config) }

// UnmarshalJSON reads a block with at most one supported platform in it.
func (p *Platform) UnmarshalJSON(data []byte) (err error) {
	p.Name, p.Config, err = unmarshal(data, func(s Spec) any { return s.New() })
	return err
}

// UnmarshalJSON reads a block with at most one supported platform in it.
func (p *Pool) UnmarshalJSON(data []byte) (err error) {
	p.Name, p.Config, err = unmarshal(data, func(s Spec) any { return s.NewPool() })
	return err
}

func marshal(name string, config any) ([]byte, error) {
	if name == "" {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]any{name: config})
}

func unmarshal(data []byte, block func(Spec) any) (string, any, error) {
	var blocks map[string]json.RawMessage
	if err := json.Unmarshal(data, &blocks); err != nil {
		return "", nil, err
	}
	if len(blocks) > 1 {
		return "", nil, fmt.Errorf("holds %d platforms instead of one", len(blocks))
	}
	for name, raw := range blocks {
		spec, ok := Find(name)
		if !ok {
			return "", nil, fmt.Errorf("platform %q is not supported", name)
		}
		config := block(spec)
		if err := json.Unmarshal(raw, config); err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, err)
		}
		return name, config, nil
	}
	return "", nil, nil
}
