package analyze

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// The most that is read of the records of one service.
const (
	maxRecords     = 100_000
	maxRecordsFile = 16 << 20
)

// record is an entry of a service's records, /var/log/openshift/SERVICE.json on the
// bootstrap host.
type record struct {
	Timestamp time.Time
	// Phase is service, stage, pre-command or post-command, and start or end.
	Phase string
	// Result is success or failure, in the records of an end.
	Result string
	Stage  string
	// Command is that of a pre-command or post-command.
	Command string
	// ErrorLine and ErrorMessage are where the script was and what it said last.
	ErrorLine, ErrorMessage string
	// Line is where the entry begins in its file, from 1.
	Line int
}

// records reads the records of a service, a JSON array. If the array is damaged or cut
// off, what comes before the damage is returned with an error.
func records(data []byte) ([]record, error) {
	if len(data) > maxRecordsFile {
		return nil, fmt.Errorf("the records have %d bytes, more than any host writes", len(data))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if token, err := dec.Token(); err != nil || token != json.Delim('[') {
		return nil, errors.New("the records are not a JSON array")
	}
	var records []record
	line, from := 1, 0
	for dec.More() {
		var raw struct {
			Timestamp    string `json:"timestamp"`
			Phase        string `json:"phase"`
			Result       string `json:"result"`
			Stage        string `json:"stage"`
			PreCommand   string `json:"preCommand"`
			PostCommand  string `json:"postCommand"`
			ErrorLine    string `json:"errorLine"`
			ErrorMessage string `json:"errorMessage"`
		}
		if len(records) == maxRecords {
			return records, fmt.Errorf("there are more than %d records", maxRecords)
		}
		at := skipBlank(data, int(dec.InputOffset()))
		line, from = line+bytes.Count(data[from:at], []byte("\n")), at
		var mistyped *json.UnmarshalTypeError
		if err := dec.Decode(&raw); err != nil && !errors.As(err, &mistyped) {
			return records, fmt.Errorf("the records are damaged after line %d", line)
		}
		when, _ := time.Parse(time.RFC3339, raw.Timestamp) // a record without a time still counts
		records = append(records, record{
			Timestamp: when, Phase: raw.Phase, Result: raw.Result, Stage: raw.Stage, Command: raw.PreCommand + raw.PostCommand,
			ErrorLine: raw.ErrorLine, ErrorMessage: raw.ErrorMessage, Line: line,
		})
	}
	if _, err := dec.Token(); err != nil {
		return records, errors.New("the records are cut off at their end")
	}
	return records, nil
}

func skipBlank(data []byte, at int) int {
	for at < len(data) && strings.IndexByte(" \t\r\n,", data[at]) >= 0 {
		at++
	}
	return min(at, len(data))
}

// Service is where a service of the bootstrap host stands.
type Service struct {
	Name string `json:"name"`
	// State is Complete, Failed or Waiting.
	State string `json:"state"`
	// Stage is the one that failed or is under way; empty between stages.
	Stage string `json:"stage,omitempty"`
	// Since is when that stage failed first since it last succeeded, or, as long as it has not
	// failed, when it was begun.
	Since *time.Time `json:"since,omitempty"`
	// Attempts is how often it failed.
	Attempts int `json:"attempts,omitempty"`
	// Signal is what the service was stopped by, such as TERM when the host shuts down,
	// and it has not begun again. That is no failure.
	Signal string `json:"signal,omitempty"`
	// Done are the stages that succeeded, in their order.
	Done []string `json:"done,omitempty"`

	last     *record   // the last failure of the stage
	began    time.Time // when the stage was first begun since it last succeeded
	optional []stageRun
}

// stageRun is what became of a stage.
type stageRun struct {
	name string
	// began and failed are when it was first begun, and when it first failed, since it last
	// succeeded.
	began, failed time.Time
	failures      int
	last          *record
	open          bool
}

// fail takes down a failure.
func (run *stageRun) fail(r *record) {
	if run.failures++; run.failures == 1 {
		run.failed = r.Timestamp
	}
	run.last = r
}

// since is the time that is told of it.
func (run *stageRun) since() *time.Time {
	t := run.began
	if run.failures > 0 && !run.failed.IsZero() {
		t = run.failed
	}
	if t.IsZero() {
		return nil
	}
	return &t
}

// signal returns the name of the signal that ended the script, or nothing. The host
// records it in place of a line: it has shut down, or somebody has stopped the service.
func (r *record) signal() string {
	name, ok := strings.CutPrefix(r.ErrorLine, "signal ")
	if !ok || r.Result == "success" {
		return ""
	}
	return diag.Plain(name)
}

// serviceOf replays the records of a service.
func serviceOf(name string, records []record) Service {
	s := Service{Name: name, State: Waiting}
	runs := map[string]*stageRun{}
	var order []string
	var current, broken *stageRun // the stage that is open, and the one that failed last
	var stopped *stageRun         // the one that a signal has ended
	ended, outside := false, stageRun{}
	for i := range records {
		r := &records[i]
		run := runs[r.Stage]
		if r.Stage != "" && run == nil {
			run = &stageRun{name: r.Stage, began: r.Timestamp}
			runs[r.Stage] = run
			order = append(order, r.Stage)
		}
		switch subject, what, _ := strings.Cut(r.Phase, " "); {
		case subject == "stage" && run == nil: // no stage is named
		case subject == "stage" && what == "start":
			if run.began.IsZero() {
				run.began = r.Timestamp
			}
			run.open, current, ended, stopped = true, run, false, nil
		case subject == "stage" && what == "end":
			run.open, current = false, nil
			if r.Result == "success" {
				*run = stageRun{name: run.name, last: nil}
				s.done(run.name)
				if broken == run {
					broken = nil
				}
				continue
			}
			if r.signal() != "" {
				stopped = run
				continue
			}
			run.fail(r)
			if stage, _ := stageOf(name, run.name); !stage.Optional {
				broken = run
			}
		case what == "start":
			ended, current, stopped, s.Signal = false, nil, nil, ""
			outside.began = r.Timestamp
			for _, run := range runs {
				run.open = false
			}
		case what == "end":
			ended = true
			if r.Result == "success" {
				s.State, current, broken, stopped, outside = Complete, nil, nil, nil, stageRun{}
			} else if s.Signal = r.signal(); s.Signal == "" && broken == nil {
				outside.fail(r)
			}
		}
	}
	if current == nil && broken == nil {
		current = stopped
	}
	s.settle(order, runs, current, broken, ended, outside)
	return s
}

func (s *Service) done(stage string) {
	for _, d := range s.Done {
		if d == stage {
			return
		}
	}
	s.Done = append(s.Done, stage)
}

// settle says in which state the replay has ended.
func (s *Service) settle(order []string, runs map[string]*stageRun, current, broken *stageRun, ended bool, outside stageRun) {
	for _, name := range order {
		if run := runs[name]; run.failures > 0 && run != current && run != broken {
			s.optional = append(s.optional, *run)
		}
	}
	if !ended {
		s.State = Waiting
	}
	at := current
	if at == nil {
		at = broken
	}
	if at == nil && s.State != Complete {
		at = &outside
	}
	if at == nil || ended && s.State == Complete {
		return
	}
	s.Since, s.began = at.since(), at.began
	s.Stage, s.Attempts, s.last = at.name, at.failures, at.last
	if s.State = Waiting; at.failures > 0 {
		s.State = Failed
	}
}
