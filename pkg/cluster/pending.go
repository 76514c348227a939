package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PendingRequest is a certificate request of a machine that waits to be let in.
type PendingRequest struct {
	// Name is the request's, Node that of the node that it says it is for; empty if it names
	// none. Anybody who has a machine's Ignition config can ask for any node.
	Name string `json:"name"`
	Node string `json:"node,omitempty"`
	// Kind is client or serving.
	Kind    string    `json:"kind"`
	Created time.Time `json:"created,omitzero"`
}

const (
	// mostPending is as many requests as are told one by one.
	mostPending = 20
	// pendingPause is the time between two looks at the requests.
	pendingPause = 10 * time.Second
	// pendingGrace is how long a request may wait for whoever approves it by itself: the
	// bootstrap host as long as it is there, and the cluster for what it knows.
	pendingGrace = 30 * time.Second
)

// pendingOf returns the kubelets' requests that have waited for longer than the grace, the
// oldest first and no more than are told, and how many there are.
func pendingOf(requests []Request, now time.Time) (told []PendingRequest, count int) {
	waiting := slices.DeleteFunc(slices.Clone(requests), func(r Request) bool {
		return !r.pending() || r.kind() == "" || now.Sub(r.Metadata.CreationTimestamp) < pendingGrace
	})
	slices.SortFunc(waiting, func(a, b Request) int {
		return cmp.Or(a.Metadata.CreationTimestamp.Compare(b.Metadata.CreationTimestamp), cmp.Compare(a.Metadata.Name, b.Metadata.Name))
	})
	for _, r := range waiting[:min(len(waiting), mostPending)] {
		p := PendingRequest{Name: oneLine(r.Metadata.Name, 253), Kind: r.kind(), Created: r.Metadata.CreationTimestamp}
		if csr := parseRequest(r.Spec.Request).csr; csr != nil {
			if node, ok := strings.CutPrefix(csr.Subject.CommonName, nodePrefix); ok && validNodeName(node) {
				p.Node = node
			}
		}
		told = append(told, p)
	}
	return told, len(waiting)
}

// kind is that of the certificate that a kubelet asks for; empty for any other request.
func (r Request) kind() string {
	switch r.Spec.SignerName {
	case clientSigner:
		return kindClient
	case servingSigner:
		return kindServing
	}
	return ""
}

// text is the request as people read it.
func (p PendingRequest) text() string {
	if p.Node == "" {
		return fmt.Sprintf("%s (%s)", p.Name, p.Kind)
	}
	return fmt.Sprintf("%s (%s of %s)", p.Name, p.Kind, p.Node)
}

// PendingNodes names the nodes that wait to be let in, each once.
func (s Status) PendingNodes() []string {
	var names []string
	for _, p := range s.Requests {
		if p.Node != "" && !slices.Contains(names, p.Node) {
			names = append(names, p.Node)
		}
	}
	return names
}

// PendingText says in one line who waits to be let in; empty if nobody does.
func (s Status) PendingText() string {
	if s.Pending == 0 {
		return ""
	}
	var said []string
	for _, p := range s.Requests {
		said = append(said, p.text())
	}
	text := "machines are waiting to join: 1 certificate request is pending: "
	if s.Pending > 1 {
		text = fmt.Sprintf("machines are waiting to join: %d certificate requests are pending: ", s.Pending)
	}
	text += strings.Join(said, ", ")
	if more := s.Pending - len(s.Requests); more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// readRequests reads who waits to be let in, from time to time: the list may be long.
func (w *Wait) readRequests(ctx context.Context) error {
	if !w.requestsAt.IsZero() && w.Now().Sub(w.requestsAt) < pendingPause {
		return nil
	}
	var requests list[Request]
	if err := w.Client.get(ctx, pathRequests, &requests); err != nil && !notFound(err) {
		return err
	}
	w.requestsAt = w.Now()
	w.status.Requests, w.status.Pending = pendingOf(requests.Items, w.Client.clusterNow())
	return nil
}

// tellRequests tells who waits to be let in: when somebody new does, and again after a
// while, since the wait cannot end without that.
func (w *Wait) tellRequests(s stage) {
	news := false
	for _, p := range w.status.Requests {
		news = news || !w.requestsTold[p.Name]
	}
	if w.status.Pending == 0 || !news && w.Now().Sub(w.requestsToldAt) < causeAgain {
		return
	}
	w.requestsTold, w.requestsToldAt = map[string]bool{}, w.Now()
	for _, p := range w.status.Requests {
		w.requestsTold[p.Name] = true
	}
	status := w.status
	w.tell(Event{Type: EventRequests, Stage: s.name, Message: status.PendingText(), Hint: w.letIn(), Status: &status})
}

// letIn is what lets the machines in that wait.
func (w *Wait) letIn() string {
	if w.LetIn == nil {
		return ""
	}
	return w.LetIn(w.status.PendingNodes())
}
