package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
)

// This file prints what approve-csrs has found.

// tell says what a round has found, each refused request once. A round without
// news is said only if always.
func (o *approveOptions) tell(r cluster.Round, always bool) {
	r.Refused = slices.DeleteFunc(slices.Clone(r.Refused), func(v cluster.Verdict) bool {
		return o.told[v.Request] == strings.Join(v.Reasons, "\n")
	})
	if always || len(r.Approved)+len(r.Refused) > 0 {
		o.tellLine(r)
	}
}

func (o *approveOptions) tellLine(r cluster.Round) {
	for _, v := range r.Refused {
		o.told[v.Request] = strings.Join(v.Reasons, "\n")
	}
	more := max(0, len(r.Refused)-diag.Most)
	if more > 0 {
		// what concerns a declared node is not lost among thousands that are nobody's
		slices.SortStableFunc(r.Refused, func(a, b cluster.Verdict) int { return cmp.Compare(o.rank(a), o.rank(b)) })
		r.Refused = r.Refused[:diag.Most]
	}
	if o.output == "json" {
		o.WriteJSONLine(ApprovalEvent{1, o.Now().UTC(), o.dryRun, notNil(r.Approved), notNil(r.Refused), notNil(r.Joined), more})
		return
	}
	done := "approved"
	if o.dryRun {
		done = "would approve"
	}
	for _, v := range r.Approved {
		cli.Say(o.Out, "%s %s: the %s certificate of %s%s%s\n", done, v.Request, v.Kind, v.Node, forNames(v), o.asked(v))
	}
	for _, v := range r.Refused {
		cli.Say(o.Out, "refused %s: asked by %s, for %s%s%s\n", v.Request, v.Requestor, v.Signer, forNames(v), o.asked(v))
		for _, why := range v.Reasons {
			cli.Say(o.Out, "    %s\n", why)
		}
		if v.Hint != "" {
			cli.Say(o.Out, "    hint: %s\n", v.Hint)
		}
	}
	if more > 0 {
		fmt.Fprintf(o.Out, "refused %d more, which are not shown: oc get csr lists them\n", more)
	}
	_ = o.Show() // what is lost shows in the exit code of the pipe
}

// rank is 0 for what asks in the name of a declared node.
func (o *approveOptions) rank(v cluster.Verdict) int {
	if o.nodeNames[v.Node] {
		return 0
	}
	return 1
}

// asked says when a request was made.
func (o *approveOptions) asked(v cluster.Verdict) string {
	if v.Created.IsZero() {
		return ""
	}
	text := ", asked for at " + v.Created.Local().Format("15:04:05 MST")
	if ago := o.Now().Sub(v.Created).Round(time.Second); ago > 0 {
		text += ", " + diag.Left(ago) + " ago"
	}
	return text
}

func forNames(v cluster.Verdict) string {
	if len(v.Addresses) == 0 {
		return ""
	}
	return " (" + strings.Join(v.Addresses, ", ") + ")"
}

// notNil makes JSON's empty list of nothing.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// ApprovalEvent is what one look at the requests came to.
type ApprovalEvent struct {
	SchemaVersion int               `json:"schemaVersion"`
	Time          time.Time         `json:"time"`
	DryRun        bool              `json:"dryRun"`
	Approved      []cluster.Verdict `json:"approved"`
	Refused       []cluster.Verdict `json:"refused"`
	Joined        []string          `json:"joined"`
	// Omitted is how many more were refused than the first 50.
	Omitted int `json:"omitted,omitempty"`
}
