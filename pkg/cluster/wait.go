package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limit is how long a stage may take. A soft limit counts only once nothing has
// moved for a while: slow disks and lines are no reason to give up.
type Limit struct {
	After time.Duration
	Hard  bool
}

// grace is how long nothing may move beyond a soft limit.
const grace = 10 * time.Minute

// Wait is what both waits are given.
type Wait struct {
	Client *Client
	Now    func() time.Time
	// Sleep waits for the time to pass, or for the context to end.
	Sleep func(context.Context, time.Duration) error
	// Interval is the time between two looks.
	Interval time.Duration
	// API bounds the time until the API answers, and Rest that of each stage
	// after it; zero for each stage's own.
	API, Rest Limit
	// Tell gets what happens, Show how things are after each look; it may be nil.
	Tell func(Event)
	Show func(stage string, since time.Time, s Status)
	// LetIn is the next step, in words, when these nodes wait for their certificates; it may
	// be nil.
	LetIn func(nodes []string) string

	stages  []StageTime
	started time.Time
	status  Status
	moved   map[string]bool
	movedAt time.Time
	turns   map[string]int
	causes  causes
	told    told
	skewed  bool

	requestsAt, requestsToldAt time.Time
	requestsTold               map[string]bool
}

// causes is what was told about an API that cannot be asked.
type causes struct {
	// last is what was wrong at the last look, and told when which cause was told.
	last string
	told map[string]time.Time
	// open tells that one was told since the API could be asked.
	open bool
	// answered tells that the API has answered in this wait.
	answered bool
}

// told is what the last status event said, and when.
type told struct {
	summary string
	at      time.Time
}

// StageTime is how long a stage took.
type StageTime struct {
	Name string
	Took time.Duration
}

// StageError says which stage did not end well, and why.
type StageError struct {
	Stage string
	// Detail is what is wrong, Hint the next step.
	Detail, Hint string
	// Status is the last that was seen.
	Status Status
}

// Error gives the stage and the reason.
func (e *StageError) Error() string { return e.Detail }

// stage is one step of a wait: look is repeated until it is done or the limit
// is reached.
type stage struct {
	name string
	// phase is what the cluster does in the meantime, in words.
	phase string
	limit Limit
	// look reports whether the stage has ended. An error is one of the client's.
	look func(context.Context) (done bool, err error)
	// unfinished says what is missing when the limit is reached.
	unfinished func() (detail, hint string)
}

// limit is what the user said, or the stage's own.
func (w *Wait) limit(own time.Duration) Limit {
	if w.Rest.After > 0 {
		return w.Rest
	}
	return Limit{After: own}
}

// Stages is how long each stage took that has ended.
func (w *Wait) Stages() []StageTime { return w.stages }

// Elapsed is the time since the wait began.
func (w *Wait) Elapsed() time.Duration { return w.Now().Sub(w.started) }

func (w *Wait) start() {
	w.started, w.movedAt = w.Now(), w.Now()
	w.moved, w.turns = map[string]bool{}, map[string]int{}
}

// run repeats a stage's look until it is done.
func (w *Wait) run(ctx context.Context, s stage) error {
	begin := w.Now()
	w.status.Phase = s.phase
	w.tell(Event{Type: eventStage, Stage: s.name, Message: fmt.Sprintf("%s: %s (%s)", s.name, s.phase, s.limit)})
	for {
		done, err := s.look(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		final := w.heed(s, err)
		if w.Show != nil {
			w.Show(s.name, begin, w.status)
		}
		switch {
		case done:
			took := w.Now().Sub(begin)
			w.stages = append(w.stages, StageTime{s.name, took})
			w.tell(Event{
				Type: EventStageEnd, Stage: s.name, Seconds: took.Seconds(),
				Message: fmt.Sprintf("%s: done after %s", s.name, shorter(took)),
			})
			return nil
		case final:
			return &StageError{Stage: s.name, Detail: w.status.Cause.Detail, Hint: w.status.Cause.Hint, Status: w.status}
		case w.over(s.limit, begin):
			return w.gaveUp(s, begin)
		}
		if err := w.Sleep(ctx, w.Interval); err != nil {
			return err
		}
	}
}

// heed takes note of how a look went: it tells a new cause, and tells when it is
// over. An error that no waiting mends is final.
func (w *Wait) heed(s stage, err error) (final bool) {
	if err == nil {
		w.heedAnswer(s)
		return false
	}
	cause := w.Client.Kubeconfig.Explain(err, w.Now())
	if w.causes.answered && passing[cause.Kind] {
		cause.Hint = "the API has answered before, and API servers are replaced during an installation: wait some minutes; if it " +
			"does not come back: " + cause.Hint
	}
	if w.status.Cause == nil {
		w.status.Unreached = w.Now()
	}
	w.status.Cause = &cause
	w.status.API = ""
	// which stage of coming up the API is in is progress too
	w.note("API " + cause.Kind)
	if !cause.Final && w.causes.news(cause.Kind+cause.Detail, w.Now()) {
		w.tell(Event{Type: eventCause, Stage: s.name, Message: cause.Detail, Hint: cause.Hint, Cause: &cause})
	}
	return cause.Final
}

// heedAnswer is for a look that went well.
func (w *Wait) heedAnswer(s stage) {
	if w.status.Cause != nil {
		gone := w.Now().Sub(w.status.Unreached)
		w.status.Cause, w.status.Unreached = nil, time.Time{}
		if w.causes.open {
			w.tell(Event{Type: eventReached, Stage: s.name, Message: "the API answers again, after " + shorter(gone), Seconds: gone.Seconds()})
		}
	}
	w.causes.last, w.causes.open, w.causes.answered = "", false, true
	w.checkClock(s)
	w.tellStatus(s)
	w.tellRequests(s)
}

// passing are causes that an API shows which was there and comes back, and which look
// like a mistake if it was not.
var passing = map[string]bool{causeRefused: true, causeNoBackend: true, causeSilence: true, causeRoute: true}

// Behind a load balancer the causes change with every look, as one backend after
// the other is asked, and are each told once a minute. One that stays is told again
// after five minutes, so that nobody takes silence for a wait that hangs.
const (
	causePause = time.Minute
	causeAgain = 5 * time.Minute
)

// news reports whether a cause is to be told now.
func (c *causes) news(cause string, now time.Time) bool {
	pause := causePause
	if cause == c.last {
		pause = causeAgain
	}
	c.last = cause
	if at, told := c.told[cause]; told && now.Sub(at) < pause {
		return false
	}
	if c.told == nil {
		c.told = map[string]time.Time{}
	}
	c.told[cause], c.open = now, true
	return true
}

// maxSkew is how far the clocks may be apart before it is said. Certificates
// made here count from this machine's clock.
const maxSkew = time.Minute

// note takes down that something was seen. The first time is progress, and only
// that: what comes and goes does not keep a wait alive.
func (w *Wait) note(fact string) {
	if !w.moved[fact] {
		w.moved[fact] = true
		w.movedAt = w.Now()
	}
}

// over reports whether a stage has had its time.
func (w *Wait) over(l Limit, begin time.Time) bool {
	now := w.Now()
	if now.Sub(begin) < l.After {
		return false
	}
	return l.Hard || now.Sub(w.movedAt) >= min(grace, l.After)
}

// String is the limit as people read it.
func (l Limit) String() string {
	if l.Hard {
		return shorter(l.After) + " at most"
	}
	return shorter(l.After) + ", and longer while there is progress"
}

func (w *Wait) gaveUp(s stage, begin time.Time) error {
	detail, hint := s.unfinished()
	if text := w.status.PendingText(); text != "" {
		detail, hint = detail+"; "+text, w.letIn()
	}
	if w.status.Cause != nil {
		detail, hint = w.status.Cause.Detail, w.status.Cause.Hint
	}
	return &StageError{
		Stage: s.name, Hint: hint, Status: w.status,
		Detail: fmt.Sprintf("%s: not done after %s: %s", s.name, shorter(w.Now().Sub(begin)), detail),
	}
}

// waitForAPI is the first stage of both waits.
func (w *Wait) waitForAPI(ctx context.Context) error {
	limit := w.API
	if limit.After == 0 {
		limit.After = 20 * time.Minute
	}
	var version apiVersion
	err := w.run(ctx, stage{
		name: "API", phase: "waiting for the API at " + w.Client.Kubeconfig.Server.String(), limit: limit,
		look: func(ctx context.Context) (bool, error) {
			err := w.Client.get(ctx, pathVersion, &version)
			return err == nil, err
		},
		unfinished: func() (string, string) { return "the API does not answer", "" },
	})
	if err != nil {
		return err
	}
	w.status.API = version.GitVersion
	w.note("API up")
	w.tell(Event{Type: eventNote, Stage: "API", Message: fmt.Sprintf("API %s up", oneLine(version.GitVersion, 60))})
	return nil
}

// survey reads nodes, operators and pending requests into the status, and takes down what
// moved. Any of them may not exist yet.
func (w *Wait) survey(ctx context.Context) error {
	nodes, err := w.Client.nodes(ctx)
	if err != nil && !notFound(err) {
		return err
	}
	operators, err := w.Client.operators(ctx)
	if err != nil && !notFound(err) {
		return err
	}
	if err := w.readRequests(ctx); err != nil {
		return err
	}
	if w.status.API == "" {
		var version apiVersion
		if err := w.Client.get(ctx, pathVersion, &version); err != nil {
			return err
		}
		w.status.API = version.GitVersion
	}
	before := map[string]bool{}
	for _, o := range w.status.Operators {
		before[o.Name] = o.Progressing
	}
	for i, o := range operators {
		if was, known := before[o.Name]; known && !was && o.Progressing {
			w.turns[o.Name]++
		}
		operators[i].Turns = w.turns[o.Name]
		w.note("operator " + o.Name)
		if o.Available {
			w.note("operator " + o.Name + " available")
		}
		if o.settled() {
			w.note("operator " + o.Name + " settled")
		}
	}
	w.status.Nodes, w.status.Operators = nil, operators
	for _, n := range nodes {
		s := NodeStatus{Name: n.Metadata.Name, ControlPlane: n.controlPlane(), Ready: n.ready()}
		if w.note("node " + s.Name); s.Ready {
			w.note("node " + s.Name + " ready")
		} else {
			s.Why = oneLine(n.Status.Conditions.find("Ready").Message, 160)
		}
		w.status.Nodes = append(w.status.Nodes, s)
	}
	return nil
}

// Sleep waits for d to pass, or for the context to end.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// failed tells that a wait ended without success, and returns its error.
func (w *Wait) failed(err error) error {
	var e *StageError
	if errors.Is(err, context.Canceled) {
		w.tell(Event{
			Type: EventInterrupted, Message: "interrupted", Hint: "to keep waiting, run the same command again",
			Seconds: w.Elapsed().Seconds(),
		})
	}
	if errors.As(err, &e) {
		status := e.Status
		w.tell(Event{
			Type: EventFailed, Stage: e.Stage, Message: e.Detail, Hint: e.Hint, Status: &status,
			Seconds: w.Elapsed().Seconds(), Cause: status.Cause,
		})
	}
	return err
}
