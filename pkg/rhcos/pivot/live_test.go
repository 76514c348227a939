package pivot

import (
	"bytes"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ignition "github.com/coreos/ignition/v2/config/v3_4"
	"go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/test/needs"
)

// Everything below data/pivot is in some config, and nothing else is named.
func TestStaticFilesAreUsed(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	err := fs.WalkDir(data.Pivot, "pivot", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			want[name] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newPlan(t, fetchRequest()).live()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.files {
		delete(want, "pivot/files"+f.Path)
	}
	for _, u := range c.units {
		name := "pivot/units/" + u.name
		if u.dropin != "" {
			name += ".d/" + u.dropin
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("these are in no config: %v", want)
	}
}

// The files with their modes, and the generated ones whole.
func TestLiveFiles(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{"offline-deploy": offlineRequest(), "image": imageRequest(), "fetch": fetchRequest()} {
		c, err := newPlan(t, r).live()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range c.files {
			b.WriteString(fs.FileMode(f.Mode).String() + " " + f.Path + "\n")
		}
		for _, u := range c.units {
			b.WriteString("unit " + path.Join(u.name, u.dropin) + "\n")
		}
		for _, f := range c.files {
			if f.Path == environmentPath || f.Path == settingsPath {
				b.WriteString("\n--- " + f.Path + "\n" + string(f.Data))
			}
		}
		golden(t, name+"-files.txt", b.String())
	}
}

// The two languages say the same, and Ignition's own parser has nothing to add.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Request{"offline-deploy": offlineRequest(), "fetch": fetchRequest()} {
		r.HostFiles = append(r.HostFiles, File{"/etc/odd", 0o644, []byte("a\r\nb\x00\xff")}, File{"/etc/empty", 0o600, nil})
		p := newPlan(t, r)
		raw, err := p.Ignition()
		if err != nil {
			t.Fatal(err)
		}
		config, report, err := ignition.Parse(raw)
		if err != nil || len(report.Entries) > 0 {
			t.Fatalf("%s: %v %v", name, err, report)
		}
		butane, err := p.Butane()
		if err != nil {
			t.Fatal(err)
		}
		var readable struct {
			Variant, Version string
			Storage          struct {
				Files []struct {
					Path     string
					Mode     int
					Contents struct{ Inline, Source *string }
				}
			}
			Systemd unitsEntry
		}
		if err := yaml.Unmarshal(butane, &readable); err != nil {
			t.Fatal(err)
		}
		if readable.Variant != "fcos" || readable.Version != "1.5.0" || config.Ignition.Version != "3.4.0" {
			t.Errorf("%s %s for %s", readable.Variant, readable.Version, config.Ignition.Version)
		}
		c, err := p.live()
		if err != nil {
			t.Fatal(err)
		}
		if len(config.Storage.Files) != len(c.files) || len(readable.Storage.Files) != len(c.files) ||
			len(config.Systemd.Units) != len(c.units) || len(readable.Systemd.Units) != len(c.units) {
			t.Fatal("not everything is in both")
		}
		for i, f := range c.files {
			ours, theirs := config.Storage.Files[i], readable.Storage.Files[i]
			if ours.Path != f.Path || theirs.Path != f.Path || *ours.Mode != f.Mode || theirs.Mode != f.Mode || !*ours.Overwrite {
				t.Errorf("%s: %+v and %+v", f.Path, ours, theirs)
			}
			if theirs.Contents.Inline != nil && *theirs.Contents.Inline != string(f.Data) {
				t.Errorf("%s is %q in Butane", f.Path, *theirs.Contents.Inline)
			}
			if (theirs.Contents.Inline == nil) != (f.Path == "/etc/odd") {
				t.Errorf("%s: %+v", f.Path, theirs.Contents)
			}
		}
	}
}

// Whatever is written into the Butane config comes back from it.
func FuzzButane(f *testing.F) {
	for _, s := range []string{
		"", "a", "a\nb\n", " a\n", "\n\n", "\ta", "\ta\n\nb\n", "a\r\nb", "#x", "- a\n", "---\n", "'\"", "é\u2028", "\x00", "\xff",
		"{{.}}", "| \n", "a: b",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c := liveConfig{files: []File{{"/x", 0o644, content}}, units: []unit{{name: "a.service", contents: "[Unit]\n"}}}
		raw, err := encodeYAML(c.butane())
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Storage struct {
				Files []struct {
					Contents struct{ Inline, Source *string }
				}
			}
		}
		if err := yaml.Unmarshal(raw, &got); err != nil || len(got.Storage.Files) != 1 {
			t.Fatalf("%v\n%s", err, raw)
		}
		contents := got.Storage.Files[0].Contents
		if contents.Inline != nil && *contents.Inline != string(content) || contents.Inline == nil && contents.Source == nil {
			t.Fatalf("%q came back as %+v", content, contents)
		}
	})
}

// No secret of the config is in what people are shown.
func TestPlanHasNoSecrets(t *testing.T) {
	t.Parallel()
	r := offlineRequest()
	r.HostFiles = []File{{"/root/.docker/config.json", 0o600, []byte("SECRET")}}
	r.Config = []byte(`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/SECRET"}]}}`)
	if text := newPlan(t, r).Text(0); strings.Contains(text, "SECRET") {
		t.Error(text)
	}
}

const files = "../../../data/pivot/files"

func scriptNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for folder, group := range map[string][]string{binDir: append(slices.Clone(programs), "okd-pivot-fetch.sh"), libraryDir: libraries} {
		for _, name := range group {
			names = append(names, filepath.Join(files, folder, name))
		}
	}
	slices.Sort(names)
	return names
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for _, name := range scriptNames(t) {
		text, err := data.Pivot.ReadFile("pivot/files" + strings.TrimPrefix(filepath.ToSlash(name), files))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > 150 {
			t.Errorf("%s has %d lines, which is more than 150", name, n)
		}
		program := strings.Contains(name, "/bin/")
		for _, line := range []string{"set -euo pipefail\n", "shopt -s inherit_errexit\n", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\n"} {
			if program != bytes.Contains(text, []byte(line)) {
				t.Errorf("%s: %q is there: %t", name, line, !program)
			}
		}
		if bytes.Contains(text, []byte("rpm-ostree")) || bytes.Contains(text, []byte("^metadata_csum_seed")) {
			t.Errorf("%s does what must never be done", name)
		}
	}
}

func TestShellcheck(t *testing.T) {
	t.Parallel()
	shellcheck := needs.Program(t, "shellcheck")
	args := []string{"--enable=all", "--severity=style", "--external-sources", "--source-path=SCRIPTDIR", "--format=gcc"}
	args = append(args, scriptNames(t)...)
	if out, err := exec.Command(shellcheck, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
