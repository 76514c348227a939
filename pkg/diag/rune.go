package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rune names a character by its code point and its name in Unicode, such as
// U+00A0 (no-break space): who looks at it sees a blank, another letter, or nothing.
func Rune(r rune) string {
	name := nameOf(r)
	if control, ok := controls[r]; ok {
		name = control
	}
	if name == "" {
		return fmt.Sprintf("%U", r)
	}
	return fmt.Sprintf("%U (%s)", r, name)
}

// controls are the names of control characters, which have none in Unicode.
var controls = map[rune]string{
	0: "null", '\b': "backspace", '\t': "tab", '\v': "vertical tab", '\f': "form feed", '\r': "carriage return",
	0x1b: "escape", 0x7f: "delete",
	0x85: "next line", '\ufeff': "byte order mark",
}

// Odd finds the first character of a text that is not printable ASCII, a line end aside:
// in names, addresses and words that machines read, it is one that only looks as if it
// belonged there. At counts characters from 0.
func Odd(text string) (r rune, at int, found bool) {
	for _, r := range text {
		if r != '\n' && (r < ' ' || r >= 0x7f) && r != utf8.RuneError {
			return r, at, true
		}
		at++
	}
	return 0, 0, false
}

// LookAlike is the text with its odd characters replaced by what they look like, as far as
// that is known: dashes, blanks and quotes of word processors, letters of other scripts.
// It is ok if no odd character is left.
func LookAlike(text string) (plain string, ok bool) {
	var b strings.Builder
	for _, r := range text {
		switch like, known := lookAlikes[r]; {
		case r < 0x7f:
			b.WriteRune(r)
		case known:
			b.WriteRune(like)
		case r >= 0xff01 && r <= 0xff5e: // the full-width forms of ASCII
			b.WriteRune(r - 0xff01 + '!')
		case unicode.Is(unicode.Pd, r):
			b.WriteRune('-')
		case unicode.Is(unicode.Zs, r):
			b.WriteRune(' ')
		case Obeyed(r): // it is not seen
		default:
			return "", false
		}
	}
	return b.String(), true
}

// lookAlikes are the letters of other scripts that look like one of ours, and the signs
// that word processors make of others.
var lookAlikes = func() map[rune]rune {
	m := map[rune]rune{}
	for _, pair := range []struct{ odd, plain string }{
		{"абсԁеһіјԛорѕԝхукмтӏ", "abcdehijqopswxykmtl"}, // Cyrillic
		{"АВСЕНІЈКМОРЅТХУ", "ABCEHIJKMOPSTXY"},
		{"αορνικτυγ", "aopvikTuy"}, // Greek
		{"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"},
		{"ıɑɡℓ", "iagl"},
		{"−·∙․。∕⁄：∶꞉＿‘’′“”″«»", `-....//:::_'''"""""`},
	} {
		plain := []rune(pair.plain)
		for i, r := range []rune(pair.odd) {
			m[r] = plain[i]
		}
	}
	return m
}()
