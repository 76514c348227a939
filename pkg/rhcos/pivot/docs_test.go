package pivot

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/data"
)

const page = "../../../docs/pivot.md"

// The page has the table of guards.
func TestGuardsInDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n| | failure | where | what is done | only with |\n|---|---|---|---|---|\n")
	for _, g := range guardRows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", g.Name, g.Failure, strings.Join(g.Where, ", "), g.Answer, g.Mode)
	}
	const begin, end = "<!-- begin guards: written by go test ./pkg/rhcos/pivot -update -->\n", "\n<!-- end guards -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, found := strings.Cut(rest, strings.TrimPrefix(end, "\n"))
	if !ok || !found {
		t.Fatal("the page has no place for the table")
	}
	want := before + begin + b.String() + end + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Error("the table is not up to date: go test ./pkg/rhcos/pivot -update")
	}
}

// message is what a script says with problem or stop, up to the first value.
var message = regexp.MustCompile(`(?:problem|stop) "((?:[^"\\]|\\.)*)"`)

// Every message that can stop an installation is explained: a row of the page's
// table quotes it, with … for the values.
func TestMessagesAreExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Messages, and what to do\n")
	table, _, _ = strings.Cut(table, "\n## ")
	count := 0
	for _, name := range append(append([]string{}, programs...), append(libraries, "okd-pivot-fetch.sh")...) {
		script, err := data.Pivot.ReadFile("pivot/files" + binDir + name)
		if err != nil {
			if script, err = data.Pivot.ReadFile("pivot/files" + libraryDir + name); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range message.FindAllStringSubmatch(string(script), -1) {
			count++
			if !explained(table, m[1]) {
				t.Errorf("%s says %q, which the page does not explain", name, m[1])
			}
		}
	}
	if count < 30 {
		t.Errorf("only %d messages were found", count)
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// explained reports whether some row quotes a part of the message. A quotation has
// … where a value stands.
func explained(table, text string) bool {
	text = regexp.MustCompile(`\$\{[^}]*\}|\$[0-9]|\$\([^)]*\)`).ReplaceAllString(text, "…")
	text = strings.NewReplacer(`\"`, `"`, `\$`, `$`).Replace(text)
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, " | ")
		if !strings.HasPrefix(row, "| `") || len(cells) < 2 {
			continue
		}
		for _, q := range quoted.FindAllStringSubmatch(cells[0], -1) {
			all := true
			for _, part := range strings.Split(q[1], "…") {
				part = strings.TrimSpace(part)
				all = all && strings.Contains(text, part)
			}
			if all {
				return true
			}
		}
	}
	return false
}
