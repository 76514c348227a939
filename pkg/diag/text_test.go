package diag

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, printable, plain string }{
		{"", "", ""},
		{"é 日本 ok", "é 日本 ok", "é 日本 ok"},
		{"a\x1b[31mb", "a\uFFFD[31mb", "a[31mb"},
		{"a\tb\r\nc", "a\uFFFDb\uFFFD\uFFFDc", "a bc"},
		{"a\xffb\uFFFDc", "a\uFFFDb\uFFFDc", "abc"},
		{"a\u202eb\u2028c", "a\uFFFDb\uFFFDc", "abc"}, // written from right to left; a line end
		{"a\u0085\u009b\u200b\u200d\u2066\u2069\ufeff\u00ad\u3164\U000E0041b", "a" + strings.Repeat("\uFFFD", 10) + "b", "ab"},
		{"a\u00a0\u3000b", "a\u00a0\u3000b", "ab"}, // spaces are harmless
	} {
		if got := Lines("x\n\t" + c.text); got != "x\n\t"+strings.NewReplacer("a\uFFFDb\uFFFD\uFFFDc", "a\tb\uFFFD\nc").Replace(c.printable) {
			t.Errorf("Lines(%q) is %q", c.text, got)
		}
		if got := Printable(c.text); got != c.printable {
			t.Errorf("Printable(%q) is %q, want %q", c.text, got, c.printable)
		}
		if got := Plain(c.text); got != c.plain {
			t.Errorf("Plain(%q) is %q, want %q", c.text, got, c.plain)
		}
	}
}
