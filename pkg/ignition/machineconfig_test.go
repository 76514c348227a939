package ignition

import (
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/diag"
)

func TestCheckMachineConfig(t *testing.T) {
	t.Parallel()
	at := diag.Position{File: "openshift/99.yaml", Line: 8, Column: 5}
	for _, c := range []struct{ config, problems, warnings string }{
		{`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","mode":420}]}}`, "", ""},
		{`{"ignition":{"version":"3.4.0"},"kernelArguments":{"shouldExist":["a"]}}`, "", ""},
		{`{"ignition":{"version":"2.2.0"},"storage":{"files":[{"path":"a","filesystem":"root"}]}}`, "", ""},
		{`{"ignition":{}}`, "spec.config.ignition.version: is missing, and the machine-config operator stops", ""},
		{`{}`, "spec.config.ignition.version: is missing, and the machine-config operator stops", ""},
		{`"{\"ignition\":{\"version\":\"3.2.0\"}}"`, "spec.config: a JSON string cannot stand here; an object is expected", ""},
		{`{"ignition":{"version":"3.9.0"}}`, `spec.config.ignition.version: "3.9.0" is not a spec that is known here`, ""},
		{`{"ignition":{"version":3}}`, "spec.config.ignition.version: a JSON number cannot stand here", ""},
		{`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"a"}]}}`, "spec.config.storage.files[0].path: path not absolute, and the machine-config operator stops", ""},
		{`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","mode":"0644"}]}}`, "mode: a JSON string cannot stand here; a whole number is expected", ""},
		{`{"ignition":{"version":"3.1.0"},"storage":{"filez":[]}}`, "", "spec.config.storage.filez: is not a field of Ignition's spec 3.1.0"},
	} {
		problems, warnings := CheckMachineConfig(at, []byte(c.config))
		for _, got := range []struct {
			found diag.Problems
			want  string
		}{{problems, c.problems}, {warnings, c.warnings}} {
			switch {
			case got.want == "" && len(got.found) == 0:
			case got.want == "" || len(got.found) != 1 || !strings.Contains(got.found[0].Error(), got.want):
				t.Errorf("%s: got %v, want %q", c.config, got.found, got.want)
			case got.found[0].Position != at:
				t.Errorf("%s: said to be at %v", c.config, got.found[0].Position)
			}
		}
	}
}
