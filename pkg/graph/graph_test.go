package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// counted is a source that counts how often it is made.
func counted(name string, v int, made *atomic.Int32) Node[int] {
	return Source(name, func() (int, error) { made.Add(1); return v, nil })
}

func add(a, b int) (int, error) { return a + b, nil }

func TestGetMakesEachNodeOnce(t *testing.T) {
	var made atomic.Int32
	one := counted("one", 1, &made)
	two := From2("two", one, one, add)
	four := From2("four", two, two, add)
	for _, serial := range []bool{true, false} {
		made.Store(0)
		got, err := Get(&Run{Serial: serial}, four)
		if err != nil || got != 4 {
			t.Fatalf("serial %t: got %d, %v; want 4", serial, got, err)
		}
		if n := made.Load(); n != 1 {
			t.Errorf("serial %t: the source was made %d times, want once", serial, n)
		}
	}
}

func TestInputsAreMadeTogether(t *testing.T) {
	t.Cleanup(func(n int) func() { return func() { runtime.GOMAXPROCS(n) } }(runtime.GOMAXPROCS(4)))
	var meet sync.WaitGroup
	meet.Add(2)
	wait := func(name string) Node[int] {
		return Source(name, func() (int, error) { meet.Done(); meet.Wait(); return 1, nil })
	}
	done := make(chan error, 1)
	go func() {
		_, err := Get(&Run{}, From2("sum", wait("a"), wait("b"), add))
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the two inputs wait for each other for ever: they are made one after the other")
	}
}

func TestNoMoreWorkThanProcessors(t *testing.T) {
	t.Cleanup(func(n int) func() { return func() { runtime.GOMAXPROCS(n) } }(runtime.GOMAXPROCS(2)))
	var under, most atomic.Int32
	var nodes []Node[int]
	for i := range 20 {
		nodes = append(nodes, Source(fmt.Sprint(i), func() (int, error) {
			n := under.Add(1)
			for {
				m := most.Load()
				if n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			time.Sleep(time.Millisecond)
			under.Add(-1)
			return i, nil
		}))
	}
	all, err := Get(&Run{}, Collect("all", nodes...))
	if err != nil || len(all) != 20 || all["7"] != 7 {
		t.Fatalf("got %v, %v", all, err)
	}
	if most.Load() > 2 {
		t.Errorf("%d nodes were under way at once on two processors", most.Load())
	}
}

func TestSerialRunsInTheOrderOfTheArguments(t *testing.T) {
	var order []string
	a, b, c := Value("a", 1), Value("b", 1), Value("c", 1)
	sum := From2("sum", From2("left", a, b, add), From2("right", c, a, add), add)
	r := &Run{Serial: true, Trace: func(node, how string, _ time.Duration) { order = append(order, node+" "+how) }}
	if _, err := Get(r, sum); err != nil {
		t.Fatal(err)
	}
	want := "a made, b made, left made, c made, right made, sum made"
	if got := strings.Join(order, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheFirstErrorInOrderIsReturned(t *testing.T) {
	fail := func(msg string, after time.Duration) Node[int] {
		return Source(msg, func() (int, error) { time.Sleep(after); return 0, errors.New(msg) })
	}
	sum := From2("sum", fail("first", 5*time.Millisecond), fail("second", 0), add)
	if _, err := Get(&Run{}, sum); err == nil || err.Error() != "first" {
		t.Errorf("got %v, want first", err)
	}
}

func TestKeptValues(t *testing.T) {
	name, half := "okd", func(issued int, _ time.Time) bool { return issued != 13 }
	check := func(issued int, inputs []any) error {
		if issued == 99 || inputs[0] != name {
			return errors.New("no such number")
		}
		return nil
	}
	var made atomic.Int32
	graph := func() Node[int] {
		in := Value("name", name)
		return From1("key", in, func(string) (int, error) { return int(made.Add(1)), nil }).Keep(check, half)
	}
	kept := map[string]Kept{}
	get := func() int {
		t.Helper()
		v, err := Get(&Run{Kept: kept, Now: noon}, graph())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if got := []int{get(), get()}; got[0] != 1 || got[1] != 1 {
		t.Errorf("same inputs: got %v, want the first value twice", got)
	}
	name = "other"
	if got := get(); got != 2 {
		t.Errorf("another input: got %d, want a new value", got)
	}
	made.Store(12)
	name = "third"
	if first, second := get(), get(); first != 13 || second != 14 {
		t.Errorf("stale: got %d, %d, want 13 and then a new value", first, second)
	}
	whole := kept["key"]
	for _, damaged := range []Kept{
		{whole.Inputs, []byte(`"no number"`)},
		{whole.Inputs, []byte(`99`)},
		{whole.Inputs, []byte(`null`)},
		{whole.Inputs, []byte(` null `)},
		{whole.Inputs, []byte(`{}`)},
		{whole.Inputs, nil},
		{"", whole.Value},
		{whole.Inputs[:10], whole.Value},
		{"not hex", whole.Value},
	} {
		kept["key"] = damaged
		if _, err := Get(&Run{Kept: kept, Now: noon}, graph()); err == nil || !strings.Contains(err.Error(), "key") {
			t.Errorf("a damaged value must be an error that names it, got %v", err)
		}
		where := errors.New("in that file")
		told := func(detail string) error { return fmt.Errorf("%s, %w", detail, where) }
		if _, err := Get(&Run{Kept: kept, Now: noon, Damaged: told}, graph()); !errors.Is(err, where) ||
			!strings.Contains(err.Error(), "of key is damaged: ") {
			t.Errorf("its error is not made as the run says, got %v", err)
		}
	}
}

func TestEditableFilesStandInWhole(t *testing.T) {
	var made atomic.Int32
	generated := From1("manifests", counted("config", 1, &made), func(int) (Files, error) {
		return Files{"manifests/a.yaml": []byte("made"), "manifests/b.yaml": []byte("made")}, nil
	})
	onDisk := func(files Files) func([]string) (Files, bool, error) {
		return func(dirs []string) (Files, bool, error) {
			if strings.Join(dirs, " ") != "manifests openshift" {
				t.Errorf("asked for %q", dirs)
			}
			return files, files != nil, nil
		}
	}
	n := Editable(generated, "manifests", "openshift")
	got, err := Get(&Run{OnDisk: onDisk(Files{"manifests/a.yaml": []byte("edited")})}, n)
	if err != nil || len(got) != 1 || string(got["manifests/a.yaml"]) != "edited" || made.Load() != 0 {
		t.Errorf("on disk: got %q, %v, inputs made %d times; want the one edited file and no inputs", got, err, made.Load())
	}
	got, err = Get(&Run{OnDisk: onDisk(nil)}, n)
	if err != nil || len(got) != 2 {
		t.Errorf("not on disk: got %q, %v; want the two generated files", got, err)
	}
}

func TestACancelledRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var made atomic.Int32
	first := Source("first", func() (int, error) { cancel(); return 1, nil })
	last := From1("last", first, func(int) (int, error) { made.Add(1); return 2, nil })
	if _, err := Get(&Run{Context: ctx}, last); !errors.Is(err, context.Canceled) || made.Load() != 0 {
		t.Errorf("got %v and %d more nodes, want %v and none", err, made.Load(), context.Canceled)
	}
}

func TestDot(t *testing.T) {
	name := Value("cluster-name", "okd")
	key := From1("key", name, func(string) (int, error) { panic("printing makes nothing") }).Keep(nil, nil)
	files := Editable(From1("manifests", key, func(int) (Files, error) { panic("printing makes nothing") }), "manifests")
	var b strings.Builder
	if err := Dot(&b, Target{"Manifests", files}); err != nil {
		t.Fatal(err)
	}
	want := `strict digraph G {
  rankdir=LR;
  node [shape=box];
  "cluster-name";
  "key" [style=bold];
  "cluster-name" -> "key";
  "manifests" [shape=folder];
  "key" -> "manifests";
  "Target Manifests" [shape=doublecircle];
  "manifests" -> "Target Manifests";
}
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

// A frozen run makes nothing that is to be remembered.
func TestFrozen(t *testing.T) {
	t.Parallel()
	source := 1
	n := From1("kept", Source("source", func() (int, error) { return source, nil }), func(i int) (int, error) { return i * 10, nil }).
		Keep(nil, func(int, time.Time) bool { return false })
	frozen := &Run{Frozen: true}
	if _, err := Get(frozen, n); err == nil || err.Error() != "kept would be made again" {
		t.Errorf("got %v", err)
	}
	run := &Run{}
	if v, err := Get(run, n); v != 10 || err != nil {
		t.Fatal(v, err)
	}
	if v, err := Get(&Run{Frozen: true, Kept: run.Kept}, n); v != 10 || err != nil {
		t.Errorf("what is remembered counts, also when it is not fresh: %d, %v", v, err)
	}
	source = 2
	if _, err := Get(&Run{Frozen: true, Kept: run.Kept}, n); err == nil {
		t.Error("made from something else, it is still used")
	}
}

func TestARememberedNodeHasAName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a value is remembered under no name")
		}
	}()
	Value("", 1).Keep(nil, nil)
}
