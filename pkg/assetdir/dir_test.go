package assetdir

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

func openTestDir(t *testing.T, path string) *Locked {
	t.Helper()
	d, err := Open(t.Context(), path, Opening{Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestCommitWritesPrivateFiles(t *testing.T) {
	if !system.PermissionsCount {
		t.Skip("this system has no permission bits")
	}
	dir := t.TempDir()
	folder.Put(t, dir, "auth/old", "public")
	d := openTestDir(t, dir)
	files := Files{"auth/kubeconfig": []byte("secret"), "auth/old": []byte("public"), "bootstrap.ign": []byte("{}")}
	written, err := d.Commit(Change{Write: files})
	if err != nil {
		t.Fatal(err)
	}
	// auth/old holds the right bytes but everybody can read it, so it is written again
	if got := strings.Join(written, " "); got != "auth/kubeconfig auth/old bootstrap.ign" {
		t.Errorf("wrote %q", got)
	}
	for name, mode := range map[string]fs.FileMode{
		"auth": 0o700 | fs.ModeDir, "auth/kubeconfig": 0o600, "auth/old": 0o600, "bootstrap.ign": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, mode)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, stageDir)); err == nil {
		t.Error("the staging folder is left behind")
	}
	if written, err := d.Commit(Change{Write: files}); err != nil || len(written) != 0 {
		t.Errorf("the same again wrote %q, %v; want nothing", written, err)
	}
}

func TestCommitMovesAsideAndRemoves(t *testing.T) {
	dir := t.TempDir()
	folder.Put(t, dir, "manifests/mine.yaml", "edited")
	folder.Put(t, dir, "install-config.yaml", "input")
	d := openTestDir(t, dir)
	_, err := d.Commit(Change{
		Aside:  map[string]string{"manifests": "replaced/manifests"},
		Write:  Files{"manifests/new.yaml": []byte("made")},
		Remove: []string{"install-config.yaml"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	want := map[string]string{"replaced/manifests/mine.yaml": "edited", "manifests/new.yaml": "made"}
	if got := folder.Tree(t, dir); !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRecoveryAtEveryStep plays a commit that is killed after each of its steps:
// whatever has happened by then, the next start ends with the old files or
// with the new ones, never with some of each.
func TestRecoveryAtEveryStep(t *testing.T) {
	before := map[string]string{"a": "old a", "m/x.yaml": "old x", "gone": "input"}
	after := map[string]string{"a": "new a", "b/c": "new c", "m/y.yaml": "new y", "replaced/m/x.yaml": "old x"}
	change := Change{
		Aside:  map[string]string{"m": "replaced/m"},
		Write:  Files{"a": []byte("new a"), "b/c": []byte("new c"), "m/y.yaml": []byte("new y")},
		Remove: []string{"gone"},
	}
	j := journal{
		SchemaVersion: journalSchema,
		Moves:         []move{{From: "m", To: "replaced/m"}},
		Writes: []move{
			{From: stageDir + "/0", To: "a", Digest: digestOf("new a")}, {From: stageDir + "/1", To: "b/c", Digest: digestOf("new c")},
			{From: stageDir + "/2", To: "m/y.yaml", Digest: digestOf("new y")},
		},
		Removals: []removal{{Name: "gone"}},
	}
	steps := []func(d *Locked) error{
		func(d *Locked) error { return os.Rename(d.Abs("m"), d.Abs("replaced/m")) },
		func(d *Locked) error { return os.Rename(d.Abs(stageDir+"/0"), d.Abs("a")) },
		func(d *Locked) error { return os.Rename(d.Abs(stageDir+"/1"), d.Abs("b/c")) },
		func(d *Locked) error { return d.mkdir("m") },
		func(d *Locked) error { return os.Rename(d.Abs(stageDir+"/2"), d.Abs("m/y.yaml")) },
		func(d *Locked) error { return os.Remove(d.Abs("gone")) },
		func(d *Locked) error { return os.Remove(d.Abs(stageDir + "/" + journalFile)) },
	}
	for killed := -1; killed <= len(steps); killed++ {
		dir := t.TempDir()
		for name, content := range before {
			folder.Put(t, dir, name, content)
		}
		d := openTestDir(t, dir)
		stage(t, d, j, change.Write)
		want := after
		if killed < 0 { // before the journal was in place
			want = before
			if err := os.Remove(d.Abs(stageDir + "/" + journalFile)); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range steps[:max(killed, 0)] {
			if err := step(d); err != nil {
				t.Fatal(err)
			}
		}
		_ = d.Close()
		_ = openTestDir(t, dir).Close()
		if got := folder.Tree(t, dir); !maps.Equal(got, want) {
			t.Errorf("killed after step %d: got %q, want %q", killed, got, want)
		}
	}
}

// stage stages a commit up to the moment from which it counts.
func stage(t *testing.T, d *Locked, j journal, contents Files) {
	t.Helper()
	s := staging{dir: d.Dir, journal: j, touched: map[string]bool{".": true, stageDir: true}}
	if err := s.stage(contents); err != nil {
		t.Fatal(err)
	}
}

func digestOf(content string) string { return dataDigest([]byte(content)) }

func TestCommitRefusesLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "auth")); err != nil {
		t.Skip("this system makes no links:", err)
	}
	d := openTestDir(t, dir)
	_, err := d.Commit(Change{Write: Files{"auth/kubeconfig": []byte("secret"), "bootstrap.ign": []byte("{}")}})
	if err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("got %v, want a refusal", err)
	}
	_ = d.Close()
	if len(folder.Tree(t, elsewhere)) != 0 || len(folder.Tree(t, dir)) != 0 {
		t.Errorf("something was written: %v, %v", folder.Tree(t, elsewhere), folder.Tree(t, dir))
	}
}

func TestTheLockNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	first := openTestDir(t, dir)
	waited := ""
	_, err := Open(t.Context(), dir, Opening{Command: "second", Wait: 60 * time.Millisecond, Waiting: func(h string) { waited = h }})
	if err == nil || !strings.Contains(err.Error(), "(test)") || !strings.Contains(waited, "(test)") {
		t.Errorf("got %v after waiting for %q, want the first process's command in both", err, waited)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, dir, Opening{Command: "third", Wait: time.Hour}); err == nil {
		t.Error("a cancelled wait must end")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && len(folder.Tree(t, dir)) != 0 {
		t.Errorf("the lock file is left behind: %v", folder.Tree(t, dir))
	}
	// what a killed process leaves does not lock anything
	folder.Put(t, dir, lockFile, `{"pid":1}`)
	_ = openTestDir(t, dir).Close()
}

func TestOnlyOneHoldsTheLock(t *testing.T) {
	dir := t.TempDir()
	inside := make(chan struct{}, 1)
	done := make(chan error)
	for range 8 {
		go func() {
			for range 40 {
				d, err := Open(context.Background(), dir, Opening{Command: "test", Wait: time.Minute})
				if err != nil {
					done <- err
					return
				}
				select {
				case inside <- struct{}{}:
				default:
					t.Error("two hold the lock")
				}
				select {
				case <-inside:
				default:
				}
				if err := d.Close(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestReadFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"manifests/a.yaml", "manifests/b.yml", "openshift/c.json", "manifests/notes.txt", "manifests/.a.yaml.swp",
		"manifests/sub/d.yaml",
	} {
		folder.Put(t, dir, name, name)
	}
	d := openTestDir(t, dir)
	files, left, ok, err := d.ReadFolders(counts, "manifests", "openshift")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got := strings.Join(slices.Sorted(maps.Keys(files)), " "); got != "manifests/a.yaml manifests/b.yml openshift/c.json" {
		t.Errorf("read %q", got)
	}
	if got := strings.Join(left, " "); got != "manifests/.a.yaml.swp manifests/notes.txt manifests/sub" {
		t.Errorf("left %q", got)
	}
	if _, _, ok, _ := d.ReadFolders(counts, "absent"); ok {
		t.Error("an absent folder holds nothing")
	}
}

func TestDirErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	folder.Put(t, dir, "file", "")
	for path, want := range map[string]string{
		filepath.Join(dir, "absent"): "does not exist",
		filepath.Join(dir, "file"):   "this is a file",
	} {
		if _, err := Open(t.Context(), path, Opening{Command: "test"}); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%s: got %v, want %q and a hint", path, err, want)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"moves":[{"from":"a","to":"b"}],"writes":[{"from":".okd_install_commit/0","to":"c/d"}],"removes":["e"]}`))
	f.Add([]byte(`{"removes":["../../etc/passwd"]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		j, err := parseJournal(in)
		if err != nil {
			return
		}
		for _, name := range append(append([]string{}, j.Removes...), slices.Sorted(maps.Keys(j.aside()))...) {
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				t.Errorf("%q leads out of the directory", name)
			}
		}
	})
}

// counts are the files that these tests read from folders.
func counts(name string) bool {
	return !strings.Contains(name, "/.") &&
		(strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".json"))
}
