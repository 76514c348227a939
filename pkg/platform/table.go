package platform

import (
	"github.com/okd-project/okd-install/pkg/platform/external"
	"github.com/okd-project/okd-install/pkg/platform/none"
	"github.com/okd-project/okd-install/pkg/platform/parts"
)

// table has a row for each platform. The order does not matter: where users choose, it
// is that of pkg/installconfig/platform.
var table = []parts.Row{
	none.Row,
	external.Row,
}
