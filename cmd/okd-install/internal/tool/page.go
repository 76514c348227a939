package tool

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// A page is what --help says of a command, in the language of man(7) and in the order of
// sections that man-pages(7) asks for, with the rows of the tables that count for it.

// stamp is what every page says of its making.
type stamp struct {
	program string // with its version
	date    time.Time
}

// pageName is the name of the page of a command, such as okd-install-create-manifests.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page is the manual page of a command: ASCII, whatever its help holds.
func page(cmd *cobra.Command, by stamp) string {
	cmd.InitDefaultHelpFlag()
	var p roff
	p.line(".TH", quoted(strings.ToUpper(pageName(cmd))), "1", by.date.Format(time.DateOnly), quoted(by.program), `"okd\-install"`)
	// A hyphen or a blank that the formatter puts into a line would be typed, too. groff
	// takes the register at the next section, and other formatters the request.
	p.line(".nr HY 0")
	p.line(".nh")
	p.line(".ad l")

	p.section("NAME")
	p.text(pageName(cmd) + " - " + cmd.Short)
	p.section("SYNOPSIS")
	p.synopsis(cmd)
	p.section("DESCRIPTION")
	p.paragraphs(cmd.Long)
	if below := available(cmd); len(below) > 0 {
		p.section("COMMANDS")
		for _, c := range below {
			p.item(`\fB`+escaped(c.CommandPath())+`\fR`, c.Short)
		}
	}
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("OPTIONS INHERITED FROM PARENT COMMANDS", cmd.InheritedFlags())
	command := cli.Words(cmd)
	if !cmd.HasParent() {
		command = ""
	}
	for _, t := range tables() {
		p.rows(t, command)
	}
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.verbatim(cmd.Example)
	}
	p.seeAlso(cmd)
	return p.String()
}

// available are the commands below one that have pages.
func available(cmd *cobra.Command) (commands []*cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && !c.IsAdditionalHelpTopicCommand() {
			commands = append(commands, c)
		}
	}
	return commands
}

// roff is a page that is being written.
type roff struct{ strings.Builder }

func (p *roff) line(words ...string) { p.WriteString(strings.Join(words, " ") + "\n") }

func (p *roff) section(title string) { p.line(".SH", title) }

// text is one paragraph, without a macro before it. Where its lines end is the reader's to say.
func (p *roff) text(text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		p.line(plain(strings.TrimSpace(line)))
	}
}

// item is a term with what it means.
func (p *roff) item(term, meaning string) {
	p.line(".TP")
	p.line(term)
	p.text(meaning)
}

// paragraphs are those of a help text, which blank lines part. One whose lines are all
// indented is to be copied, and keeps its lines.
func (p *roff) paragraphs(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			p.line(".PP")
		}
		if flush := strings.ReplaceAll("\n"+paragraph, "\n  ", ""); strings.Contains(flush, "\n") {
			p.text(paragraph)
		} else {
			p.verbatim(paragraph)
		}
	}
}

// verbatim is what keeps its lines, such as examples.
func (p *roff) verbatim(text string) {
	p.line(".RS 4")
	p.line(".EX")
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		p.line(plain(strings.TrimPrefix(line, "  ")))
	}
	p.line(".EE")
	p.line(".RE")
}

// synopsis has the command as it is typed, in bold, and what to put in its place below.
func (p *roff) synopsis(cmd *cobra.Command) {
	called := []string{cmd.UseLine()}
	if len(available(cmd)) > 0 {
		called = append(called, cmd.CommandPath()+" [command]")
	}
	for i, line := range called {
		if i > 0 {
			p.line(".br")
		}
		rest := strings.TrimPrefix(line, cmd.CommandPath())
		words := []string{`\fB` + escaped(cmd.CommandPath()) + `\fR`}
		for _, word := range strings.Fields(rest) {
			inner := strings.Trim(word, "[]. ")
			before, after, _ := strings.Cut(word, inner)
			words = append(words, escaped(before)+`\fI`+escaped(inner)+`\fR`+escaped(after))
		}
		p.line(words...)
	}
}

// flags are those that help lists, each as there.
func (p *roff) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.section(title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		term := `\fB` + escaped("--"+f.Name) + `\fR`
		if f.Shorthand != "" && f.ShorthandDeprecated == "" {
			term = `\fB` + escaped("-"+f.Shorthand) + `\fR, ` + term
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			term += ` \fI` + escaped(value) + `\fR`
		}
		switch f.DefValue {
		case "", "false", "0", "0s", "[]": // help does not name these either
		default:
			if f.Value.Type() == "string" {
				usage += fmt.Sprintf(" (default %q)", f.DefValue)
			} else {
				usage += " (default " + f.DefValue + ")"
			}
		}
		p.item(term, usage)
	})
}

// rows are those of a table that count for a command.
func (p *roff) rows(t table, command string) {
	begun := false
	for _, r := range t.rows {
		if !r.counts(command) {
			continue
		}
		if !begun {
			p.section(t.title)
			p.text(t.intro)
			begun = true
		}
		p.item(`\fB`+escaped(r.name)+`\fR`, t.said(r, command))
	}
}

// seeAlso names the pages of the command above and of those below.
func (p *roff) seeAlso(cmd *cobra.Command) {
	var pages []*cobra.Command
	if cmd.HasParent() {
		pages = append(pages, cmd.Parent())
	}
	pages = append(pages, available(cmd)...)
	for i, c := range pages {
		if i == 0 {
			p.section("SEE ALSO")
		}
		end := "(1),"
		if i == len(pages)-1 {
			end = "(1)"
		}
		p.line(".BR", escaped(pageName(c)), end)
	}
}

// plain is a line of text that no formatter takes for anything else.
func plain(line string) string {
	line = escaped(line)
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

// quoted is an argument of a macro.
func quoted(s string) string { return `"` + escaped(s) + `"` }

// marks are characters that formatters would make prettier: what is copied from a page
// has to be what was meant. A quotation mark would end an argument.
var marks = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)

// escaped is text in ASCII, each character as itself.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range marks.Replace(s) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}
