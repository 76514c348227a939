//go:build unix

package gather

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What somebody else may have put into the directory gets into no bundle, and lets in no
// host.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	key, public, _ := newKey(t)
	host := newServer(t, public, bootstrapHost(archive(t, file("x/bootstrap/a", "b")), 0))
	elsewhere := t.TempDir()
	precious := filepath.Join(elsewhere, "precious")
	for what, test := range map[string]struct {
		prepare func(dir string) error
		want    string
	}{
		"a folder that all may write": {func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, partialFolder), 0o700), os.Chmod(filepath.Join(dir, partialFolder), 0o777))
		}, "the interrupted run cannot be continued: others may write to it (mode 0777)"},
		"a link to a folder": {func(dir string) error { return os.Symlink(elsewhere, filepath.Join(dir, partialFolder)) }, "it is not a folder"},
		"known hosts that all may write": {func(dir string) error {
			name := filepath.Join(dir, KnownHostsFile)
			return errors.Join(os.WriteFile(name, nil, 0o600), os.Chmod(name, 0o666))
		}, "the keys in it are not trusted: others may write to it"},
		"known hosts that are a link": {func(dir string) error { return os.Symlink(precious, filepath.Join(dir, KnownHostsFile)) },
			"the keys in it are not trusted: it is not a regular file"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := test.prepare(dir); err != nil {
				t.Fatal(err)
			}
			r, err := Bootstrap(t.Context(), Request{Access: newAccess(dir, nil, key), Bootstrap: host.endpoint, Dir: dir, Now: now})
			if err == nil || !strings.Contains(fmt.Sprint(err, r), test.want) {
				t.Errorf("got %+v, %v", r, err)
			}
			if entries, err := os.ReadDir(elsewhere); err != nil || len(entries) > 0 {
				t.Errorf("elsewhere there is %v, %v", entries, err)
			}
		})
	}
}
