package layout

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// attempts is how many orders are begun with; the best counts. All of them are
// the same for the same graph.
const attempts = 60

// order finds an order within the columns in which few edges cross.
func (g *grid) order() {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a drawing is no secret
	best, fewest := g.copyColumns(), g.crossings()
	for attempt := range attempts {
		if attempt > 0 {
			for _, column := range g.columns {
				random.Shuffle(len(column), func(i, j int) { column[i], column[j] = column[j], column[i] })
			}
		}
		for sweep := range 12 {
			g.sweep(sweep%2 == 0)
			g.swap()
			if n := g.crossings(); n < fewest {
				best, fewest = g.copyColumns(), n
			}
		}
		if fewest == 0 {
			break
		}
	}
	g.columns = best
}

func (g *grid) copyColumns() [][]int {
	out := make([][]int, len(g.columns))
	for i, column := range g.columns {
		out[i] = slices.Clone(column)
	}
	return out
}

// sweep puts each place at the middle of those it is linked to in the column
// before, or on the way back in the column behind.
func (g *grid) sweep(forward bool) {
	for i := range g.columns {
		linked := g.back
		if !forward {
			i, linked = len(g.columns)-1-i, g.next
		}
		index := g.indexes()
		middle := map[int]float64{}
		for at, p := range g.columns[i] {
			middle[p] = float64(at)
			if n := len(linked[p]); n > 0 {
				sum := 0
				for _, q := range linked[p] {
					sum += index[q]
				}
				middle[p] = float64(sum) / float64(n)
			}
		}
		slices.SortStableFunc(g.columns[i], func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
	}
}

// swap exchanges neighbours as long as that makes fewer edges cross.
func (g *grid) swap() {
	for better := true; better; {
		better = false
		for _, column := range g.columns {
			for i := range len(column) - 1 {
				index := g.indexes()
				a, b := column[i], column[i+1]
				if g.between(b, a, index) < g.between(a, b, index) {
					column[i], column[i+1], better = b, a, true
				}
			}
		}
	}
}

// between counts the crossings of the links of two places, a above b.
func (g *grid) between(a, b int, index []int) int {
	n := 0
	for _, linked := range [][][]int{g.next, g.back} {
		for _, p := range linked[a] {
			for _, q := range linked[b] {
				if index[p] > index[q] {
					n++
				}
			}
		}
	}
	return n
}

// indexes are the places' positions in their columns.
func (g *grid) indexes() []int {
	index := make([]int, len(g.column))
	for _, column := range g.columns {
		for i, p := range column {
			index[p] = i
		}
	}
	return index
}

func (g *grid) crossings() int {
	index, n := g.indexes(), 0
	for _, column := range g.columns {
		for i, a := range column {
			for _, b := range column[i+1:] {
				for _, p := range g.next[a] {
					for _, q := range g.next[b] {
						if index[p] > index[q] {
							n++
						}
					}
				}
			}
		}
	}
	return n
}
