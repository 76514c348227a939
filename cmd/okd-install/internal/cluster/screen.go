package cluster

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/redact"
)

// liveScreen is the status of a wait in the last lines of a terminal: it is
// drawn after each look, and cleared before a log line.
type liveScreen struct {
	w     io.Writer
	on    bool
	lines int
	// letIn is the command that lets machines in.
	letIn func(nodes []string) string
}

// liveTerminal reports whether there is a terminal that can be drawn on, and
// somebody who wants that.
func (o *waitOptions) liveTerminal() bool {
	return o.output == "text" && o.Drawable() && o.Chatty()
}

// clear takes the status away.
func (s *liveScreen) clear() {
	if s.on && s.lines > 0 {
		fmt.Fprintf(s.w, "\x1b[%dA\x1b[J", s.lines)
		s.lines = 0
	}
}

// shownOperators is how many operators there is room for.
const shownOperators = 6

// draw puts the status in the place of the last one.
func (s *liveScreen) draw(stage string, since, now time.Time, status cluster.Status) {
	if !s.on {
		return
	}
	width := max(cmp.Or(cli.TerminalWidth(s.w), 80), 3) // a line that the terminal breaks could not be taken away
	hint := "  the command that approves them is above, in the log"
	if s.letIn != nil {
		if whole := "  " + s.letIn(status.PendingNodes()); len([]rune(whole)) < width {
			hint = whole
		}
	}
	lines := statusLines(stage, since, now, status, hint)
	s.clear()
	for _, line := range lines {
		fmt.Fprintln(s.w, diag.Clip(diag.Printable(redact.Message(line)), width-1))
	}
	s.lines = len(lines)
}

// statusLines is what is up, who waits to be let in and how, and what still moves and why.
func statusLines(stage string, since, now time.Time, s cluster.Status, letIn string) []string {
	head := fmt.Sprintf("%s, %s", stage, now.Sub(since).Round(time.Second))
	if s.Cause != nil {
		return []string{fmt.Sprintf("%s | no API for %s: %s", head, now.Sub(s.Unreached).Round(time.Second), s.Cause.Detail)}
	}
	if s.API != "" {
		head += " | API " + s.API
	}
	if len(s.Nodes) > 0 {
		head += fmt.Sprintf(" | nodes %d/%d", s.ReadyNodes(), len(s.Nodes))
	}
	if len(s.Operators) > 0 {
		head += fmt.Sprintf(" | operators %d/%d", s.AvailableOperators(), len(s.Operators))
	}
	lines := []string{head}
	if s.Message != "" {
		lines = append(lines, "  "+s.Message)
	}
	if text := s.PendingText(); text != "" {
		lines = append(lines, "  "+text, letIn)
	}
	moving := s.Moving()
	for _, op := range moving[:min(len(moving), shownOperators)] {
		lines = append(lines, "  "+strings.TrimSpace(describeOperator(op)))
	}
	if more := len(moving) - shownOperators; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return lines
}
