package assetdir

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/system"
	"github.com/okd-project/okd-install/test/folder"
)

// planted fills a directory with files and a journal that looks like one of ours.
func planted(t *testing.T, files map[string]string, j any) string {
	t.Helper()
	dir := folder.Filled(t, files)
	if err := os.MkdirAll(filepath.Join(dir, stageDir), 0o700); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, journalPath), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// refusedRecovery opens a directory, which is refused and left as it is.
func refusedRecovery(t *testing.T, dir string, want ...string) {
	t.Helper()
	before := folder.Tree(t, dir)
	err := reopen(t, dir)
	if err == nil {
		t.Error("it was opened")
		return
	}
	for _, w := range append(want, "hint: ") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want %q in it", err, w)
		}
	}
	if got := folder.Tree(t, dir); !maps.Equal(got, before) {
		t.Errorf("changed: %q, was %q", got, before)
	}
}

// An asset directory may come from somebody else, with a journal that leads out
// of it through a link. As root, that once wrote to /etc/cron.d.
func TestRecoveryGoesThroughNoLink(t *testing.T) {
	t.Parallel()
	digest := digestOf("theirs")
	for name, j := range map[string]journal{
		"a write":               {Writes: []move{{From: stageDir + "/0", To: "L/cron", Digest: digest}}},
		"a write over a file":   {Writes: []move{{From: stageDir + "/0", To: "L/victim", Digest: digest, Replaces: digestOf("victim")}}},
		"a move into":           {Moves: []move{{From: "mine", To: "L/x", Digest: digestOf("mine")}}},
		"a move out of":         {Moves: []move{{From: "L/victim", To: "x", Digest: digestOf("victim")}}},
		"a removal":             {Removals: []removal{{"L/victim", digestOf("victim")}}},
		"a link as what is new": {Writes: []move{{From: stageDir + "/1", To: "x", Digest: "link:/etc/passwd"}}},
		"a deeper link":         {Writes: []move{{From: stageDir + "/0", To: "a/L/cron", Digest: digest}}},
	} {
		for _, version := range []int{0, journalSchema} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				j := j
				elsewhere := folder.Filled(t, map[string]string{"victim": "victim"})
				j.SchemaVersion = version
				var planting any = j
				if version == 0 {
					old := struct {
						Moves, Writes []move
						Removes       []string `json:"removes"`
					}{Moves: bare(j.Moves), Writes: bare(j.Writes)}
					for _, r := range j.Removals {
						old.Removes = append(old.Removes, r.Name)
					}
					planting = map[string]any{"moves": old.Moves, "writes": old.Writes, "removes": old.Removes}
				}
				dir := planted(t, map[string]string{"mine": "mine", stageDir + "/0": "theirs", "a/b": "b"}, planting)
				if err := os.Chmod(filepath.Join(dir, stageDir), 0o700); err != nil {
					t.Fatal(err)
				}
				for link, target := range map[string]string{"L": elsewhere, "a/L": elsewhere, stageDir + "/1": "/etc/passwd"} {
					if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
						t.Skip("this system makes no links:", err)
					}
				}
				refusedRecovery(t, dir)
				if got := folder.Tree(t, elsewhere); !maps.Equal(got, map[string]string{"victim": "victim"}) {
					t.Errorf("changed elsewhere: %q", got)
				}
			})
		}
	}
}

func bare(moves []move) []move {
	out := slices.Clone(moves)
	for i := range out {
		out[i].Digest, out[i].Replaces = "", ""
	}
	return out
}

// The names in a journal are those of a result, within the directory, and what
// is written was written aside.
func TestParseJournalRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"schemaVersion":1,"writes":[{"from":"other/0","to":"a","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/../x","to":"a","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/x/0","to":"a","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/journal.json","to":"a","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"../a","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"/etc/passwd","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":".","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"a/../b","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":".okd_install_commit/1","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":".OKD_install.lock","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"a\u0000b","digest":"x"}]}`,
		`{"schemaVersion":1,"writes":[{"from":".okd_install_commit/0","to":"a"}]}`,
		`{"schemaVersion":1,"moves":[{"from":"..","to":"a","digest":"x"}]}`,
		`{"schemaVersion":1,"removals":[{"name":"../x","digest":"x"}]}`,
		`{"schemaVersion":1,"removes":["x"]}`,
		`{"removes":["../../etc/passwd"]}`,
		`{"schemaVersion":2}`, `{"schemaVersion":-1}`, `{"schemaVersion":1,"other":1}`, `[]`, `null x`, ``,
	} {
		if j, err := parseJournal([]byte(text)); err == nil {
			t.Errorf("%s: taken: %+v", text, j)
		}
	}
}

// A journal has to be ours, closed to others, and in a directory that is.
func TestRecoveryTrustsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	if !system.PermissionsCount {
		t.Skip("this system has no permission bits")
	}
	j := journal{SchemaVersion: journalSchema, Removals: []removal{{"install-config.yaml", digestOf("input")}}}
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"open folder":  {func(dir string) error { return os.Chmod(filepath.Join(dir, stageDir), 0o755) }, "mode 0755"},
		"open journal": {func(dir string) error { return os.Chmod(filepath.Join(dir, journalPath), 0o644) }, "mode 0644"},
		"link as folder": {func(dir string) error {
			other := filepath.Join(dir, "other")
			return errors.Join(os.Rename(filepath.Join(dir, stageDir), other), os.Symlink("other", filepath.Join(dir, stageDir)))
		}, "something else with the name"},
		"link as journal": {func(dir string) error {
			other := filepath.Join(dir, "other")
			return errors.Join(os.Rename(filepath.Join(dir, journalPath), other), os.Symlink("../other", filepath.Join(dir, journalPath)))
		}, "not a regular file"},
		"shared directory": {func(dir string) error { return os.Chmod(dir, 0o777) }, "users other than you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := planted(t, map[string]string{"install-config.yaml": "input"}, j)
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			refusedRecovery(t, dir, c.want)
			// a flag opens a shared directory, but it does not finish what is in it
			if _, err := Open(t.Context(), dir, Opening{Command: "test", AllowShared: true}); err == nil ||
				!strings.Contains(err.Error(), "somebody wants it to look that way") && c.want != "something else with the name" {
				t.Errorf("with the flag: %v", err)
			}
			if got := folder.Tree(t, dir)["install-config.yaml"]; got != "input" {
				t.Errorf("the input is %q", got)
			}
		})
	}
}

func TestSharedDirectories(t *testing.T) {
	t.Parallel()
	if !system.PermissionsCount {
		t.Skip("this system has no permission bits")
	}
	for mode, hint := range map[os.FileMode]string{0o775: "chmod g-w ", 0o757: "chmod o-w ", 0o777: "chmod go-w "} {
		dir := folder.Filled(t, map[string]string{"install-config.yaml": "input"})
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		refusedRecovery(t, dir, hint+dir, "--allow-shared-dir")
		if w, err := OpenLog(dir, "log", false); w != nil || err != nil {
			t.Errorf("a log is kept there: %v", err)
		}
		d, err := Open(t.Context(), dir, Opening{Command: "test", AllowShared: true})
		if err != nil {
			t.Fatal(err)
		}
		// somebody else may have put links there
		if err := os.Symlink("/etc/passwd", filepath.Join(dir, "in")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.ReadFile("in"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
			t.Errorf("a link is read: %v", err)
		}
		_ = d.Close()
	}
	for _, mode := range []os.FileMode{0o700, 0o755, 0o750} {
		dir := folder.Filled(t, nil)
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := reopen(t, dir); err != nil {
			t.Error(err)
		}
	}
}

// The file that an earlier version left is finished where that destroys nothing.
func TestJournalWithoutDigests(t *testing.T) {
	t.Parallel()
	type files = map[string]string
	j := map[string]any{
		"moves":   []move{{From: "m", To: "replaced/m"}},
		"writes":  []move{{From: stageDir + "/0", To: StateFile}, {From: stageDir + "/1", To: "a"}, {From: stageDir + "/2", To: "m/y"}},
		"removes": []string{"in"},
	}
	state := stateOf(t, Files{"in": []byte("input")})
	staged := files{stageDir + "/0": state, stageDir + "/1": "new a", stageDir + "/2": "new y"}
	after := files{StateFile: state, "a": "new a", "m/y": "new y", "replaced/m/x": "old x"}
	for name, c := range map[string]struct {
		there, gone files
		// want is empty where the commit is finished.
		want []string
		also files
	}{
		"nothing in the way":        {files{"m/x": "old x", "in": "input"}, nil, nil, nil},
		"the folder moved":          {files{"replaced/m/x": "old x", "in": "input"}, nil, nil, nil},
		"some written":              {files{"replaced/m/x": "old x", "a": "new a", "in": "input"}, files{stageDir + "/1": ""}, nil, nil},
		"the same content":          {files{"m/x": "old x", "a": "new a", "in": "input"}, nil, nil, nil},
		"all done":                  {files{"replaced/m/x": "old x", StateFile: state, "a": "new a", "m/y": "new y"}, staged, nil, nil},
		"a file that is unknown":    {files{"m/x": "old x", "a": "old a", "in": "input"}, nil, []string{"earlier version", "hint: mv "}, files{"a.mine": "old a"}},
		"an input that was edited":  {files{"m/x": "old x", "in": "edited"}, nil, []string{"earlier version", "hint: mv "}, files{"in.mine": "edited"}},
		"a state that is not known": {files{"m/x": "old x", StateFile: stateOf(t, nil)}, nil, []string{"earlier version"}, files{StateFile + ".mine": stateOf(t, nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := files{}
			for _, part := range []files{staged, c.there} {
				for name, content := range part {
					all[name] = content
				}
			}
			for name := range c.gone {
				delete(all, name)
			}
			dir := planted(t, all, j)
			if err := os.Chmod(filepath.Join(dir, stageDir), 0o700); err != nil {
				t.Fatal(err)
			}
			if c.want != nil {
				refusedRecovery(t, dir, c.want...)
				followHint(t, reopen(t, dir).Error())
			}
			if err := reopen(t, dir); err != nil {
				t.Fatal(err)
			}
			want := files{}
			for _, part := range []files{after, c.also} {
				for name, content := range part {
					want[name] = content
				}
			}
			if got := folder.Tree(t, dir); !maps.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// What was written aside may be lost, by a hand that tidied up. Then it matters
// whether anything was moved into place before.
func TestRecoveryWithoutWhatWasStaged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		begun bool
		spoil func(path string) error
		hint  string
	}{
		{false, os.Remove, "everything is as it was"},
		{false, func(p string) error { return os.WriteFile(p, []byte("other"), 0o600) }, "everything is as it was"},
		{true, os.Remove, "restore the directory"},
	} {
		dir := folder.Filled(t, map[string]string{"a": "old a", "b": "old b"})
		d := openTestDir(t, dir)
		stage(t, d, journal{SchemaVersion: journalSchema, Writes: []move{
			{From: stageDir + "/0", To: "a", Digest: digestOf("new a")}, {From: stageDir + "/1", To: "b", Digest: digestOf("new b")},
		}}, Files{"a": []byte("new a"), "b": []byte("new b")})
		lost := stageDir + "/0"
		if c.begun {
			lost = stageDir + "/1"
			if err := d.rename(stageDir+"/0", "a"); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.spoil(d.Abs(lost)); err != nil {
			t.Fatal(err)
		}
		_ = d.Close()
		refusedRecovery(t, dir, "cannot be finished", c.hint)
		looked, err := Look(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		if names, err := looked.Unfinished(); names == nil || err == nil || !strings.Contains(err.Error(), "cannot be finished") {
			t.Errorf("what is unfinished: %v, %v", names, err)
		}
		_ = looked.Close()
	}
}
