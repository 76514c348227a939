package layout

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

var spacing = Spacing{Columns: 40, Boxes: 20, Edges: 10}

// overlaps reports whether two boxes lie on each other.
func overlaps(d Drawing, boxes []Box, i, j int) bool {
	a, b := d.Corners[i], d.Corners[j]
	return a.X < b.X+boxes[j].Width && b.X < a.X+boxes[i].Width && a.Y < b.Y+boxes[j].Height && b.Y < a.Y+boxes[i].Height
}

// inside reports whether a point lies within a box.
func inside(p Point, corner Point, b Box) bool {
	return p.X > corner.X && p.X < corner.X+b.Width && p.Y > corner.Y && p.Y < corner.Y+b.Height
}

// check holds what is true of every drawing.
func check(t *testing.T, boxes []Box, edges []Edge, d Drawing) {
	t.Helper()
	for i := range boxes {
		c := d.Corners[i]
		if c.X < -0.01 || c.Y < -0.01 || c.X+boxes[i].Width > d.Width+0.01 || c.Y+boxes[i].Height > d.Height+0.01 {
			t.Errorf("box %d is outside of the drawing", i)
		}
		for j := range i {
			if overlaps(d, boxes, i, j) {
				t.Errorf("the boxes %d and %d overlap", i, j)
			}
		}
	}
	for i, e := range edges {
		line := d.Lines[i]
		if d.Corners[e.From].X+boxes[e.From].Width >= d.Corners[e.To].X {
			t.Errorf("edge %d does not lead from left to right", i)
		}
		if line[0].X != d.Corners[e.From].X+boxes[e.From].Width || line[len(line)-1].X != d.Corners[e.To].X {
			t.Errorf("edge %d does not end at its boxes", i)
		}
		for _, p := range line {
			for k := range boxes {
				if inside(p, d.Corners[k], boxes[k]) {
					t.Errorf("edge %d runs through box %d", i, k)
				}
			}
		}
	}
}

func TestLayered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		boxes     int
		edges     []Edge
		crossings int
	}{
		{"nothing", 0, nil, 0},
		{"one box", 1, nil, 0},
		{"a chain", 3, []Edge{{0, 1}, {1, 2}}, 0},
		{"a diamond with a shortcut", 4, []Edge{{0, 1}, {0, 2}, {1, 3}, {2, 3}, {0, 3}}, 0},
		{"two lines that need not cross", 4, []Edge{{0, 3}, {1, 2}}, 0},
		{"what must cross once", 4, []Edge{{0, 2}, {0, 3}, {1, 2}, {1, 3}}, 1},
		{"boxes without edges", 3, []Edge{{0, 1}}, 0},
	} {
		boxes := make([]Box, c.boxes)
		for i := range boxes {
			boxes[i] = Box{Width: 60 + float64(i)*20, Height: 30 + float64(i)*15}
		}
		d, err := Layered(boxes, c.edges, spacing)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		check(t, boxes, c.edges, d)
		if d.Crossings != c.crossings {
			t.Errorf("%s: %d crossings, want %d", c.name, d.Crossings, c.crossings)
		}
	}
}

func TestCycle(t *testing.T) {
	t.Parallel()
	for _, edges := range [][]Edge{{{0, 0}}, {{0, 1}, {1, 0}}, {{0, 1}, {1, 2}, {2, 1}}} {
		if _, err := Layered(make([]Box, 3), edges, spacing); err == nil {
			t.Errorf("%v is drawn", edges)
		}
	}
}

// Random graphs, always the same ones.
func TestAnyGraph(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	for range 25 {
		boxes := make([]Box, 3+random.IntN(14))
		for i := range boxes {
			boxes[i] = Box{Width: 20 + random.Float64()*150, Height: 20 + random.Float64()*90}
		}
		var edges []Edge
		for to := 1; to < len(boxes); to++ {
			for range random.IntN(3) {
				edges = append(edges, Edge{random.IntN(to), to})
			}
		}
		d, err := Layered(boxes, edges, spacing)
		if err != nil {
			t.Fatal(err)
		}
		check(t, boxes, edges, d)
		again, err := Layered(boxes, edges, spacing)
		if err != nil || !reflect.DeepEqual(d, again) {
			t.Error("the same graph is drawn in two ways")
		}
	}
}

// A wide drawing gets more room in its height.
func TestAspect(t *testing.T) {
	t.Parallel()
	boxes, edges := make([]Box, 12), []Edge{}
	for i := range boxes {
		boxes[i] = Box{Width: 100, Height: 30}
		if i >= 2 {
			edges = append(edges, Edge{i - 2, i})
		}
	}
	flat, err := Layered(boxes, edges, spacing)
	if err != nil {
		t.Fatal(err)
	}
	wide := spacing
	wide.Aspect = 1.5
	high, err := Layered(boxes, edges, wide)
	if err != nil {
		t.Fatal(err)
	}
	if high.Height <= flat.Height || high.Width != flat.Width {
		t.Errorf("%v x %v became %v x %v", flat.Width, flat.Height, high.Width, high.Height)
	}
}
