package release

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in docs/releases.md")

func TestSupport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		feature  Feature
		platform string
		line     string
		want     Support
	}{
		{Arbiter, "none", "4.19", Absent},
		{Arbiter, "none", "4.21", Absent},
		{Arbiter, "none", "4.22", Present},
		{Arbiter, "external", "4.22", Present},
		{Arbiter, "baremetal", "4.18", Absent},
		{Arbiter, "baremetal", "4.19", Gated},
		{Arbiter, "baremetal", "4.20", Present},
		{Arbiter, "nutanix", "5.0", Absent},
		{Arbiter, "", "4.19", Gated},
		{Fencing, "none", "4.19", Absent},
		{Fencing, "none", "4.20", Gated},
		{Fencing, "external", "4.21", Gated},
		{Fencing, "external", "4.22", Present},
		{FencingByMAC, "none", "4.21", Absent},
		{FencingByMAC, "none", "4.22", Tolerated},
		{FencingByMAC, "none", "5.0", Present},
		{IPv6First, "none", "4.16", Tolerated},
		{IPv6First, "external", "4.20", Tolerated},
		{IPv6First, "none", "4.21", Present},
		{OSImageStream, "none", "4.20", Absent},
		{OSImageStream, "none", "4.21", Absent},
		{OSImageStream, "none", "4.22", Present},
		{ConfigurablePKI, "none", "5.0", Gated},
		{DashedOSTreeStore, "", "4.19", Absent},
		{DashedOSTreeStore, "", "4.20", Present},
		{DashedOSTreeStore, "", "4.21", Absent},
		{DashedOSTreeStore, "", "5.0", Absent},
		{DashedOSTreeStore, "", "", Absent},
		{Arbiter, "none", "", Present},
		{ConfigurablePKI, "none", "", Gated},
		{"never-heard-of", "none", "5.0", Absent},
	} {
		if got, row := (Release{Line: c.line}).Support(c.feature, c.platform); got != c.want || got != Absent && row.Feature != c.feature {
			t.Errorf("%s on %q with %q is %d as of %+v, want %d", c.feature, c.platform, c.line, got, row, c.want)
		}
	}
}

// Who is refused has to be told what would do, so the row comes with the refusal.
func TestSupportNamesTheRow(t *testing.T) {
	t.Parallel()
	if _, row := (Release{Line: "4.20"}).Support(Arbiter, "none"); row.Since != "4.22" {
		t.Errorf("an arbiter on none is refused because of %+v", row)
	}
	if _, row := (Release{Line: "4.20"}).Support(Arbiter, "nutanix"); row.Feature != "" {
		t.Errorf("an arbiter on nutanix is refused because of %+v", row)
	}
}

func TestGates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, gate, set string
		known, on       bool
	}{
		{"4.19", "DualReplica", TechPreview, false, false},
		{"4.20", "DualReplica", defaultSet, true, false},
		{"4.20", "DualReplica", DevPreview, true, true},
		{"4.22", "DualReplica", defaultSet, true, true},
		{"4.22", "DualReplica", OKDSet, true, true},
		{"4.22", "DualReplica", CustomSet, true, false},
		{"4.19", "HighlyAvailableArbiter", defaultSet, true, false},
		{"4.20", "HighlyAvailableArbiter", defaultSet, true, true},
		{"4.22", "OSStreams", OKDSet, true, false},
		{"5.0", "OSStreams", OKDSet, true, true},
		{"5.0", "ConfigurablePKI", OKDSet, true, false},
		{"4.16", "NobodysGate", TechPreview, true, false},
		{"", "DualReplica", defaultSet, true, true},
	} {
		r := Release{Line: c.line}
		if known, on := r.KnowsGate(c.gate), r.TurnsOn(c.gate, c.set); known != c.known || on != c.on {
			t.Errorf("%s with %q in %q: known %v, on %v", c.gate, c.set, c.line, known, on)
		}
	}
}

// A row that contradicts itself, or another, would decide by its place.
func TestFeatureTable(t *testing.T) {
	t.Parallel()
	for i, row := range features {
		name := fmt.Sprintf("row %d, %s", i, row.Feature)
		for _, line := range []string{row.Since, row.Until, row.GateDefault, row.Tolerated} {
			if _, err := parseLine(line); line != "" && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		switch {
		case row.Feature == "" || row.Title == "" || row.Since == "":
			t.Errorf("%s: feature, title and first line are all needed", name)
		case row.Until != "" && compareLines(row.Until, row.Since) < 0:
			t.Errorf("%s ends before it begins", name)
		case row.GateDefault != "" && (row.Gate == "" || compareLines(row.GateDefault, row.Since) < 0):
			t.Errorf("%s: a gate that is on by default since %s is not there, or not yet", name, row.GateDefault)
		case (row.Tolerated == "") != (row.Risk == ""):
			t.Errorf("%s: what is tolerated has a risk, and nothing else has", name)
		case row.Tolerated != "" && compareLines(row.Tolerated, row.Since) >= 0:
			t.Errorf("%s is tolerated where it is there", name)
		}
		for _, other := range features[:i] {
			overlaps := len(row.Platforms) == 0 || len(other.Platforms) == 0 || slices.ContainsFunc(row.Platforms, other.on)
			if row.Feature == other.Feature && overlaps && row.Gate == other.Gate {
				t.Errorf("%s: an earlier row is about the same platform", name)
			}
		}
	}
}

const (
	releasesDocument = "../../docs/releases.md"
	tableBegins      = "<!-- The table is written by go test ./pkg/release -update. -->\n"
	tableEnds        = "<!-- Here the table ends. -->\n"
)

// docs/releases.md has the table.
func TestDocument(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(releasesDocument)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", releasesDocument)
	}
	want := before + tableBegins + documentedTable() + tableEnds + after
	switch {
	case want == string(page):
	case !*update:
		t.Errorf("%s has another table; make golden writes it", releasesDocument)
	default:
		if err := os.WriteFile(releasesDocument, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func documentedTable() string {
	var b strings.Builder
	b.WriteString("\n| feature | platforms | lines | feature gate | on earlier lines |\n|---|---|---|---|---|\n")
	for _, row := range features {
		lines := "since " + row.Since
		if row.Until != "" {
			lines = row.Since + " to " + row.Until
		}
		if row.Until == row.Since {
			lines = "only " + row.Since
		}
		gate := ""
		if row.Gate != "" {
			gate = "`" + row.Gate + "`"
		}
		if note := row.GateNote(); note != "" {
			gate += ", " + note
		}
		early := ""
		if row.Tolerated != "" {
			early = "a warning from " + row.Tolerated + " on: " + row.Risk
		}
		platforms := "all"
		if len(row.Platforms) > 0 {
			platforms = strings.Join(row.Platforms, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row.Title, platforms, lines, gate, early)
	}
	return b.String() + "\n"
}
