//go:build unix

package cluster

import (
	"bufio"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"

	"github.com/okd-project/okd-install/pkg/cluster"
)

// The live status keeps to any width: a line that the terminal breaks is two, and only
// one of them would be taken away.
func TestNarrowStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ columns, longest int }{{1, 2}, {24, 23}, {39, 38}, {40, 39}, {120, 119}} {
		screen, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		defer tty.Close()
		if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: uint16(c.columns)}); err != nil {
			t.Fatal(err)
		}
		s := &liveScreen{w: tty, on: true}
		s.draw(strings.Repeat("stage ", 40), time.Unix(0, 0), time.Unix(60, 0), cluster.Status{})
		line, err := bufio.NewReader(screen).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if got := utf8.RuneCountInString(strings.TrimSpace(line)); got > c.longest || got < c.longest-1 {
			t.Errorf("%d columns: the status has %d, want %d: %q", c.columns, got, c.longest, line)
		}
	}
}
