// Package analyze reads a log bundle of an installation and says where it stopped,
// why, and what helps.
//
// FS reads a bundle that was unpacked, Tar one as it is, from a stream; both return a
// Report, whose first Finding is the one to act on. Bootstrap does the same for the
// service records of a bootstrap host alone.
//
// What is known stands in two tables: stages says what each stage of the bootstrap host
// does, in which releases, and what it usually fails of; causes holds the texts that give
// a cause away, with what helps. A cause counts where it is seen in the last words of the
// stage that failed, then in the journal of its service since the stage began, then in
// other logs if the stage depends on it. If nothing is seen, the usual ones are named, and
// the report says that it is a guess.
//
// Two rows never fight over a line: what the line speaks of decides, a name that was looked
// up, a registry, port 6443 or 22623, or a port of the machine itself, which is a symptom; and
// for a line that does not say, the stage. For a stage that waits for machines, what they
// say in their own journals and on their consoles counts before what the host says of them.
//
// The names in a bundle are the established installer's, whose bundles are read as well.
// A bundle is what a stranger may have written: nothing is unpacked to disk, links and
// devices are passed over, and of each file only the lines that matter are kept, so that
// memory and time are bounded whatever a bundle expands to. No secret gets into a report.
package analyze

import "time"

// Verdicts of a report.
const (
	// Complete: the bootstrap host has done its work.
	Complete = "complete"
	// Failed: a stage failed, for good or again and again.
	Failed = "failed"
	// Waiting: a stage is under way and has not failed.
	Waiting = "waiting"
	// unknown: the bundle holds nothing of a bootstrap host.
	unknown = "unknown"
)

// Report is what a bundle says.
type Report struct {
	SchemaVersion int    `json:"schemaVersion"`
	Verdict       string `json:"verdict"`
	// Summary is the verdict in one sentence, without a full stop.
	Summary string `json:"summary"`
	// Findings are what is wrong or under way, the one to act on first.
	Findings []Finding `json:"findings"`
	// Services are the services of the bootstrap host in the order in which they come.
	Services []Service `json:"services"`
	// Notes say what the bundle lacks, or what was not read of it.
	Notes []string `json:"notes,omitempty"`
}

// Finding is one thing that is wrong, or under way.
type Finding struct {
	// State is Failed or Waiting.
	State   string `json:"state"`
	Service string `json:"service"`
	// Stage is empty where a service failed outside of any stage.
	Stage string `json:"stage,omitempty"`
	// Does is what the stage does, in a few words.
	Does string `json:"does"`
	// Since is when the stage failed first, or, as long as it has not failed, when it was
	// begun, as the host's clock had it.
	Since *time.Time `json:"since,omitempty"`
	// Attempts is how often the stage failed.
	Attempts int `json:"attempts,omitempty"`
	// Signal is what stopped the service meanwhile, such as TERM; it has not begun again.
	Signal string `json:"signal,omitempty"`
	// Last is what the service said last, with the place of it.
	Last *Evidence `json:"last,omitempty"`
	// Causes are the likely ones, the likeliest first; none if there is nothing to say.
	Causes []Cause `json:"causes"`
	// Optional says that the host goes on without the stage.
	Optional bool `json:"optional,omitempty"`

	began time.Time
}

// Cause is why something may have failed.
type Cause struct {
	// ID is a row of causes.
	ID string `json:"id"`
	// Seen says that there is evidence; otherwise it is what such a stage usually fails of.
	Seen bool   `json:"seen"`
	Text string `json:"cause"`
	Fix  string `json:"fix"`
	// Evidence are lines of the bundle.
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is a line in a file of the bundle.
type Evidence struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	// Text has its secrets taken out, and is cut off where it is long.
	Text string `json:"text"`
	// Count is how many lines of the file say the same; this is the last one.
	Count int `json:"count,omitempty"`
}
