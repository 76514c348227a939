package yamlfile

import (
	"fmt"
	"regexp"
	"strings"
)

// opening is a quote, or a bracket with all that is in it, whose end has not come yet.
type opening struct {
	line, column int
	// indent is that of the line it is on.
	indent int
	quote  byte // 0 if it is a bracket
	// brackets are those that are open, and what of them is quoted.
	brackets []byte
	inner    byte
}

// properties are what stands behind the anchor and the tag of a value.
func (w *walker) properties(text string) string {
	for strings.HasPrefix(text, "&") || strings.HasPrefix(text, "!") {
		word, rest, _ := strings.Cut(text, " ")
		if word[0] == '&' {
			if !anchorName.MatchString(word[1:]) {
				return text
			}
			w.anchors[word[1:]] = true
		}
		text = strings.TrimLeft(rest, " ")
	}
	return text
}

var (
	anchorName  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	blockHeader = regexp.MustCompile(`^[|>][-+0-9]{0,2}[ \t]*(#.*)?$`)
)

const inQuotes = "put the whole value in single quotes"

// value reads what stands behind a key, or behind a dash, whose entry is indented so.
func (w *walker) value(line string, at, indent int) {
	top := &w.levels[len(w.levels)-1]
	text := w.properties(line[at:])
	at = len(line) - len(text)
	if text == "" || text[0] == '#' {
		top.valued = false
		return
	}
	here := column(line, at)
	if strings.IndexByte("{%@`", text[0]) >= 0 {
		if form, ok := templateIn(text); ok {
			w.template(line, at, form)
			return
		}
	}
	switch c := text[0]; {
	case c == '|' || c == '>':
		if !blockHeader.MatchString(text) {
			w.fail(here+1, "text stands behind the "+string(c), "begin the text on the next line, indented")
			return
		}
		w.text = &textBlock{parent: w.parentIndent(indent), indent: -1, explicit: strings.ContainsAny(text, "123456789")}
		if w.text.explicit {
			w.text.indent = w.text.parent + 1
		}
	case c == '"' || c == '\'':
		w.quoted(line, at)
	case c == '{' || c == '[':
		w.brackets(line, at)
	case c == '*':
		w.alias(text, here)
	case c == '&':
		w.fail(here, "the value begins with &, which names an anchor", inQuotes)
	case c == '`' || c == '@' || c == '%':
		w.fail(here, "a value cannot begin with "+string(c), inQuotes)
	case strings.HasPrefix(text, "- "):
		w.fail(here, "a list cannot begin on the line of its field", "begin a new line before the dash")
	default:
		w.plain(line, at)
	}
}

// parentIndent is the indentation that a block of text has to exceed. Behind a dash that
// is the dash's own, unless a field stands between.
func (w *walker) parentIndent(indent int) int {
	if top := w.levels[len(w.levels)-1]; top.list {
		return top.indent
	}
	return indent
}

// template complains of a template that YAML cannot read.
func (w *walker) template(line string, at int, form string) {
	rest := line[at:]
	if form == "{{ }}" && !strings.Contains(rest, "'") && !strings.Contains(rest, `"`) && strings.HasSuffix(strings.TrimSpace(rest), "}}") &&
		strings.Count(rest, "{") == 2 {
		return // YAML reads it, as an object in an object
	}
	w.fail(column(line, at), unfilled(form), TemplateHint)
}

func (w *walker) alias(text string, here int) {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "*"), " ")
	switch {
	case !anchorName.MatchString(name):
		w.fail(here, "the value begins with *, which refers to an anchor", inQuotes)
	case !w.anchors[name]:
		w.fail(here, undefinedAlias, "put the value in quotes if it really begins with *")
	}
}

// plain reads a value without quotes.
func (w *walker) plain(line string, at int) {
	text := line[at:]
	if i := strings.Index(text, " #"); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimRight(text, " \t")
	colon := strings.Index(text, ": ")
	if colon < 0 && strings.HasSuffix(text, ":") {
		colon = len(text) - 1
	}
	if colon >= 0 {
		if form, ok := templateIn(text); ok {
			w.fail(column(line, at), unfilled(form), TemplateHint)
			return
		}
		w.fail(column(line, at+colon), "the value has a colon that YAML takes for the end of a field's name", inQuotes)
	}
}

// quoted reads a value in quotes.
func (w *walker) quoted(line string, at int) {
	quote := line[at]
	end, closed := quoteEnd(line, at+1, quote)
	if !closed {
		w.open = &opening{line: w.at, column: column(line, at), indent: len(line) - len(strings.TrimLeft(line, " ")), quote: quote}
		return
	}
	w.behind(line, at, end)
}

// behind complains of what stands behind the closing quote or bracket of a value.
func (w *walker) behind(line string, at, end int) {
	rest := strings.TrimSpace(line[end:])
	if rest == "" || rest[0] == '#' && line[end] == ' ' {
		return
	}
	here, inside := column(line, at), strings.TrimSpace(line[at+1:])
	switch quote := line[at]; {
	case (quote == '"') && strings.HasPrefix(inside, "{"):
		w.fail(here, `JSON has double quotes of its own, and the first of them ends the value`, "put the JSON in single quotes")
	case quote == '"':
		w.fail(column(line, end), "text stands behind the quote that ends the value",
			`remove it, or put the value in single quotes if it has double quotes of its own`)
	case quote == '\'':
		w.fail(column(line, end), "text stands behind the quote that ends the value",
			"remove it, or write a single quote inside of the value twice")
	default:
		if form, ok := templateIn(line[at:]); ok {
			w.fail(here, unfilled(form), TemplateHint)
			return
		}
		w.fail(column(line, end), "text stands behind the bracket that ends the value", "remove it, or put the whole value in single quotes")
	}
}

// brackets reads a value in braces or brackets.
func (w *walker) brackets(line string, at int) {
	w.open = &opening{line: w.at, column: column(line, at), indent: len(line) - len(strings.TrimLeft(line, " "))}
	if end, closed := w.within(line, at); closed {
		w.open = nil
		w.behind(line, at, end)
	}
}

// within follows the brackets through a line, to the one that closes the first.
func (w *walker) within(line string, from int) (end int, closed bool) {
	o := w.open
	for i := from; i < len(line); i++ {
		c := line[i]
		switch {
		case o.inner != 0:
			end, ok := quoteEnd(line, i, o.inner)
			if !ok {
				return 0, false
			}
			o.inner = 0
			i = end - 1
		case c == '#' && i > 0 && line[i-1] == ' ':
			return 0, false
		case (c == '"' || c == '\'') && (i == 0 || strings.IndexByte(" [{,:", line[i-1]) >= 0):
			o.inner = c
		case c == '{' || c == '[':
			o.brackets = append(o.brackets, c)
		case c == '}' || c == ']':
			last := o.brackets[len(o.brackets)-1]
			if (last == '{') != (c == '}') {
				w.fail(column(line, i), fmt.Sprintf("a %c closes what a %c opened", c, last), "close it with "+closer(last))
				return 0, false
			}
			if o.brackets = o.brackets[:len(o.brackets)-1]; len(o.brackets) == 0 {
				return i + 1, true
			}
		}
	}
	return 0, false
}

func closer(bracket byte) string {
	if bracket == '{' {
		return "}"
	}
	return "]"
}

var fieldLine = regexp.MustCompile(`^(- )?[A-Za-z][A-Za-z0-9_.-]*:( |$)`)

// goOn reads a line inside of quotes or brackets. A field that is indented no further than
// theirs says that the end is missing.
func (w *walker) goOn(line string, indent int) {
	o := w.open
	if fieldLine.MatchString(line[indent:]) && indent <= o.indent && (o.column > o.indent+1 || o.quote != 0) {
		w.unclosed()
		return
	}
	if o.quote == 0 {
		if end, closed := w.within(line, 0); closed {
			w.open = nil
			w.behindLater(line, end)
		}
		return
	}
	if end, closed := quoteEnd(line, 0, o.quote); closed {
		w.open = nil
		w.behindLater(line, end)
	}
}

// behindLater is behind for a value that began on another line.
func (w *walker) behindLater(line string, end int) {
	rest := strings.TrimSpace(line[end:])
	if rest == "" || rest[0] == '#' || rest[0] == ':' {
		return
	}
	w.fail(column(line, end), "text stands behind the end of the value", "remove it, or check the quotes and brackets of the value")
}

// unclosed complains of what is open at its beginning.
func (w *walker) unclosed() {
	o := w.open
	w.at = o.line
	switch {
	case o.quote != 0:
		w.fail(o.column, fmt.Sprintf("the quote %c is not closed", o.quote), fmt.Sprintf("write %c at the end of the value", o.quote))
	case o.inner != 0:
		w.fail(o.column, fmt.Sprintf("the %c is not closed: a quote %c in it goes on to the end of the file", o.brackets[0], o.inner),
			fmt.Sprintf("write the missing %c", o.inner))
	default:
		w.fail(o.column, fmt.Sprintf("the %c is not closed", o.brackets[0]), "write "+o.missing()+" at the end of the value")
	}
	line := w.lines[o.line]
	rest := strings.TrimLeft(line, " -")
	if key, ok := keyOf(rest); ok && plainName.MatchString(rest[:key]) {
		w.found.field = rest[:key]
	}
}

// missing are the brackets that close those that are open.
func (o *opening) missing() string {
	const most = 20 // whoever has more of them means none
	var text strings.Builder
	for i := len(o.brackets) - 1; i >= max(0, len(o.brackets)-most); i-- {
		text.WriteString(closer(o.brackets[i]))
	}
	return text.String()
}
