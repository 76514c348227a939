package asset

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/graph"
)

// The picture of each target has everything in it once, and is what one screen
// can show.
func TestPictures(t *testing.T) {
	t.Parallel()
	boxes := regexp.MustCompile(`(?m)^  n\d+\["<b>(.*)"\]$`)
	for _, target := range Drawn() {
		var text, picture bytes.Buffer
		if err := graph.Mermaid(&text, target); err != nil {
			t.Fatal(err)
		}
		shown := map[string]int{}
		found := boxes.FindAllStringSubmatch(text.String(), -1)
		for _, box := range found {
			for _, name := range strings.Split(strings.Replace(box[1], "</b>", "", 1), "<br/>") {
				shown[name]++
			}
		}
		if err := SVG(&picture, target); err != nil {
			t.Fatal(err)
		}
		for _, n := range graph.Nodes(target.Node) {
			if shown[n.Name] != 1 {
				t.Errorf("%s: %s is shown %d times", target.Name, n.Name, shown[n.Name])
			}
			if !strings.Contains(picture.String(), ">"+n.Name+"</text>") {
				t.Errorf("%s: %s is not in the picture", target.Name, n.Name)
			}
		}
		if len(found) == 0 || len(found) > 36 {
			t.Errorf("%s: %d boxes are none, or more than a screen holds", target.Name, len(found))
		}
		for _, want := range []string{
			"<title>What okd-install makes from what</title>", ">create " + target.Name + "</text>", ">yours to edit</text>",
		} {
			if !strings.Contains(picture.String(), want) {
				t.Errorf("%s: the picture does not have %s", target.Name, want)
			}
		}
	}
}

func TestMermaidOfManifests(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := graph.Mermaid(&out, Drawn()[0]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`n0["<b>install-config.yaml</b>"]`, "<b>durable-certificates</b><br/>root-ca<br/>machine-config-server", "n0 --> n3\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

func TestGraphForPrograms(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := graph.JSON(&out, Drawn()[1]); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Targets []struct{ Name, Node string }
		Nodes   []graph.Info
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	before := map[string]bool{}
	for _, n := range got.Nodes {
		before[n.Name] = true
		if n.Name == "root-ca" && (!n.Remembered || n.List) || n.Name == "certificates" && !n.List ||
			n.Name == "manifests" && len(n.Folders) != 2 {
			t.Errorf("got %+v", n)
		}
	}
	if !before["bootstrap.ign"] || !before["kubelet-client"] || len(got.Targets) != 1 || got.Targets[0].Node != "ignition-configs" {
		t.Errorf("got %s", &out)
	}
}
