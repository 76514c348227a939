package cluster

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/cluster"
)

// A clock that is wrong is so in one of two directions.
func TestClusterClock(t *testing.T) {
	t.Parallel()
	for skew, want := range map[float64]string{120: "is 120 seconds ahead of this", -120: "is 120 seconds behind this", 60: ""} {
		var b strings.Builder
		a := &cli.App{Now: time.Now}
		a.SetStreams(&b, io.Discard)
		if err := errors.Join(NewStatus(a).print(Report{Report: cluster.Report{Skew: skew}}), a.Show()); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, want) || strings.Contains(got, "clock") != (want != "") {
			t.Errorf("%v: %s", skew, got)
		}
	}
}
