package main

import (
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
	"github.com/okd-project/okd-install/test/needs"
)

// manualPages has the program write its pages, and returns their folder.
func manualPages(t *testing.T) string {
	t.Helper()
	dir, a := t.TempDir(), testApp()
	a.Name = "okd-install" // it is called after the test binary
	a.SetStreams(io.Discard, io.Discard)
	if code := a.Run([]string{"man", "-C", dir}, root.NewCmd); code != cli.ExitOK {
		t.Fatalf("man ends with %d", code)
	}
	return dir
}

// unescaped turns what a formatter shows as one character into that character.
var unescaped = strings.NewReplacer(`\fB`, "", `\fI`, "", `\fR`, "", `\&`, "", `\-`, "-", `\e`, `\`, `\(aq`, "'", `\(ga`, "`",
	`\(ha`, "^", `\(ti`, "~", `\(dq`, `"`, `\[u2026]`, "…", `\[u2013]`, "–")

// sections are the sections of a page in plain text, by their titles: each one line, without
// macros.
func sections(page string) map[string]string {
	found := map[string]string{}
	for _, section := range strings.Split(page, "\n.SH ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		text = regexp.MustCompile(`(?m)^\.(BR )?.*?$`).ReplaceAllStringFunc(text, func(macro string) string {
			words, _ := strings.CutPrefix(macro, ".BR ")
			if words == macro {
				return ""
			}
			return strings.ReplaceAll(words, " (", "(")
		})
		found[title] = strings.Join(strings.Fields(unescaped.Replace(text)), " ")
	}
	return found
}

func TestManualPagesSayWhatHelpSays(t *testing.T) {
	t.Parallel()
	dir := manualPages(t)
	written, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, cmd := range commandTree(rootCommand()) {
		if cmd.Name() == "help" {
			continue
		}
		pages++
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		data, err := os.ReadFile(filepath.Join(dir, name+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		got := sections(string(data))
		check := func(section, want string) {
			t.Helper()
			if want = strings.Join(strings.Fields(want), " "); !strings.Contains(got[section], want) {
				t.Errorf("the section %s of %s has no %q: %s", section, name, want, got[section])
			}
		}
		check("NAME", name+" - "+cmd.Short)
		check("SYNOPSIS", cmd.UseLine())
		check("DESCRIPTION", cmd.Long)
		check("EXAMPLES", cmd.Example)
		check("EXIT STATUS", "8 The command was interrupted.")
		check("ENVIRONMENT", "NO_COLOR")
		cmd.InitDefaultHelpFlag()
		for section, flags := range map[string]*pflag.FlagSet{
			"OPTIONS": cmd.NonInheritedFlags(), "OPTIONS INHERITED FROM PARENT COMMANDS": cmd.InheritedFlags(),
		} {
			// Help itself, one line a flag, is what a page has to say of it.
			for line := range strings.Lines(flags.FlagUsages()) {
				check(section, line)
			}
		}
		if cmd.HasParent() {
			check("SEE ALSO", strings.ReplaceAll(cmd.Parent().CommandPath(), " ", "-")+"(1)")
		}
		for _, c := range cmd.Commands() {
			if !c.Hidden && c.Name() != "help" {
				check("COMMANDS", c.CommandPath()+" "+c.Short)
				check("SEE ALSO", name+"-"+c.Name()+"(1)")
			}
		}
	}
	if len(written) != pages {
		t.Errorf("there are %d pages of %d commands", len(written), pages)
	}
}

func TestManualPagesAreFormatted(t *testing.T) {
	t.Parallel()
	dir, groff := manualPages(t), needs.Program(t, "groff")
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("there are no pages: %v", err)
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(string(data), func(r rune) bool { return r >= 0x7f || r < ' ' && r != '\n' }); i >= 0 {
			t.Errorf("%s has a character that is not ASCII: %q", page, string(data)[max(0, i-20):i+4])
		}
		cmd := exec.CommandContext(t.Context(), groff, "-man", "-ww", "-Wbreak", "-Tutf8", "-P-cbou", page)
		var said strings.Builder
		cmd.Stderr = &said
		text, err := cmd.Output()
		if err != nil || said.Len() > 0 || !strings.Contains(string(text), "EXAMPLES") {
			t.Errorf("groff on %s: %v: %s\n%.200s", page, err, said.String(), text)
		}
	}
}

// A row of a command that is not there would be on no page but that of the program.
func TestManualNamesCommands(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(manualPages(t), "okd-install.1"))
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, cmd := range commandTree(rootCommand()) {
		known = append(known, cli.Words(cmd))
	}
	lists := regexp.MustCompile(`(?m)(?:Returned|Read|Used) by (.*)\.$`).FindAllStringSubmatch(unescaped.Replace(string(data)), -1)
	for _, list := range lists {
		for name := range strings.SplitSeq(strings.ReplaceAll(list[1], " and ", ", "), ", ") {
			if !slices.Contains(known, name) {
				t.Errorf("%q is not a command", name)
			}
		}
	}
	if len(lists) < 20 {
		t.Errorf("only %d rows say which commands they count for", len(lists))
	}
}

// rowsOf are what the first cells of the first table behind a heading of a document have
// in code, and the words before a = of these.
func rowsOf(t *testing.T, document, heading string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docsRoot, document))
	if err != nil {
		t.Fatal(err)
	}
	_, behind, _ := strings.Cut(string(text), heading+"\n")
	_, table, _ := strings.Cut(behind, "\n|---")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, line := range strings.Split(table, "\n")[1:] {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for name := range strings.SplitSeq(first, ", ") {
			name, _, _ = strings.Cut(strings.Trim(name, "`"), "=")
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no table behind %s", document, heading)
	}
	return names
}

// terms are what the sections of a page explain, by their titles.
func terms(t *testing.T, page string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, section := range strings.Split(string(data), "\n.SH ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		for _, m := range regexp.MustCompile(`(?m)^\.TP\n(.*)$`).FindAllStringSubmatch(text, -1) {
			found[title] = append(found[title], strings.Split(unescaped.Replace(m[1]), ", ")...)
		}
	}
	return found
}

// What the documents list is in the manual.
func TestManualHasWhatDocumentsList(t *testing.T) {
	t.Parallel()
	terms := terms(t, filepath.Join(manualPages(t), "okd-install.1"))
	codes := rowsOf(t, "docs/scripting.md", "## Exit codes")
	if got := slices.Compact(slices.Clone(terms["EXIT STATUS"])); !slices.Equal(got, codes) {
		t.Errorf("the exit codes of the page are %v, those of the document are %v", got, codes)
	}
	for _, name := range rowsOf(t, "docs/asset-directory.md", "## What each file is") {
		if !slices.Contains(terms["FILES"], name) {
			t.Errorf("the page has no %s", name)
		}
	}
	for _, name := range rowsOf(t, "docs/create-ignition-configs.md", "## Environment") {
		if !slices.Contains(terms["ENVIRONMENT"], name) {
			t.Errorf("the page has no %s", name)
		}
	}
}

// unheeded are variables of the established installer that commands only warn of.
var unheeded = []string{"OPENSHIFT_INSTALL_DATA", "OPENSHIFT_INSTALL_OS_IMAGE_OVERRIDE"}

// A variable that a command looks at is on its page, and one that is on pages is looked
// at by a command that has it there. Those for what is made are read at once, wherever
// one of them counts.
func TestManualPagesNameVariables(t *testing.T) {
	w := newWorkspace(t, fastConfig(t), nil)
	t.Chdir(w.root)
	w.fillMedia(t)
	w.terminal = true
	asked := map[string]map[string]bool{} // variables by the commands that look at them
	w.asked = map[string]bool{}
	w.everyLine(t, nil, func(name string, _ outcome) {
		if asked[name] == nil {
			asked[name] = map[string]bool{}
		}
		maps.Copy(asked[name], w.asked)
		w.asked = map[string]bool{}
	})
	dir := manualPages(t)
	all := terms(t, filepath.Join(dir, "okd-install.1"))["ENVIRONMENT"]
	looked := map[string]bool{
		// net/http and crypto/x509 look at these.
		"HTTPS_PROXY": true, "HTTP_PROXY": true, "NO_PROXY": true, "SSL_CERT_FILE": true,
		// No question is asked here.
		"ACCESSIBLE": true,
	}
	for name, cmd := range leaves() {
		if cmd.Hidden || name == "help" || cmd.Parent().Hidden {
			continue
		}
		own := terms(t, filepath.Join(dir, "okd-install-"+strings.ReplaceAll(name, " ", "-")+".1"))["ENVIRONMENT"]
		for variable := range asked[name] {
			where := own
			if strings.HasPrefix(variable, "OPENSHIFT_INSTALL_") {
				where = all
			}
			listed := variable
			if strings.HasPrefix(variable, "OKD_INSTALL_") && name == "create install-config" {
				listed = "OKD_INSTALL_*"
			}
			switch {
			case slices.Contains(where, listed):
				looked[listed] = looked[listed] || slices.Contains(own, listed)
			case !slices.Contains(unheeded, variable):
				t.Errorf("%s looks at %s, which is not on its page", name, variable)
			}
		}
	}
	for _, variable := range all {
		if !looked[variable] {
			t.Errorf("no command that has %s on its page looks at it", variable)
		}
	}
}
