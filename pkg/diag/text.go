package diag

import (
	"strings"
	"unicode"
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
