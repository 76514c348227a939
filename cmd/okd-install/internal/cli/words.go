package cli

import (
	"fmt"
	"strings"
	"time"

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

// Hours is a span of time as people write it, such as 11h59m.
func Hours(d time.Duration) string {
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
