package ignition

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/test/needs"
)

// scripts are the shell files of the bootstrap host, by their path on it.
func scripts(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, f := range staticFiles {
		text, err := data.Bootstrap.ReadFile(f.embedded())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "#!/bin/bash\n") || strings.HasPrefix(string(text), "# shellcheck shell=bash\n") {
			found[f.path] = string(text)
		} else if strings.HasSuffix(f.path, ".sh") || strings.HasPrefix(string(text), "#!") {
			t.Errorf("%s begins neither with #!/bin/bash nor, as a library, with # shellcheck shell=bash", f.path)
		}
	}
	if len(found) < 20 {
		t.Fatalf("only %d scripts", len(found))
	}
	return found
}

// Scripts stay readable at night, and programs stop at their first mistake.
func TestScripts(t *testing.T) {
	t.Parallel()
	for path, text := range scripts(t) {
		if n := strings.Count(text, "\n"); n > 150 {
			t.Errorf("%s has %d lines, which is more than 150", path, n)
		}
		program := strings.HasPrefix(text, "#!")
		if program && !strings.Contains(text, "\nset -euo pipefail\n") && !strings.Contains(text, "set -euo pipefail\n") {
			t.Errorf("%s does not set -euo pipefail", path)
		}
		cmd := exec.Command(bash(t), "-n")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// Shellcheck at its strictest. It follows what a script sources by the comments there.
func TestShellcheck(t *testing.T) {
	t.Parallel()
	shellcheck := needs.Program(t, "shellcheck")
	args := []string{"--enable=all", "--severity=style", "--external-sources", "--source-path=SCRIPTDIR", "--format=gcc"}
	for path := range scripts(t) {
		args = append(args, filepath.Join("../../data/bootstrap/files", path))
	}
	slices.Sort(args[5:])
	if out, err := exec.Command(shellcheck, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	bad := filepath.Join(t.TempDir(), "bad.sh")
	if err := os.WriteFile(bad, []byte("#!/bin/bash\necho $1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if exec.Command(shellcheck, append(args[:5:5], bad)...).Run() == nil {
		t.Error("shellcheck finds nothing in a bad script")
	}
}

// lines are the releases that are known, and the next.
var lines = []string{"4.16", "4.17", "4.18", "4.19", "4.20", "4.21", "4.22", "4.23", "5.0"}

func hostOf(line string, inPlace bool) Host {
	h := smallHost()
	h.Environment.ReleaseLine = line
	h.Environment.BootstrapInPlace = inPlace
	return h
}

var ownPath = regexp.MustCompile(`/usr/local/(?:bin|lib/okd-install(?:/stages)?)/[a-z0-9-]+(?:\.sh)?`)

// What a script or a unit of a host names is on that host: a file that is for
// other releases only would be missed when it is too late.
func TestHostHasWhatItsScriptsName(t *testing.T) {
	t.Parallel()
	// known to be named without being needed: bootkube asks before it sources it
	conditional := func(path string, e Environment) bool {
		return path == "/usr/local/bin/bootstrap-in-place.sh" && !e.BootstrapInPlace ||
			path == "/usr/local/lib/okd-install/konnectivity.sh" && !e.konnectivity()
	}
	for _, line := range append(slices.Clone(lines), "preview") {
		for _, inPlace := range []bool{false, true} {
			h := hostOf(line, inPlace)
			if line == "preview" {
				h.Environment.ReleaseLine, h.Environment.Konnectivity = "5.0", true
			}
			files, err := readStaticFiles(h.Environment)
			if err != nil {
				t.Fatal(err)
			}
			units, err := units(h.Environment)
			if err != nil {
				t.Fatal(err)
			}
			have := map[string]bool{}
			texts := map[string]string{}
			for _, f := range files {
				have[f.Path] = true
				if !strings.HasPrefix(f.Path, "/opt/openshift/") { // these run on the installed node
					texts[f.Path] = string(f.Data)
				}
			}
			for _, u := range units {
				if u.Contents != nil {
					texts[u.Name] = *u.Contents
				}
			}
			for name, text := range texts {
				for row := range strings.Lines(text) {
					if strings.HasPrefix(strings.TrimSpace(row), "#") {
						continue
					}
					for _, path := range ownPath.FindAllString(row, -1) {
						if strings.HasSuffix(path, ".sh") && !have[path] && !conditional(path, h.Environment) {
							t.Errorf("%s, in place %t: %s names %s, which is not there", line, inPlace, name, path)
						}
					}
				}
			}
		}
	}
}

// Which way the host comes to the tools of its release, and only one.
func TestRowsByRelease(t *testing.T) {
	t.Parallel()
	for _, line := range lines {
		for _, inPlace := range []bool{false, true} {
			raw, err := Bootstrap(hostOf(line, inPlace))
			if err != nil {
				t.Fatal(err)
			}
			if len(raw) > 350<<10 {
				t.Errorf("%s: the scripts alone make bootstrap.ign %d bytes", line, len(raw))
			}
			text := string(raw)
			pivot := line == "4.16" || line == "4.17" || line == "4.18"
			for part, want := range map[string]bool{
				`"/usr/local/bin/bootstrap-pivot.sh"`:                               pivot,
				`"enabled":true,"name":"release-image-pivot.service"`:               pivot,
				`"/etc/systemd/system/node-image-pull.service"`:                     !pivot,
				`"/etc/systemd/system-generators/node-image-overlay-generator"`:     !pivot,
				`"/etc/systemd/system/var-ostree\\x2dcontainer.mount"`:              line == "4.20",
				`"/etc/systemd/system/var-ostreecontainer.mount"`:                   !pivot && line != "4.19" && line != "4.20",
				`"/usr/local/bin/install-to-disk.sh"`:                               inPlace,
				`"enabled":true,"name":"install-to-disk.service"`:                   inPlace,
				`"/opt/openshift/bootstrap-in-place/master-update.fcc"`:             inPlace,
				`"/usr/local/bin/bootkube.sh","user":{"name":"root"},"contents":{"`: true,
			} {
				if strings.Contains(text, part) != want {
					t.Errorf("%s, in place %t: %s is there: %t", line, inPlace, part, !want)
				}
			}
		}
	}
	for _, line := range []string{"", "4.15", "latest", "4"} {
		if _, err := Bootstrap(hostOf(line, false)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", line)) {
			t.Errorf("release %q: %v", line, err)
		}
	}
}

// Konnectivity is on the hosts that want it and may have it, and only there; the
// environment file says so with the same word.
func TestKonnectivityRows(t *testing.T) {
	t.Parallel()
	for _, line := range lines {
		for _, inPlace := range []bool{false, true} {
			for _, wanted := range []bool{false, true} {
				h := hostOf(line, inPlace)
				h.Environment.Konnectivity = wanted
				files, err := h.files()
				if err != nil {
					t.Fatal(err)
				}
				want := wanted && !inPlace && line == "5.0"
				n := 0
				for _, f := range files {
					if strings.Contains(f.Path, "konnectivity") || strings.Contains(f.Path, "egress-selector") {
						n++
					}
					if f.Path == EnvironmentFile && !strings.Contains(string(f.Data), fmt.Sprintf("\nKONNECTIVITY='%t'\n", want)) {
						t.Errorf("%s, in place %t, wanted %t:\n%s", line, inPlace, wanted, f.Data)
					}
				}
				if n != 0 && n != 8 || (n > 0) != want {
					t.Errorf("%s, in place %t, wanted %t: %d files of konnectivity", line, inPlace, wanted, n)
				}
			}
		}
	}
}

// Modes follow from what a file is for; the table is held against the folders.
func TestStaticModes(t *testing.T) {
	t.Parallel()
	for _, f := range staticFiles {
		var want fs.FileMode
		switch folder := filepath.Dir(f.path); {
		case folder == "/usr/local/bin", strings.HasSuffix(folder, "system-generators"):
			want = 0o555
		case folder == "/usr/local/lib/okd-install", folder == "/usr/local/lib/okd-install/stages":
			want = 0o444
		case strings.HasPrefix(folder, "/etc/systemd/system"), folder == "/opt/openshift/bootstrap-in-place", folder == "/opt/openshift":
			want = 0o600
		case f.path == "/etc/motd":
			want = 0o644
		}
		if fs.FileMode(f.mode) != want {
			t.Errorf("%s has mode %#o, want %#o", f.path, f.mode, want)
		}
	}
}
