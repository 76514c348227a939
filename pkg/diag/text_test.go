package diag

import "testing"

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, printable, plain string }{
		{"", "", ""},
		{"é 日本 ok", "é 日本 ok", "é 日本 ok"},
		{"a\x1b[31mb", "a\uFFFD[31mb", "a[31mb"},
		{"a\tb\r\nc", "a\uFFFDb\uFFFD\uFFFDc", "a bc"},
		{"a\xffb\uFFFDc", "a\uFFFDb\uFFFDc", "abc"},
		{"a\u202eb\u2028c", "a\uFFFDb\uFFFDc", "abc"}, // written from right to left; a line end
	} {
		if got := Printable(c.text); got != c.printable {
			t.Errorf("Printable(%q) is %q, want %q", c.text, got, c.printable)
		}
		if got := Plain(c.text); got != c.plain {
			t.Errorf("Plain(%q) is %q, want %q", c.text, got, c.plain)
		}
	}
}
