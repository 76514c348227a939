package diag

import (
	"fmt"
	"strings"
)

// Table has rows in columns that are as wide as what stands in them. Where the width has no
// room for that, cells are broken into lines; where even that leaves no room, each row is a
// list of names and values. A cell is a value of its own: whatever is in it, it ends neither
// the row nor the column.
type Table struct {
	width  int
	titles []string
	right  []bool
	rows   [][]string
}

// gap is what stands between two columns.
const gap = "  "

// NewTable is a table of at most width characters a line, or 0 for any number. A title that
// begins with > is that of numbers, which stand on the right of their column. Without titles
// the first column has names, and the second what they stand for.
func NewTable(width int, titles ...string) *Table {
	t := &Table{width: width}
	for _, title := range titles {
		title, right := strings.CutPrefix(title, ">")
		t.titles, t.right = append(t.titles, title), append(t.right, right)
	}
	return t
}

// Row adds a row; what a terminal would obey is made visible.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = Printable(cell)
	}
	t.rows = append(t.rows, row)
}

// Rowf is Row with one cell after its name.
func (t *Table) Rowf(name, format string, values ...any) {
	t.Row(name, fmt.Sprintf(format, values...))
}

// String is the table as it is shown, each line with its end.
func (t *Table) String() string {
	all := t.rows
	if len(t.titles) > 0 {
		all = append([][]string{t.titles}, t.rows...)
	}
	widths, fits := columnWidths(all, t.width)
	var b strings.Builder
	if !fits && len(t.titles) > 0 {
		t.records(&b)
		return b.String()
	}
	for _, row := range all {
		t.line(&b, row, widths)
	}
	return b.String()
}

// columnWidths are the widths at which the rows fit, and reports whether the parts of all
// names stay whole at them.
func columnWidths(rows [][]string, width int) (widths []int, fits bool) {
	var least []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths, least = append(widths, 0), append(least, 0)
			}
			widths[i], least[i] = max(widths[i], Columns(cell)), max(least[i], longestPart(cell))
		}
	}
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; width > 0 && total > width; total-- {
		widest := -1
		for i := range widths {
			if widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 { // the last column takes what is left
			last := len(widths) - 1
			widths[last] = max(1, widths[last]-(total-width))
			return widths, false
		}
		widths[widest]--
	}
	return widths, true
}

// line writes a row, whose cells may need several lines.
func (t *Table) line(b *strings.Builder, row []string, widths []int) {
	cells, height := make([][]string, len(row)), 1
	for i, cell := range row {
		cells[i] = []string{cell}
		if t.width > 0 {
			cells[i] = fit(cell, widths[i])
		}
		height = max(height, len(cells[i]))
	}
	for n := range height {
		var line strings.Builder
		for i := range cells {
			text := ""
			if n < len(cells[i]) {
				text = cells[i][n]
			}
			pad := strings.Repeat(" ", max(0, widths[i]-Columns(text)))
			if i > 0 {
				line.WriteString(gap)
			}
			if i < len(t.right) && t.right[i] {
				line.WriteString(pad + text)
			} else {
				line.WriteString(text + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// records writes each row as a list, with an empty line between two.
func (t *Table) records(b *strings.Builder) {
	names := 0
	for _, title := range t.titles {
		names = max(names, Columns(title))
	}
	for i, row := range t.rows {
		if i > 0 {
			b.WriteByte('\n')
		}
		list := Table{width: t.width}
		for n, cell := range row {
			if cell != "" {
				list.line(b, []string{t.titles[n], cell}, []int{names, max(1, t.width-names-len(gap))})
			}
		}
	}
}
