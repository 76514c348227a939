package manifests

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	yaml2 "go.yaml.in/yaml/v2"
	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// fillText fills a file that is not among those of data/manifests.
func fillText(t *testing.T, text string, v values) (object, error) {
	t.Helper()
	name := t.Name() + ".yaml"
	var o object
	if err := yaml3.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	frames.Store(name, o)
	t.Cleanup(func() { frames.Delete(name) })
	return fill(name, v)
}

// A value stays what it is: no text that a user writes becomes anything else, and
// no place of another.
func TestFillKeepsValuesApart(t *testing.T) {
	t.Parallel()
	hostile := "\"}\n- a: &b *c # $(number) !!int $(list)"
	got, err := fillText(t, `
alone: $(text)
within: https://api.$(text):6443/$(text)
number: $(number)
list: [$(list), constant, null]
object: {deep: $(object), none: $(none), empty: {none: $(none)}}
nothing: null
unlike: "$text $() $(a b) $$"
`, values{"text": hostile, "number": 3, "list": []string{"a"}, "object": object{"b": true}, "none": nil})
	want := object{
		"alone": hostile, "within": "https://api." + hostile + ":6443/" + hostile, "number": 3, "list": list{[]string{"a"}, "constant", nil},
		"object": object{"deep": object{"b": true}, "empty": object{}}, "nothing": nil, "unlike": "$text $() $(a b) $$",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\n%#v\nwant\n%#v", err, got, want)
	}
}

// A file and what fills it are held together.
func TestFillRefuses(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		text   string
		values values
	}{
		"nothing fills $(b)": {"a: $(b)", values{}},
		"nothing fills $(c)": {"a: [{b: x.$(c).x}]", values{}},
		"has no place $(b)":  {"a: $(a)", values{"a": nil, "b": "x"}},
		"$(b) stands in the midst of text, but is not text": {"a: x-$(b)", values{"b": 3}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if _, err := fillText(t, c.text, c.values); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := fill("manifests/none.yaml", nil); err == nil || err.Error() != "data/manifests has no manifests/none.yaml" {
		t.Errorf("got %v", err)
	}
}

// Whatever a value is, it is written as sigs.k8s.io/yaml writes it.
func TestPlainIsWrittenAsBefore(t *testing.T) {
	t.Parallel()
	type typed struct {
		Number int32             `json:"number"`
		Absent *int              `json:"absent,omitempty"`
		Null   *int              `json:"null"`
		Map    map[string]string `json:"map"`
	}
	for _, v := range []any{
		nil, "yes", "0123", "1e3", "a: b\n", "<&>", "\u2028", "é\U0001F600", "2026-01-02", "", strings.Repeat("word ", 40), true,
		3, int64(1) << 60, 1.5, 1e21, []string(nil), []string{"~", "null"}, list{}, list(nil), object(nil), object{},
		object{"a10": 1, "a9": nil, "A": list{int32(1), "x"}}, typed{Number: 7, Map: map[string]string{"b": "1", "a": "on"}},
		&typed{}, []typed{{}}, json.Number("12"), json.Number("12.50"), []byte("bytes"),
	} {
		p, err := plain(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := yaml2.Marshal(object{"v": p})
		if err != nil {
			t.Fatal(err)
		}
		if want, err := yaml.Marshal(object{"v": v}); err != nil || string(got) != string(want) {
			t.Errorf("%#v is written as\n%sinstead of\n%s", v, got, want)
		}
	}
	if _, err := plain(object{"a": list{func() {}}}); err == nil {
		t.Error("a function is no value")
	}
}

// What was filled once leaves the file as it is for the next.
func TestFillLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{"one.example.com", "two.example.com"} {
		o, err := fill(dnsFile, values{"clusterDomain": domain})
		if err != nil || o["spec"].(object)["baseDomain"] != domain {
			t.Errorf("got %v, %v", o, err)
		}
	}
}
