//go:build unix

package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A link that somebody has put where a file is to be written is replaced, and what it
// leads to stays; nothing is left half written.
func TestOutputsFollowNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, name := filepath.Join(dir, "victim"), filepath.Join(dir, "graph.svg")
	if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Symlink(victim, name)); err != nil {
		t.Fatal(err)
	}
	if err := WriteOutput(name, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no more")
	err := WriteOutput(name, func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return broken })
	old, readErr := os.ReadFile(victim)
	now, readErr2 := os.ReadFile(name)
	entries, readErr3 := os.ReadDir(dir)
	if !errors.Is(err, broken) || string(old) != "precious" || string(now) != "new" || len(entries) != 2 ||
		errors.Join(readErr, readErr2, readErr3) != nil {
		t.Errorf("%v; %q, %q, %v", err, old, now, entries)
	}
	if err := WriteOutput("/dev/null", func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Error(err)
	}
	info, err := os.Stat("/dev/null")
	if err != nil || info.Mode().IsRegular() {
		t.Errorf("/dev/null is now %v, %v", info, err)
	}
}
