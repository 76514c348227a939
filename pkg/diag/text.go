package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Obeyed reports whether a terminal, or whoever reads what it shows, would be led by a
// character rather than see it: control characters, those that turn the direction of
// writing, that have no width, or end a line.
func Obeyed(r rune) bool {
	switch {
	case r >= ' ' && r < 0x7f: // most are
		return false
	case r == utf8.RuneError:
		return false // one that stands for another is seen
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// Printable puts U+FFFD in the place of what Obeyed says, line ends and invalid UTF-8
// among it. It is for a name or a value from elsewhere, where one should see that
// something else stood there.
func Printable(s string) string { return strings.Map(printable, s) }

// Lines is Printable for a text of several lines: line ends and tabs stay.
func Lines(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, s)
}

// steps is Printable for a hint, which may list steps on lines of their own: those that
// are indented as a hint is.
func steps(s string) string {
	lines := strings.Split(s, "\n    ")
	for i := range lines {
		lines[i] = Printable(lines[i])
	}
	return strings.Join(lines, "\n    ")
}

func printable(r rune) rune {
	if Obeyed(r) {
		return unicode.ReplacementChar
	}
	return r
}

// longest is how many bytes of one text of a problem are told. A value that somebody
// pasted by mistake may have a million.
const longest = 4000

// Short is a text, or as much of it as a person reads.
func Short(s string) string {
	if len(s) <= longest {
		return s
	}
	cut := longest
	for cut > longest-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d more bytes)", s[:cut], len(s)-cut)
}

// Plain takes out what Printable replaces, and makes a tab a space. It is for
// lines that a machine in trouble has written, which may hold anything.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r) || Obeyed(r):
			return -1
		}
		return r
	}, s)
}
