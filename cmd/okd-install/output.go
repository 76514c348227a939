package main

import (
	"strings"

	"github.com/okd-project/okd-install/pkg/shell"
)

// commandLine is a command as people copy it, for the asset directory at hand.
// Boot images belong to no directory.
func (a *app) commandLine(command string) string {
	line := a.name + " " + command
	if a.dir != "." && !strings.HasPrefix(command, "coreos ") {
		line += " --dir " + shell.Word(a.dir)
	}
	return line
}
