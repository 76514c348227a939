package analyze

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/data"
)

// script returns a file of the bootstrap host.
func script(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(data.Bootstrap, "bootstrap/files/usr/local/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the bootstrap host says about a failure and what a report says are the same
// words, and each text that tells the host the cause tells it here.
func TestCausesOfTheHost(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(script(t, "lib/okd-install/causes.sh"), "CAUSES=(\n")
	table, _, found := strings.Cut(table, "\n)")
	rows := regexp.MustCompile(`'([^']+)'`).FindAllStringSubmatch(table, -1)
	if !found || len(rows) < 16 || len(rows)%2 != 0 {
		t.Fatalf("causes.sh has %d words", len(rows))
	}
	for i := 0; i < len(rows); i += 2 {
		says, _, _ := strings.Cut(rows[i+1][1], "; see:")
		at := slices.IndexFunc(causes, func(k known) bool { return k.Text == says })
		if at < 0 {
			t.Errorf("no cause says: %s", says)
			continue
		}
		for sign := range strings.SplitSeq(rows[i][1], "|") {
			text := strings.ReplaceAll(sign, `\(?`, "(")
			if strings.HasSuffix(text, "lookup ") {
				text += "quay.io on 192.168.1.1:53: refused"
			}
			log, err := scan("", strings.NewReader(text))
			found := func(m match) bool { return causes[m.cause].ID == causes[at].ID || causes[m.cause].ID == "proxy" }
			if err != nil || !slices.ContainsFunc(log.matches, found) {
				t.Errorf("%q is not a sign of %s", text, causes[at].ID)
			}
		}
	}
}

// The table of stages has what the scripts record, and nothing else of ours.
func TestStagesOfTheHost(t *testing.T) {
	t.Parallel()
	recorded := map[string]bool{}
	find := regexp.MustCompile(`(?m)(?:\bstage|record_service_stage_start) ([a-z]+(?:-[a-z]+)+)`)
	err := fs.WalkDir(data.Bootstrap, "bootstrap/files/usr/local", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(data.Bootstrap, name)
		for line := range strings.SplitSeq(string(text), "\n") {
			if code := strings.TrimSpace(line); strings.HasPrefix(code, "if ") || strings.HasPrefix(code, "record_") {
				for _, m := range find.FindAllStringSubmatch(code, -1) {
					recorded[m[1]] = true
				}
			}
		}
		return err
	})
	if err != nil || len(recorded) < 25 {
		t.Fatalf("%v: %v", err, recorded)
	}
	for _, s := range stages {
		if s.Name != "" && !recorded[s.Name] {
			t.Errorf("no script records %s", s.Name)
		}
		delete(recorded, s.Name)
	}
	if len(recorded) > 0 {
		t.Errorf("not in the table: %v", slices.Sorted(maps.Keys(recorded)))
	}
}

// What the guards of the host print is a sign.
func TestGuardsOfTheHost(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"lib/okd-install/pivot-guards.sh": "live-pivot secure-boot ext4", "lib/okd-install/preflight.sh": "clock files-unusable"} {
		log, err := scan("", strings.NewReader(script(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		for id := range strings.FieldsSeq(want) {
			if !slices.ContainsFunc(log.matches, func(m match) bool { return causes[m.cause].ID == id }) {
				t.Errorf("%s: %s is not found", name, id)
			}
		}
	}
}
