// Package none is the platform of machines that nobody but the user knows: the
// cluster has no addresses, no cloud and no machines of its own.
package none

import (
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/platform/parts"
)

// Row is the platform in the table.
var Row = parts.Row{Name: "none", Of: of}

func of(parts.Cluster) (parts.Parts, error) {
	return parts.Parts{
		// without a cloud's load balancer, traffic to a single node is sure to reach that node
		Manifests: manifests.Platform{IngressOnSingleNode: true},
		Image:     parts.OwnImage,
	}, nil
}
