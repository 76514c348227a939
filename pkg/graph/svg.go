package graph

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/okd-project/okd-install/pkg/graph/layout"
)

// The measures of the picture, in pixels at its natural size.
const (
	textSize   = 13.0
	smallText  = 12.0
	lineHeight = 17
	padding    = 8
	margin     = 24
	legendRoom = 44
)

// strokes are the colours of arrows, dark enough on white and told apart also by
// those who see fewer colours. Arrows that leave one box share theirs.
var strokes = []string{"#0b5394", "#a61c00", "#38761d", "#741b47", "#7f6000", "#0c7c8a", "#5b4a9e", "#555555"}

// Words are what a picture says of a graph.
type Words struct {
	// Title is that of the picture.
	Title string
	// Verb stands before the name of a target.
	Verb string
	// Remembered, Editable and Target explain the boxes that look so.
	Remembered, Editable, Target string
}

// SVG writes the graph behind the targets as a picture that needs no other
// program: an arrow from what is needed to what is made of it. Remembered values
// have a bold frame, files that the user may edit stand on yellow, and targets on
// green. Members of one list share a box. Nothing is made.
func SVG(w io.Writer, words Words, targets ...Target) error {
	d := draw(targets...)
	boxes, edges := make([]layout.Box, len(d.boxes)), make([]layout.Edge, len(d.arrows))
	for i, b := range d.boxes {
		boxes[i] = b.size(words)
	}
	for i, a := range d.arrows {
		edges[i] = layout.Edge{From: a.from, To: a.to}
	}
	placed, err := layout.Layered(boxes, edges, layout.Spacing{Columns: 44, Boxes: 36, Edges: 26, Aspect: 1.9})
	if err != nil {
		return fmt.Errorf("the graph cannot be drawn: %w", err)
	}
	var b strings.Builder
	width, height := placed.Width+2*margin, placed.Height+2*margin+legendRoom
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" `+
		`font-family="DejaVu Sans, Verdana, Helvetica, sans-serif" font-size="%.0f">`+"\n",
		width, height, width, height, textSize)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n", escape(words.Title))
	arrowheads(&b)
	fmt.Fprintf(&b, "<g transform=\"translate(%d,%d)\">\n", margin, margin)
	for i, a := range d.arrows {
		color := a.from % len(strokes)
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.4" `+
			`marker-end="url(#head%d)"><title>%s is made from %s</title></path>`+"\n",
			curve(placed.Lines[i]), strokes[color], color, escape(d.boxes[a.to].title), escape(d.boxes[a.from].title))
	}
	for i, box := range d.boxes {
		box.svg(&b, words, placed.Corners[i], boxes[i])
	}
	b.WriteString("</g>\n")
	legend(&b, words, height)
	b.WriteString("</svg>\n")
	_, err = io.WriteString(w, b.String())
	return err
}

// size is the room that a box needs for its text.
func (b box) size(words Words) layout.Box {
	widest := textWidth(b.title, textSize)
	if len(b.members) > 0 {
		widest *= 1.12 // it is bold
	}
	for _, m := range b.members {
		widest = max(widest, textWidth(m, smallText))
	}
	if len(b.targets) > 0 {
		widest = max(widest, textWidth(words.commands(b.targets), smallText))
	}
	return layout.Box{Width: widest + 2*padding, Height: float64(b.lines()*lineHeight + 2*padding - 4)}
}

// textWidth is about the width of a text in DejaVu Sans, which is one of the
// widest fonts that a browser may take.
func textWidth(s string, size float64) float64 {
	width := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijl.,:'", r):
			width += 0.3
		case strings.ContainsRune("frt-/ ()", r):
			width += 0.39
		case strings.ContainsRune("mwMW", r):
			width += 0.95
		case strings.ContainsRune("sckvxyz", r):
			width += 0.57
		default:
			width += 0.64
		}
	}
	return width * size
}

func (b box) lines() int {
	n := 1 + len(b.members)
	if len(b.targets) > 0 {
		n++
	}
	return n
}

// commands names the targets with what makes them.
func (w Words) commands(targets []string) string {
	named := make([]string, len(targets))
	for i, t := range targets {
		named[i] = w.Verb + " " + t
	}
	return strings.Join(named, ", ")
}

// look is the colour of a box and the width of its frame.
func (b box) look() (fill string, stroke float64) {
	fill, stroke = "#f3f6fa", 1.2
	if b.kept {
		stroke = 3
	}
	switch {
	case len(b.targets) > 0:
		fill = "#dcefdc"
	case b.folders:
		fill = "#fff2cc"
	}
	return fill, stroke
}

// svg writes the box with its text.
func (b box) svg(out *strings.Builder, words Words, at layout.Point, size layout.Box) {
	fill, stroke := b.look()
	fmt.Fprintf(out, `<g><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="5" fill="%s" stroke="#27343f" stroke-width="%.1f"/>`,
		at.X, at.Y, size.Width, size.Height, fill, stroke)
	line := 0
	text := func(s, style string, x float64) {
		y := at.Y + padding + float64(line*lineHeight) + textSize - 2
		fmt.Fprintf(out, `<text x="%.1f" y="%.1f"%s>%s</text>`, x, y, style, escape(s))
		line++
	}
	middle := at.X + size.Width/2
	weight := ""
	if len(b.members) > 0 {
		weight = ` font-weight="bold"`
	}
	text(b.title, ` text-anchor="middle"`+weight, middle)
	if len(b.targets) > 0 {
		text(words.commands(b.targets), ` text-anchor="middle" font-size="12" fill="#333333"`, middle)
	}
	for _, m := range b.members {
		text(m, ` font-size="12"`, at.X+padding)
	}
	out.WriteString("</g>\n")
}

func arrowheads(b *strings.Builder) {
	b.WriteString("<defs>")
	for i, color := range strokes {
		fmt.Fprintf(b, `<marker id="head%d" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" `+
			`markerHeight="7" orient="auto"><path d="M0,0.5 L8,4 L0,7.5 z" fill="%s"/></marker>`,
			i, color)
	}
	b.WriteString("</defs>\n")
}

// legend explains the boxes, below the picture.
func legend(b *strings.Builder, words Words, height float64) {
	x, y := float64(margin), height-margin-22
	for _, sample := range []struct {
		box  box
		says string
	}{
		{box{kept: true}, words.Remembered},
		{box{folders: true}, words.Editable},
		{box{targets: []string{"x"}}, words.Target},
	} {
		fill, stroke := sample.box.look()
		fmt.Fprintf(b, `<rect x="%.0f" y="%.0f" width="30" height="18" rx="4" fill="%s" stroke="#27343f" stroke-width="%.1f"/>`+
			`<text x="%.0f" y="%.0f">%s</text>`+"\n",
			x, y, fill, stroke, x+40, y+14, escape(sample.says))
		x += 70 + textWidth(sample.says, textSize)
	}
}

// curve is a smooth line through the points of an edge: bends between columns,
// straight where it passes one.
func curve(points []layout.Point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%.1f,%.1f", points[0].X, points[0].Y)
	for i := 0; i+1 < len(points); i++ {
		from, to := points[i], points[i+1]
		if i%2 == 1 {
			fmt.Fprintf(&b, " L%.1f,%.1f", to.X, to.Y)
			continue
		}
		middle := (from.X + to.X) / 2
		fmt.Fprintf(&b, " C%.1f,%.1f %.1f,%.1f %.1f,%.1f", middle, from.Y, middle, to.Y, to.X, to.Y)
	}
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
