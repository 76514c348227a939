package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable puts U+FFFD in the place of what a terminal would act on, line ends
// and invalid UTF-8 among it. It is for a name or a value from elsewhere, where
// one should see that something else stood there.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
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
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}
