package asset

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

// The picture of create ignition-configs has everything in it once, and is
// what one screen can show.
func TestDrawing(t *testing.T) {
	t.Parallel()
	for _, target := range Targets() {
		d := draw(target)
		shown := map[string]int{}
		for _, b := range d.boxes {
			shown[b.title]++
			for _, m := range b.members {
				shown[m]++
			}
		}
		for _, n := range reachable([]Target{target}) {
			if shown[n.name] != 1 {
				t.Errorf("%s: %s is shown %d times", target.Name, n.name, shown[n.name])
			}
		}
		if len(d.boxes) > 30 {
			t.Errorf("%s: %d boxes are more than a screen holds", target.Name, len(d.boxes))
		}
		for i, a := range d.arrows {
			if a.from == a.to || slices.Index(d.arrows, a) != i {
				t.Errorf("%s: %v leads nowhere, or stands twice", target.Name, a)
			}
		}
	}
}

func TestSVG(t *testing.T) {
	t.Parallel()
	for _, targets := range [][]Target{Targets(), Targets()[:1], Targets()[1:2]} {
		var out, again bytes.Buffer
		if err := SVG(&out, targets...); err != nil {
			t.Fatal(err)
		}
		if err := SVG(&again, targets...); err != nil || out.String() != again.String() {
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
		for _, n := range reachable(targets) {
			if !slices.Contains(texts, n.name) {
				t.Errorf("%s is not in the picture", n.name)
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
	if err := Mermaid(&out, Targets()[0]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"flowchart LR\n", `n0["<b>install-config.yaml</b>"]`, "<b>durable-certificates</b><br/>root-ca<br/>machine-config-server", "n0 --> n3\n", "class n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

func TestGraphJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := JSON(&out, Targets()[1]); err != nil {
		t.Fatal(err)
	}
	var got graphJSON
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	before := map[string]bool{}
	for _, n := range got.Nodes {
		for _, from := range n.MadeFrom {
			if !before[from] {
				t.Errorf("%s stands before %s, which it is made from", n.Name, from)
			}
		}
		before[n.Name] = true
		if n.Name == "root-ca" && (!n.Remembered || n.List) || n.Name == "certificates" && !n.List || n.Name == "manifests" && len(n.Folders) != 2 {
			t.Errorf("got %+v", n)
		}
	}
	if !before["bootstrap.ign"] || !before["kubelet-client"] || got.SchemaVersion != 1 || len(got.Targets) != 1 || got.Targets[0].Node != "ignition-configs" {
		t.Errorf("got %s", &out)
	}
}
