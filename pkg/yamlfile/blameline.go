package yamlfile

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// loose reads a line that has no key.
func (w *walker) loose(line string, indent, at int) {
	text := line[at:]
	if text == "" { // an anchor or a tag, whose value comes below
		return
	}
	inList := at > indent && strings.HasPrefix(line[indent:], "-")
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
	switch form, isTemplate := templateIn(text); {
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

var diffLine = regexp.MustCompile(`^(diff --git|@@|\+\+\+) `)

// pasted complains of lines that came along with the file from elsewhere.
func (w *walker) pasted(line, rest string, indent int) bool {
	conflict := strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, ">>>>>>>") || strings.HasPrefix(line, "=======")
	switch {
	case conflict:
		w.fail(1, "the line marks a merge conflict of git",
			"keep one of the two versions, and remove the lines with <<<<<<<, ======= and >>>>>>>")
	case strings.HasPrefix(rest, "```"):
		w.fail(indent+1, "the line is the fence of a block in Markdown", "remove the lines that begin with ```")
	case indent == 0 && (rest == "EOF" || rest == "EOT" || rest == "END"):
		w.fail(1, rest+" is the end of a here-document of the shell, and not a field", "remove the line")
	case indent == 0 && strings.HasPrefix(rest, "cat <<"), indent == 0 && strings.HasPrefix(rest, "$ "):
		w.fail(1, "the line is a shell command", "remove the line")
	case indent == 0 && diffLine.MatchString(rest):
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
	case r == '\uff03' || r == '\u266f':
		return odd(indent, "stands where a comment begins with #")
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
