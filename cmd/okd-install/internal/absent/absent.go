// Package absent has the commands of the established installer that are not here: each
// fails, and says what to do in its place.
package absent

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
)

// command is a command of the established installer that is not here. A
// pipeline that calls it must not take the cluster for installed, so it fails,
// whatever its flags are, and says what to do instead.
type command struct {
	name   string
	short  string
	long   string
	detail string
	// hint is what to do; steps adds the steps of an installation below it.
	hint  string
	steps bool
}

// tableOfCreate are those below create.
var tableOfCreate = []command{
	{
		name:  "cluster",
		short: "Is not there: your own machines are not created",
		long: `The established installer creates machines and waits for the cluster. okd-install
writes what your own machines boot from, and creates none. This command does
nothing, lists the steps that take its place, and ends with exit code 1.`,
		detail: "create cluster is not there: okd-install does not create your own machines, and nothing was done",
		hint:   "take these steps in its place:", steps: true,
	},
	{
		name:   "permissions-policy",
		short:  "Is not there: your own machines need no cloud account",
		long:   `The established installer lists what its cloud account must be allowed to do.`,
		detail: "create permissions-policy is not there: your own machines need no account of a cloud",
		hint:   "leave it out",
	},
}

// tableOfRoot are those at the top.
var tableOfRoot = []command{
	{
		name:  "agent",
		short: "Is not there yet: an image that installs without a bootstrap host",
		long: `The established installer's agent makes an image that installs machines without a
bootstrap host. okd-install does not make it yet. This command does nothing, lists
the steps that take its place, and ends with exit code 1.`,
		detail: "agent is not there yet: okd-install does not make the image that installs without a bootstrap host, and nothing was done",
		hint:   "take these steps in its place, with a bootstrap host:", steps: true,
	},
	{
		name:   "image-based",
		short:  "Is not there: an image of an installed node",
		long:   `The established installer's image-based makes an image of a node that is installed already.`,
		detail: "image-based is not there: okd-install makes no image of an installed node, and nothing was done",
		hint:   "take these steps in its place:", steps: true,
	},
	{
		name:   "migrate",
		short:  "Is not there: there is nothing to migrate",
		long:   `Older installers migrated fields of the install-config.`,
		detail: "migrate is not there: okd-install reads the old names of fields as they are",
		hint:   "run validate: it names each deprecated field and what replaces it",
	},
}

// FromCreate are the commands that are not below create.
func FromCreate(a *cli.App) []*cobra.Command { return commands(a, tableOfCreate) }

// FromRoot are those that are not at the top.
func FromRoot(a *cli.App) []*cobra.Command { return commands(a, tableOfRoot) }

func commands(a *cli.App, table []command) (all []*cobra.Command) {
	for _, c := range table {
		all = append(all, newCmd(a, c))
	}
	return all
}

// newCmd takes any flag and any words: what is wrong is the command itself.
func newCmd(a *cli.App, c command) *cobra.Command {
	cmd := &cobra.Command{
		Use: c.name, Short: c.short, Long: c.long, Hidden: true,
		Args:               cobra.ArbitraryArgs,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(*cobra.Command, []string) error {
			p := diag.Problem{Detail: c.detail, Hint: c.hint}
			if c.steps {
				p.Hint += steps(a, asset.InstallSteps(a.Dir, a.Environment()))
			}
			return p
		},
	}
	return cmd
}

// steps numbers the steps, one a line, below a hint.
func steps(a *cli.App, steps []asset.Step) string {
	var b strings.Builder
	for i, s := range steps {
		text := s.Why
		if s.Command != "" {
			text = a.CommandLine(s.Command) + "  # " + s.Why
		}
		fmt.Fprintf(&b, "\n    %d. %s", i+1, text)
	}
	return b.String()
}
