//go:build e2e && unix

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPairs starts two runs at once in one directory, again and again. One
// waits for the other, and builds on what it has made: only one of them can
// have made the authorities.
func TestPairs(t *testing.T) {
	t.Parallel()
	reissue := append(slices.Clone(ignition), "--reissue")
	for _, p := range []struct {
		name          string
		n             int
		first, second []string
		start         func(*testing.T) map[string]string
	}{
		{"ignition with ignition", 35, ignition, ignition, onlyConfig("ecdsa")},
		{"manifests with ignition", 35, manifests, ignition, onlyConfig("ecdsa")},
		{"manifests with manifests", 15, manifests, manifests, onlyConfig("ecdsa")},
		{"reissue with ignition", 10, reissue, ignition, after(ignition)},
		{"both with RSA", 5, []string{"create", "manifests"}, []string{"create", "ignition-configs"}, onlyConfig("rsa")},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			random := chance(t)
			before := p.start(t)
			waited, both := 0, 0
			for i := range p.n {
				dir := copyTree(t, before)
				if i%2 == 1 {
					p.first, p.second = p.second, p.first
				}
				one, two := together(t, dir,
					append(slices.Clone(p.first), "--log-level", "debug"), append(slices.Clone(p.second), "--log-level", "debug"),
					upTo(random, 60*time.Millisecond))
				files := tree(t, dir)
				made := 0
				for _, o := range []outcome{one, two} {
					spoken(t, o)
					if o.code != 0 {
						refused(t, o, 1, "in use by", dir)
					}
					if strings.Contains(o.stderr, "root-ca: made") {
						made++
					}
					if strings.Contains(o.stderr, "waiting: ") {
						waited++
					}
				}
				if one.code == 0 && two.code == 0 {
					both++
					if made > 1 {
						t.Error("both have succeeded, each with a root CA of its own")
					}
				}
				args := ignition
				if !slices.Contains(append(p.first, p.second...), "ignition-configs") {
					args = manifests
				}
				if err := mixed(files, args); err != nil {
					t.Errorf("the result is mixed: %v", err)
				}
				if files[configFile] != before[configFile] || exists(dir, stageDir) || exists(dir, lockFile) {
					t.Error("the input has changed, or something is left behind")
				}
				if t.Failed() {
					t.Fatalf("pair %d, left in %s:\n%s\n%s", i, keep(t, dir), one, two)
				}
			}
			t.Logf("%d pairs: %d runs waited, %d times both succeeded", p.n, waited, both)
			if both == 0 || waited == 0 {
				t.Error("the runs did not meet")
			}
		})
	}
}

// together starts two runs, the second a little later, and waits for both.
func together(t *testing.T, dir string, first, second []string, apart time.Duration) (one, two outcome) {
	t.Helper()
	done := make(chan outcome)
	go func() { done <- run(t, dir, first) }()
	time.Sleep(apart)
	two = run(t, dir, second)
	return <-done, two
}

// TestTheWaitingRunCanBeInterrupted holds the directory with a stopped run.
func TestTheWaitingRunCanBeInterrupted(t *testing.T) {
	dir := assetDir(t, configs["rsa"])
	holder, _, _ := child(dir, []string{"create", "ignition-configs"})
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Process.Kill(); _ = holder.Wait() }()
	waitFor(dir, lockFile, true, nil)
	for range 1000 { // until it says whose it is: a run that is stopped before that is only another process
		if info, err := os.Stat(filepath.Join(dir, lockFile)); err == nil && info.Size() > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if exists(dir, stageDir) {
		t.Skip("the first run was too fast to be stopped before its commit")
	}
	before := tree(t, dir)
	o := cut{sig: syscall.SIGTERM, after: 3 * time.Second}.run(t, dir, ignition) // by then it waits, also on a busy machine
	if o.code != 8 || !strings.Contains(o.stderr, "waiting: the asset directory is in use by process ") ||
		!strings.Contains(o.stderr, "create ignition-configs") {
		t.Errorf("want exit 8 after a line about the holder: %s", o)
	}
	if d := difference(tree(t, dir), before); d != "" {
		t.Errorf("the waiting run changed %s", d)
	}
	if err := holder.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err != nil {
		t.Error(err)
	}
	if err := mixed(tree(t, dir), ignition); err != nil {
		t.Error(err)
	}
}
