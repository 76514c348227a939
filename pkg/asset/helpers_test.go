package asset

import (
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
)

func openTestDir(t *testing.T, path string) *assetdir.Locked {
	t.Helper()
	d, err := assetdir.Open(t.Context(), path, assetdir.Opening{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}
