package platform

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestTable(t *testing.T) {
	t.Parallel()
	seen, place := map[string]bool{}, 0
	for _, s := range Table {
		if s.Name == "" || s.Type == "" || s.New == nil || s.NewPool == nil {
			t.Errorf("row %q is not complete", s.Name)
		}
		if seen[s.Name] {
			t.Errorf("%s is in the table twice", s.Name)
		}
		seen[s.Name] = true
		if s.Place <= place {
			t.Errorf("%s has no place of its own in the order of the table", s.Name)
		}
		place = s.Place
		if found, ok := Find(s.Name); !ok || found.Type != s.Type {
			t.Errorf("Find does not find %s", s.Name)
		}
	}
	if _, ok := Find(""); ok {
		t.Error("there is a platform without a name")
	}
}

func TestPlatformIsWrittenAndReadUnderItsName(t *testing.T) {
	t.Parallel()
	for _, p := range []Platform{
		{},
		{Name: "none", Config: &None{}},
		{Name: "external", Config: &External{PlatformName: "oci", CloudControllerManager: "External"}},
	} {
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var again Platform
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(again)
		if err != nil || string(second) != string(data) || again.Name != p.Name {
			t.Errorf("%s becomes %s (%v)", data, second, err)
		}
	}
	for _, bad := range []string{`{"none":{},"external":{}}`, `{"floppy":{}}`, `[]`, `{"none":5}`} {
		var p Platform
		if json.Unmarshal([]byte(bad), &p) == nil {
			t.Errorf("%s is read as platform %q", bad, p.Name)
		}
		var pool Pool
		if json.Unmarshal([]byte(bad), &pool) == nil {
			t.Errorf("%s is read as pool of platform %q", bad, pool.Name)
		}
	}
}

func TestExternal(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{"": true, "External": true, "external": false, "None": false} {
		e := &External{CloudControllerManager: value}
		failed := ""
		validateExternal(e, Cluster{}, func(path, _, _ string) { failed = path })
		if (failed == "") != good {
			t.Errorf("%q: problem at %q", value, failed)
		}
		if got := slices.Contains(externalCapabilities(e), "CloudControllerManager"); got != (value == "External") {
			t.Errorf("%q needs CloudControllerManager: %v", value, got)
		}
	}
}
