package graph

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sample is a graph with everything that a drawing shows.
func sample() []Target {
	config := Value("config", 1)
	from := func(int) (int, error) { panic("printing makes nothing") }
	all := func(map[string]int) (Files, error) { panic("printing makes nothing") }
	key := func(name string) Node[int] {
		return From1(name, config, from).Keep(func(int, []any) error { return nil }, nil)
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

// number is the function of nodes that nobody makes.
func number(int, int) (int, error) { panic("printing makes nothing") }

// Two lists that share nodes, and are each made from something of the other: an
// authority that both have, another that only one has, and its leaf that only the
// other has.
func TestListsThatNeedEachOther(t *testing.T) {
	t.Parallel()
	none := Value("", 0)
	shared, alone := From2("shared", none, none, number), From2("alone", none, none, number)
	leaf := From2("leaf", alone, none, number)
	pick := func(map[string]int) (int, error) { panic("printing makes nothing") }
	few := From1("by few", Collect("few", shared, leaf), pick)
	many := From1("by many", Collect("many", shared, alone, none), pick)
	var out bytes.Buffer
	result := From2("result", few, many, number)
	if err := Mermaid(&out, Target{"it", result}); err != nil {
		t.Fatal(err)
	}
	//nolint:dupword // a name stands at the end of a line and at the start of the next
	want := `flowchart LR
  n0["<b>few</b><br/>leaf"]
  n1["<b>by few</b>"]
  n2["<b>many</b><br/>shared<br/>alone"]
  n3["<b>by many</b>"]
  n4["<b>result</b>"]
  n2 --> n0
  n0 --> n1
  n2 --> n3
  n1 --> n4
  n3 --> n4
`
	if got, _, _ := strings.Cut(out.String(), "  classDef"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if err := SVG(&out, words, Target{"it", result}); err != nil {
		t.Error(err)
	}
}

// Whatever lists there are, and however they overlap: a picture can be drawn, has
// every node once, and every arrow of it is one of the graph.
func TestEveryGraphCanBeDrawn(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		targets := anyGraph(rand.New(rand.NewPCG(seed, 0)))
		d := draw(targets...)
		box := map[string]int{}
		for i, b := range d.boxes {
			for _, name := range append(b.members, b.title) {
				if _, twice := box[name]; twice {
					t.Fatalf("seed %d: %s is shown twice", seed, name)
				}
				box[name] = i
			}
		}
		arrows := map[arrow]bool{}
		for _, n := range Nodes(nodesOf(targets)...) {
			i, shown := box[n.Name]
			if !shown {
				t.Fatalf("seed %d: %s is not shown", seed, n.Name)
			}
			if b := d.boxes[i]; b.title != n.Name && (n.List || len(n.Folders) > 0) || b.folders != (len(n.Folders) > 0) {
				t.Errorf("seed %d: %s is not shown as what it is: %+v", seed, n.Name, b)
			}
			for _, from := range n.MadeFrom {
				if a := (arrow{box[from], i}); a.from != a.to {
					arrows[a] = true
				}
			}
		}
		for _, a := range d.arrows {
			if !arrows[a] {
				t.Errorf("seed %d: the graph has no arrow from %s to %s", seed, d.boxes[a.from].title, d.boxes[a.to].title)
			}
		}
		if len(arrows) != len(d.arrows) {
			t.Errorf("seed %d: %d arrows are drawn, the graph has %d", seed, len(d.arrows), len(arrows))
		}
		for _, target := range targets {
			if b := d.boxes[box[target.Node.any().name]]; b.title != target.Node.any().name || !slices.Contains(b.targets, target.Name) {
				t.Errorf("seed %d: target %s is not shown as one: %+v", seed, target.Name, b)
			}
		}
		if err := SVG(io.Discard, words, targets...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// anyGraph has lists of nodes, lists of lists, and files of the user.
func anyGraph(r *rand.Rand) []Target {
	numbers := []Node[int]{Value("n0", 0)}
	var lists []Node[map[string]int]
	some := func(k int) (picked []int) { return r.Perm(k)[:1+r.IntN(min(k, 4))] }
	for i := 1; i < 6+r.IntN(12); i++ {
		name, last := fmt.Sprintf("n%d", i), numbers[r.IntN(len(numbers))]
		switch kind := r.IntN(5); {
		case kind == 0 && len(lists) > 0:
			pick := func(map[string]int, int) (int, error) { panic("printing makes nothing") }
			numbers = append(numbers, From2(name, lists[r.IntN(len(lists))], last, pick))
		case kind <= 2:
			var members []Node[int]
			for _, at := range some(len(numbers)) {
				members = append(members, numbers[at])
			}
			lists = append(lists, Collect(name, members...))
		default:
			numbers = append(numbers, From2(name, last, numbers[r.IntN(len(numbers))], number))
		}
	}
	all := func(map[string]map[string]int, map[string]Files) (int, error) { panic("printing makes nothing") }
	made := func(int) (Files, error) { panic("printing makes nothing") }
	files := Editable(From1("files", numbers[len(numbers)-1], made), "files")
	end := From2("end", Collect("lists", lists...), Collect("folders", files), all)
	return []Target{{"end", end}, {"one", numbers[r.IntN(len(numbers))]}}
}
