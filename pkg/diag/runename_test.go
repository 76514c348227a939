package diag

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/unicode/runenames"
)

var update = flag.Bool("update", false, "write runenames.txt again")

// named are the first and last characters of the blocks whose names are known.
var named = [][2]rune{
	{0xa0, 0x52f},      // letters and marks of Latin, Greek and Cyrillic
	{0x531, 0x58a},     // Armenian
	{0x5be, 0x5f4},     // Hebrew
	{0x660, 0x66d},     // Arabic digits
	{0x6f0, 0x6f9},     // and those of Persian
	{0x1680, 0x1680},   // a blank
	{0x180e, 0x180e},   // another that is not seen
	{0x1e00, 0x1eff},   // more letters of Latin
	{0x2000, 0x20c0},   // blanks, dashes, quotes, digits above and below, currencies
	{0x2100, 0x2199},   // signs like letters, fractions, arrows
	{0x2200, 0x223f},   // minus, slash, colon
	{0x2500, 0x257f},   // boxes, as of tables and trees
	{0x25a0, 0x25ff},   // bullets
	{0x2713, 0x2718},   // ticks
	{0x3000, 0x303f},   // blanks and brackets of Chinese and Japanese
	{0xa789, 0xa78a},   // colon, equals
	{0xfb00, 0xfb06},   // ligatures
	{0xfe00, 0xfe6b},   // marks that are not seen, small forms
	{0xfeff, 0xffef},   // full-width forms
	{0xfff9, 0xfffd},   // what stands for something else
	{0xe0001, 0xe007f}, // tags, which are not seen
}

func TestRuneNames(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	for _, block := range named {
		for r := block[0]; r <= block[1]; r++ {
			if name := runenames.Name(r); name != "" && !strings.HasPrefix(name, "<") {
				fmt.Fprintf(&want, "%04X %s\n", r, strings.ToLower(name))
			}
		}
	}
	if *update {
		if err := os.WriteFile("runenames.txt", []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if runeNames != want.String() {
		t.Error("runenames.txt is not what Unicode says; go test ./pkg/diag -update writes it again")
	}
	// Each character that LookAlike replaces has a name.
	for r := range lookAlikes {
		if nameOf(r) == "" {
			t.Errorf("%U has no name", r)
		}
	}
	for r, want := range map[rune]string{0xa0: "no-break space", 0xfffd: "replacement character", 'a': "", 0xa: "", 0x10ffff: ""} {
		if got := nameOf(r); got != want {
			t.Errorf("%U is named %q, want %q", r, got, want)
		}
	}
}
