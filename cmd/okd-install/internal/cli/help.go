package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/pkg/diag"
)

// programName is what this program is called in texts; help and hints show what it was
// called as.
const programName = "okd-install"

// Help shows what a command does. It is for cobra, in whose form it is.
func (a *App) Help(cmd *cobra.Command, _ []string) {
	cmd.InitDefaultHelpFlag()
	_, _ = io.WriteString(a.Text, a.helpText(cmd)) // what is lost shows in the exit code of the pipe
}

func (a *App) helpText(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(reflowed(a.named(cmd.Long), a.Width()) + "\n")
	b.WriteString("\nUsage:\n")
	section := func(title, text string) {
		if text != "" {
			b.WriteString("\n" + title + ":\n" + strings.TrimRight(text, "\n") + "\n")
		}
	}
	use := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		use = cmd.CommandPath() + " COMMAND [flags]"
	}
	b.WriteString(a.Fitted("  " + use + "\n"))
	section("Examples", a.Fitted(a.named(cmd.Example)))
	for _, group := range cmd.Groups() {
		section(group.Title, a.commandList(cmd, group.ID))
	}
	section("Commands", a.commandList(cmd, ""))
	section("Flags", flagList(cmd.LocalFlags(), a.Width()))
	section("Flags of all commands", flagList(cmd.InheritedFlags(), a.Width()))
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n" + a.Fitted(fmt.Sprintf("%s COMMAND --help shows more about a command.\n", cmd.CommandPath())))
	}
	return b.String()
}

// commandList are the commands of a group below cmd, each with what it does.
func (a *App) commandList(cmd *cobra.Command, group string) string {
	t := diag.NewTable(a.Width())
	for _, c := range cmd.Commands() {
		if c.GroupID == group && (c.IsAvailableCommand() || c.Name() == "help") {
			t.Row("  "+c.Name(), c.Short)
		}
	}
	return t.String()
}

// flagList are flags with what they do.
func flagList(flags *pflag.FlagSet, width int) string {
	t := diag.NewTable(width)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		kind, usage := pflag.UnquoteUsage(f)
		if kind != "" {
			name += " " + kind
		}
		switch {
		case strings.Contains(usage, "(default"), slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue):
		case f.Value.Type() == "string":
			usage += fmt.Sprintf(" (default %q)", f.DefValue)
		default:
			usage += " (default " + f.DefValue + ")"
		}
		t.Row(name, usage)
	})
	return t.String()
}

// reflowed is a description with its paragraphs broken for a terminal; a wide one, and
// none, gets the lines as they are written. What is indented, and commands, stay lines of
// their own.
func reflowed(text string, width int) string {
	if width == 0 || width >= 88 {
		return text
	}
	var out []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var lines []string
		for line := range strings.SplitSeq(paragraph, "\n") {
			last := len(lines) - 1
			if last < 0 || strings.HasPrefix(line, " ") || isCommand(line, "") || strings.HasPrefix(lines[last], " ") {
				lines = append(lines, line)
			} else {
				lines[last] += " " + line
			}
		}
		for i, line := range lines {
			lines[i] = strings.Join(foldedText(line, "", width), "\n")
		}
		out = append(out, strings.Join(lines, "\n"))
	}
	return strings.Join(out, "\n\n")
}
