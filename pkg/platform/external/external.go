// Package external is the platform of machines whose provider brings components of
// its own. It differs from none in what the Infrastructure object says about the
// provider, and in where the ingress of a single node is expected.
package external

import (
	block "github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform/parts"
)

// Row is the platform in the table.
var Row = parts.Row{Name: "external", Of: of}

func of(c parts.Cluster) (parts.Parts, error) {
	b := parts.Block[block.External](c)
	spec := map[string]any{}
	if b.PlatformName != "" {
		spec["platformName"] = b.PlatformName
	}
	state := "None"
	if b.CloudControllerManager == "External" {
		state = "External"
	}
	return parts.Parts{
		Manifests: manifests.Platform{
			Spec:   map[string]any{"external": spec},
			Status: map[string]any{"external": map[string]any{"cloudControllerManager": map[string]any{"state": state}}},
		},
		Image: parts.OwnImage,
	}, nil
}
