package cluster

import (
	"fmt"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// Event is something that happened while a cluster was waited for. As JSON it is
// one line of the event stream.
type Event struct {
	SchemaVersion int       `json:"schemaVersion"`
	Time          time.Time `json:"time"`
	// Type is one of the words below.
	Type string `json:"type"`
	// Stage is the name of the stage that the wait is in.
	Stage string `json:"stage,omitempty"`
	// Message says it to people, Hint what they can do about it.
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	// Seconds is how long a stage took, or the wait as a whole.
	Seconds float64 `json:"seconds,omitempty"`
	Cause   *Cause  `json:"cause,omitempty"`
	Status  *Status `json:"status,omitempty"`
	// Steps are what is to be done now, in the last event of a bootstrap.
	Steps []string `json:"steps,omitempty"`
	// Console is where the web console is, in the last event of an installation.
	Console string `json:"console,omitempty"`
}

// The types of events.
const (
	eventStage    = "stage"    // a stage begins
	EventStageEnd = "stageEnd" // and has succeeded
	eventCause    = "cause"    // why the API cannot be reached, when that changes
	eventReached  = "reached"  // the API can be asked again
	EventStatus   = "status"   // something moved
	EventRequests = "requests" // machines wait to be let in
	EventWarning  = "warning"  // something that will not stop the wait but should be known
	eventNote     = "note"
	EventDone     = "done"
	EventFailed   = "failed"
	// EventInterrupted is the last one after Ctrl-C.
	EventInterrupted = "interrupted"
)

// Status is how the cluster was at one look.
type Status struct {
	// Phase is what it is doing, in words.
	Phase string `json:"phase"`
	// API is the version of the API server; empty while it cannot be asked.
	API string `json:"api,omitempty"`
	// Cause is why it cannot, Unreached since when.
	Cause     *Cause    `json:"cause,omitempty"`
	Unreached time.Time `json:"unreached,omitzero"`
	// Message is what the cluster version operator says that it is doing.
	Message   string           `json:"message,omitempty"`
	Nodes     []NodeStatus     `json:"nodes,omitempty"`
	Operators []OperatorStatus `json:"operators,omitempty"`
	// Requests are the certificate requests of machines that wait to be let in, the oldest
	// first and at most 20, and Pending how many there are.
	Requests []PendingRequest `json:"requests,omitempty"`
	Pending  int              `json:"pending,omitempty"`
}

// NodeStatus is one machine that has joined.
type NodeStatus struct {
	Name         string `json:"name"`
	ControlPlane bool   `json:"controlPlane"`
	Ready        bool   `json:"ready"`
	// Why is what the node says while it is not ready.
	Why string `json:"why,omitempty"`
}

// OperatorStatus is one cluster operator.
type OperatorStatus struct {
	Name        string `json:"name"`
	Available   bool   `json:"available"`
	Progressing bool   `json:"progressing"`
	Degraded    bool   `json:"degraded"`
	// Why is what it says about the worst of these; empty when all is well.
	Why string `json:"why,omitempty"`
	// Turns counts how often it began to progress again since the wait began.
	Turns int `json:"turns,omitempty"`
	// Since is when it last stopped or began to progress.
	Since time.Time `json:"since,omitzero"`
}

// settled reports whether the operator is available, does not progress and is not
// degraded.
func (o OperatorStatus) settled() bool { return o.Available && !o.Progressing && !o.Degraded }

// Moving are the operators that are not settled.
func (s Status) Moving() []OperatorStatus {
	var out []OperatorStatus
	for _, o := range s.Operators {
		if !o.settled() {
			out = append(out, o)
		}
	}
	return out
}

// ReadyNodes counts the nodes that are ready.
func (s Status) ReadyNodes() int {
	n := 0
	for _, node := range s.Nodes {
		if node.Ready {
			n++
		}
	}
	return n
}

// AvailableOperators counts the operators that are available.
func (s Status) AvailableOperators() int {
	n := 0
	for _, o := range s.Operators {
		if o.Available {
			n++
		}
	}
	return n
}

// summary is the status on one line.
func (s Status) summary() string {
	switch {
	case s.Cause != nil:
		return s.Cause.Detail
	case len(s.Operators) == 0 && len(s.Nodes) == 0:
		return "no node has joined yet"
	}
	text := fmt.Sprintf("%d of %d nodes ready, %d of %d operators available", s.ReadyNodes(), len(s.Nodes), s.AvailableOperators(), len(s.Operators))
	switch {
	case s.Pending == 1:
		text += ", 1 certificate request pending"
	case s.Pending > 1:
		text += fmt.Sprintf(", %d certificate requests pending", s.Pending)
	}
	if s.Message != "" {
		text += "; " + s.Message
	}
	return text
}

// shorter spells a span of time as people say it: 45m, 1h20m, 30s.
func shorter(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour && d%time.Minute == 0:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d%time.Hour < time.Minute:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return diag.Hours(d.Truncate(time.Minute))
	}
}

func (w *Wait) checkClock(s stage) {
	skew := w.Client.clockSkew()
	if w.skewed || skew.Abs() < maxSkew {
		return
	}
	w.skewed = true
	ahead := "behind"
	if skew > 0 {
		ahead = "ahead of"
	}
	w.tell(Event{
		Type: EventWarning, Stage: s.name,
		Message: fmt.Sprintf("the API server's clock is %s %s this machine's", shorter(skew.Abs()), ahead),
		Hint:    "synchronise both with a time server: a machine whose clock is wrong refuses certificates",
	})
}

// statusPause is the least time between two status events.
const statusPause = 30 * time.Second

// tellStatus tells how things are when that has changed, but not too often.
func (w *Wait) tellStatus(s stage) {
	summary := w.status.summary()
	if w.status.Cause != nil || len(w.status.Nodes)+len(w.status.Operators) == 0 ||
		summary == w.told.summary || w.Now().Sub(w.told.at) < statusPause {
		return
	}
	w.told = told{summary, w.Now()}
	status := w.status
	w.tell(Event{Type: EventStatus, Stage: s.name, Message: summary, Status: &status})
}

func (w *Wait) tell(e Event) {
	if w.Tell == nil {
		return
	}
	e.SchemaVersion, e.Time = 1, w.Now().UTC()
	w.Tell(e)
}
