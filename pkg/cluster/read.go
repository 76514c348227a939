package cluster

import (
	"cmp"
	"context"
	"slices"
)

// fromCache asks the API server for what it has in memory, which costs it
// nothing. It may be a moment old, which does not matter to who asks again.
const fromCache = "?resourceVersion=0"

// nodes lists the machines that have joined, by name.
func (c *Client) nodes(ctx context.Context) ([]Node, error) {
	var found list[Node]
	err := c.get(ctx, pathNodes+fromCache, &found)
	slices.SortFunc(found.Items, func(a, b Node) int { return cmp.Compare(a.Metadata.Name, b.Metadata.Name) })
	return found.Items, err
}

// operators lists the cluster operators, by name.
func (c *Client) operators(ctx context.Context) ([]OperatorStatus, error) {
	var found list[conditioned]
	if err := c.get(ctx, pathOperators+fromCache, &found); err != nil {
		return nil, err
	}
	out := make([]OperatorStatus, 0, len(found.Items))
	for _, o := range found.Items {
		out = append(out, operatorStatus(o))
	}
	slices.SortFunc(out, func(a, b OperatorStatus) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// operatorStatus reads one operator. An operator that has not said anything yet
// is neither available nor done.
func operatorStatus(o conditioned) OperatorStatus {
	cs := o.Status.Conditions
	progressing := cs.find("Progressing")
	s := OperatorStatus{
		Name: oneLine(o.Metadata.Name, 80), Available: cs.is("Available", "True"), Degraded: cs.is("Degraded", "True"),
		Progressing: progressing.Status != "False", Since: progressing.LastTransitionTime,
	}
	switch {
	case s.Degraded:
		s.Why = why(cs.find("Degraded"))
	case !s.Available && cs.find("Available").Message != "":
		s.Why = why(cs.find("Available"))
	case s.Progressing && progressing.Status != "":
		s.Why = why(progressing)
	case !s.settled():
		s.Why = "it has not reported yet"
	}
	return s
}

// why is what a condition says, short enough for a line.
func why(c Condition) string {
	return oneLine(cmp.Or(c.Message, c.Reason, c.Type+" is "+c.Status), 160)
}
