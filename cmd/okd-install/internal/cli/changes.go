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
	to := a.painted(a.Secrets.Lines(), changePaint())
	if secrets {
		to = a.painted(nil, changePaint())
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// changePaint colours the lines of changes as programs do that compare: what comes green,
// what goes red, what changes yellow, and where it stands cyan. What is broken off a line
// has its colour.
func changePaint() func(line string, further bool) string {
	code := ""
	return func(line string, further bool) string {
		if !further {
			code = changeColour(line)
		}
		return colour(code, line)
	}
}

func changeColour(line string) string {
	switch how, _, _ := strings.Cut(line, " "); {
	case strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "):
		return bold
	case strings.HasPrefix(line, "+"), how == "added":
		return green
	case strings.HasPrefix(line, "-"), how == "removed":
		return red
	case how == "changed":
		return yellow
	case strings.HasPrefix(line, "@@ "):
		return cyan
	}
	return ""
}
