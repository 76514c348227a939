// Importoperators makes the table of operators from a file of facts about them:
//
//	go run ./test/bootkube/importoperators FACTS.json > test/bootkube/testdata/operators.yaml
//
// FACTS.json is an object of release lines, oldest first (4.16, …, main). Each
// holds the commands that the bootstrap host runs, by name, with argv, parser,
// image_tag, flags, the names of the files they write, and so on. The table
// tells the same once for all lines, and says from and up to which line a row
// holds. Defaults and sources are left out: no test looks at them.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/test/bootkube"
)

// command is what the facts say about a command in one release line.
type command struct {
	Absent           bool
	ImageTag         string `json:"image_tag"`
	Argv, Parser     string
	ExitUnknownFlag  int `json:"exit_on_unknown_flag"`
	Flags            map[string]flag
	Global           []string
	Manifests        []string `json:"template_manifests"`
	Pods             []string `json:"template_bootstrap_manifests"`
	ExtraManifests   []string `json:"extra_manifests"`
	Loads            []string `json:"asset_input_files_loaded_by_templates"`
	RequiredTags     []string `json:"image_references_tags_required"`
	entry, path, sub string
}

type flag struct {
	Type, Short string
	Required    bool
	RequiredBy  string `json:"required_by"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "importoperators:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("name one file of facts")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	lines, facts, err := read(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", os.Args[1], err)
	}
	text, err := write(lines, facts)
	if err != nil {
		return fmt.Errorf("%s: %w", os.Args[1], err)
	}
	if _, err := bootkube.Load(text); err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

// read keeps the order of the lines, which a Go map would lose.
func read(raw []byte) ([]string, map[string]map[string]command, error) {
	facts := map[string]map[string]command{}
	if err := json.Unmarshal(raw, &facts); err != nil {
		return nil, nil, err
	}
	var lines []string
	dec := json.NewDecoder(bytes.NewReader(raw))
	depth := 0
	for dec.More() || depth > 0 {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		if text, ok := token.(string); ok && depth == 1 {
			lines = append(lines, text)
			var skip json.RawMessage
			if err := dec.Decode(&skip); err != nil {
				return nil, nil, err
			}
			continue
		}
		if delim, ok := token.(json.Delim); ok {
			if delim == '{' {
				depth++
			} else {
				depth--
			}
		}
		if depth == 0 {
			break
		}
	}
	return lines, facts, nil
}

func write(lines []string, facts map[string]map[string]command) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# What the operators of each release line accept when the bootstrap host runs them.\n")
	b.WriteString("# Made by importoperators; do not edit. An entry is a word, then who requires the\n")
	b.WriteString("# flag, its short form, and the lines for which the entry holds.\n")
	fmt.Fprintf(&b, "lines: [%s]\nstages:\n", quoted(lines))
	names := map[string]bool{}
	for _, stages := range facts {
		for name := range stages {
			names[name] = true
		}
	}
	for _, name := range sorted(names) {
		if err := writeStage(&b, lines, facts, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return b.Bytes(), nil
}

func writeStage(b *bytes.Buffer, lines []string, facts map[string]map[string]command, name string) error {
	byLine := make([]*command, len(lines))
	var last *command
	since := ""
	for i, line := range lines {
		c, ok := facts[line][name]
		switch {
		case ok && !c.Absent:
		case last != nil:
			return fmt.Errorf("the command is gone in %s: the table has no way to say so", line)
		default:
			continue
		}
		var err error
		if c.entry, c.path, c.sub, err = splitArgv(c.Argv); err != nil {
			return err
		}
		if last == nil && i > 0 {
			since = line
		}
		if last != nil &&
			(last.ImageTag != c.ImageTag || last.Argv != c.Argv || last.Parser != c.Parser || last.ExitUnknownFlag != c.ExitUnknownFlag) {
			return fmt.Errorf("the command is called otherwise in %s: the table has no way to say so", line)
		}
		byLine[i], last = &c, &c
	}
	fmt.Fprintf(b, "  %s:\n", name)
	for _, field := range []struct{ key, value string }{
		{"image", strings.Trim(last.ImageTag, "<>")}, {"entrypoint", last.entry}, {"program", last.path}, {"subcommand", last.sub},
	} {
		if field.value != "" && field.value != "release image" {
			fmt.Fprintf(b, "    %s: %s\n", field.key, field.value)
		}
	}
	if strings.HasPrefix(last.Parser, "go flag") {
		b.WriteString("    goFlags: true\n")
	}
	fmt.Fprintf(b, "    unknownFlag: %d\n", last.ExitUnknownFlag)
	if since != "" {
		fmt.Fprintf(b, "    since: %q\n", since)
	}
	writeFlags(b, lines, byLine)
	writeList(b, lines, byLine, "globals", func(c *command) (out []string) {
		for _, g := range c.Global {
			out = append(out, global(g)...)
		}
		return out
	})
	writeList(b, lines, byLine, "manifests", func(c *command) []string { return slices.Concat(c.Manifests, c.ExtraManifests) })
	writeList(b, lines, byLine, "pods", func(c *command) []string { return c.Pods })
	writeList(b, lines, byLine, "loads", func(c *command) []string { return c.Loads })
	writeList(b, lines, byLine, "tags", func(c *command) []string { return c.RequiredTags })
	return nil
}

// splitArgv reads the two forms of argv: "ENTRYPOINT /path + subcommand", and
// "/path subcommand (a remark)" for an image that starts nothing by itself.
func splitArgv(argv string) (entry, program, sub string, err error) {
	text, _, _ := strings.Cut(argv, " (")
	if rest, ok := strings.CutPrefix(text, "ENTRYPOINT "); ok {
		if entry, sub, ok = strings.Cut(rest, " + "); !ok {
			return "", "", "", fmt.Errorf("argv %q has no command after its entrypoint", argv)
		}
		return entry, "", sub, nil
	}
	program, sub, _ = strings.Cut(text, " ")
	if !strings.HasPrefix(program, "/") {
		return "", "", "", fmt.Errorf("argv %q does not name a program", argv)
	}
	return "", program, sub, nil
}

// global reads one of the notes on global flags: "v,-v (level)", or a remark
// that is for people and names no flag of its own in front.
func global(note string) []string {
	text, _, _ := strings.Cut(note, " (")
	name, short, _ := strings.Cut(text, ",-")
	switch {
	case strings.Contains(name, " "):
		return nil
	case short != "":
		return []string{name + " short=" + short}
	}
	return []string{name}
}

func writeFlags(b *bytes.Buffer, lines []string, byLine []*command) {
	rows := map[string][]string{} // per flag, its entry for each line
	for i, c := range byLine {
		if c == nil {
			continue
		}
		for name, f := range c.Flags {
			if rows[name] == nil {
				rows[name] = make([]string, len(lines))
			}
			entry := f.Type
			if f.Required {
				by, _, _ := strings.Cut(f.RequiredBy, " ")
				entry += " required=" + by
			}
			if f.Short != "" {
				entry += " short=" + strings.TrimLeft(f.Short, "-")
			}
			rows[name][i] = entry
		}
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("    flags:\n")
	for _, name := range sorted(rows) {
		fmt.Fprintf(b, "      %s: [%s]\n", name, strings.Join(spans(lines, byLine, rows[name]), ", "))
	}
}

func writeList(b *bytes.Buffer, lines []string, byLine []*command, key string, list func(*command) []string) {
	var order []string
	rows := map[string][]string{}
	for i, c := range byLine {
		if c == nil {
			continue
		}
		for _, item := range list(c) {
			if rows[item] == nil {
				rows[item] = make([]string, len(lines))
				order = append(order, item)
			}
			rows[item][i] = item
		}
	}
	if len(order) == 0 {
		return
	}
	slices.Sort(order)
	fmt.Fprintf(b, "    %s:\n", key)
	for _, item := range order {
		for _, entry := range spans(lines, byLine, rows[item]) {
			fmt.Fprintf(b, "    - %s\n", entry)
		}
	}
}

// spans joins equal entries of neighbouring lines into one, with from and to
// where the lines of the command go on beyond it.
func spans(lines []string, byLine []*command, row []string) (out []string) {
	first := slices.IndexFunc(byLine, func(c *command) bool { return c != nil })
	for i := first; i < len(lines); {
		end := i
		for end+1 < len(lines) && row[end+1] == row[i] {
			end++
		}
		if entry := row[i]; entry != "" {
			if i > first {
				entry += " from=" + lines[i]
			}
			if end < len(lines)-1 {
				entry += " to=" + lines[end]
			}
			out = append(out, entry)
		}
		i = end + 1
	}
	return out
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = fmt.Sprintf("%q", word)
	}
	return strings.Join(out, ", ")
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
