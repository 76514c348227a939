package asset

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/graph"
	"github.com/okd-project/okd-install/test/folder"
)

// damage makes of a remembered value what it must not be taken for.
var damage = map[string]func(graph.Kept) *graph.Kept{
	"gone":            func(graph.Kept) *graph.Kept { return nil },
	"an empty object": func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: k.Inputs, Value: json.RawMessage(`{}`)} },
	"null":            func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: k.Inputs, Value: json.RawMessage(`null`)} },
	"a list":          func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: k.Inputs, Value: json.RawMessage(`[]`)} },
	"an empty text":   func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: k.Inputs, Value: json.RawMessage(`""`)} },
	"a number":        func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: k.Inputs, Value: json.RawMessage(`7`)} },
	"other fields": func(k graph.Kept) *graph.Kept {
		return &graph.Kept{Inputs: k.Inputs, Value: json.RawMessage(`{"a":"b"}`)}
	},
	"no inputs":       func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: "", Value: k.Value} },
	"half the inputs": func(k graph.Kept) *graph.Kept { return &graph.Kept{Inputs: k.Inputs[:20], Value: k.Value} },
	"no text in it": func(k graph.Kept) *graph.Kept {
		return &graph.Kept{Inputs: k.Inputs, Value: texts(k.Value, func(string) any { return "" })}
	},
	"half the text": func(k graph.Kept) *graph.Kept {
		return &graph.Kept{Inputs: k.Inputs, Value: texts(k.Value, func(s string) any { return s[:len(s)/2] })}
	},
	"null in it": func(k graph.Kept) *graph.Kept {
		return &graph.Kept{Inputs: k.Inputs, Value: texts(k.Value, func(string) any { return nil })}
	},
}

// texts changes all texts in a value.
func texts(raw json.RawMessage, change func(string) any) json.RawMessage {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		panic("the value is not JSON")
	}
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case string:
			return change(v)
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		}
		return v
	}
	out, err := json.Marshal(walk(v))
	if err != nil {
		panic(err)
	}
	return out
}

// Whatever of a remembered value is lost, the next run stops, names the value and
// changes nothing: another would not fit the machines that have booted.
func TestDamagedValuesAreNotBelieved(t *testing.T) {
	t.Parallel()
	for _, target := range []string{targetManifests, targetIgnitionConfigs} {
		dir := folder.Filled(t, map[string]string{"install-config.yaml": killConfig})
		req := killRequest(dir)
		req.Target, req.Reissue = target, false
		if _, err := Create(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		files := folder.Tree(t, dir)
		good, err := parseState([]byte(files[assetdir.StateFile]))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range slices.Sorted(maps.Keys(good.Kept)) {
			for j, how := range slices.Sorted(maps.Keys(damage)) {
				// the checks are few: later, each value in one way is enough
				if target == targetIgnitionConfigs && (how != "gone" || testing.Short()) && (i+j)%len(damage) > 0 {
					continue
				}
				bad := good.clone()
				if kept := damage[how](good.Kept[name]); kept != nil {
					bad.Kept[name] = *kept
				} else {
					delete(bad.Kept, name)
				}
				t.Run(target+" "+name+" "+how, func(t *testing.T) { expectDamage(t, files, req, bad, name) })
			}
		}
		// a state file of before the names were taken down
		old := good.clone()
		delete(old.Kept, "root-ca")
		old.Remembers = nil
		t.Run(target+" root-ca gone, without the names", func(t *testing.T) { expectDamage(t, files, req, old, "root-ca") })
		none := good.clone()
		none.Kept = nil
		t.Run(target+" all gone", func(t *testing.T) { expectDamage(t, files, req, none, "root-ca") })
	}
}

func expectDamage(t *testing.T, files map[string]string, req Request, bad State, name string) {
	t.Helper()
	t.Parallel()
	req.Dir = folder.Filled(t, files)
	// not marshal, which takes the names down again
	data, err := json.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(req.Dir, assetdir.StateFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
	before := folder.Tree(t, req.Dir)
	req.Overwrite = len(name)%2 == 0 // which is no way around it
	_, err = Create(t.Context(), req)
	if err == nil || !strings.Contains(err.Error(), assetdir.StateFile+": ") ||
		!strings.Contains(err.Error(), " "+name+" is ") || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("got %v", err)
	}
	if !maps.Equal(before, folder.Tree(t, req.Dir)) {
		t.Error("something was written")
	}
	req.Overwrite = false
	s, err := GetStatus(t.Context(), req)
	if err != nil || s.Condition != Blocked || len(s.Problems) == 0 {
		t.Errorf("status says %s, %v, %v", s.Condition, s.Problems, err)
	}
}

// Each value that is remembered has a check.
func TestEveryRememberedValueHasACheck(t *testing.T) {
	t.Parallel()
	var without []string
	for name, n := range nodesByName() {
		if n.Remembered && !n.Checked {
			without = append(without, name)
		}
	}
	slices.Sort(without)
	if len(without) > 0 {
		t.Errorf("nothing is checked of %v", without)
	}
}
