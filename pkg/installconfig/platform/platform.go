// Package platform knows the platforms of an install-config: which there are,
// which fields each has, and what it requires of the rest of the config.
//
// Table is the one list of them. A further platform is one file with its types
// and rules, and one row. Platform is the union in the file: at most one entry,
// under the platform's name.
package platform

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Platform is the value of a platform field: the block under the platform's
// name. The zero value is an empty block, which is what a machine pool usually
// has.
type Platform struct {
	// Name is the key in the file, such as none; empty for an empty block.
	Name string
	// Config is what the row's New returned, filled from the file: *None, *External.
	Config any
}

// None is platform none: machines that the user prepares. It has no settings.
type None struct{}

// External is a platform that an outside provider integrates with the cluster.
type External struct {
	PlatformName           string `json:"platformName,omitempty"`
	CloudControllerManager string `json:"cloudControllerManager,omitempty"`
}

// Spec is one platform.
type Spec struct {
	// Name is the key in the install-config.
	Name string
	// Type is the platform's name in the cluster's Infrastructure object.
	Type string
	// New returns a pointer to an empty config block.
	New func() any
	// NewPool returns a pointer to an empty block of a machine pool.
	NewPool func() any
}

// Table lists the supported platforms, in the order in which they are offered.
var Table = []Spec{
	{Name: "none", Type: "None", New: func() any { return &None{} }, NewPool: func() any { return &struct{}{} }},
	{Name: "external", Type: "External", New: func() any { return &External{} }, NewPool: func() any { return &struct{}{} }},
}

// Known lists the platforms that the established installer knows and this one
// does not support yet, so that the error for them can say so.
var Known = []string{"aws", "azure", "baremetal", "gcp", "ibmcloud", "nutanix", "openstack", "ovirt", "powervc", "powervs", "vsphere"}

// Find returns the row of a platform.
func Find(name string) (Spec, bool) {
	i := slices.IndexFunc(Table, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return Table[i], true
}

// MarshalJSON writes the block under the platform's name.
func (p Platform) MarshalJSON() ([]byte, error) {
	if p.Name == "" {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]any{p.Name: p.Config})
}

// UnmarshalJSON reads a block with at most one supported platform in it.
func (p *Platform) UnmarshalJSON(data []byte) error {
	var blocks map[string]json.RawMessage
	if err := json.Unmarshal(data, &blocks); err != nil {
		return err
	}
	*p = Platform{}
	for name, raw := range blocks {
		spec, ok := Find(name)
		if !ok || p.Name != "" {
			return fmt.Errorf("platform %q cannot be read", name)
		}
		config := spec.New()
		if err := json.Unmarshal(raw, config); err != nil {
			return err
		}
		*p = Platform{Name: name, Config: config}
	}
	return nil
}
