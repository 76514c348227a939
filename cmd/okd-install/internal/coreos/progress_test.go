package coreos

import (
	"testing"
	"time"
)

func TestSpeed(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, test := range []struct {
		came, rest int64
		took       time.Duration
		want       string
	}{
		{20 * mib, 100 * mib, 10 * time.Second, ", 2.0 MiB/s, 50s to go"},
		{mib, 0, 2 * time.Second, ", 0.5 MiB/s"},
		{mib, -mib, 2 * time.Second, ", 0.5 MiB/s"},
		{mib, mib, 10 * time.Millisecond, ""},
		{0, mib, time.Minute, ""},
		{-mib, mib, time.Minute, ""},
		{0, 0, 0, ""},
	} {
		if got := speed(test.came, test.rest, test.took); got != test.want {
			t.Errorf("speed(%d, %d, %s) = %q, want %q", test.came, test.rest, test.took, got, test.want)
		}
	}
}
