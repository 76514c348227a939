package coreos

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
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

func TestBarLine(t *testing.T) {
	t.Parallel()
	const mib, rate, long = 1 << 20, ", 2.0 MiB/s, 50s to go", "fedora-coreos-39.20231101.3.0-live.x86_64.iso"
	for _, test := range []struct {
		name        string
		done, total int64
		rate        string
		width       int
		want        string
	}{
		{"x.iso", 0, 100 * mib, "", 79, "x.iso [>---------------------------------------] 0.0 / 100.0 MiB"},
		{"x.iso", 50 * mib, 100 * mib, rate, 79, "x.iso [================>---------------] 50.0 / 100.0 MiB, 2.0 MiB/s, 50s to go"},
		{"x.iso", 100 * mib, 100 * mib, "", 40, "x.iso [==============] 100.0 / 100.0 MiB"},
		{"x.iso", 101 * mib, 100 * mib, "", 40, "x.iso [==============] 101.0 / 100.0 MiB"},
		{long, 50 * mib, 100 * mib, rate, 79, "fedora-coreos-39.20231101.… [=====>----] 50.0 / 100.0 MiB, 2.0 MiB/s, 50s to go"},
		{long, 50 * mib, 100 * mib, rate, 59, "fedora-coreos-39.20… 50.0 / 100.0 MiB, 2.0 MiB/s, 50s to go"},
		{"x.iso", 50 * mib, 0, ", 2.0 MiB/s", 79, "x.iso 50.0 MiB, 2.0 MiB/s"},
		{"x.iso", mib, 2 * mib, "", 12, "x.iso 1.0 /…"},
	} {
		if got := barLine(test.name, test.done, test.total, test.rate, test.width); got != test.want {
			t.Errorf("%+v gives\n%s, want\n%s", test, got, test.want)
		}
	}
	for width := 2; width < 200; width++ {
		for _, total := range []int64{0, 1, 3, 1 << 40} {
			for _, name := range []string{"x", long, strings.Repeat("é", 300)} {
				if line := barLine(name, 2, total, rate, width); utf8.RuneCountInString(line) > width {
					t.Fatalf("in %d columns there is %q", width, line)
				}
			}
		}
	}
}

// A bar is drawn at once, then now and then, in its own place, and is gone when
// something else is said and at the end.
func TestBarIsDrawn(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	a := cli.New("", "")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	a.Now = func() time.Time { return now }
	a.Getenv = func(string) string { return "" }
	a.SetStreams(&bytes.Buffer{}, &shown)
	a.Terminal, a.LogLevel = true, "info"
	a.SetUpLog()
	p := newProgress(a, "x.iso")
	p.drawn, p.quiet = true, false
	drawn := func() int { return strings.Count(shown.String(), "\x1b[K") }
	for i := range int64(10) {
		p.update(i<<20, 10<<20)
		now = now.Add(50 * time.Millisecond)
	}
	if got := drawn(); got != 3 {
		t.Errorf("in half a second there were %d bars: %q", got, shown.String())
	}
	shown.Reset()
	p.note("a pause")
	if got := shown.String(); !strings.HasPrefix(got, "\r\x1b[K") || !strings.Contains(got, "x.iso: a pause\n") {
		t.Errorf("a note is %q", got)
	}
	shown.Reset()
	p.end()
	if got := shown.String(); got != "" {
		t.Errorf("the end of no bar is %q", got)
	}
	p.update(1<<20, 10<<20)
	p.end()
	if got := shown.String(); !strings.HasPrefix(got, "\rx.iso [=") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("the last bar is %q", got)
	}
}
