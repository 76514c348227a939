package installconfig

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

const fieldsDocument = "../../docs/fields.md"

// docs/fields.md is the table of fields, rendered.
func TestDocument(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# All fields of install-config.yaml\n\n" +
		"<!-- Written by go test ./pkg/installconfig -update from the tables there; edit them, not this page. -->\n\n" +
		"This page is made from the table that also validates, explains and describes the\n" +
		"file to editors, so that it says what the code does. `okd-install explain FIELD`\n" +
		"prints the same for one field. What most people need is in\n" +
		"[install-config.md](install-config.md).\n")
	section := func(title, prefix string, rows []Field) {
		fmt.Fprintf(&b, "\n## %s\n\n| field | type | default | what it does |\n|---|---|---|---|\n", title)
		for _, f := range rows {
			if f.Text == unusedMetadata {
				continue
			}
			at := f.Path
			if prefix == "<pool>" {
				at = "controlPlane." + f.Path
			}
			e, err := Explain(at)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.Replace(e.Name, "controlPlane.", prefix+".", map[bool]int{true: 1}[prefix == "<pool>"])
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, e.Type, defaultCell(f), meaningCell(f))
		}
	}
	section("The cluster", "", fieldsOfCluster)
	section("Networks", "", fieldsOfNetwork)
	section("Machines", "", fieldsOfPools)
	section("In each of controlPlane, arbiter and compute[]", "<pool>", fieldsOfPool)
	for _, spec := range platform.Table {
		block := "platform." + spec.Name
		section("Platform "+spec.Name, "", append([]Field{{Path: block, Text: spec.Text}}, moved(spec.Fields, block)...))
	}
	got := b.String()
	if *update {
		if err := os.WriteFile(fieldsDocument, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(fieldsDocument)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("docs/fields.md is not the table any more; make golden writes it")
	}
}

func defaultCell(f Field) string {
	switch {
	case f.Required && f.Default == "":
		return "required"
	case f.Path == "pullSecret":
		return "OKD's public one"
	case f.Default != "":
		return "`" + f.Default + "`"
	case f.Deprecated != "":
		return "deprecated: use `" + f.Deprecated + "`"
	default:
		return f.Absent
	}
}

func meaningCell(f Field) string {
	text := f.Text
	if len(f.Values) > 0 {
		words := make([]string, len(f.Values))
		for i, v := range f.Values {
			words[i] = "`" + v.Word + "`"
			if v.Since() != "" {
				words[i] += " (since " + v.Since() + ")"
			}
		}
		text += " One of " + strings.Join(words, ", ") + "."
	}
	if since := f.Since(); since != "" {
		text += " Since OKD " + since + "."
	}
	if gate := f.Gate(); gate.Gate != "" {
		text += " Needs the feature gate `" + gate.Gate + "`"
		if note := gate.GateNote(); note != "" {
			text += ", which is " + note
		}
		text += "."
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*.apps", "\\*.apps").Replace(text)
}
