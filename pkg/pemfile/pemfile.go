// Package pemfile reads PEM text that people have copied and edited, and says what
// is wrong with it, line by line.
//
// Read is all of it. The decoder of the standard library passes over a block that
// it cannot read as if it were a remark between two others, and says nothing; a
// certificate with a comment behind its BEGIN line is not there for it. Read finds
// the same blocks, and names every line that looks like the edge of a block and is
// none. What is in a block it leaves to the caller: a Fault holds no text from
// between the edges, which may be a private key.
package pemfile

import (
	"bytes"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Block is a block that can be read.
type Block struct {
	*pem.Block
	// Line is that of its BEGIN, from 1.
	Line int
}

// Fault is a line that keeps a block from being read.
type Fault struct {
	// Line and Column are the place in the text, from 1.
	Line, Column int
	// Detail says what is wrong, and Hint what to do.
	Detail, Hint string
}

// Contents is what a PEM text holds.
type Contents struct {
	Blocks []Block
	// Faults are in the order of their lines.
	Faults []Fault
	// Rest is what stands behind the last block that begins or ends, and RestLine
	// its first line that is not blank; 0 if there is none.
	Rest     string
	RestLine int
}

// maxFaults is how many faults of a text are listed.
const maxFaults = 20

// Unix ends all lines of a text with a line feed, also those that end with a
// carriage return alone, as on computers of long ago and in a few web forms. No line
// of such a text begins for a decoder that looks for line feeds.
func Unix(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// Read reads a text, whatever its line ends.
func Read(text []byte) Contents {
	r := reader{lines: strings.Split(string(Unix(text)), "\n"), begin: -1}
	for i := range r.lines {
		r.line(i)
	}
	if r.begin >= 0 {
		r.unended()
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Line - b.Line })
	c := Contents{Blocks: r.blocks, Faults: r.faults[:min(len(r.faults), maxFaults)], Rest: strings.Join(r.lines[r.rest:], "\n")}
	for i, line := range r.lines[r.rest:] {
		if strings.TrimSpace(line) != "" {
			c.RestLine = r.rest + i + 1
			break
		}
	}
	return c
}

// reader goes through the lines.
type reader struct {
	lines  []string
	blocks []Block
	faults []Fault
	// begin is the line of the BEGIN that waits for its END, or -1, and label what it
	// says. A spoilt block has been reported.
	begin  int
	label  string
	spoilt bool
	// rest is the first line behind the last edge.
	rest int
}

func (r *reader) fault(line, column int, detail, hint string) {
	r.faults = append(r.faults, Fault{Line: line + 1, Column: column + 1, Detail: detail, Hint: hint})
}

func (r *reader) line(i int) {
	e, ok := readEdge(r.lines[i])
	if !ok {
		return
	}
	if e.problem != "" {
		r.fault(i, e.column, e.problem, e.hint)
	}
	if e.begins {
		if r.begin >= 0 {
			r.unended()
		}
		r.begin, r.label, r.spoilt = i, e.label, e.problem != ""
	}
	if e.ends {
		r.end(i, e)
	}
	r.rest = i + 1
}

// unended reports the BEGIN that is open.
func (r *reader) unended() {
	if !r.spoilt {
		r.fault(r.begin, 0, edgeText("BEGIN", r.label)+" has no "+edgeText("END", r.label)+" after it", "copy the block again, to its last line")
	}
	r.begin = -1
}

func (r *reader) end(i int, e edge) {
	begin := r.begin
	r.begin = -1
	switch {
	case begin < 0 && e.problem == "":
		r.fault(i, 0, edgeText("END", e.label)+" has no "+edgeText("BEGIN", e.label)+" before it", "copy the block again, from its first line")
	case begin < 0 || r.spoilt || e.problem != "":
	case r.label != e.label:
		r.fault(i, 0, edgeText("END", e.label)+" ends what "+edgeText("BEGIN", r.label)+" begins", "copy the block again, from its first line to its last")
	default:
		block, _ := pem.Decode([]byte(strings.Join(r.lines[begin:i+1], "\n") + "\n"))
		if block == nil {
			r.body(begin, i)
			return
		}
		r.blocks = append(r.blocks, Block{block, begin + 1})
	}
}

// body reports the first line between the edges that keeps them from being a block.
func (r *reader) body(begin, end int) {
	const hint = "copy the block again"
	characters := 0
	for i := begin + 1; i < end; i++ {
		line := strings.TrimRight(r.lines[i], " \t")
		if characters == 0 && strings.Contains(line, ":") {
			continue // a header
		}
		if at := strings.IndexFunc(line, func(c rune) bool { return !isBase64(c) && c != ' ' && c != '\t' }); at >= 0 {
			r.fault(i, at, "the line is not base64, as all text of a block must be", "remove what does not belong there, or "+hint)
			return
		}
		characters += len(line)
	}
	if characters == 0 {
		r.fault(begin, 0, edgeText("BEGIN", r.label)+" is followed by no text", hint)
		return
	}
	r.fault(end, 0, "the base64 before "+edgeText("END", r.label)+" is incomplete: some of it was lost", hint)
}

func isBase64(c rune) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}

// edge is a line that is the beginning or the end of a block, or is meant to be.
type edge struct {
	begins, ends bool
	label        string
	// problem says why it is none; empty if it is one.
	problem, hint string
	column        int
}

// dash are the characters that editors and web pages make of dashes.
const dash = `\-\x{2010}-\x{2015}\x{2212}\x{FE58}\x{FE63}\x{FF0D}`

var (
	properEdge = regexp.MustCompile(`^-----(BEGIN|END) (.*)-----[ \t]*$`)
	likeEdge   = regexp.MustCompile(`(?i)([` + dash + `]+)[ \t\x{A0}]*\b(BEGIN|END)[ \t\x{A0}]+([A-Z0-9 ]*[A-Z0-9])`)
	// knownLabel are words in the labels of blocks, by which an edge is known that
	// has not even its five dashes.
	knownLabel = regexp.MustCompile(`\b(CERTIFICATE|KEY|CRL|PARAMETERS|REQUEST|CMS|PKCS7)\b`)
)

// readEdge reads a line, and reports whether it looks like an edge.
func readEdge(line string) (edge, bool) {
	if m := properEdge.FindStringSubmatch(line); len(m) > 2 && !strings.Contains(m[2], "-----") {
		return edge{begins: m[1] == "BEGIN", ends: m[1] == "END", label: m[2]}, true
	}
	all := likeEdge.FindAllStringSubmatchIndex(line, 2)
	if all == nil {
		return edge{}, false
	}
	part := func(i int) string { return line[all[0][2*i]:all[0][2*i+1]] }
	dashes, kind, label := part(1), strings.ToUpper(part(2)), strings.ToUpper(part(3))
	exact := dashes == "-----" && kind == part(2)
	if !exact && !knownLabel.MatchString(label) {
		return edge{}, false // a sentence with a dash
	}
	text := edgeText(kind, label)
	e := edge{begins: kind == "BEGIN", ends: kind == "END", label: label, column: len([]rune(line[:all[0][0]]))}
	after := strings.TrimLeftFunc(line[all[0][1]:], func(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' })
	switch before := line[:all[0][0]]; {
	case len(all) > 1:
		e.begins, e.ends = true, true
		e.problem, e.hint = text+" is on one line with the rest of the block", "put the first line, each line of base64 and the last line on lines of their own"
	case strings.ContainsFunc(before, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }):
		e.problem, e.hint = text+" does not begin its line", "begin a new line before the dashes"
	case strings.Trim(before, " \t") != "":
		e.problem, e.hint = "there is an invisible character before "+text, "write the line again, from its beginning"
	case before != "":
		which := "end"
		if e.begins {
			which = "beginning"
		}
		e.problem = text + " is indented further than the text, and so is not the " + which + " of the block"
		e.hint = "begin it in the column of the other lines"
	case strings.TrimSpace(after) != "":
		e.column = len([]rune(line)) - len([]rune(strings.TrimLeft(after, " \t")))
		e.problem, e.hint = "there is text after the dashes of "+text, "remove it"
		if strings.HasPrefix(strings.TrimSpace(after), "#") {
			e.problem, e.hint = "there is a comment after the dashes of "+text, "remove it: # does not begin a comment inside this text"
		}
	default:
		e.problem, e.hint = "this is not quite "+text, "write "+text
	}
	return e, true
}

// IsEdge reports whether a line is the first or the last of a block.
func IsEdge(line string) bool {
	e, ok := readEdge(line)
	return ok && e.problem == ""
}

// spokenLabel is a label of which nothing but the kind of a block is known.
var spokenLabel = regexp.MustCompile(`^((NEW|TRUSTED|X509|X\.509|PUBLIC|RSA|EC|DSA|DH|CERTIFICATE|CHAIN|KEY|CRL|PARAMETERS|REQUEST|CMS|PKCS7|PKCS #7)( |$))+$`)

// edgeText is an edge as it has to be. A label is quoted only if it is a known one: what
// else stands there may be a part of a key.
func edgeText(kind, label string) string {
	switch {
	case strings.Contains(label, "PRIVATE KEY"):
		return "the " + kind + " line of a private key"
	case !spokenLabel.MatchString(label):
		return "the " + kind + " line of a block"
	}
	return "-----" + kind + " " + label + "-----"
}
