package yamlfile

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
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

// Template reports whether a text is, or holds, a place that a template should have
// filled, and how that is written.
func Template(text string) (form string, ok bool) {
	for _, t := range templates {
		if t.pattern.MatchString(text) {
			return t.form, true
		}
	}
	return "", false
}

var templates = []struct {
	pattern *regexp.Regexp
	form    string
}{
	{regexp.MustCompile(`\{\{.*\}\}`), "{{ }}"},
	{regexp.MustCompile(`\{%.*%\}`), "{% %}"},
	{regexp.MustCompile(`<%.*%>`), "<% %>"},
	{regexp.MustCompile(`\$\([^)]*\)`), "$( )"},
	{regexp.MustCompile(`\$\{[^}]*\}`), "${ }"},
	{regexp.MustCompile("^`[^`]*`$"), "` `"},
	{regexp.MustCompile(`^\$[A-Za-z_][A-Za-z0-9_]*$`), "$"},
	{regexp.MustCompile(`^%[A-Za-z_][A-Za-z0-9_]*%$`), "% %"},
	{regexp.MustCompile(`^@@?[A-Za-z_][A-Za-z0-9_]*@@?$`), "@ @"},
	{regexp.MustCompile(`^__?[A-Z][A-Z0-9_]*__?$`), "__ __"},
	{regexp.MustCompile(`^<[^<>]*>$`), "< >"},
}

// TemplateHint is the next step after a template that was left in a file.
const TemplateHint = "write the value itself, or fill the template before okd-install reads the file"

// unfilled says that a template was left in.
func unfilled(form string) string {
	if form == "$( )" || form == "` `" {
		return "a shell command (" + form + ") was left in, which only a shell replaces"
	}
	return "a template (" + form + ") was left unfilled"
}

// Unfilled says what is wrong with a text that holds a template; empty if it holds none.
func Unfilled(text string) string {
	if form, ok := Template(text); ok {
		return unfilled(form)
	}
	return ""
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
		if form, ok := Template(text); ok {
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
		if form, ok := Template(text); ok {
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
		if form, ok := Template(line[at:]); ok {
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

// loose reads a line that has no key.
func (w *walker) loose(line string, indent, at int) {
	text := line[at:]
	inList := at > indent
	if inList && !stuckDash.MatchString(text) {
		w.levels[len(w.levels)-1].valued = true
		w.value(line, at, w.levels[len(w.levels)-1].indent)
		return
	}
	if len(w.levels) == 0 {
		switch text[0] {
		case '{', '[':
			w.brackets(line, at)
		case '"', '\'':
			w.quoted(line, at)
		default:
			w.noField(line, at)
		}
		return
	}
	top := w.levels[len(w.levels)-1]
	if indent > top.indent && !stuckDash.MatchString(text) {
		if !top.valued { // a value on a line of its own
			w.levels[len(w.levels)-1].valued = true
			w.value(line, at, indent)
		}
		return // a value goes on
	}
	w.noField(line, at)
}

var (
	stuckColon = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*:[^ /]`)
	stuckDash  = regexp.MustCompile(`^-[A-Za-z][A-Za-z0-9_.-]*:( |$)`)
	equalSign  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*[ ]*=`)
)

// noField complains of a line that should be a field and is none.
func (w *walker) noField(line string, at int) {
	text := line[at:]
	here := column(line, at)
	switch form, isTemplate := Template(text); {
	case isTemplate:
		w.fail(here, unfilled(form), TemplateHint)
	case stuckColon.MatchString(text):
		colon := strings.IndexByte(text, ':')
		w.fail(here+colon+1, "the colon after the field's name has no blank behind it", "put a blank between the colon and the value")
	case stuckDash.MatchString(text):
		w.fail(here+1, "the dash has no blank behind it", "put a blank between the dash and the field")
	case equalSign.MatchString(text):
		w.fail(here+strings.IndexByte(text, '='), "a field has a colon behind its name, not =", "write name: value")
	case strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*"):
		w.fail(here, text[:2]+" begins no comment in YAML", "begin the comment with #")
	case strings.HasPrefix(text, ";"):
		w.fail(here, "; begins no comment in YAML", "begin the comment with #")
	default:
		w.fail(here, "the line is not a field: it has no colon behind a name", "write name: value, or remove the line")
	}
}

// pasted complains of lines that came along with the file from elsewhere.
func (w *walker) pasted(line, rest string, indent int) bool {
	conflict := strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, ">>>>>>>") || strings.HasPrefix(line, "=======")
	switch {
	case conflict:
		w.fail(1, "the line marks a merge conflict of git", "keep one of the two versions, and remove the lines with <<<<<<<, ======= and >>>>>>>")
	case strings.HasPrefix(rest, "```"):
		w.fail(indent+1, "the line is the fence of a block in Markdown", "remove the lines that begin with ```")
	case indent == 0 && (rest == "EOF" || rest == "EOT" || rest == "END"):
		w.fail(1, rest+" is the end of a here-document of the shell, and not a field", "remove the line")
	case indent == 0 && strings.HasPrefix(rest, "cat <<"), indent == 0 && strings.HasPrefix(rest, "$ "):
		w.fail(1, "the line is a shell command", "remove the line")
	case indent == 0 && (strings.HasPrefix(rest, "diff --git ") || strings.HasPrefix(rest, "@@ ") || strings.HasPrefix(rest, "+++ ")):
		w.fail(1, "the line is from a diff", "apply the diff with git apply or patch, and use the file that it makes")
	case strings.HasPrefix(rest, "{%"):
		w.fail(indent+1, unfilled("{% %}"), TemplateHint)
	default:
		return false
	}
	return true
}

// oddly complains of a character that looks like a blank, a dash or a colon of YAML and
// is none, where one of these stands.
func (w *walker) oddly(line string, indent int) bool {
	odd := func(at int, what string) bool {
		w.fail(column(line, at), what, "write it again, with the keyboard")
		w.found.odd, _ = utf8.DecodeRuneInString(line[at:])
		return true
	}
	rest := line[indent:]
	switch r, size := utf8.DecodeRuneInString(rest); {
	case r < utf8.RuneSelf:
	case likeBlank(r):
		return odd(indent, "stands where the line is indented with blanks")
	case (unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u2022' || r == '\u00b7') && (len(rest) == size || rest[size] == ' '):
		return odd(indent, "stands where a list needs the dash -")
	}
	if strings.HasPrefix(rest, "-") && len(rest) > 1 {
		if r, _ := utf8.DecodeRuneInString(rest[1:]); r >= utf8.RuneSelf && likeBlank(r) {
			return odd(indent+1, "stands where a blank belongs behind the dash")
		}
	}
	if _, ok := keyOf(strings.TrimLeft(rest, "- ")); ok {
		return false
	}
	for i, r := range rest {
		switch {
		case strings.ContainsRune("\uff1a\u2236\ua789\ufe55\u02d0\u05c3", r):
			return odd(indent+i, "stands where a field needs a colon")
		case r >= utf8.RuneSelf && likeBlank(r) && i > 0 && rest[i-1] == ':':
			return odd(indent+i, "stands where a blank belongs behind the colon")
		}
	}
	return false
}

// likeBlank reports whether a character looks like a blank, or like nothing.
func likeBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Zs, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}
