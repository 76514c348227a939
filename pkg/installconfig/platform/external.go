package platform

import "fmt"

// External is a platform that an outside provider integrates with the cluster.
type External struct {
	// PlatformName is free text that the provider's components look for.
	PlatformName string `json:"platformName,omitempty"`
	// CloudControllerManager is External if the provider brings one, else empty.
	CloudControllerManager string `json:"cloudControllerManager,omitempty"`
}

var external = Spec{
	Name:         "external",
	Type:         "External",
	New:          func() any { return &External{} },
	NewPool:      func() any { return &struct{}{} },
	Validate:     validateExternal,
	Capabilities: externalCapabilities,
	DualStack:    EitherFirst,
	IPv6Only:     true,
	SingleNode:   true,
	Arbiter:      true,
	Fencing:      true,
}

func validateExternal(config any, _ Cluster, fail Report) {
	e := config.(*External)
	if e.CloudControllerManager != "" && e.CloudControllerManager != "External" {
		fail("cloudControllerManager", fmt.Sprintf("%q is not a value of this field", e.CloudControllerManager),
			"write External if the provider brings its own cloud controller manager, else leave the field out")
	}
}

func externalCapabilities(config any) []string {
	needed := []string{"CloudCredential"}
	if config.(*External).CloudControllerManager == "External" {
		needed = append(needed, "CloudControllerManager")
	}
	return needed
}
