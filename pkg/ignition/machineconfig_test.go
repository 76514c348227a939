package ignition

import (
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// What the operators of the lines take as the config of a MachineConfig.
func TestCheckMachineConfig(t *testing.T) {
	t.Parallel()
	place := func(path string) diag.Position { return diag.Position{File: path} }
	file := func(version, fields string) string {
		return `{"ignition":{"version":"` + version + `"},"storage":{"files":[{` + fields + `}]}}`
	}
	for _, c := range []struct{ line, config, problems, warnings string }{
		{"4.16", file("3.2.0", `"path":"/a","mode":420`), "", ""},
		{"4.18", `{"ignition":{"version":"3.4.0"},"kernelArguments":{"shouldExist":["a"]}}`, "", ""},
		{"4.18", `{"ignition":{"version":"3.5.0"}}`,
			`ignition.version: OKD 4.18 does not read spec "3.5.0" in a MachineConfig, only 3.0.0 to 3.4.0`, ""},
		{"4.19", `{"ignition":{"version":"3.5.0"}}`, "", ""},
		{"5.0", `{"ignition":{"version":"3.6.0"}}`, "only 3.0.0 to 3.5.0", ""},
		{"5.0", `{"ignition":{"version":"3.9.0"}}`, `spec "3.9.0"`, ""},
		{"5.0", `{"ignition":{"version":"3.2"}}`, `spec "3.2"`, ""},
		{"5.0", `{"ignition":{"version":"3.6.0-experimental"}}`, `does not read spec`, ""},
		{"5.0", `{"ignition":{"version":"2.3.0"}}`, "3.0.0 to 3.5.0 and 2.0.0 to 2.2.0", ""},
		{"5.0", `{"ignition":{"version":"1.0.0"}}`, "does not read spec", ""},
		{"5.0", `{"ignition":{}}`, "ignition.version: is missing", ""},
		{"5.0", `{}`, "ignition.version: is missing", ""},
		{"5.0", `"{\"ignition\":{\"version\":\"3.2.0\"}}"`, "spec.config: a JSON string is not allowed here; an object is expected", ""},
		{"5.0", `{"ignition":{"version":3}}`, "ignition.version: a JSON number is not allowed here", ""},
		{"5.0", file("3.2.0", `"path":"a"`), "storage.files[0].path: path not absolute", ""},
		{"5.0", file("3.2.0", `"path":"/a","mode":"0644"`), "whole number is expected\n    hint: write a number without quotes, such as 420, which is 0644 in octal", ""},
		{"5.0", file("3.2.0", `"path":"/a"},{"path":"/b","mode":{"x":1}`), "storage.files[1].mode: a JSON object is not allowed here", ""},
		{"5.0", file("3.2.0", `"path":"/a"},{"path":"/b","contents":[]`), "storage.files[1].contents: a JSON array is not allowed here", ""},
		{"5.0", file("3.2.0", `"path":"/a"},{"path":"/b","overwrite":"yes"`),
			"storage.files[1].overwrite: a JSON string is not allowed here", ""},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root"},{"path":"/b","mode":"1"`),
			"storage.files[1].mode: a JSON string is not allowed here", ""},
		{"5.0", file("3.2.0", `"path":"/a","mode":644`), "644 is 01204 in octal, above 0777\n    hint: write 420, which is 0644 in octal", ""},
		{"5.0", file("3.4.0", `"path":"/a","mode":755`), "write 493, which is 0755 in octal", ""},
		{"5.0", file("3.4.0", `"path":"/a","mode":1517`), "1517 is 02755 in octal, above 0777\n    hint: write 493, which is 0755 in octal, without the bits above it", ""},
		{"5.0", file("3.2.0", `"path":"/a","mode":33188`), "write 420, which is 0644 in octal", ""},
		{"5.0", file("3.2.0", `"path":"/a","mode":-1`), "storage.files[0].mode: is less than 0", ""},
		{"5.0", file("3.2.0", `"path":"/a","mode":400`), "", "400 is 0620 in octal\n    hint: write 256, which is 0400 in octal"},
		{"5.0", `{"ignition":{"version":"3.4.0"},"storage":{"directories":[{"path":"/a","mode":1023}]}}`, "", "sticky bits are not supported"},
		{"5.0", `{"ignition":{"version":"3.4.0"},"storage":{"directories":[{"path":"/a","mode":755}]}}`, "", "write 493, which is 0755 in octal"},
		{"5.0", `{"ignition":{"version":"3.1.0"},"storage":{"filez":[]}}`, "", "storage.filez: is not a field of Ignition's spec 3.1.0"},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root","mode":420,"contents":{"source":"data:,a"}`), "", ""},
		{"4.18", file("2.1.0", `"path":"/a","filesystem":"root"`), "", ""},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root"},{"path":"/a","filesystem":"root"`), "", ""},
		{"5.0", file("2.2.0", `"path":"a","filesystem":"root"`), "storage.files[0].path: path not absolute", ""},
		{"5.0", file("2.2.0", `"path":"/a"`), "storage.files[0].filesystem: is missing", ""},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"var"`), "", "storage.files[0].filesystem: is not used"},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root","user":{"id":0,"name":"x"}`), "storage.files[0].user: ", ""},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root","contents":{"source":"gs://x/y"}`), "storage.files[0].contents.source: ", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"storage":{"links":[{"path":"a","filesystem":"root","target":"/b"}]}}`, "storage.links[0].path: ", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"storage":{"disks":[{"device":"sda"}]}}`, "storage.disks[0].device: ", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"storage":{"filesystems":[{"name":"root"}]}}`, "storage.filesystems[0]: needs either", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"storage":{"filesystems":[{"name":"data","path":"/x"}]}}`, "storage.filesystems[0].name: ", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"passwd":{"users":[{"name":"core","create":{}}]}}`, "", "create: is silently dropped"},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root","mode":644`), "write 420", ""},
		{"5.0", file("2.2.0", `"path":"/a","filesystem":"root","contents":{"source":"data;x"}`), "storage.files[0].contents.source: ", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"passwd":{"users":[{"name":"core"},{"name":"me"}]}}`,
			"passwd.users[1].name: names a user other than core", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"networkd":{"units":[{"name":"a.network"}]}}`, "networkd.units[0]", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"systemd":{"units":[{"name":"a.service","contents":"[Unit]\nX=y"},{"name":"a.service"}]}}`, "", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"systemd":{"units":[{"name":"a"}]}}`, "systemd.units[0].name: ", ""},
		{"5.0", `{"ignition":{"version":"2.2.0"},"systemd":{"units":{"name":"a"}}}`, "systemd.units: a JSON object is not allowed here", ""},
	} {
		problems, warnings := CheckMachineConfig(place, []byte(c.config), release.Release{Line: c.line})
		for _, got := range []struct {
			found diag.Problems
			want  string
		}{{problems, c.problems}, {warnings, c.warnings}} {
			switch {
			case got.want == "" && len(got.found) == 0:
			case got.want == "" || len(got.found) != 1 || !strings.Contains(got.found[0].Error(), got.want):
				t.Errorf("%s %s: got %v, want %q", c.line, c.config, got.found, got.want)
			case "spec.config."+got.found[0].File != got.found[0].Path && got.found[0].File != "":
				t.Errorf("%s: said to be at %v", c.config, got.found[0])
			}
		}
	}
}
