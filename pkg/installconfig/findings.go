package installconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/release"
)

// findings collects what is said about a file, and knows where its fields are.
type findings struct {
	file string
	// source are the lines of the file.
	source []string
	// release is what is to be installed, if that is known.
	release release.Release
	// places holds every field of the file that the schema knows.
	places map[string]place
	// broken holds fields that could not be read: what else there would be to
	// say about them follows from that, and is not said.
	broken map[string]bool

	problems, warnings, notes diag.Problems
	// rows is the table by path, as soon as one is asked for.
	rows map[string]Field
	// untold counts the problems beyond those that anybody reads.
	untold int64
}

// maxProblems is how many problems of a file are listed.
const maxProblems = 100

// place is where a field is. A field that is there without a value is null.
type place struct {
	line, column int
	null         bool
	// text is the first line of a literal block; 0 if the value is none.
	text int
}

// fail reports a problem of the field at path. Problems of fields that could not
// be read in the first place are dropped.
func (f *findings) fail(path, detail, hint string) {
	if !f.isBroken(path) {
		f.add(f.at(path, detail, hint))
	}
}

func (f *findings) add(p diag.Problem) {
	if len(f.problems) >= maxProblems {
		f.untold++
		return
	}
	f.problems = append(f.problems, p)
}

// all gives the problems in the order of the file, and says if there are more.
func (f *findings) all() diag.Problems {
	out := f.problems
	if f.untold > 0 {
		out = append(out, diag.Problem{
			Position: diag.Position{File: f.file},
			Detail:   "has " + diag.Count(f.untold, "problem") + " beside those that are listed",
			Hint:     "mend these first",
		})
	}
	return out.Sorted()
}

func (f *findings) warn(path, detail, hint string) {
	if !f.isBroken(path) && len(f.warnings) < maxProblems {
		f.warnings = append(f.warnings, f.at(path, detail, hint))
	}
}

func (f *findings) note(path, detail, hint string) {
	f.notes = append(f.notes, f.at(path, detail, hint))
}

// at places a finding at its field, or where the nearest parent in the file is.
func (f *findings) at(path, detail, hint string) diag.Problem {
	p := diag.Problem{Position: diag.Position{File: f.file}, Path: path, Detail: detail, Hint: hint}
	for at := path; at != ""; at = parentOf(at) {
		if found, ok := f.places[at]; ok {
			p.Line, p.Column = found.line, found.column
			break
		}
	}
	return p
}

// given reports whether the file has a value for the field, be it an empty one.
func (f *findings) given(path string) bool {
	p, ok := f.places[path]
	return ok && !p.null
}

func (f *findings) isBroken(path string) bool {
	for at := path; at != ""; at = parentOf(at) {
		if f.broken[at] {
			return true
		}
	}
	return false
}

// parentOf cuts the last element off a field path: a.b[0] gives a.b, a.b gives a.
func parentOf(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// under joins a field to the path of its object.
func under(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// item is the path of one element of a list.
func item(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// oneOf reports a value that is not among those allowed, and reports whether it was good.
func (f *findings) oneOf(path, value string, allowed ...string) bool {
	if slices.Contains(allowed, value) {
		return true
	}
	detail := strconv.Quote(shorten(value)) + " is not a value of this field"
	if value == "" {
		detail = "must have a value"
	}
	f.fail(path, detail, didYouMean(value, allowed))
	return false
}

// didYouMean offers the candidate that is near, or all of them if they are few.
func didYouMean(word string, candidates []string) string {
	near, few := nearOrFew(word, candidates)
	switch {
	case near != "":
		return "did you mean " + near + "?"
	case len(few) == 1:
		return "the only value is " + few[0]
	case len(few) > 1:
		return "use one of " + diag.Or(few)
	}
	return ""
}

// nearOrFew is the candidate that is near or, if none is, all of them if they are few.
func nearOrFew(word string, candidates []string) (near string, few []string) {
	if same := sameAs[strings.ToLower(word)]; same != "" && slices.Contains(candidates, same) {
		return same, nil
	}
	if near := diag.Nearest(shorten(word), candidates); near != "" || len(candidates) > 20 {
		return near, nil
	}
	return "", candidates
}

// shorten keeps a quoted value on one line of a message.
func shorten(s string) string { return diag.Clip(s, 81) }
