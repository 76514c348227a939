package yamlfile

import (
	"fmt"
	"regexp"
	"strings"
)

// fault is what a person would say is wrong with a file that the parser refuses. The
// parser names the line where it stopped, which is often a line, or a block, behind.
type fault struct {
	// line and column count from 1, in characters.
	line, column int
	reason, hint string
	// odd is a character that only looks like one of YAML's own; reason then goes on
	// after its name.
	odd rune
	// field is the key of the line, if it is a plain word.
	field string
}

// blame looks for the cause of a syntax error by reading the file as a person does, line
// by line, and returns the first thing that YAML cannot have there. It is for files that
// the parser refused, and knows less of YAML than that does: what it does not understand
// it passes over.
func blame(data []byte) (fault, bool) {
	w := walker{lines: splitLines(data), anchors: map[string]bool{}}
	for w.at = 0; w.at < len(w.lines); w.at++ {
		w.line(w.lines[w.at])
		if w.found != nil {
			return *w.found, true
		}
	}
	if w.open != nil {
		w.unclosed()
		return *w.found, true
	}
	return fault{}, false
}

func splitLines(data []byte) []string {
	text := strings.TrimPrefix(string(data), "\ufeff")
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
}

// walker goes through the lines of a file.
type walker struct {
	lines []string
	at    int
	found *fault
	// levels are the objects and lists that the line is in, from the outside.
	levels []level
	// open is the quote or bracket that goes on from a line before, or nil.
	open *opening
	// text is the block of text, below a | or >, that the line may belong to, or nil.
	text    *textBlock
	anchors map[string]bool
	// ended says that the document has ended, and none has begun.
	ended bool
}

// level is an object, or a list, in block style.
type level struct {
	indent int
	list   bool
	// line is that of its last entry, and valued says that this has a value on its
	// line, so that nothing can be below it.
	line   int
	valued bool
}

// textBlock is a block of text below a field.
type textBlock struct {
	// parent is the indentation of the field, indent that of the first line; -1 before it.
	parent, indent int
	first          int
	explicit       bool
}

func (w *walker) fail(column int, reason, hint string) {
	if w.found == nil {
		w.found = &fault{line: w.at + 1, column: column, reason: reason, hint: hint}
	}
}

// column is the column of a byte of the line.
func column(line string, at int) int { return len([]rune(line[:at])) + 1 }

func (w *walker) line(line string) {
	rest := strings.TrimLeft(line, " ")
	indent := len(line) - len(rest)
	switch {
	case w.open != nil:
		w.goOn(line, indent)
		return
	case w.text != nil && w.inText(rest, indent):
		return
	case rest == "" || rest[0] == '#':
		return
	case indent == 0 && (rest == "---" || rest == "..." || strings.HasPrefix(rest, "--- ") || strings.HasPrefix(rest, "%YAML")):
		w.levels, w.ended = nil, rest == "..."
		return
	case w.ended && rest[0] != '%':
		w.fail(indent+1, "text stands behind the line ... that ends the document", "remove the line ..., or what stands behind it")
		return
	}
	if w.pasted(line, rest, indent) || w.oddly(line, indent) {
		return
	}
	w.entry(line, indent)
}

// inText reports whether a line belongs to the block of text that is open, and complains
// of lines that are meant to.
func (w *walker) inText(rest string, indent int) bool {
	t := w.text
	switch {
	case rest == "":
		return true
	case t.indent < 0 && indent > t.parent:
		t.indent, t.first = indent, w.at
		return true
	case t.indent >= 0 && indent >= t.indent:
		return true
	case strings.HasPrefix(rest, "#") && t.indent >= 0 && indent <= t.parent:
		return true // a comment between two fields
	}
	w.text = nil
	_, isField := keyOf(rest)
	isEntry := isField || rest == "-" || rest == "---" || rest == "..." || strings.HasPrefix(rest, "- ")
	switch {
	case t.indent < 0 && !isEntry:
		w.fail(indent+1, "the text below | or > has to be indented further than its field",
			"indent all lines of the text alike, by 2 blanks or more")
	case t.indent >= 0 && indent > t.parent && t.first == w.at-1:
		w.at = t.first
		w.fail(t.indent+1, "the first line of the text is indented further than the next", "indent all lines of the text alike")
	case t.indent >= 0 && (indent > t.parent || !isEntry):
		w.fail(indent+1, fmt.Sprintf("the line stands to the left of the text that it belongs to, which begins in line %d", t.first+1),
			fmt.Sprintf("begin it in column %d, as all lines of the text", t.indent+1))
	}
	return w.found != nil
}

// entry reads a line of an object or a list.
func (w *walker) entry(line string, indent int) {
	at := indent
	for strings.HasPrefix(line[at:], "- ") || line[at:] == "-" {
		if !w.enter(at, true) {
			return
		}
		next := at + 1
		for next < len(line) && line[next] == ' ' {
			next++
		}
		if next == len(line) || line[next] == '#' {
			w.levels[len(w.levels)-1].valued = false
			return
		}
		at = next
	}
	at += len(line[at:]) - len(w.properties(line[at:]))
	key, isField := keyOf(line[at:])
	if !isField || stuckDash.MatchString(line[at:]) {
		w.loose(line, indent, at)
		return
	}
	if !w.enter(at, false) {
		return
	}
	name := line[at : at+key]
	valueAt := at + key + 1
	for valueAt < len(line) && (line[valueAt] == ' ' || line[valueAt] == '\t') {
		valueAt++
	}
	w.value(line, valueAt, w.levels[len(w.levels)-1].indent)
	if w.found != nil && plainName.MatchString(name) && w.found.line == w.at+1 {
		w.found.field = name
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,60}$`)

// enter notes that an entry begins in a column, from 0, and complains if none can.
func (w *walker) enter(indent int, list bool) bool {
	var left *level
	for n := len(w.levels); n > 0; n = len(w.levels) {
		top := &w.levels[n-1]
		if top.indent < indent || top.indent == indent && top.list == list {
			break
		}
		if top.indent == indent && list && !top.list {
			break // a list may begin in the column of its field
		}
		left = top
		w.levels = w.levels[:n-1]
	}
	n := len(w.levels)
	if n == 0 && left == nil || n == 0 && left.indent == indent {
		w.levels = append(w.levels, level{indent: indent, list: list})
		n = 1
	}
	if n == 0 {
		w.misplaced(indent, -1, left.indent, left.line)
		return false
	}
	top := &w.levels[n-1]
	switch {
	case top.indent == indent && top.list == list:
		top.line, top.valued = w.at, true
		return true
	case left != nil && left.indent > indent && !list:
		w.misplaced(indent, top.indent, left.indent, left.line)
		return false
	case top.valued && top.line == w.at: // a field behind a dash, or a list in a list
	case top.valued:
		w.deeper(top, indent)
		return false
	}
	w.levels = append(w.levels, level{indent: indent, list: list, line: w.at, valued: true})
	return true
}

// misplaced complains of an entry that is in no column in which one can be: those are
// outer, or -1, and inner.
func (w *walker) misplaced(indent, outer, inner, line int) {
	hint := fmt.Sprintf("begin it in column %d, as line %d does", inner+1, line+1)
	if outer >= 0 {
		hint = fmt.Sprintf("begin it in column %d, if it belongs to what line %d is in, or else in column %d", inner+1, line+1, outer+1)
	}
	w.fail(indent+1, "the line is not indented like those that it belongs to", hint)
}

// deeper complains of a field below one that has a value. Where the line before that
// waits for fields, it is that one which is not indented.
func (w *walker) deeper(above *level, indent int) {
	before := above.line - 1
	for before >= 0 && isBlank(w.lines[before]) {
		before--
	}
	if before >= 0 {
		line := w.lines[before]
		opens := strings.TrimLeft(line, " ")
		if key, ok := keyOf(opens); ok && strings.TrimSpace(opens[key+1:]) == "" && len(line)-len(opens) == above.indent && !above.list {
			w.at = above.line
			w.fail(above.indent+1, fmt.Sprintf("the line is not indented like line %d, though both are below line %d", w.back(indent), before+1),
				fmt.Sprintf("begin it in column %d", indent+1))
			return
		}
	}
	w.fail(indent+1, fmt.Sprintf("the line is indented further than line %d, which has a value already", above.line+1),
		fmt.Sprintf("begin it in column %d, as line %d does", above.indent+1, above.line+1))
}

// back is the number of the line that deeper looks at, which the walker stands on.
func (w *walker) back(indent int) int {
	for i := w.at + 1; i < len(w.lines); i++ {
		if rest := strings.TrimLeft(w.lines[i], " "); !isBlank(w.lines[i]) && len(w.lines[i])-len(rest) == indent {
			return i + 1
		}
	}
	return w.at + 1
}

func isBlank(line string) bool {
	line = strings.TrimLeft(line, " ")
	return line == "" || line[0] == '#'
}

// keyOf finds the colon that ends the key at the beginning of a text.
func keyOf(text string) (colon int, ok bool) {
	if text == "" {
		return 0, false
	}
	from := 0
	if q := text[0]; q == '"' || q == '\'' {
		end, closed := quoteEnd(text, 1, q)
		if !closed {
			return 0, false
		}
		rest := strings.TrimLeft(text[end:], " ")
		from = len(text) - len(rest)
		if from < len(text) && text[from] == ':' && (from+1 == len(text) || text[from+1] == ' ' || text[from+1] == '\t') {
			return from, true
		}
		return 0, false
	}
	if strings.ContainsRune("[{", rune(text[0])) {
		return 0, false
	}
	for i := from; i < len(text); i++ {
		switch {
		case text[i] == '#' && i > 0 && text[i-1] == ' ':
			return 0, false
		case text[i] == ':' && (i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\t'):
			return i, i > 0
		}
	}
	return 0, false
}

// quoteEnd finds the byte behind the quote that closes one.
func quoteEnd(text string, from int, quote byte) (end int, closed bool) {
	for i := from; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1, true
		}
	}
	return len(text), false
}
