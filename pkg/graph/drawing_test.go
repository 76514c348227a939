package graph

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// sample is a graph with everything that a drawing shows.
func sample() []Target {
	config := Value("config", 1)
	number := func(int) (int, error) { panic("printing makes nothing") }
	all := func(map[string]int) (Files, error) { panic("printing makes nothing") }
	key := func(name string) Node[int] {
		return From1(name, config, number).Keep(func(int, []any) error { return nil }, nil)
	}
	a, b, c := key("key-a"), key("key-b"), From2("leaf<c>", config, Value("", 2), add)
	few, many := Collect("few", a, b), Collect("many", a, b, c)
	made := Editable(From1("made", few, all), "made")
	result := From2("result", made, many, func(Files, map[string]int) (Files, error) { panic("printing makes nothing") })
	return []Target{{"files", made}, {"everything", result}, {"all", result}}
}

var words = Words{Title: "What & why", Verb: "make", Remembered: "kept", Editable: "yours", Target: "asked for"}

// A picture has everything in it once, and a member is in the shortest list.
func TestDrawing(t *testing.T) {
	t.Parallel()
	for _, target := range sample() {
		d := draw(target)
		shown := map[string]int{}
		for _, b := range d.boxes {
			shown[b.title]++
			for _, m := range b.members {
				shown[m]++
			}
		}
		for _, n := range reachable(target.Node) {
			if shown[n.name] != 1 {
				t.Errorf("%s: %s is shown %d times", target.Name, n.name, shown[n.name])
			}
		}
		for i, a := range d.arrows {
			if a.from == a.to || slices.Index(d.arrows, a) != i {
				t.Errorf("%s: %v leads nowhere, or stands twice", target.Name, a)
			}
		}
	}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	for _, targets := range [][]Target{sample(), sample()[:1], sample()[1:2]} {
		var out, again bytes.Buffer
		if err := SVG(&out, words, targets...); err != nil {
			t.Fatal(err)
		}
		if err := SVG(&again, words, targets...); err != nil || out.String() != again.String() {
			t.Error("the same graph gives two pictures")
		}
		var texts []string
		dec := xml.NewDecoder(bytes.NewReader(out.Bytes()))
		for {
			tok, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if data, ok := tok.(xml.CharData); ok {
				texts = append(texts, string(data))
			}
		}
		for _, n := range reachable(nodesOf(targets)...) {
			if !slices.Contains(texts, n.name) {
				t.Errorf("%s is not in the picture", n.name)
			}
		}
		for _, want := range []string{words.Title, words.Remembered, words.Editable, words.Target, "make " + targets[len(targets)-1].Name} {
			if !slices.ContainsFunc(texts, func(s string) bool { return strings.HasSuffix(s, want) }) {
				t.Errorf("%s is not in the picture", want)
			}
		}
		var view struct {
			ViewBox string `xml:"viewBox,attr"`
		}
		if err := xml.Unmarshal(out.Bytes(), &view); err != nil || !strings.HasPrefix(view.ViewBox, "0 0 ") {
			t.Errorf("%v: %q", err, view.ViewBox)
		}
	}
}

func TestMermaid(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Mermaid(&out, sample()[:2]...); err != nil {
		t.Fatal(err)
	}
	//nolint:dupword // a name stands at the end of a line and at the start of the next
	want := `flowchart LR
  n0["<b>config</b>"]
  n1["<b>few</b><br/>key-a<br/>key-b"]
  n2["<b>made</b>"]
  n3["<b>many</b><br/>leaf<c>"]
  n4["<b>result</b>"]
  n0 --> n1
  n1 --> n2
  n0 --> n3
  n1 --> n3
  n2 --> n4
  n3 --> n4
  classDef kept stroke-width:3px
  class n1 kept
  classDef editable fill:#fff2cc
  class n2 editable
  classDef target fill:#dcefdc
  class n2,n4 target
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestGraphJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := JSON(&out, sample()[:2]...); err != nil {
		t.Fatal(err)
	}
	var got graphJSON
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	before := map[string]Info{}
	for _, n := range got.Nodes {
		for _, from := range n.MadeFrom {
			if before[from].Name == "" {
				t.Errorf("%s stands before %s, which it is made from", n.Name, from)
			}
		}
		before[n.Name] = n
	}
	a, few, made := before["key-a"], before["few"], before["made"]
	if !a.Remembered || a.List || !few.List || few.Remembered || !slices.Equal(made.Folders, []string{"made"}) || len(before) != 8 {
		t.Errorf("got %s", &out)
	}
	if got.SchemaVersion != 1 || !slices.Equal(got.Targets, []targetJSON{{"files", "made"}, {"everything", "result"}}) {
		t.Errorf("got %s", &out)
	}
}

func TestWhatFrom(t *testing.T) {
	t.Parallel()
	says := func(name string) string { return strings.Repeat("first", strings.Count(name, "config")) }
	got, err := json.Marshal(WhatFrom([]string{"key-a", "no such", "few"}, says, sample()[0].Node))
	want := `[{"name":"key-a","remembered":true,"madeFrom":[{"name":"config","says":"first"}]},` +
		`{"name":"few","madeFrom":[{"name":"key-a","remembered":true,"shown":true},{"name":"key-b","remembered":true,"madeFrom":[{"name":"config","says":"first"}]}]}]`
	if err != nil || string(got) != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
	if none := WhatFrom(nil, says, sample()[0].Node); none == nil || len(none) > 0 {
		t.Errorf("got %v, want an empty list", none)
	}
}
