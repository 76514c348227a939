package needs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// ended is a test that notes how it ends, and goes on.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper()                           {}
func (e *ended) Skipf(format string, args ...any)  { e.end("skipped: ", format, args) }
func (e *ended) Fatalf(format string, args ...any) { e.end("failed: ", format, args) }

// end keeps the first: what a real test would do after it, it would not do.
func (e *ended) end(how, format string, args []any) {
	if e.how == "" {
		e.how = how + fmt.Sprintf(format, args...)
	}
}

func TestProgram(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "jq"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	for _, c := range []struct{ ci, name, want string }{
		{"", "jq", ""},
		{"true", "jq", ""},
		{"", "shellcheck", "skipped: shellcheck is not installed here; it is in Debian's package shellcheck"},
		{"true", "shellcheck", "failed: shellcheck is not installed here; it is in Debian's package shellcheck"},
		{"true", "systemd-analyze", "failed: systemd-analyze is not installed here; it is in Debian's package systemd"},
	} {
		t.Setenv("CI", c.ci)
		e := &ended{TB: t}
		path := Program(e, c.name)
		if e.how != c.want || (path == "") != (c.want != "") {
			t.Errorf("CI=%s, %s: %q, %q, want %q", c.ci, c.name, path, e.how, c.want)
		}
	}
}
