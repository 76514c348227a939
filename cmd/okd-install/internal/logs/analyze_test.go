package logs

import (
	"errors"
	"io"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// fullDisk takes nothing.
type fullDisk struct{ error }

func (f fullDisk) Write([]byte) (int, error) { return 0, f.error }

// A report that could not be written is an error in either form.
func TestAnalyzeLostOutput(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	log := logrus.New()
	log.SetOutput(io.Discard)
	for _, form := range []string{"text", "json"} {
		a := &cli.App{Log: log}
		a.SetStreams(fullDisk{full}, io.Discard)
		o := analyzeOptions{App: a, output: form}
		if err := errors.Join(o.analyze(t.Context(), t.TempDir()), a.Show()); !errors.Is(err, full) {
			t.Errorf("%s: %v", form, err)
		}
	}
}
