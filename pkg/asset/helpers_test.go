package asset

import (
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/test/folder"
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

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

func filled(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		folder.Put(t, dir, name, content)
	}
	return dir
}
