package cli

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/okd-project/okd-install/pkg/shell"
)

// Near reports whether a time until which machines should have booted is so close that it
// is worth a warning.
func Near(left time.Duration) bool { return left < 3*time.Hour }

// ourCommands are commands of this program in a hint, with its name or without it.
var ourCommands = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(^|[\\s(\"`])(?:" + programName + " )?" +
		"((?:create [a-z]+(?:-[a-z]+)+|create manifests|releases pin|gather bootstrap|wait-for [a-z]+-complete)" +
		"(?: --[a-z-]+(?:[ =][A-Z][A-Z,]+)?)*)")
})

// FullCommands is a hint with the commands of this program as people copy them.
func (a *App) FullCommands(hint string) string {
	return ourCommands().ReplaceAllStringFunc(hint, func(found string) string {
		parts := ourCommands().FindStringSubmatch(found)
		return parts[1] + a.CommandLine(parts[2])
	})
}

// ownName has the commands of this program that texts name.
var ownName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(^|[\\s(\"`])" + programName + " (create|plan|validate|explain|schema|releases|status|certs|" +
		"ignition|graph|coreos|wait-for|approve-csrs|gather|analyze|add-nodes|destroy|machineconfig|version|completion|man)([\\s,.;:)\"`]|$)")
})

// named is a text whose commands begin with what this program was called as: a package, or a
// link, may give it another name.
func (a *App) named(text string) string {
	if a.Name == programName || a.Name == "" {
		return text
	}
	return ownName().ReplaceAllString(text, "${1}"+strings.ReplaceAll(a.Name, "$", "$$")+" $2$3")
}

// CommandLine is a command as people copy it, for the asset directory at hand.
// Boot images belong to no directory.
func (a *App) CommandLine(command string) string {
	line := a.Name + " " + command
	if a.Dir != "." && !strings.HasPrefix(command, "coreos ") {
		line += " --dir " + shell.Word(a.Dir)
	}
	return line
}
