package faults_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/okd-project/okd-install/test/faults"
)

// The shell writes three files; each of the faults leaves those before it.
func TestRun(t *testing.T) {
	t.Parallel()
	inputs := func(t *testing.T) faults.Program {
		t.Helper()
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return faults.Program{
			Args: []string{"/bin/sh", "-c", `cd "$0" && echo 1 >a && echo 2 >b && echo 3 >c`, dir}, Dir: dir,
			Counts: func(c faults.Call) bool { return c.Name == "openat" && c.Changes },
		}
	}
	for _, c := range []struct {
		fault  faults.Fault
		left   string
		killed bool
		says   string
	}{
		{faults.Fault{}, "a b c", false, ""},
		{faults.Fault{At: 2}, "a", true, ""},
		{faults.Fault{At: 3, Errno: syscall.EROFS}, "a b", false, "Read-only file system"},
		{faults.Fault{At: 1, Errno: syscall.EIO, Always: true}, "", false, "output error"},
	} {
		p := inputs(t)
		r := faults.Run(t, p, c.fault)
		list, err := os.ReadDir(p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range list {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != c.left || r.Killed != c.killed ||
			(r.Code == 0) != (c.fault.At == 0) || !strings.Contains(r.Stderr, c.says) {
			t.Errorf("%+v: left %q, %+v", c.fault, got, r)
		}
		if len(r.Outside) > 0 {
			t.Errorf("%+v: changed %v", c.fault, r.Outside)
		}
	}
	p := inputs(t)
	p.Args[2] = `echo 1 >"$0.outside"`
	if r := faults.Run(t, p, faults.Fault{}); len(r.Outside) == 0 || !strings.HasSuffix(r.Outside[0].Path, ".outside") {
		t.Errorf("what is written elsewhere is not seen: %+v", r)
	}
}
