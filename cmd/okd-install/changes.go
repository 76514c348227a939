package main

import (
	"io"
	"strings"

	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

// printChanges prints what two Ignition configs differ in: each change as one line, with
// what there is to say about it below. The comparison has hidden the secrets that it
// knows, unless somebody asked for them.
func (a *app) printChanges(changes []inspect.Change, secrets bool) error {
	var b strings.Builder
	for _, c := range changes {
		say(&b, "%s %s %s\n", c.How, c.Kind, c.Path)
		for _, d := range c.Details {
			say(&b, "    %s\n", d)
		}
		b.WriteString(c.Diff)
	}
	to := a.out
	if secrets {
		to = a.text
	}
	_, err := io.WriteString(to, b.String())
	return err
}
