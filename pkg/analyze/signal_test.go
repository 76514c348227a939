package analyze

import (
	"slices"
	"strings"
	"testing"
)

// stop writes what a service records that a signal ends in the middle of a stage; its
// last words would be those of a full disk.
func (h *host) stop(service, stage string) {
	const words = "write /x: no space left on device"
	if stage != "" {
		h.record(service, "stage start", "stage", stage)
		h.record(service, "stage end", "stage", stage, "result", "failure", "errorLine", "signal TERM", "errorMessage", words)
	}
	h.record(service, "service end", "result", "failure", "errorLine", "signal TERM", "errorMessage", words)
}

// A service that a shutdown has stopped has not failed; it has not done its work either.
func TestStoppedService(t *testing.T) {
	t.Parallel()
	stage, _ := stageOf(bootkube, "cb-bootstrap")
	for what, c := range map[string]struct {
		then     func(h *host)
		verdict  string
		signal   string
		stage    string
		attempts int
		says     string
	}{
		"between stages": {func(h *host) { h.stop(bootkube, "") }, Waiting, "TERM", "", 0,
			"bootkube was interrupted by the signal TERM, as by a shutdown, and has not restarted"},
		"in a stage": {func(h *host) { h.stop(bootkube, stage.Name) }, Waiting, "TERM", stage.Name, 0,
			"stage cb-bootstrap of bootkube was interrupted by the signal TERM"},
		"begun again": {func(h *host) {
			h.stop(bootkube, stage.Name)
			h.record(bootkube, "service start")
			h.record(bootkube, "stage start", "stage", stage.Name)
		}, Waiting, "", stage.Name, 0, "is under way and has not failed"},
		"begun again, before the stage": {func(h *host) {
			h.stop(bootkube, stage.Name)
			h.record(bootkube, "service start")
		}, Waiting, "", "", 0, "bootkube is under way and has not failed"},
		"done after it": {func(h *host) {
			h.stop(bootkube, stage.Name)
			h.record(bootkube, "service start")
			h.succeed(bootkube, stage.Name)
			h.record(bootkube, "stage start", "stage", "wait-for-ceo")
		}, Waiting, "", "wait-for-ceo", 0, "is under way"},
		"failed after it": {func(h *host) {
			h.stop(bootkube, stage.Name)
			h.record(bootkube, "service start")
			h.fail(bootkube, stage.Name, "unknown flag: --x")
		}, Failed, "", stage.Name, 1, "stage cb-bootstrap of bootkube failed: "},
		// the failure is the cause, whatever happened to the next attempt
		"failed before it": {func(h *host) {
			h.fail(bootkube, stage.Name, "unknown flag: --x")
			h.record(bootkube, "service start")
			h.stop(bootkube, stage.Name)
		}, Failed, "TERM", stage.Name, 1, "stage cb-bootstrap of bootkube failed: "},
		"the whole done after it": {func(h *host) {
			h.stop(bootkube, stage.Name)
			h.record(bootkube, "service start")
			h.succeed(bootkube, stage.Name)
			h.record(bootkube, "service end", "result", "success")
		}, Complete, "", "", 0, "the bootstrap host has done its work"},
		// one that the host goes on without is not said to have failed
		"an optional stage": {func(h *host) {
			h.stop(bootkube, "resolve-api-url")
			h.record(bootkube, "service start")
			h.record(bootkube, "stage start", "stage", stage.Name)
		}, Waiting, "", stage.Name, 0, "is under way and has not failed"},
	} {
		h := newHost(t)
		h.upTo("4.22", stage)
		c.then(h)
		r := reportOf(t, h.bundle())
		if r.Verdict != c.verdict || !strings.Contains(r.Summary, c.says) || strings.Contains(r.Summary, causeOf("disk-full").Text) {
			t.Errorf("%s: %s %q", what, r.Verdict, r.Summary)
		}
		if c.verdict == Complete {
			continue
		}
		f := r.Findings[0]
		if f.Service != bootkube || f.Stage != c.stage || f.Signal != c.signal || f.Attempts != c.attempts || len(r.Findings) != 1 {
			t.Errorf("%s: %+v", what, r.Findings)
		}
		if c.signal != "" && c.verdict == Waiting && (f.Last != nil || len(f.Causes) > 0) {
			t.Errorf("%s: what was written at the shutdown is taken for a cause: %+v", what, f)
		}
		if slices.Contains(ids(f.Causes), "disk-full") && f.Causes[0].Seen {
			t.Errorf("%s: %+v", what, f.Causes)
		}
	}
}
