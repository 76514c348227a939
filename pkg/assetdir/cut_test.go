package assetdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/okd-project/okd-install/test/faults"
	"github.com/okd-project/okd-install/test/folder"
)

// The tests in this file cut a commit short at each of its system calls. What
// test/e2e does with whole commands, they do with one small commit that has one
// of everything.

// commitDir is the variable in which TestCommitChild finds its directory.
const commitDir = "OKD_INSTALL_TEST_COMMIT"

// stateOf is a state file that remembers an input.
func stateOf(t *testing.T, consumed Files) string {
	t.Helper()
	data, err := json.Marshal(map[string]any{"schemaVersion": 1, "release": "4.22.0", "consumed": consumed})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func cutBefore(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"install-config.yaml": "input", "manifests/a.yaml": "mine", "manifests/sub/note": "note", "auth/kubeconfig": "old",
		"bootstrap.ign": "old", StateFile: stateOf(t, nil),
	}
}

func cutAfter(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"replaced-1/manifests/a.yaml": "mine", "replaced-1/manifests/sub/note": "note", "auth/kubeconfig": "new", "bootstrap.ign": "new",
		"manifests/a.yaml": "new", "made/for/it": "new", StateFile: stateOf(t, Files{"install-config.yaml": []byte("input")}),
	}
}

// TestCommitChild is what the test binary runs as when its commit is to be cut short.
func TestCommitChild(t *testing.T) {
	path := os.Getenv(commitDir)
	if path == "" {
		t.Skip("this is only for children of the tests in this file")
	}
	d, err := Open(t.Context(), path, Opening{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	change := Change{Aside: map[string]string{"manifests": "replaced-1/manifests"}, Write: Files{}, Remove: []string{"install-config.yaml"}}
	for name, content := range cutAfter(t) {
		if !strings.HasPrefix(name, "replaced-1/") {
			change.Write[name] = []byte(content)
		}
	}
	_, err = d.Commit(change)
	if left := d.Close(); left != nil {
		fmt.Println("warning:", left)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// cutShort runs a commit in a new directory with a fault.
func cutShort(t *testing.T, f faults.Fault) (string, faults.Result) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(folder.Filled(t, cutBefore(t)))
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := faults.Run(t, faults.Program{
		Args: []string{binary, "-test.run=^TestCommitChild$"}, Env: append(os.Environ(), commitDir+"="+dir), Dir: dir,
	}, f)
	for _, c := range r.Outside {
		if !strings.HasPrefix(filepath.Base(filepath.Dir(c.Path)), "TestCommitChild") {
			t.Errorf("%+v: changed outside of the directory: %s", f, c)
		}
	}
	return dir, r
}

// eachCut calls cut for each call of the commit, some at a time.
func eachCut(t *testing.T, counts func(faults.Call) bool, cut func(t *testing.T, at int, call faults.Call)) {
	t.Helper()
	dir, r := cutShort(t, faults.Fault{})
	if got := folder.Tree(t, dir); r.Code != 0 || !maps.Equal(got, cutAfter(t)) {
		t.Fatalf("without any fault: exit %d, %q\n%s", r.Code, got, r.Stdout)
	}
	if len(r.Calls) < 60 { // or the calls are not seen
		t.Fatalf("only %d calls: %v", len(r.Calls), r.Calls)
	}
	var wg sync.WaitGroup
	free := make(chan bool, 4)
	for i, call := range r.Calls {
		if !counts(call) {
			continue
		}
		wg.Go(func() {
			free <- true
			defer func() { <-free }()
			cut(t, i+1, call)
		})
	}
	wg.Wait()
}

// Killed before any of its calls, a commit leaves the old files or, after the next
// start, the new ones; and what anybody changes in between is never lost.
func TestCommitKilledAtEachCall(t *testing.T) {
	t.Parallel()
	before, after := cutBefore(t), cutAfter(t)
	eachCut(t, func(c faults.Call) bool { return c.Changes }, func(t *testing.T, at int, call faults.Call) {
		dir, r := cutShort(t, faults.Fault{At: at})
		if !r.Killed {
			t.Errorf("call %d, %s: not killed: %s", at, call, r.Stdout)
			return
		}
		story := fmt.Sprintf("killed at call %d, %s", at, call)
		if _, err := os.Lstat(filepath.Join(dir, journalPath)); err == nil {
			for name := range after {
				editAndFinish(t, story, dir, name)
			}
			editAndFinish(t, story, dir, "install-config.yaml")
			editAndFinish(t, story, dir, "manifests/sub/note")
		}
		if err := reopen(t, dir); err != nil {
			t.Errorf("%s: the next start: %v", story, err)
		}
		if got := folder.Tree(t, dir); !maps.Equal(got, before) && !maps.Equal(got, after) {
			t.Errorf("%s: neither the old files nor the new: %q", story, got)
		}
	})
}

func reopen(t *testing.T, dir string) error {
	t.Helper()
	d, err := Open(t.Context(), dir, Opening{Command: "test"})
	if err != nil {
		return err
	}
	return d.Close()
}

// editAndFinish changes a file after a kill. The next start finishes the commit
// without touching it, or touches nothing at all and says what to do. With that
// done it finishes the commit, and both versions are there.
func editAndFinish(t *testing.T, story, killed, name string) {
	t.Helper()
	const edit = "edited after the kill"
	dir := filepath.Join(t.TempDir(), "copy")
	if err := errors.Join(os.Mkdir(dir, 0o700), folder.Copy(dir, killed)); err != nil {
		t.Fatal(err)
	}
	folder.Put(t, dir, name, edit)
	_ = os.Remove(filepath.Join(dir, lockFile))
	before := folder.Tree(t, dir)
	err := reopen(t, dir)
	if err != nil {
		if got := folder.Tree(t, dir); !maps.Equal(got, before) {
			t.Errorf("%s, %s edited: refused, and changed all the same", story, name)
		}
		for _, want := range []string{"this is yours", "nothing was touched", "hint: mv "} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s edited: the error does not say %q: %v", story, name, want, err)
			}
		}
		followHint(t, err.Error())
		if err := reopen(t, dir); err != nil {
			t.Errorf("%s, %s edited and moved away: %v", story, name, err)
		}
		for name, content := range cutAfter(t) {
			if data, err := os.ReadFile(filepath.Join(dir, name)); !strings.HasPrefix(name, "replaced-1/") &&
				(err != nil || string(data) != content) {
				t.Errorf("%s, edited: %s is not finished", story, name)
			}
		}
	}
	for _, content := range folder.Tree(t, dir) {
		if content == edit {
			return
		}
	}
	t.Errorf("%s: the edit of %s is lost (%v)", story, name, err)
}

// followHint does what a hint of the form "mv A B keeps yours" says.
func followHint(t *testing.T, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if _, words, ok := strings.Cut(line, "hint: mv "); ok {
			f := strings.Fields(words)
			if err := os.Rename(f[0], f[1]); err != nil {
				t.Error(err)
			}
		}
	}
}

// With any of its calls failing, a commit says truly how far it has come.
func TestCommitFailsAtEachCall(t *testing.T) {
	t.Parallel()
	before, after := cutBefore(t), cutAfter(t)
	for _, f := range []faults.Fault{{Errno: syscall.EIO}, {Errno: syscall.EROFS, Always: true}} {
		eachCut(t, func(c faults.Call) bool { return c.Changes || !f.Always && c.Name == "fsync" }, func(t *testing.T, at int, call faults.Call) {
			f := f
			f.At = at
			dir, r := cutShort(t, f)
			story := fmt.Sprintf("%v at call %d, %s", f.Errno, at, call)
			_, err := os.Lstat(filepath.Join(dir, journalPath))
			got, counts := folder.Tree(t, dir), err == nil
			for name := range got {
				if strings.HasPrefix(name, stageDir+"/") || name == lockFile {
					delete(got, name)
				}
			}
			same := maps.Equal(got, before)
			switch unchanged := strings.Contains(r.Stdout, "nothing in it was changed"); {
			case r.Code == 0 && !maps.Equal(got, after):
				t.Errorf("%s: success, but the new files are not there: %q", story, got)
			case unchanged && (!same || counts):
				t.Errorf("%s: %q says that nothing was changed; journal %t, %q", story, r.Stdout, counts, got)
			case r.Code != 0 && !unchanged && !strings.Contains(r.Stdout, "could not be moved into place") && (!same || counts):
				t.Errorf("%s: %q; journal %t, %q", story, r.Stdout, counts, got)
			case r.Code != 0 && !strings.Contains(r.Stdout, "hint: "):
				t.Errorf("%s: no hint: %s", story, r.Stdout)
			}
			if err := reopen(t, dir); err != nil {
				t.Errorf("%s: the next start: %v", story, err)
			}
			want := before
			if r.Code == 0 || counts {
				want = after
			}
			if got := folder.Tree(t, dir); !maps.Equal(got, want) {
				t.Errorf("%s: exit %d, after the next start: %q", story, r.Code, got)
			}
		})
	}
}

// A journal has a digest for all that its renames touch.
func TestJournalHasDigests(t *testing.T) {
	t.Parallel()
	dir := folder.Filled(t, map[string]string{"a": "old", "in": "input", "m/x": "mine"})
	d := openTestDir(t, dir)
	stage(t, d, journal{
		SchemaVersion: journalSchema, Moves: []move{{From: "m", To: "r/m"}}, Removals: []removal{{Name: "in"}},
		Writes: []move{{From: stageDir + "/0", To: "a", Digest: digestOf("new")}, {From: stageDir + "/1", To: "b", Digest: digestOf("new b")}},
	}, Files{"a": []byte("new"), "b": []byte("new b")})
	data, err := os.ReadFile(filepath.Join(dir, journalPath))
	if err != nil {
		t.Fatal(err)
	}
	var j journal
	if err := json.Unmarshal(data, &j); err != nil {
		t.Fatal(err)
	}
	if j.Writes[0].Replaces != digestOf("old") || j.Writes[1].Replaces != "" || j.Removals[0].Digest != digestOf("input") ||
		!strings.HasPrefix(j.Moves[0].Digest, "folder:") {
		t.Errorf("%+v", j)
	}
}
