package iso

import (
	"fmt"
	"slices"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

// KargEdit changes kernel arguments: first it deletes, then it appends, then it
// replaces.
type KargEdit struct {
	// Append are added at the end. Delete are removed wherever they stand, such as
	// quiet or console=ttyS0. Each may be several arguments with spaces between.
	Append, Delete []string
	// Replace are of the form KEY=OLD=NEW: where KEY=OLD stands, KEY=NEW will.
	Replace []string
}

// Empty tells that there is nothing to do.
func (e KargEdit) Empty() bool { return len(e.Append)+len(e.Delete)+len(e.Replace) == 0 }

// Apply returns the changed arguments, and which of Delete and Replace found
// nothing. The error is diag.Problems: something is not of its form.
func (e KargEdit) Apply(kargs string) (changed string, missed []string, err error) {
	var problems diag.Problems
	have := strings.Fields(kargs)
	for _, karg := range e.Delete {
		words := strings.Fields(karg)
		if len(words) == 0 {
			problems = append(problems, diag.Problem{Path: "delete", Detail: "an empty kernel argument cannot be deleted"})
			continue
		}
		rest := without(have, words)
		if len(rest) == len(have) {
			missed = append(missed, karg)
		}
		have = rest
	}
	for _, karg := range e.Append {
		words := strings.Fields(karg)
		if len(words) == 0 {
			problems = append(problems, diag.Problem{Path: "append", Detail: "an empty kernel argument cannot be appended"})
		}
		have = append(have, words...)
	}
	for _, karg := range e.Replace {
		parts := strings.Split(karg, "=")
		if len(parts) != 3 || slices.Contains(parts, "") || len(strings.Fields(karg)) != 1 {
			problems = append(problems, diag.Problem{
				Path: "replace", Detail: fmt.Sprintf("%q is not of the form KEY=OLD=NEW", karg),
				Hint: "such as mitigations=auto=off; delete and append do the same for values that have = in them",
			})
			continue
		}
		old, found := parts[0]+"="+parts[1], false
		for i := range have {
			if have[i] == old {
				have[i], found = parts[0]+"="+parts[2], true
			}
		}
		if !found {
			missed = append(missed, old)
		}
	}
	return strings.Join(have, " "), missed, problems.Err()
}

// without removes each run of words.
func without(have, words []string) []string {
	var rest []string
	for i := 0; i < len(have); {
		if len(have)-i >= len(words) && slices.Equal(have[i:i+len(words)], words) {
			i += len(words)
			continue
		}
		rest = append(rest, have[i])
		i++
	}
	return rest
}
