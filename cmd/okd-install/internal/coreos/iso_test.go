package coreos

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

// An image may come from anywhere: what it says does not steer the terminal.
func TestImageDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := cli.New("", "")
	a.SetStreams(&out, io.Discard)
	o := isoShowOptions{App: a}
	r := ISOReport{Label: "\x1b[31mred", Initrd: isoInitrd{Files: []isoFile{{"a\nb", 1}}}}
	err := errors.Join(o.table(r), a.Show())
	if err != nil || strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), `"a\nb", 1 bytes`) {
		t.Errorf("%v: %q", err, out.String())
	}
	out.Reset()
	dir := filepath.Join(t.TempDir(), "keyfiles")
	for _, to := range []string{"", dir} {
		err := extractNetwork(a, "x.iso", map[string][]byte{live.NetworkDir + "/a\x1b[2J": nil}, to)
		_ = a.Show()
		if err == nil || !strings.Contains(err.Error(), `x.iso: has a keyfile named "a\x1b[2J"`) || out.Len() > 0 {
			t.Errorf("%q: got %v, %q", to, err, out.String())
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}
