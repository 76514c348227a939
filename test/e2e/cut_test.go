//go:build e2e && unix

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/test/faults"
	"github.com/okd-project/okd-install/test/folder"
)

// The tests in this file cut the commit of each command short at its system
// calls, one after the other: they kill the command there, or have the call fail.
// Nothing may be lost then, and nothing may be written outside of the directory.
//
// Each call that changes something is killed. A commit has hundreds of others,
// which can only fail: these are tried at even distances, or all of them, in most
// of an hour, with OKD_E2E_CUTS=all.

const singleNodeConfig = configHead + `featureSet: TechPreviewNoUpgrade
pki:
  signerCertificates:
    key:
      algorithm: ECDSA
      ecdsa:
        curve: P256
controlPlane:
  name: master
  replicas: 1
compute:
- name: worker
  replicas: 0
bootstrapInPlace:
  installationDisk: /dev/sda
`

var cutScenarios = []scenario{
	{name: "install-config", args: []string{"create", "install-config", "--overwrite"}, start: onlyConfig("ecdsa")},
	{name: "manifests", args: manifests, start: onlyConfig("ecdsa")},
	{name: "overwrite", args: append(slices.Clone(manifests), "--overwrite"), start: changed},
	{name: "consume-inputs", args: append(slices.Clone(ignition), "--consume-inputs"), start: after(manifests)},
	{name: "reissue", args: append(slices.Clone(ignition), "--reissue"), start: after(ignition)},
	{
		name: "single-node", args: []string{"create", "single-node-ignition-config", "--leaf-key", "ecdsa-p256"},
		start: func(*testing.T) map[string]string { return map[string]string{configFile: singleNodeConfig} },
	},
	{name: "pointer", args: []string{"create", "bootstrap-pointer", "--url", "https://example.com/bootstrap.ign"}, start: after(ignition)},
}

// program is a run under the harness.
func (s scenario) program(dir string, args []string) faults.Program {
	return faults.Program{
		Args: slices.Concat([]string{okd}, args, []string{"--dir", dir}), Env: os.Environ(), Dir: dir,
		From: func(c faults.Call) bool { return c.Name == "mkdirat" && filepath.Base(c.Path) == stageDir },
		// what goes to the log is no part of a commit
		Counts: func(c faults.Call) bool { return filepath.Base(c.Path) != logFile },
	}
}

// realDir is a new directory by the name that the kernel has for it.
func realDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(copyTree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// some picks at most n of the calls, at even distances.
func some(all []int, n int) []int {
	if len(all) <= n || os.Getenv("OKD_E2E_CUTS") == "all" {
		return all
	}
	picked := make([]int, 0, n)
	for i := range n {
		picked = append(picked, all[i*len(all)/n])
	}
	return picked
}

// calls returns the numbers of the calls of a commit that are to be tried: those
// before the journal counts, and those after.
func (s scenario) calls(t *testing.T, before map[string]string, counts func(faults.Call) bool) (staging, moving []int, all []faults.Call) {
	t.Helper()
	r := faults.Run(t, s.program(realDir(t, before), s.args), faults.Fault{})
	if r.Code != 0 || len(r.Outside) > 0 || len(r.Calls) == 0 {
		t.Fatalf("without any fault: exit %d, outside %v, %d calls: %s", r.Code, r.Outside, len(r.Calls), r.Stderr)
	}
	committed := false
	for i, c := range r.Calls {
		if counts(c) && committed {
			moving = append(moving, i+1)
		} else if counts(c) {
			staging = append(staging, i+1)
		}
		committed = committed || strings.HasSuffix(c.To, "/"+journal)
	}
	return staging, moving, r.Calls
}

// finishDir is the variable in which this program finds a directory to open and to
// close again, which finishes what a stopped run has begun.
const finishDir = "OKD_E2E_FINISH"

// openAndClose is what this program does where finishDir is set.
func openAndClose(dir string) int {
	d, err := assetdir.Open(context.Background(), dir, assetdir.Opening{Command: "test"})
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func finish(t *testing.T, story, dir string) {
	t.Helper()
	c := exec.Command(self(t))
	c.Env = append(os.Environ(), finishDir+"="+dir)
	if out, err := c.CombinedOutput(); err != nil || exists(dir, stageDir) || exists(dir, lockFile) {
		t.Errorf("%s: the next start: %v: %s", story, err, out)
	}
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// inTurn calls f for each number, two at a time.
func inTurn(numbers []int, f func(n int)) {
	var wg sync.WaitGroup
	free := make(chan bool, 2)
	for _, n := range numbers {
		free <- true
		wg.Go(func() { defer func() { <-free }(); f(n) })
	}
	wg.Wait()
}

func TestCutShort(t *testing.T) {
	t.Parallel()
	for _, s := range cutScenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			before := s.start(t)
			staging, moving, all := s.calls(t, before, func(c faults.Call) bool { return c.Changes })
			t.Logf("%d calls are killed, %d of them after the journal counts", len(staging)+len(moving), len(moving))
			inTurn(slices.Concat(staging, moving), func(n int) { s.kill(t, before, n, all[n-1]) })
			for _, f := range []faults.Fault{{Errno: syscall.EIO}, {Errno: syscall.EROFS, Always: true}} {
				staging, moving, all := s.calls(t, before, func(c faults.Call) bool { return c.Changes || !f.Always })
				tried := slices.Concat(some(staging, 12), some(moving, 16))
				t.Logf("%d of %d calls fail with %v", len(tried), len(staging)+len(moving), f.Errno)
				inTurn(tried, func(n int) {
					f := f
					f.At = n
					s.fail(t, before, f, all[n-1])
				})
			}
		})
	}
}

// kill kills a run at a call, edits what was to be changed, and has the next
// start, which is killed as well, finish the work.
func (s scenario) kill(t *testing.T, before map[string]string, n int, call faults.Call) {
	t.Helper()
	dir := realDir(t, before)
	r := faults.Run(t, s.program(dir, s.args), faults.Fault{At: n})
	story := fmt.Sprintf("killed at call %d, %s", n, strings.ReplaceAll(call.String(), dir, "…"))
	if !r.Killed || len(r.Outside) > 0 {
		t.Errorf("%s: killed %t, changed outside %v", story, r.Killed, r.Outside)
		return
	}
	left := tree(t, dir)
	if !exists(dir, journal) {
		if d := difference(left, before); d != "" && s.consistent(left) != nil {
			t.Errorf("%s: neither old nor new: %s, %v", story, d, s.consistent(left))
		}
	} else {
		j := readJournal(t, dir)
		for _, name := range j.names() {
			s.edit(t, story, dir, name)
		}
		want := j.result(t, dir, left)
		// a start that is killed as well leaves it to the next one
		second := faults.Run(t, faults.Program{
			Args: []string{self(t)}, Env: append(os.Environ(), finishDir+"="+dir), Dir: dir, Counts: func(c faults.Call) bool { return c.Changes },
		}, faults.Fault{At: 1 + n%9})
		if len(second.Outside) > 0 {
			t.Errorf("%s: the next start changed outside: %v", story, second.Outside)
		}
		finish(t, story, dir)
		if d := difference(tree(t, dir), want); d != "" {
			t.Errorf("%s: the next start did not finish it: %s", story, d)
		}
		if err := s.consistent(tree(t, dir)); err != nil {
			t.Errorf("%s: %v", story, err)
		}
	}
	s.inputKept(t, before, tree(t, dir))
	if s.name != "overwrite" && s.name != "consume-inputs" { // these cannot be repeated as they are
		must(t, dir, s.args)
	}
}

// fail has a call fail, and compares what the command says with what it left.
func (s scenario) fail(t *testing.T, before map[string]string, f faults.Fault, call faults.Call) {
	t.Helper()
	dir := realDir(t, before)
	r := faults.Run(t, s.program(dir, s.args), f)
	story := fmt.Sprintf("%v at call %d, %s", f.Errno, f.At, strings.ReplaceAll(call.String(), dir, "…"))
	left := tree(t, dir)
	d, counts := difference(left, before), exists(dir, journal)
	switch unchanged := strings.Contains(r.Stderr, "nothing in it was changed"); {
	case len(r.Outside) > 0 || r.Killed || strings.Contains(r.Stderr, "goroutine "):
		t.Errorf("%s: %v, %s", story, r.Outside, r.Stderr)
	case unchanged && (d != "" || counts):
		t.Errorf("%s: it is not true that nothing was changed: journal %t, %s", story, counts, d)
	case r.Code != 0 && !unchanged && !strings.Contains(r.Stderr, "could not be moved into place") && (d != "" || counts):
		t.Errorf("%s: exit %d: %s", story, r.Code, r.Stderr)
	case r.Code != 0 && !strings.Contains(r.Stderr, "hint: "):
		t.Errorf("%s: no hint: %s", story, r.Stderr)
	case r.Code == 0 && s.consistent(left) != nil:
		t.Errorf("%s: success, but %v", story, s.consistent(left))
	}
	want := left
	if counts {
		want = readJournal(t, dir).result(t, dir, left)
	}
	finish(t, story, dir)
	if d := difference(tree(t, dir), want); d != "" {
		t.Errorf("%s: after the next start: %s", story, d)
	}
	s.inputKept(t, before, tree(t, dir))
}

// consistent says why the outputs in a directory are not those of one run.
func (s scenario) consistent(files map[string]string) error {
	switch s.args[1] {
	case "manifests", "ignition-configs":
		return mixed(files, s.args)
	}
	st, err := readState(files)
	if err != nil {
		return err
	}
	for name, sum := range st.Written {
		if got := sha256.Sum256([]byte(files[name])); hex.EncodeToString(got[:]) != sum {
			return fmt.Errorf("%s is not the one that the state speaks of", name)
		}
	}
	return nil
}

// edit changes, in a copy of the directory, what a stopped run was to change.
func (s scenario) edit(t *testing.T, story, killed, name string) {
	t.Helper()
	const edited = "# edited after the kill\n"
	dir := filepath.Join(t.TempDir(), "copy")
	if err := errors.Join(os.Mkdir(dir, 0o700), folder.Copy(dir, killed)); err != nil {
		t.Error(err)
		return
	}
	_ = os.Remove(filepath.Join(dir, lockFile))
	path := filepath.Join(dir, name)
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "edited.yaml")
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(edited), 0o600)); err != nil {
		t.Error(err)
		return
	}
	before, staged := tree(t, dir), entries(t, filepath.Join(dir, stageDir))
	kept := func() bool { return slices.Contains(slices.Collect(maps.Values(tree(t, dir))), edited) }
	o := run(t, dir, checkConfig)
	if strings.Contains(o.stderr, "nothing was touched") {
		refused(t, o, 1, "this is yours", "hint: mv ")
		if d := difference(tree(t, dir), before); d != "" || entries(t, filepath.Join(dir, stageDir)) != staged {
			t.Errorf("%s, %s edited: something was touched: %s", story, name, d)
		}
		for line := range strings.SplitSeq(o.stderr, "\n") {
			if _, words, ok := strings.Cut(line, "hint: mv "); ok {
				f := strings.Fields(words)
				if err := os.Rename(f[0], f[1]); err != nil {
					t.Errorf("%s, %s edited: the hint does not help: %v", story, name, err)
				}
			}
		}
		if o = run(t, dir, checkConfig); exists(dir, journal) || !strings.Contains(o.stderr, "finished what an earlier run") {
			t.Errorf("%s, %s edited: still not finished: %s", story, name, o)
		}
	}
	if !kept() {
		t.Errorf("%s: the edit of %s is lost: %s", story, name, o)
	}
}

// theJournal is what these tests read of a journal.
type theJournal struct {
	Moves, Writes []struct{ From, To string }
	Removals      []struct{ Name string }
}

func readJournal(t *testing.T, dir string) theJournal {
	t.Helper()
	var j theJournal
	if err := json.Unmarshal([]byte(get(t, dir, journal)), &j); err != nil {
		t.Error(err)
	}
	return j
}

// names are some of those that it changes: of manifests the first few will do.
func (j theJournal) names() []string {
	var all []string
	for _, r := range j.Removals {
		all = append(all, r.Name)
	}
	for _, m := range j.Moves {
		all = append(all, m.From, m.To)
	}
	for _, w := range j.Writes {
		all = append(all, w.To)
	}
	slices.Sort(all)
	seen := map[string]int{}
	return slices.DeleteFunc(slices.Compact(all), func(name string) bool {
		folder := filepath.Dir(name)
		seen[folder]++
		return strings.HasSuffix(folder, "manifests") && seen[folder] > 1 || folder == "openshift"
	})
}

// result is what a directory holds once the journal is carried out.
func (j theJournal) result(t *testing.T, dir string, left map[string]string) map[string]string {
	t.Helper()
	want := maps.Clone(left)
	for _, m := range j.Moves {
		if exists(dir, m.To) {
			continue
		}
		for _, name := range names(left) {
			if rest, ok := strings.CutPrefix(name, m.From); ok && (rest == "" || rest[0] == '/') {
				delete(want, name)
				want[m.To+rest] = left[name]
			}
		}
	}
	for _, w := range j.Writes {
		if exists(dir, w.From) {
			want[w.To] = get(t, dir, w.From)
		}
	}
	for _, r := range j.Removals {
		delete(want, r.Name)
	}
	return want
}
