package diag

import (
	_ "embed"
	"fmt"
	"strings"
)

// runeNames has a line for each character that gets into a text for people by mistake, with
// its code point and its name in Unicode: blanks, dashes, quotes, marks that are not
// seen, and letters and signs that look like others. All names of Unicode are a megabyte. The
// test makes it, with -update.
//
//go:embed runenames.txt
var runeNames string

// nameOf is the name of a character in Unicode, in small letters; empty if it is not known.
func nameOf(r rune) string {
	_, behind, _ := strings.Cut("\n"+runeNames, fmt.Sprintf("\n%04X ", r))
	name, _, _ := strings.Cut(behind, "\n")
	return name
}
