// Package diag holds what okd-install says about a file that a user wrote:
// where the problem is, what is wrong, and what to do next.
//
// Problem is one such finding and Problems all of a file, as an error. Every
// room that reads a user's file returns Problems, so that the command line can
// print them all at once and in one form:
//
//	install-config.yaml:12:5: networking.clusterNetwork[0].hostPrefix: 8 is wider than the network itself
//	    hint: use a value from 14 to 32, such as 23
//
// Printable, Lines and Plain make text from elsewhere fit to be shown, and words.go is
// the home of how lists, numbers and long texts are written.
//
// The package knows neither files nor the terminal: it only carries values.
package diag

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Position is a place in a user's file. Line and Column count from 1; zero
// means that the problem has no place, such as a field that is missing.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String gives file:line:column, leaving out what is not known.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Problem is one finding in a user's file.
type Problem struct {
	Position
	// Path is the field, such as controlPlane.replicas; empty for the whole file.
	Path string `json:"path,omitempty"`
	// Detail says what is wrong, in lower case and without a full stop. It
	// never holds a secret.
	Detail string `json:"detail"`
	// Hint is the next step, or empty.
	Hint string `json:"hint,omitempty"`
}

// Error gives the finding on one line, and the hint on a second. A name in it, which
// may be from elsewhere, cannot make a third.
func (p Problem) Error() string {
	var b strings.Builder
	if pos := p.Position.String(); pos != "" {
		b.WriteString(Printable(pos) + ": ")
	}
	if p.Path != "" {
		b.WriteString(Printable(Short(p.Path)) + ": ")
	}
	b.WriteString(Printable(Short(p.Detail)))
	if p.Hint != "" {
		b.WriteString("\n    hint: " + steps(Short(p.Hint)))
	}
	return b.String()
}

// OneLine gives an error where a line is all the room there is: its findings and their
// hints behind one another.
func OneLine(err error) string {
	var texts []string
	parts, more := Findings(err)
	for _, part := range parts {
		var p Problem
		if !errors.As(part, &p) || p.Error() != part.Error() {
			texts = append(texts, part.Error())
			continue
		}
		hint := p.Hint
		p.Hint = ""
		if texts = append(texts, p.Error()); hint != "" {
			texts = append(texts, Printable(Short(hint)))
		}
	}
	if more > 0 {
		texts = append(texts, More(more))
	}
	return strings.Join(texts, "; ")
}

// Problems is all that is wrong with the input of one run. It is an error when
// it is not empty; use Err to return it.
type Problems []Problem

// Most is how many problems are told at once. Whoever has more of them has one cause
// for all, and nobody reads a hundred thousand lines.
const Most = 50

// First returns the problems that are told, in the order of their places, and how many
// more there are.
func (ps Problems) First() (told Problems, more int) {
	told = ps.Sorted()
	if len(told) <= Most {
		return told, 0
	}
	return told[:Most], len(told) - Most
}

// More says that there are n more problems than those that were told.
func More(n int) string {
	if n == 1 {
		return "1 more problem is not shown: correct these first"
	}
	return fmt.Sprintf("%d more problems are not shown: correct these first", n)
}

// Error gives the first problems in the order of their places, and says how many more
// there are.
func (ps Problems) Error() string {
	told, more := ps.First()
	lines := make([]string, 0, len(told)+1)
	for _, p := range told {
		lines = append(lines, p.Error())
	}
	if more > 0 {
		lines = append(lines, More(more))
	}
	return strings.Join(lines, "\n")
}

// Err returns ps as an error, or nil if there are no problems.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.Sorted()
}

// Unwrap gives the problems one by one to errors.As and errors.Is.
func (ps Problems) Unwrap() []error {
	out := make([]error, len(ps))
	for i, p := range ps {
		out[i] = p
	}
	return out
}

// Findings takes an error apart into what is printed as a line, or a finding, of its
// own, and says how many more problems there are than are told. It does not look below
// an error that has words of its own around the others.
func Findings(err error) (parts []error, more int) {
	var problems Problems
	joined, isJoined := err.(interface{ Unwrap() []error })
	switch {
	case errors.As(err, &problems) && problems.Error() == err.Error():
		told, more := problems.First()
		return told.Unwrap(), more
	case isJoined && err.Error() == errors.Join(joined.Unwrap()...).Error():
		for _, one := range joined.Unwrap() {
			p, n := Findings(one)
			parts, more = append(parts, p...), more+n
		}
		return parts, more
	default:
		return []error{err}, 0
	}
}

// Sorted returns the problems in the order of their places.
func (ps Problems) Sorted() Problems {
	out := append(Problems(nil), ps...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Position, out[j].Position
		switch {
		case a.File != b.File:
			return a.File < b.File
		case a.Line != b.Line:
			return a.Line < b.Line
		default:
			return a.Column < b.Column
		}
	})
	return out
}

// Nearest returns the candidate that word was most likely meant to be, or "" if
// none is near: at most two edits away, and fewer for short words.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", 3
	limit := min(2, len(word)/2)
	for _, c := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if d <= limit && (d < bestDistance || d == bestDistance && c < best) {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours, in bytes.
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	before, prev, cur := rows[0], rows[1], rows[2]
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
