package platform

import "fmt"

// External is a platform that an outside provider integrates with the cluster.
type External struct {
	// PlatformName is free text that the provider's components look for.
	PlatformName string `json:"platformName,omitempty"`
	// CloudControllerManager is External if the provider brings one, else empty.
	CloudControllerManager string `json:"cloudControllerManager,omitempty"`
}

var _ = offer(Spec{
	Place: 2,
	Name:  "external",
	Type:  "External",
	Title: "machines of a provider that brings its own integration",
	Text: "Machines of a cloud that OKD does not know, whose provider brings components of its own, " +
		"such as a cloud controller manager. The machines are prepared as on platform none.",
	Fields: []Field{
		{
			Path: "platformName", Ask: "Name of the provider", Example: "oci", Absent: "the name is empty",
			Text: "Name of the provider. It is free text, which the provider's components look for.",
		},
		{
			Path: "cloudControllerManager", Ask: "Cloud controller manager", Absent: "nodes are ready without a cloud controller manager",
			Values: []Value{{Word: "External", Text: "the provider brings one, and nodes wait for it"}},
			Text:   "Whether the provider brings its own cloud controller manager.",
		},
	},
	New:          func() any { return &External{} },
	NewPool:      func() any { return &struct{}{} },
	Validate:     validateExternal,
	Capabilities: externalCapabilities,
	DualStack:    EitherFirst,
	IPv6Only:     true,
	SingleNode:   true,
	InPlaceUsual: true,
})

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
