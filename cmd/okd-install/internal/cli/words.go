package cli

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/shell"
)

// CommandLine is a command as people copy it, for the asset directory at hand.
// Boot images belong to no directory.
func (a *App) CommandLine(command string) string {
	line := a.Name + " " + command
	if a.Dir != "." && !strings.HasPrefix(command, "coreos ") {
		line += " --dir " + shell.Word(a.Dir)
	}
	return line
}
