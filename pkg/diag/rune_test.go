package diag

import "testing"

func TestRune(t *testing.T) {
	t.Parallel()
	for r, want := range map[rune]string{
		'\u00a0': "U+00A0 (no-break space)", '\u200b': "U+200B (zero width space)", '\u0430': "U+0430 (cyrillic small letter a)",
		'\t': "U+0009 (tab)", '\x01': "U+0001", '\ufeff': "U+FEFF (byte order mark)", '\ue000': "U+E000", '＃': "U+FF03 (fullwidth number sign)",
	} {
		if got := Rune(r); got != want {
			t.Errorf("%U is named %s, want %s", r, got, want)
		}
	}
}

func TestOddAndLookAlike(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		r     rune
		at    int
		plain string
	}{
		"plain": {0, 0, "plain"}, "a\u00a0b": {'\u00a0', 1, "a b"}, "exаmple.com": {'а', 2, "example.com"}, "a–b": {'–', 1, "a-b"},
		"“a”": {'“', 0, `"a"`}, "a\u200b": {'\u200b', 1, "a"}, "１０.0": {'１', 0, "10.0"}, "bücher": {'ü', 1, ""}, "a\nb": {0, 0, "a\nb"},
	} {
		r, at, found := Odd(text)
		plain, ok := LookAlike(text)
		if r != want.r || at != want.at || found != (want.r != 0) || plain != want.plain || ok != (want.plain != "") {
			t.Errorf("%q: %U at %d, %v; %q, %v", text, r, at, found, plain, ok)
		}
	}
}
