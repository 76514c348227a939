package asset

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/graph"
)

func TestParseState(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"not JSON":       {"{", "damaged"},
		"newer":          {`{"schemaVersion":2}`, "schema version 2"},
		"no version":     {`{}`, "schema version 0"},
		"unknown fields": {`{"schemaVersion":1,"other":1}`, "damaged"},
	} {
		if _, err := parseState([]byte(test.in)); err == nil || !strings.Contains(err.Error(), test.want) ||
			!strings.Contains(err.Error(), "hint: ") {
			t.Errorf("%s: got %v, want %q and a hint", name, err, test.want)
		}
	}
}

func FuzzState(f *testing.F) {
	full := State{
		SchemaVersion: 1, Release: "4.22.0", Kept: map[string]graph.Kept{"root-ca": {Inputs: "00", Value: json.RawMessage(`{"Cert":"YQ=="}`)}},
		ManifestsFrom: map[string]string{"metadata.name": "00"}, Written: map[string]string{"a": "b"},
		Consumed: Files{"install-config.yaml": []byte("x")},
	}
	data, err := full.marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"schemaVersion":1}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := parseState(in)
		if err != nil {
			return
		}
		out, err := s.marshal()
		if err != nil {
			t.Fatalf("a state that was read cannot be written: %v", err)
		}
		again, err := parseState(out)
		if err != nil {
			t.Fatalf("a state that was written cannot be read: %v", err)
		}
		if twice, _ := again.marshal(); string(twice) != string(out) {
			t.Errorf("written twice:\n%s\n%s", out, twice)
		}
	})
}
