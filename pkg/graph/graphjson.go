package graph

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// graphJSON is the graph for programs. Nodes come after what they are made from.
type graphJSON struct {
	SchemaVersion int          `json:"schemaVersion"`
	Targets       []targetJSON `json:"targets"`
	Nodes         []Info       `json:"nodes"`
}

type targetJSON struct {
	Name string `json:"name"`
	Node string `json:"node"`
}

// Info describes a node.
type Info struct {
	Name string `json:"name"`
	// MadeFrom names the nodes that this one is made from.
	MadeFrom []string `json:"madeFrom"`
	// Remembered tells that the value is kept between runs, Folders where the user
	// may edit it, and List that it only collects others.
	Remembered bool     `json:"remembered,omitempty"`
	Folders    []string `json:"folders,omitempty"`
	List       bool     `json:"list,omitempty"`
	// Checked tells that the remembered value is checked before it is believed.
	Checked bool `json:"-"`
}

// Nodes describes the nodes with a name behind others, each after what it is made
// from.
func Nodes(of ...Any) []Info {
	infos := []Info{}
	for _, n := range reachable(of...) {
		i := Info{Name: n.name, MadeFrom: []string{}, Remembered: n.kept != nil, Folders: n.folders, List: n.list}
		i.Checked = n.kept != nil && n.kept.check != nil
		for _, in := range n.inputs {
			if in.name != "" {
				i.MadeFrom = append(i.MadeFrom, in.name)
			}
		}
		infos = append(infos, i)
	}
	return infos
}

// JSON writes the graph behind the targets for programs. Nothing is made.
func JSON(w io.Writer, targets ...Target) error {
	out := graphJSON{SchemaVersion: 1, Targets: []targetJSON{}, Nodes: Nodes(nodesOf(targets)...)}
	for _, t := range targets {
		out.Targets = append(out.Targets, targetJSON{t.Name, t.Node.any().name})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// Mermaid writes the graph behind the targets in the language of Mermaid, which
// code forges and editors draw, with the same boxes as SVG. Nothing is made.
func Mermaid(w io.Writer, targets ...Target) error {
	d := draw(targets...)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	classes := map[string][]string{}
	for i, box := range d.boxes {
		text := "<b>" + box.title + "</b>"
		if len(box.members) > 0 {
			text += "<br/>" + strings.Join(box.members, "<br/>")
		}
		name := fmt.Sprintf("n%d", i)
		fmt.Fprintf(&b, "  %s[\"%s\"]\n", name, text)
		for class, is := range map[string]bool{"kept": box.kept, "editable": box.folders, "target": len(box.targets) > 0} {
			if is {
				classes[class] = append(classes[class], name)
			}
		}
	}
	for _, a := range d.arrows {
		fmt.Fprintf(&b, "  n%d --> n%d\n", a.from, a.to)
	}
	for _, class := range []struct{ name, style string }{
		{"kept", "stroke-width:3px"}, {"editable", "fill:#fff2cc"}, {"target", "fill:#dcefdc"},
	} {
		fmt.Fprintf(&b, "  classDef %s %s\n", class.name, class.style)
		if names := classes[class.name]; len(names) > 0 {
			fmt.Fprintf(&b, "  class %s %s\n", strings.Join(names, ","), class.name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
