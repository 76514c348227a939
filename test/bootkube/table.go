// Package bootkube holds the table of what the operators of an OKD release
// accept when the bootstrap host runs them, and the tests that drive the scripts
// of that host against it.
//
// The table is testdata/operators.yaml: Load reads it, Table.Stage answers for
// one release line. The command importoperators makes it from a file of facts.
//
// The tests boot no machine. They apply a real bootstrap.ign to an empty folder,
// lay that folder over the file system of a namespace of its own, and put the
// test binary first on PATH under the names of the programs of the host: podman,
// oc, crictl and others. The fake podman knows the operators from the table. It
// refuses what they refuse, reads what they read and writes the names that they
// write, and every call is recorded.
//
// What the table cannot say, such as which files an operator reads, is in the
// tests, beside the fake operator.
package bootkube

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Table is testdata/operators.yaml.
type Table struct {
	// Lines are the release lines that were looked at, oldest first.
	Lines []string `json:"lines"`
	// Stages are the commands by their name, such as
	// "cluster-etcd-operator render".
	Stages map[string]Stage `json:"stages"`
}

// Stage is one command of one operator.
type Stage struct {
	// Image is the tag of the image in the release; empty for the release image
	// itself.
	Image string `json:"image,omitempty"`
	// Entrypoint is the program that the image starts by itself, and Program the
	// one that has to be named if it starts none. One of them is set.
	Entrypoint string `json:"entrypoint,omitempty"`
	Program    string `json:"program,omitempty"`
	Subcommand string `json:"subcommand,omitempty"`
	// GoFlags tells that the program reads its flags with Go's flag package:
	// one dash is as good as two.
	GoFlags bool `json:"goFlags,omitempty"`
	// UnknownFlag is the exit code for a flag that does not exist.
	UnknownFlag int `json:"unknownFlag"`
	// Since is the first line that has the command; empty for the first of all.
	Since string `json:"since,omitempty"`
	// Flags are the flags by name, without dashes.
	Flags map[string][]Entry `json:"flags"`
	// Globals are flags that the program takes with any command.
	Globals []Entry `json:"globals,omitempty"`
	// Manifests, Pods, and Loads are names of files: what is written to
	// manifests/ and bootstrap-manifests/, and what is read from tls/ even if it
	// is not there. Tags are the images that must be in image-references.
	Manifests []Entry `json:"manifests,omitempty"`
	Pods      []Entry `json:"pods,omitempty"`
	Loads     []Entry `json:"loads,omitempty"`
	Tags      []Entry `json:"tags,omitempty"`
}

// Entry is a word with attributes, and with the lines for which it holds:
//
//	string required=validate from=4.18 to=4.21
//
// For a flag the word is its type, elsewhere it is the name itself.
type Entry string

// Word is the first word of the entry.
func (e Entry) Word() string {
	word, _, _ := strings.Cut(string(e), " ")
	return word
}

// Attribute is the value of an attribute, or empty.
func (e Entry) Attribute(name string) string {
	for _, field := range strings.Fields(string(e))[1:] {
		if value, ok := strings.CutPrefix(field, name+"="); ok {
			return value
		}
	}
	return ""
}

// in reports whether the entry holds for a line.
func (e Entry) in(lines []string, line string) bool {
	at := slices.Index(lines, line)
	if from := e.Attribute("from"); from != "" && at < slices.Index(lines, from) {
		return false
	}
	to := e.Attribute("to")
	return to == "" || at <= slices.Index(lines, to)
}

// Load reads a table and checks that its entries can be understood.
func Load(data []byte) (Table, error) {
	var t Table
	if err := yaml.UnmarshalStrict(data, &t); err != nil {
		return Table{}, err
	}
	for name, s := range t.Stages {
		if (s.Entrypoint == "") == (s.Program == "") {
			return Table{}, fmt.Errorf("%s: one of entrypoint and program must be set", name)
		}
		entries := slices.Concat(s.Globals, s.Manifests, s.Pods, s.Loads, s.Tags)
		for _, flag := range s.Flags {
			entries = append(entries, flag...)
		}
		for _, e := range entries {
			if err := t.check(e); err != nil {
				return Table{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return t, nil
}

func (t Table) check(e Entry) error {
	fields := strings.Fields(string(e))
	if len(fields) == 0 {
		return errors.New("there is an empty entry")
	}
	for _, field := range fields[1:] {
		key, value, ok := strings.Cut(field, "=")
		switch {
		case !ok || value == "":
			return fmt.Errorf("entry %q: %q is not name=value", e, field)
		case key == "from", key == "to":
			if !slices.Contains(t.Lines, value) {
				return fmt.Errorf("entry %q: there is no line %s", e, value)
			}
		case key != "required" && key != "short":
			return fmt.Errorf("entry %q: there is no attribute %s", e, key)
		}
	}
	return nil
}

// Flag is a flag of one release line.
type Flag struct {
	Type, Short string
	// RequiredBy tells who refuses a run without the flag: cobra and validate
	// before anything is done, run later on. Empty for an optional flag.
	RequiredBy string
}

// Command is a stage as one release line has it.
type Command struct {
	Stage
	Name string
	// Flags by name, also the global ones.
	Flags map[string]Flag
	// Files of the line.
	Manifests, Pods, Loads, Tags []string
}

// Stage looks up a command for a line. It is not found if that line does not
// have it yet.
func (t Table) Stage(line, name string) (Command, bool) {
	s, ok := t.Stages[name]
	if !ok || s.Since != "" && slices.Index(t.Lines, line) < slices.Index(t.Lines, s.Since) {
		return Command{}, false
	}
	words := func(entries []Entry) (words []string) {
		for _, e := range entries {
			if e.in(t.Lines, line) {
				words = append(words, e.Word())
			}
		}
		return words
	}
	c := Command{Stage: s, Name: name, Flags: map[string]Flag{}}
	c.Manifests, c.Pods, c.Loads, c.Tags = words(s.Manifests), words(s.Pods), words(s.Loads), words(s.Tags)
	for _, e := range s.Globals {
		c.Flags[e.Word()] = Flag{Type: "global", Short: e.Attribute("short")}
	}
	for flag, entries := range s.Flags {
		for _, e := range entries {
			if e.in(t.Lines, line) {
				c.Flags[flag] = Flag{Type: e.Word(), Short: e.Attribute("short"), RequiredBy: e.Attribute("required")}
			}
		}
	}
	return c, true
}

// Find looks for the command that an image of a line runs when it is given
// these arguments, and gives back the arguments that are left for its flags.
func (t Table) Find(line, image string, args []string) (Command, []string, error) {
	known := false
	for _, name := range sortedNames(t.Stages) {
		s := t.Stages[name]
		if s.Image != image {
			continue
		}
		known = true
		rest := args
		if s.Program != "" {
			if len(rest) == 0 || rest[0] != s.Program {
				continue
			}
			rest = rest[1:]
		}
		if s.Subcommand != "" {
			if len(rest) == 0 || rest[0] != s.Subcommand {
				continue
			}
			rest = rest[1:]
		}
		if c, ok := t.Stage(line, name); ok {
			return c, rest, nil
		}
	}
	if !known {
		return Command{}, nil, fmt.Errorf("no command of the image %q is known", image)
	}
	return Command{}, nil, fmt.Errorf("the image %q of %s has no command %s", image, line, strconv.Quote(strings.Join(args[:min(2, len(args))], " ")))
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
