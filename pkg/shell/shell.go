// Package shell writes values into text that shells and systemd read.
//
// Quote is the only way in which a value gets into a script's environment file.
// What a script does with its values is the script's business: the scripts are
// files below data, without a template action in them.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Variable is one assignment of an environment file.
type Variable struct{ Name, Value string }

// Quote writes a value as one word of a POSIX shell that means exactly the
// value. No shell can hold a NUL byte, so the value has none: callers refuse it.
//
// Single quotes are used because nothing is special between them, neither for a
// shell nor for systemd's EnvironmentFile=.
func Quote(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// quoteBytes writes a value as one word of bash, zsh or ksh, by the codes of all bytes
// but letters, digits and the like: a person can read and copy a name that would
// otherwise lead the terminal.
func quoteBytes(value string) string {
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(value) {
		if c >= ' ' && c < 0x7f && c != '\'' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String() + "'"
}

// obeyed is what a terminal acts on in place of showing it; diag.Obeyed is for the
// packages above.
func obeyed(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// Word writes a word of a command line that people copy: as it is where a shell
// reads that as one word, and between quotes elsewhere.
func Word(s string) string {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./~+:@%", r)
	}
	switch {
	case s != "" && !strings.ContainsFunc(s, special):
		return s
	case strings.ContainsFunc(s, obeyed) || !utf8.ValidString(s):
		return quoteBytes(s)
	}
	return Quote(s)
}

// Environment writes a file of assignments below a comment, for a shell that
// sources it and for systemd's EnvironmentFile=. An empty value is written too:
// the scripts run with nounset.
func Environment(comment string, variables []Variable) []byte {
	var b strings.Builder
	for line := range strings.SplitSeq(comment, "\n") {
		b.WriteString("# " + line + "\n")
	}
	for _, v := range variables {
		fmt.Fprintf(&b, "%s=%s\n", v.Name, Quote(v.Value))
	}
	return []byte(b.String())
}
