package installconfig

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/release"
)

// pathsOfType lists every field that the schema's types have, without the table.
func pathsOfType(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var paths []string
	add := func(name string, of reflect.Type) {
		paths = append(paths, under(path, name))
		paths = append(paths, pathsOfType(of, under(path, name))...)
	}
	switch {
	case t == reflect.TypeFor[platform.Platform]():
		for _, s := range platform.Table {
			add(s.Name, reflect.TypeOf(s.New()))
		}
	case t == reflect.TypeFor[platform.Pool]():
		for _, s := range platform.Table {
			add(s.Name, reflect.TypeOf(s.NewPool()))
		}
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
				add(name, t.Field(i).Type)
			}
		}
	}
	return paths
}

func TestEveryFieldHasARowAndEveryRowAField(t *testing.T) {
	t.Parallel()
	fields := pathsOfType(reflect.TypeFor[InstallConfig](), "")
	if len(fields) < 100 {
		t.Fatalf("only %d fields found", len(fields))
	}
	seen := map[string]bool{}
	for _, f := range table() {
		if seen[f.Path] {
			t.Errorf("%s has two rows", f.Path)
		}
		seen[f.Path] = true
		if !slices.Contains(fields, f.Path) {
			t.Errorf("the row %s explains a field that does not exist", f.Path)
		}
	}
	for _, path := range fields {
		if !seen[path] {
			t.Errorf("%s has no row", path)
		}
	}
}

func TestRowsAreComplete(t *testing.T) {
	t.Parallel()
	paths := Paths()
	for _, f := range table() {
		switch {
		case f.Text == "" || !strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, "\n"):
			t.Errorf("%s: the text is not a sentence: %q", f.Path, f.Text)
		case f.Default != "" && f.Absent != "":
			t.Errorf("%s has a default, and a word for its absence", f.Path)
		case f.Deprecated != "" && !slices.Contains(paths, f.Deprecated):
			t.Errorf("%s is deprecated by %s, which does not exist", f.Path, f.Deprecated)
		case f.Form != "" && patterns[f.Form].regexp == "":
			t.Errorf("%s has the form %s, which has no pattern", f.Path, f.Form)
		}
		e, err := Explain(f.Path)
		if err != nil || e.Path != f.Path || e.Type == "" || e.Text != f.Text {
			t.Errorf("explain %s: %+v, %v", f.Path, e, err)
		}
		if f.Feature != "" && f.Since() == "" {
			t.Errorf("%s needs the feature %s, which is in no row of the releases' table", f.Path, f.Feature)
		}
		for _, v := range f.Values {
			if v.Feature != "" && v.Since() == "" {
				t.Errorf("%s: %s needs the feature %s, which is in no row of the releases' table", f.Path, v.Word, v.Feature)
			}
		}
	}
}

// withBlocks has every block whose fields have defaults.
const withBlocks = minimalWithoutSecret + `
operatorPublishingStrategy: {}
arbiter: {replicas: 1}
`

const minimalWithoutSecret = `apiVersion: v1
baseDomain: example.com
metadata:
  name: okd
platform:
  none: {}
`

// completed is what a file says after conversion and defaulting, by path; it
// need not be valid.
func completed(t *testing.T, text string) map[string]any {
	t.Helper()
	root, problems := parse(FileName, []byte(text))
	if problems != nil {
		t.Fatal(problems)
	}
	var c InstallConfig
	f := &findings{places: map[string]place{}, broken: map[string]bool{}}
	(&reader{findings: f}).read(root, reflect.ValueOf(&c).Elem(), "")
	convert(&c, f)
	complete(&c, Options{}, f)
	data, err := Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	leaves := map[string]any{}
	collectLeaves(tree, "", leaves)
	// marshalling leaves out what is false
	if _, ok := leaves["fips"]; !ok {
		leaves["fips"] = c.FIPS
	}
	return leaves
}

func collectLeaves(value any, path string, into map[string]any) {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			collectLeaves(v, under(path, name), into)
		}
		return
	case []any:
		if len(value) > 0 {
			if _, objects := value[0].(map[string]any); objects {
				for _, v := range value {
					collectLeaves(v, path, into)
				}
				return
			}
		}
	}
	into[path] = value
}

// The defaults of the table are those that the code fills in: each way round.
func TestDefaults(t *testing.T) {
	t.Parallel()
	given := map[string]bool{"apiVersion": true, "baseDomain": true, "metadata.name": true, "arbiter.replicas": true}
	filled := completed(t, withBlocks)
	defaults := map[string]any{}
	for _, f := range table() {
		if f.Default == "" {
			continue
		}
		var value any
		if err := yaml.Unmarshal([]byte(f.Default), &value); err != nil {
			t.Errorf("%s: the default %s is not YAML: %v", f.Path, f.Default, err)
		}
		defaults[f.Path] = value
		if got, ok := filled[f.Path]; !ok || !reflect.DeepEqual(got, value) {
			t.Errorf("%s: the table says %v, the code fills in %v", f.Path, value, got)
		}
	}
	for path, value := range filled {
		if empty := fmt.Sprint(value) == "" || fmt.Sprint(value) == "<nil>"; empty || given[path] {
			continue
		}
		if _, ok := defaults[path]; !ok {
			t.Errorf("%s: the code fills in %v, the table has no default", path, value)
		}
	}
	bare := completed(t, minimalWithoutSecret)
	for path := range bare {
		if bare[path] != nil && fmt.Sprint(bare[path]) != fmt.Sprint(filled[path]) {
			t.Errorf("%s: %v in the smallest config, %v in the other", path, bare[path], filled[path])
		}
	}
}

// beside is what has to stand beside a field for it to be looked at.
var beside = map[string]map[string]any{
	"networking.clusterNetwork.hostPrefix": {"cidr": "10.128.0.0/14"},
}

// set makes a config with one field set, in which whatever must stand above it is there.
func set(t *testing.T, path string, value any) []byte {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(minimalWithoutSecret), &tree); err != nil {
		t.Fatal(err)
	}
	names := strings.Split(path, ".")
	if names[0] == "platform" {
		delete(tree, "platform")
	}
	if key := "pki.signerCertificates.key"; strings.HasPrefix(path, key+".") {
		algorithm := strings.ToUpper(strings.Split(path, ".")[3])
		tree["pki"] = map[string]any{"signerCertificates": map[string]any{"key": map[string]any{"algorithm": algorithm}}}
	}
	at, of := tree, reflect.TypeFor[InstallConfig]()
	for i, name := range names {
		child := childrenOf(of)[name]
		for child.Kind() == reflect.Pointer {
			child = child.Elem()
		}
		list := child.Kind() == reflect.Slice
		if list {
			child = child.Elem()
		}
		if i == len(names)-1 {
			for sibling, v := range beside[path] {
				at[sibling] = v
			}
			if list {
				value = []any{value}
			}
			at[name] = value
			break
		}
		below := map[string]any{}
		if old, ok := at[name].(map[string]any); ok {
			below = old
		}
		at[name] = below
		if list {
			at[name] = []any{below}
		}
		at, of = below, child
	}
	data, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// problemsAt are those of one field, whatever its indexes.
func problemsAt(data []byte, path string, o Options) diag.Problems {
	_, err := Load(FileName, data, o)
	var found, all diag.Problems
	errors.As(err, &all)
	for _, p := range all {
		if withoutIndexes(p.Path) == path {
			found = append(found, p)
		}
	}
	return found
}

// Words and numbers that the table does not allow are refused, and those that it
// allows are no problem by themselves.
func TestTableIsHeld(t *testing.T) {
	t.Parallel()
	const wrong = "is not a value of this field"
	deprecatedNumbers := []string{
		"networking.clusterNetwork.hostSubnetLength", "networking.clusterNetworks.hostSubnetLength",
		"networking.clusterNetworks.hostPrefix",
	}
	for _, f := range table() {
		if strings.Contains(f.Path, ".fencing") && !strings.HasPrefix(f.Path, "controlPlane.") {
			continue // refused as a whole
		}
		if len(f.Values) > 0 && !strings.HasSuffix(f.Path, ".name") { // the pools' names: their own words
			found := problemsAt(set(t, f.Path, "Bogus"), f.Path, Options{})
			if len(found) == 0 {
				t.Errorf("%s: Bogus is accepted", f.Path)
			}
			for _, v := range f.Values {
				for _, p := range problemsAt(set(t, f.Path, v.Word), f.Path, Options{}) {
					if strings.Contains(p.Detail, wrong) && f.Path != "credentialsMode" {
						t.Errorf("%s: %s is refused: %v", f.Path, v.Word, p)
					}
				}
			}
		}
		if r := f.Range; r != nil && !slices.Contains(deprecatedNumbers, f.Path) {
			for _, n := range []int64{r.Min - 1, r.Max + 1} {
				if n < 0 && r.Max == manyMachines && n < -1 {
					continue // there is no larger number
				}
				if len(problemsAt(set(t, f.Path, n), f.Path, Options{})) == 0 {
					t.Errorf("%s: %d is accepted", f.Path, n)
				}
			}
		}
		old := release.Release{Line: "4.16"}
		if support, _ := old.Support(f.Feature, "none"); f.Feature != "" && support == release.Absent {
			var value any = map[string]any{}
			if e, err := Explain(f.Path); err == nil && e.Type == "string" {
				value = cmp.Or(f.Example, f.Default)
			}
			found := problemsAt(set(t, f.Path, value), f.Path, Options{Release: old})
			if len(found) == 0 || !strings.Contains(found.Error(), f.Since()) {
				t.Errorf("%s is since %s, but with 4.16: %v", f.Path, f.Since(), found)
			}
		}
	}
}

// What the table calls required is missed.
func TestRequiredFieldsAreMissed(t *testing.T) {
	t.Parallel()
	for _, f := range table() {
		if !f.Required || f.Path == "compute.name" || f.Path == "networking.clusterNetworks.cidr" { // a default; said of the successor
			continue
		}
		// an object that has another field, or is empty
		text := []byte(minimalWithoutSecret)
		var tree map[string]any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			t.Fatal(err)
		}
		if parent := parentOf(f.Path); parent == "" || parent == "metadata" {
			delete(tree, strings.SplitN(f.Path, ".", 2)[0])
			text, _ = yaml.Marshal(tree)
		} else {
			text = set(t, parent, map[string]any{})
		}
		_, err := Load(FileName, text, Options{})
		var all diag.Problems
		errors.As(err, &all)
		if !slices.ContainsFunc(all, func(p diag.Problem) bool {
			at := withoutIndexes(p.Path)
			return at == f.Path || strings.HasPrefix(at, f.Path+".") || strings.HasPrefix(f.Path, at+".") && at != ""
		}) {
			t.Errorf("%s is not missed: %v", f.Path, err)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"installconfig.networking.clusterNetwork.hostPrefix": "networking.clusterNetwork[].hostPrefix integer",
		"networking.clusterNetwork[0].cidr":                  "networking.clusterNetwork[].cidr string",
		"InstallConfig.Networking.servicenetwork":            "networking.serviceNetwork []string",
		"compute":                    "compute []object",
		"controlPlane.platform.none": "controlPlane.platform.none object",
		"metadata.labels":            "metadata.labels map of strings",
		"metadata.finalizers":        "metadata.finalizers []any",
		"fips":                       "fips boolean",
		"installconfig":              " object",
		"":                           " object",
	} {
		e, err := Explain(path)
		if got := e.Name + " " + e.Type; err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", path, got, err, want)
		}
	}
	for path, want := range map[string]string{
		"networking.clusterNetwrk":    "did you mean networking.clusterNetwork?",
		"hostPrefix":                  "did you mean networking.clusterNetwork.hostPrefix",
		"sshKey.foo":                  "explain sshKey",
		"networking.nothing":          "the fields here are networkType, ",
		"installconfig.platform.flop": "the fields here are none and external",
		"networking..cidr":            "the fields here are",
	} {
		_, err := Explain(path)
		var p diag.Problem
		if !errors.As(err, &p) || !strings.Contains(p.Hint, want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	root, err := Explain("")
	if err != nil || root.Fields[0].Path != "apiVersion" || root.Fields[1].Path != "metadata" {
		t.Errorf("the fields of the file begin with %v", root.Fields[0].Path)
	}
}

func FuzzExplain(f *testing.F) {
	f.Add("installconfig.networking.clusterNetwork[0].cidr")
	f.Add("..[[]")
	f.Fuzz(func(t *testing.T, path string) {
		e, err := Explain(path)
		if (err == nil) == (e.Type == "") {
			t.Errorf("%q: %+v, %v", path, e, err)
		}
	})
}
