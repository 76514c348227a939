package installconfig

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// A slip is one change to a config that is right, and all that is said of it. The file
// has the config first, and then each slip:
//
//	=== name
//	- text of the config
//	+ text instead, of any number of lines
//	> what is said
//
// Without a - the lines with + are added at the end. Run with -update and look at the
// difference: each should name its place, its cause and the next step.
func TestSlips(t *testing.T) {
	t.Parallel()
	const file = "testdata/slips.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config, rest, _ := strings.Cut(string(data), "\n=== ")
	config = strings.TrimRight(config, "\n") + "\n"
	got := config + "\n"
	for part := range strings.SplitSeq(rest, "\n=== ") {
		name, body, _ := strings.Cut(part, "\n")
		var old, changed, kept []string
		for line := range strings.SplitSeq(strings.TrimRight(body, "\n"), "\n") {
			if text, ok := strings.CutPrefix(line, "- "); ok {
				old, kept = append(old, text), append(kept, line)
			} else if text, ok := strings.CutPrefix(line, "+ "); ok {
				changed, kept = append(changed, text), append(kept, line)
			}
		}
		with := strings.ReplaceAll(strings.Join(changed, "\n"), `\u200b`, "\u200b") + "\n"
		text := config + with
		if len(old) > 0 {
			before := strings.Join(old, "\n") + "\n"
			if !strings.Contains(config, before) {
				t.Errorf("%s: the config has no such lines", name)
			}
			text = strings.Replace(config, before, with, 1)
		}
		loaded, err := Load("f", []byte(text), Options{})
		var invalid *InvalidError
		said := loaded.Warnings.Error()
		if errors.As(err, &invalid) {
			said = strings.TrimSpace(err.Error() + "\n" + said)
		}
		got += "=== " + name + "\n" + strings.Join(kept, "\n") + "\n"
		for line := range strings.SplitSeq(said, "\n") {
			got += "> " + line + "\n"
		}
		got += "\n"
	}
	got = strings.TrimRight(got, "\n") + "\n"
	if got == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s differs; run with -update and look at the difference.\ngot:\n%s", file, got)
	}
	if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
		t.Fatal(err)
	}
}
