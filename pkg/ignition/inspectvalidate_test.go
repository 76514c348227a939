package ignition

import (
	"strings"
	"testing"
)

func TestValidateAny(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, version, want string }{
		{`{"ignition":{"version":"3.0.0"}}`, "3.0.0", ""},
		{`{"ignition":{"version":"3.2.0"}}`, "3.2.0", ""},
		{`{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/a","mode":2541}]}}`, "3.6.0", ""},
		{`{"ignition":{"version":"3.6.0"}}`, "3.6.0", ""},
		{`{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"a"}]}}`, "3.4.0", "storage.files[0].path: "},
		{`{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/a","contents":"x"}]}}`, "3.4.0",
			"contents: a JSON string is not allowed here; an object is expected"},
		{"{\"ignition\":{\"version\":\"3.3.0\"},\n \"storge\":{}}", "3.3.0", "x.ign:2:2: storge: is not a field of Ignition's spec 3.3.0"},
		{`{"ignition":{"version":"3.2.0"},"ignition":{"version":"3.2.0"}}`, "3.2.0", "appears twice in the same object"},
		{`{"ignition":{"version":"2.2.0"}}`, "2.2.0", "is the spec of an older generation"},
		{`{"ignition":{"version":"3.9.0"}}`, "3.9.0", "is not a known spec: 3.0.0 to 3.6.0 are"},
		{`{"ignition":{"version":"nonsense"}}`, "nonsense", "is not a known spec"},
		{`{"ignition":{}}`, "", "ignition.version: is missing"},
		{`{"ignition":`, "", "is not JSON: it ends too early"},
		{`[]`, "", "a JSON array is not allowed here"},
		{` `, "", "is empty"},
		{`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/a","contents":{"source":"data:;base64,s3cret!"}}]}}`, "3.2.0", "storage.files[0].contents.source"},
	} {
		version, err := ValidateAny("x.ign", []byte(c.raw))
		said := ""
		if err != nil {
			said = err.Error()
		}
		if version != c.version || !strings.Contains(said, c.want) || (c.want == "") != (err == nil) || strings.Contains(said, "s3cret") {
			t.Errorf("%s: got %q, %v; want %s", c.raw, version, err, c.want)
		}
	}
}

func FuzzValidateAny(f *testing.F) {
	f.Add([]byte(`{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/a","append":[{"source":"data:,x"}]}]}}`))
	f.Add([]byte(`{"ignition":{"version":"3.0.0"},"systemd":{"units":[{"name":"a.service","contents":"[x"}]}}`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = ValidateAny("x.ign", raw)
	})
}
