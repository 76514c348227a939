package create

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/asset"
)

// What plan shows is what create does with the same words: each target has a command, and
// plan has its flags, explained, but for those that answer the wizard.
func TestPlanHasTheFlagsOfCreate(t *testing.T) {
	t.Parallel()
	a := cli.New("", "")
	create, plan := NewCmd(a), NewPlanCmd(a)
	for _, target := range asset.Targets() {
		cmd, _, err := create.Find([]string{target.Name})
		if err != nil || cmd.Name() != target.Name || len(target.Flags) == 0 || target.Made == "" {
			t.Errorf("create %s: %v; it has %d flags", target.Name, err, len(target.Flags))
			continue
		}
		if why, instead, not := target.Unplanned(); not {
			if err := planTarget(plan, []string{target.Name}); err == nil || !strings.Contains(err.Error(), why) ||
				!strings.Contains(err.Error(), instead) {
				t.Errorf("plan %s: %v", target.Name, err)
			}
			continue
		}
		for _, f := range target.Flags {
			planned := plan.Flags().Lookup(f.Name)
			made := cmd.Flags().Lookup(f.Name)
			if made == nil || made.Usage != f.Usage || planned == nil || planned.Value.Type() != made.Value.Type() {
				t.Errorf("create %s: --%s is not a flag of it and of plan", target.Name, f.Name)
			}
		}
	}
	plan.Flags().VisitAll(func(f *pflag.Flag) {
		if strings.Contains(f.Usage, "as with") {
			t.Errorf("plan explains --%s elsewhere", f.Name)
		}
	})
}
