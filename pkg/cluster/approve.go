package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"
)

// Approver approves the requests of a cluster's declared nodes.
type Approver struct {
	Client *Client
	Facts  Facts
	// DryRun judges and approves nothing.
	DryRun bool
	// own are the requests that were approved here, by name.
	own []string
}

// Round is what one look at the requests found and did.
type Round struct {
	// Approved and Refused are verdicts on what was pending, the oldest first.
	// After a dry run nothing in Approved has been approved.
	Approved, Refused []Verdict
	// Joined names the declared nodes that have both of their certificates.
	Joined []string
}

// keptFor is how long the cluster keeps a request that was answered. A node
// that is older has been through it.
const keptFor = time.Hour

// Round looks at all pending requests once. A request that somebody else answers
// at the same moment is left out.
func (a *Approver) Round(ctx context.Context) (Round, error) {
	var requests list[Request]
	if err := a.Client.get(ctx, pathRequests, &requests); err != nil {
		return Round{}, err
	}
	// not from a cache: a node that has joined a moment ago must be among them
	var nodes list[Node]
	if err := a.Client.get(ctx, pathNodes, &nodes); err != nil {
		return Round{}, err
	}
	slices.SortFunc(requests.Items, func(x, y Request) int {
		return cmp.Or(x.Metadata.CreationTimestamp.Compare(y.Metadata.CreationTimestamp), cmp.Compare(x.Metadata.Name, y.Metadata.Name))
	})
	facts := a.Facts
	facts.Nodes, facts.Requests, facts.Approved = nodes.Items, requests.Items, a.own
	facts.index = indexed(facts)
	var round Round
	for _, r := range requests.Items {
		if !r.pending() {
			continue
		}
		verdict := judge(r, facts)
		if !verdict.Approve {
			round.Refused = append(round.Refused, verdict)
			continue
		}
		if !a.DryRun {
			switch err := a.approve(ctx, r, verdict); {
			case conflict(err) || notFound(err) || errors.Is(err, errAnswered):
				continue
			case err != nil:
				return round, err
			}
			a.own = append(a.own, r.Metadata.Name)
			facts.index.approve(r)
		}
		round.Approved = append(round.Approved, verdict)
	}
	round.Joined = joined(facts, a.Client.clusterNow())
	return round, nil
}

// errAnswered is for a request that is not what was judged any more.
var errAnswered = errors.New("the request was answered or replaced in the meantime")

// approve adds the approval to the request that was judged. It is read again,
// since the API wants the object whole. Its spec never changes, but a request
// may be removed and another made under its name: that one nobody has judged.
func (a *Approver) approve(ctx context.Context, r Request, v Verdict) error {
	path := pathRequests + "/" + url.PathEscape(r.Metadata.Name)
	var object map[string]json.RawMessage
	if err := a.Client.get(ctx, path, &object); err != nil {
		return err
	}
	var now Request
	if err := decode(object, &now); err != nil {
		return err
	}
	if now.Metadata.UID != r.Metadata.UID || !now.pending() {
		return errAnswered
	}
	var status map[string]json.RawMessage
	if raw, ok := object["status"]; ok {
		if err := json.Unmarshal(raw, &status); err != nil {
			return err
		}
	}
	if status == nil {
		status = map[string]json.RawMessage{}
	}
	var conditions []any
	if raw, ok := status["conditions"]; ok {
		if err := json.Unmarshal(raw, &conditions); err != nil {
			return err
		}
	}
	conditions = append(conditions, map[string]string{
		"type": "Approved", "status": "True", "reason": "DeclaredNode",
		"message": "okd-install approved this: a " + v.Kind + " certificate of the declared node " + v.Node,
	})
	var err error
	if status["conditions"], err = json.Marshal(conditions); err != nil {
		return err
	}
	if object["status"], err = json.Marshal(status); err != nil {
		return err
	}
	return a.Client.put(ctx, path+"/approval", object)
}

// decode reads an object that was read in parts.
func decode(object map[string]json.RawMessage, out any) error {
	raw, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

// joined names the declared nodes that are part of the cluster and serve with a
// certificate: theirs was signed, or signed so long ago that the request is gone.
// One that was installed again has to have got both since, whatever its age is.
func joined(f Facts, now time.Time) []string {
	names := []string{}
	for _, n := range f.Nodes {
		name := n.Metadata.Name
		if _, ok := f.index.declared[name]; !ok {
			continue
		}
		again := f.index.rejoin[name]
		first := f.index.first[nodePrefix+name]
		serving, served := f.index.serving[nodePrefix+name]
		switch {
		case again:
			served = served && !first.IsZero() && !serving.Before(first)
		default:
			served = served || now.Sub(n.Metadata.CreationTimestamp) > keptFor
		}
		if served {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
