//go:build e2e && unix

package e2e

import (
	"errors"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// scenario is a run that is cut short again and again.
type scenario struct {
	name string
	// kills is how often; together with the others of its command, 300.
	kills int
	args  []string
	// start makes the directory as it is before the run.
	start func(t *testing.T) map[string]string
}

func onlyConfig(kind string) func(*testing.T) map[string]string {
	return func(*testing.T) map[string]string { return map[string]string{configFile: configs[kind]} }
}

// after is a directory in which runs have been made.
func after(runs ...[]string) func(*testing.T) map[string]string {
	return func(t *testing.T) map[string]string {
		t.Helper()
		dir := assetDir(t, configs["ecdsa"])
		for _, args := range runs {
			must(t, dir, args)
		}
		// Certificates tell the second in which they were issued: what is issued again
		// in that second is the same, and a run that does so has nothing to write.
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		return tree(t, dir)
	}
}

// changed is a directory whose install-config has changed since its manifests
// were made.
func changed(t *testing.T) map[string]string {
	t.Helper()
	files := after(manifests)(t)
	files[configFile] = strings.Replace(files[configFile], "example.com", "example.org", 1)
	return files
}

var scenarios = []scenario{
	{"manifests", 140, manifests, onlyConfig("ecdsa")},
	{"manifests-overwrite", 140, append(slices.Clone(manifests), "--overwrite"), changed},
	{"manifests-rsa", 20, []string{"create", "manifests"}, onlyConfig("rsa")},

	{"ignition", 100, ignition, onlyConfig("ecdsa")},
	{"ignition-after-manifests", 80, ignition, after(manifests)},
	{"ignition-reissue", 80, append(slices.Clone(ignition), "--reissue"), after(ignition)},
	{"ignition-consume", 32, append(slices.Clone(ignition), "--consume-inputs"), after(manifests)},
	{"ignition-rsa", 8, []string{"create", "ignition-configs"}, onlyConfig("rsa")},
}

// TestKilled kills runs at instants spread over their whole duration, and a
// third of them while they commit, which is when it can hurt.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.repeat(t, s.kills, syscall.SIGKILL)
		})
	}
}

// TestInterrupted does the same with the signals that a run answers.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, s := range []scenario{scenarios[0], scenarios[1], scenarios[3], scenarios[5]} {
		for name, sig := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s.repeat(t, 30, sig)
			})
		}
	}
}

// repeat cuts the run short n times and looks at what is left each time.
func (s scenario) repeat(t *testing.T, n int, sig syscall.Signal) {
	random := chance(t)
	before := s.start(t)
	whole, staging, moving := s.measure(t, before)
	got := map[string]int{}
	for i := range n {
		moment := cut{sig: sig, after: upTo(random, whole+whole/20)}
		switch i % 6 {
		case 0:
			moment.when, moment.after = stageDir, upTo(random, staging)
		case 3:
			moment.when, moment.after = journal, upTo(random, moving)
		}
		dir := copyTree(t, before)
		how := s.once(t, dir, before, moment)
		got[how]++
		if t.Failed() {
			t.Fatalf("run %d, %+v: left in %s", i, moment, keep(t, dir))
		}
		_ = os.RemoveAll(dir)
	}
	t.Logf("a run takes %s, of which it stages for %s and moves for %s; of %d runs were left: %v", whole, staging, moving, n, got)
	if got["old"] == 0 || got["new"]+got["journal"] == 0 || n >= 80 && sig == syscall.SIGKILL && got["journal"] == 0 {
		t.Errorf("the signals do not hit what they should: %v", got)
	}
}

func upTo(random *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(random.Int63n(int64(max(d, time.Microsecond))))
}

// measure returns how long the whole run takes, how long it stages its result,
// and how long it then moves it into place.
func (s scenario) measure(t *testing.T, before map[string]string) (whole, staging, moving time.Duration) {
	t.Helper()
	staging, moving = time.Hour, time.Hour
	for range 3 {
		dir := copyTree(t, before)
		c, _, stderr := child(dir, s.args)
		start := time.Now()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		waitFor(dir, stageDir, true, ended)
		staged := time.Now()
		waitFor(dir, journal, true, ended)
		complete := time.Now()
		waitFor(dir, journal, false, nil)
		// the shortest, so that the aim is true also when the machine is busy
		staging, moving = min(staging, complete.Sub(staged)), min(moving, time.Since(complete))
		if err := <-ended; err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
		whole = max(whole, time.Since(start))
		if err := mixed(tree(t, dir), s.args); err != nil {
			t.Fatalf("without any signal: %v", err)
		}
	}
	return whole, max(staging, 5*time.Millisecond), max(moving, 500*time.Microsecond)
}

// waitFor waits until a name appears, or vanishes, or the run has ended.
func waitFor(dir, name string, there bool, ended chan error) {
	for exists(dir, name) != there {
		select {
		case err := <-ended:
			ended <- err
			return
		default:
			if name == journal {
				continue // it is there for a millisecond, which is no time to sleep
			}
			time.Sleep(30 * time.Microsecond)
		}
	}
}

// cut is when a run is cut short: some time after it has started, or after a
// file has appeared.
type cut struct {
	sig   syscall.Signal
	after time.Duration
	when  string
}

func (m cut) run(t *testing.T, dir string, args []string) outcome {
	t.Helper()
	c, stdout, stderr := child(dir, args)
	start := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	if m.when != "" {
		waitFor(dir, m.when, true, ended)
	}
	select {
	case err := <-ended:
		ended <- err
	case <-time.After(m.after):
		if err := c.Process.Signal(m.sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	}
	return end(t, args, c, <-ended, stdout, stderr, time.Since(start))
}

// once cuts one run short and says what it left: the old files, the new ones,
// or a journal from which the next start made the new ones.
func (s scenario) once(t *testing.T, dir string, before map[string]string, m cut) string {
	t.Helper()
	o := m.run(t, dir, s.args)
	if m.sig != syscall.SIGKILL {
		answered(t, dir, o)
	}
	how := "old"
	left := tree(t, dir)
	s.inputKept(t, before, left)
	if exists(dir, journal) {
		how = "journal"
		// any command will do; this one changes nothing itself
		next := must(t, dir, checkConfig)
		if !strings.Contains(next.stderr, "an earlier run had begun") {
			t.Errorf("the next start does not say that it finished the work: %s", next)
		}
		left = tree(t, dir)
		s.inputKept(t, before, left)
	} else if !maps.Equal(left, before) {
		how = "new"
	}
	if how != "old" {
		s.complete(t, before, left)
	}
	if how == "old" && o.code == 0 {
		t.Errorf("a run that ended with success left everything as it was: %s", o)
	}
	if t.Failed() {
		t.Logf("left: %s; %s", difference(left, before), o)
		return how
	}
	s.next(t, dir, left, how)
	return how
}

// answered looks at the end of a run that was asked to end.
func answered(t *testing.T, dir string, o outcome) {
	t.Helper()
	spoken(t, o)
	switch {
	case o.code == 0, o.code == 8 && strings.Contains(o.stderr, "interrupt"):
	case o.signal != 0 && !exists(dir, logFile):
		// the process had not even begun: nobody listened yet
	default:
		t.Errorf("want exit 8, or 0 if all was done: %s", o)
	}
	if o.signal == 0 && (exists(dir, stageDir) || exists(dir, lockFile)) {
		t.Errorf("a run that was asked to end did not tidy up: %s", o)
	}
}

// inputKept expects the install-config as it was; only a run that was asked to
// may have moved it into the state.
func (s scenario) inputKept(t *testing.T, before, left map[string]string) {
	t.Helper()
	if left[configFile] == before[configFile] {
		return
	}
	if _, there := left[configFile]; !there && slices.Contains(s.args, "--consume-inputs") {
		if st, err := readState(left); err == nil && string(st.Consumed[configFile]) == before[configFile] {
			return
		}
	}
	if slices.Contains(s.args, "install-config") { // written in another form, the old one is aside
		for name, content := range left {
			if strings.HasPrefix(name, "replaced-") && content == before[configFile] {
				return
			}
		}
	}
	t.Errorf("%s is not what it was", configFile)
}

// complete expects a whole new result, and what was moved aside.
func (s scenario) complete(t *testing.T, before, left map[string]string) {
	t.Helper()
	if err := mixed(left, s.args); err != nil {
		t.Errorf("neither the old result nor the new: %v", err)
	}
	if s.name != "manifests-overwrite" {
		return
	}
	for name, content := range before {
		if !strings.HasPrefix(name, "manifests/") && !strings.HasPrefix(name, "openshift/") {
			continue
		}
		aside := slices.ContainsFunc(names(left), func(n string) bool {
			return strings.HasPrefix(n, "replaced-") && strings.HasSuffix(n, "/"+name) && left[n] == content
		})
		if !aside {
			t.Errorf("%s was not kept aside", name)
		}
	}
	if !strings.Contains(left["manifests/cluster-dns-02-config.yml"], "example.org") {
		t.Error("the new manifests are not made from the new install-config")
	}
}

// next expects that the same command succeeds afterwards, and that it leaves a
// new result as it is.
func (s scenario) next(t *testing.T, dir string, left map[string]string, how string) {
	t.Helper()
	must(t, dir, s.args)
	now := tree(t, dir)
	if err := mixed(now, s.args); err != nil {
		t.Errorf("after the next run: %v", err)
	}
	if d := difference(now, left); d != "" && how != "old" && s.repeatable() {
		t.Errorf("the next run changed a complete result: %s", d)
	}
	if exists(dir, stageDir) || exists(dir, lockFile) {
		t.Error("the next run did not tidy up")
	}
}

// repeatable tells that a second run has nothing to do.
func (s scenario) repeatable() bool {
	return !slices.ContainsFunc(s.args, func(arg string) bool {
		return arg == "--reissue" || arg == "--overwrite" || arg == "--consume-inputs"
	})
}

// keep copies a directory to where it stays after the test.
func keep(t *testing.T, dir string) string {
	t.Helper()
	kept := filepath.Join(os.TempDir(), "okd-e2e-failed-"+strings.ReplaceAll(t.Name(), "/", "-")+"-"+filepath.Base(dir))
	if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
		return err.Error()
	}
	return kept
}
