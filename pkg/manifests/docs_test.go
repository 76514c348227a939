package manifests

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/release"
)

// The table of docs/edit-manifests.md says what the code does.
func TestDocumentedMachineConfigFacts(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/edit-manifests.md")
	if err != nil {
		t.Fatal(err)
	}
	first := release.Release{Line: "4.16"}
	specs, extensions := "| newest Ignition spec |", "| `extensions` | `"+strings.Join(first.Extensions(), "`, `")+"` |"
	for _, line := range []string{"4.16", "4.18", "4.19", "4.22"} {
		specs += " " + (release.Release{Line: line}).IgnitionSpec() + " |"
	}
	for _, want := range []string{specs, extensions} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// TestDocument holds docs/manifests.md to the table.
func TestDocument(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# Manifests

<!-- Written by go test ./pkg/manifests -update from pkg/manifests/table.go; edit the table, not this page. -->

These are the objects that a cluster starts with. ` + "`create manifests`" + ` writes them to ` + "`manifests/` and `openshift/`" + `,
where you can [change them](edit-manifests.md). Each stands as a readable file in
[data/manifests](../data/manifests), with a comment on what it is for: what okd-install fills in is written
` + "`$(name)`" + ` there. ` + "`okd-install ignition why bootstrap.ign FILE`" + ` says the same of a file that was made.

ROLE is ` + "`master`, `worker` or `arbiter`" + `, and NUMBER counts from 0. What a file is made from is a field of the
install-config or, *in italics*, a node of ` + "`okd-install graph`" + `.
`)
	for _, folder := range []string{Dir, OpenshiftDir} {
		b.WriteString("\n## " + folder + "/\n\n| file | is | made from | made |\n|---|---|---|---|\n")
		for _, row := range Table {
			if name, ok := strings.CutPrefix(row.File, folder+"/"); ok {
				b.WriteString("| [" + name + "](../data/manifests/" + row.File + ") | " +
					strings.ReplaceAll(row.Is, "<role>", "&lt;role&gt;") + " | " + madeFrom(row) + " | " + madeWhen(row) + " |\n")
			}
		}
	}
	golden(t, "../../docs/manifests.md", []byte(b.String()))
}

func madeFrom(row Row) string {
	var words []string
	for _, field := range row.Fields {
		if field == "all" {
			words = append(words, "all fields")
			continue
		}
		words = append(words, "`"+field+"`")
	}
	for _, source := range slices.Concat(row.Sources, row.OnHost) {
		if source != fromConfig {
			words = append(words, "*"+source+"*")
		}
	}
	if len(words) == 0 {
		return "nothing: it is the same for every cluster"
	}
	return strings.Join(words, ", ")
}

func madeWhen(row Row) string {
	when := row.When
	if when == "" {
		when = "always"
	}
	if row.HostOnly {
		when += ", in `bootstrap.ign` only"
	}
	return strings.ReplaceAll(strings.ReplaceAll(when, "<", "&lt;"), ">", "&gt;")
}
