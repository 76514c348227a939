//go:build unix

package cli

import (
	"testing"

	"github.com/creack/pty"
)

// Log lines are left alone where there is no room to break them.
func TestNarrowTerminals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ columns, folding int }{{1, 0}, {24, 0}, {39, 0}, {40, 40}, {120, 120}} {
		screen, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		defer tty.Close()
		if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: uint16(c.columns)}); err != nil {
			t.Fatal(err)
		}
		if got := foldingWidth(tty); got != c.folding {
			t.Errorf("%d columns: log lines are broken for %d, want %d", c.columns, got, c.folding)
		}
	}
}
