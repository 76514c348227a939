// Package layout draws a graph without cycles in columns: Layered finds a place
// for every box, so that each edge leads from left to right, few edges cross,
// and no box lies on another. It knows boxes by their size and nothing about what
// is in them.
//
// It goes the usual way of layered drawings: boxes are given columns, long edges
// a waypoint in each column that they pass, the order within the columns is
// improved until fewer edges cross, and then each box is moved as near to its
// neighbours as the order allows. The same graph gives the same drawing.
package layout

import (
	"cmp"
	"errors"
	"slices"
)

// Box is what is to be placed, with its width and height.
type Box struct{ Width, Height float64 }

// Edge leads from a box to another, by their indexes.
type Edge struct{ From, To int }

// Point is a place in the drawing; y grows downwards.
type Point struct{ X, Y float64 }

// Spacing is the least room between columns, between boxes of one column, and
// between a box and an edge that passes it.
type Spacing struct {
	Columns, Boxes, Edges float64
	// Aspect is how much wider than high the drawing should be at most: boxes and
	// edges get up to twice the room if that helps. Zero leaves it as it comes.
	Aspect float64
}

// Drawing is where everything is.
type Drawing struct {
	Width, Height float64
	// Corners are the upper left corners of the boxes.
	Corners []Point
	// Lines are the edges as points to draw a smooth line through; between the
	// points 2i and 2i+1 for i>0, where the line passes a column, it is straight.
	Lines [][]Point
	// Crossings is how often edges cross.
	Crossings int
}

var errCycle = errors.New("the graph has a cycle")

// Layered places boxes. Edges that stand twice are drawn twice; an edge from a
// box to itself, or any other cycle, is an error.
func Layered(boxes []Box, edges []Edge, spacing Spacing) (Drawing, error) {
	g, err := newGrid(boxes, edges, spacing)
	if err != nil {
		return Drawing{}, err
	}
	g.order()
	for {
		g.place()
		d := g.draw()
		if spacing.Aspect == 0 || d.Width <= spacing.Aspect*d.Height || g.spacing.Edges >= 2*spacing.Edges {
			return d, nil
		}
		g.spacing.Boxes += spacing.Boxes / 8
		g.spacing.Edges += spacing.Edges / 8
	}
}

// grid is the graph with waypoints: a place is a box or a waypoint, and each
// link leads from one column to the next.
type grid struct {
	boxes   []Box
	edges   []Edge
	spacing Spacing
	column  []int // of each place
	height  []float64
	next    [][]int // places in the next column that a place is linked to
	back    [][]int
	routes  [][]int // places along each edge, both ends included
	columns [][]int // places of each column, from top to bottom
	y       []float64
}

func newGrid(boxes []Box, edges []Edge, spacing Spacing) (*grid, error) {
	columns, err := assign(len(boxes), edges)
	if err != nil {
		return nil, err
	}
	g := &grid{boxes: boxes, edges: edges, spacing: spacing, column: columns}
	for _, b := range boxes {
		g.height = append(g.height, b.Height)
	}
	g.next, g.back = make([][]int, len(boxes)), make([][]int, len(boxes))
	for _, e := range edges {
		route := []int{e.From}
		for c := columns[e.From] + 1; c < columns[e.To]; c++ {
			route = append(route, g.waypoint(c))
		}
		route = append(route, e.To)
		for i := range route[1:] {
			g.next[route[i]] = append(g.next[route[i]], route[i+1])
			g.back[route[i+1]] = append(g.back[route[i+1]], route[i])
		}
		g.routes = append(g.routes, route)
	}
	g.columns = make([][]int, slices.Max(append([]int{0}, g.column...))+1)
	for p, c := range g.column {
		g.columns[c] = append(g.columns[c], p)
	}
	return g, nil
}

func (g *grid) waypoint(column int) int {
	g.column, g.height = append(g.column, column), append(g.height, 0)
	g.next, g.back = append(g.next, nil), append(g.back, nil)
	return len(g.column) - 1
}

// assign gives each box a column behind all that lead to it, and then moves it
// to where its edges are shortest.
func assign(n int, edges []Edge) ([]int, error) {
	column, degree := make([]int, n), make([]int, n)
	for _, e := range edges {
		degree[e.To]++
		degree[e.From]--
	}
	for round := 0; ; round++ {
		changed := false
		for _, e := range edges {
			if column[e.To] <= column[e.From] {
				column[e.To], changed = column[e.From]+1, true
			}
		}
		if !changed {
			break
		}
		if round > n {
			return nil, errCycle
		}
	}
	last := slices.Max(append([]int{0}, column...))
	for range n {
		moved := false
		for box := range n {
			low, high := 0, last
			for _, e := range edges {
				if e.To == box {
					low = max(low, column[e.From]+1)
				}
				if e.From == box {
					high = min(high, column[e.To]-1)
				}
			}
			want := column[box]
			if degree[box] < 0 { // more edges leave it than reach it
				want = high
			} else if degree[box] > 0 {
				want = low
			}
			if want != column[box] {
				column[box], moved = want, true
			}
		}
		if !moved {
			break
		}
	}
	return column, nil
}

// place gives each place its height in the drawing: as near as possible to the
// middle of those it is linked to, in the order that the columns have.
func (g *grid) place() {
	g.y = make([]float64, len(g.column))
	for _, column := range g.columns {
		at := 0.0
		for i, p := range column {
			if i > 0 {
				at += g.gap(column[i-1], p)
			}
			g.y[p] = at
		}
	}
	const rounds = 60
	for round := range rounds {
		for i := range g.columns {
			if round%2 == 1 {
				i = len(g.columns) - 1 - i
			}
			g.settle(g.columns[i])
		}
	}
	top := 0.0
	for p := range g.y {
		top = min(top, g.y[p]-g.height[p]/2)
	}
	for p := range g.y {
		g.y[p] -= top
	}
}

// gap is the least distance between the middles of two places, one below the other.
func (g *grid) gap(above, below int) float64 {
	room := g.spacing.Edges
	if above < len(g.boxes) && below < len(g.boxes) {
		room = g.spacing.Boxes
	}
	return (g.height[above]+g.height[below])/2 + room
}

// settle moves the places of a column to where their neighbours want them, and
// pushes those apart that come too near to each other: the smallest sum of
// squares that keeps the order (pool adjacent violators).
func (g *grid) settle(column []int) {
	type pool struct {
		sum, weight float64
		first       int
	}
	var pools []pool
	offset := make([]float64, len(column))
	for i, p := range column {
		if i > 0 {
			offset[i] = offset[i-1] + g.gap(column[i-1], p)
		}
		want, weight := g.wish(p)
		pools = append(pools, pool{(want - offset[i]) * weight, weight, i})
		for len(pools) > 1 {
			a, b := pools[len(pools)-2], pools[len(pools)-1]
			if a.sum/a.weight <= b.sum/b.weight {
				break
			}
			pools = append(pools[:len(pools)-2], pool{a.sum + b.sum, a.weight + b.weight, a.first})
		}
	}
	for i, p := range pools {
		end := len(column)
		if i+1 < len(pools) {
			end = pools[i+1].first
		}
		for k := p.first; k < end; k++ {
			g.y[column[k]] = p.sum/p.weight + offset[k]
		}
	}
}

// wish is where a place would like to be, and how much. Links between waypoints
// count most, since bends in the middle of an edge are the ugliest.
func (g *grid) wish(p int) (y, weight float64) {
	for _, linked := range [][]int{g.next[p], g.back[p]} {
		for _, q := range linked {
			w := 1.0
			if p >= len(g.boxes) {
				w *= 2
			}
			if q >= len(g.boxes) {
				w *= 2
			}
			y, weight = y+g.y[q]*w, weight+w
		}
	}
	if weight == 0 {
		return g.y[p], 0.01
	}
	return y / weight, weight
}

// draw turns columns and heights into points.
func (g *grid) draw() Drawing {
	d := Drawing{Corners: make([]Point, len(g.boxes)), Crossings: g.crossings()}
	left, right := make([]float64, len(g.columns)), make([]float64, len(g.columns))
	for c, column := range g.columns {
		if c > 0 {
			left[c] = right[c-1] + g.spacing.Columns
		}
		right[c] = left[c]
		for _, p := range column {
			if p < len(g.boxes) {
				right[c] = max(right[c], left[c]+g.boxes[p].Width)
			}
			d.Height = max(d.Height, g.y[p]+g.height[p]/2)
		}
	}
	d.Width = right[len(right)-1]
	for p, b := range g.boxes {
		c := g.column[p]
		d.Corners[p] = Point{left[c] + (right[c]-left[c]-b.Width)/2, g.y[p] - b.Height/2}
	}
	ports := g.ports()
	for i, route := range g.routes {
		from, to := route[0], route[len(route)-1]
		line := []Point{{d.Corners[from].X + g.boxes[from].Width, ports[i][0]}}
		for _, p := range route[1 : len(route)-1] {
			c := g.column[p]
			line = append(line, Point{left[c], g.y[p]}, Point{right[c], g.y[p]})
		}
		d.Lines = append(d.Lines, append(line, Point{d.Corners[to].X, ports[i][1]}))
	}
	return d
}

// ports spreads the ends of the edges over the sides of the boxes, in the order
// of the places that they come from.
func (g *grid) ports() [][2]float64 {
	at := make([][2]float64, len(g.routes))
	for end := range 2 {
		byBox := map[int][]int{}
		for i, route := range g.routes {
			box := route[0]
			if end == 1 {
				box = route[len(route)-1]
			}
			byBox[box] = append(byBox[box], i)
		}
		neighbour := func(i int) float64 {
			route := g.routes[i]
			if end == 0 {
				return g.y[route[1]]
			}
			return g.y[route[len(route)-2]]
		}
		for box, edges := range byBox {
			slices.SortStableFunc(edges, func(a, b int) int {
				if c := cmp.Compare(neighbour(a), neighbour(b)); c != 0 {
					return c
				}
				return a - b
			})
			step := min(12, g.height[box]*0.8/float64(len(edges)))
			for k, i := range edges {
				at[i][end] = g.y[box] + (float64(k)-float64(len(edges)-1)/2)*step
			}
		}
	}
	return at
}
