package cli

import (
	"io"
	"strings"

	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

// PrintChanges prints what two Ignition configs differ in: each change as one line, with
// what there is to say about it below. The comparison has hidden the secrets that it
// knows, unless somebody asked for them.
func (a *App) PrintChanges(changes []inspect.Change, secrets bool) error {
	var b strings.Builder
	for _, c := range changes {
		Say(&b, "%s %s %s\n", c.How, c.Kind, c.Path)
		for _, d := range c.Details {
			Say(&b, "    %s\n", d)
		}
		b.WriteString(c.Diff)
	}
	to := a.Out
	if secrets {
		to = a.Text
	}
	_, err := io.WriteString(to, b.String())
	return err
}
