package diag

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLists(t *testing.T) {
	t.Parallel()
	abcd := []string{"a", "b", "c", "d"}
	for _, c := range []struct{ got, want string }{
		{And(nil), ""}, {And(abcd[:1]), "a"}, {And(abcd[:2]), "a and b"}, {Or(abcd[:3]), "a, b or c"},
		{And(Few(abcd, 4)), "a, b, c and d"}, {And(Few(abcd, 3)), "a, b and 2 more"},
		{Count(0, "worker"), "no workers"}, {Count(1, "worker"), "1 worker"}, {Count(int64(3), "worker"), "3 workers"},
		{Hours(0), "0h00m"}, {Hours(12*time.Hour - 20*time.Second), "12h00m"}, {Hours(30*time.Hour + 5*time.Minute), "30h05m"},
		{FirstLine("one"), "one"}, {FirstLine("one\ntwo"), "one"}, {FirstLine(""), ""},
		{Capital(""), ""}, {Capital("write 3"), "Write 3"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if !slices.Equal(abcd, []string{"a", "b", "c", "d"}) {
		t.Errorf("a list that is shortened has become %q", abcd)
	}
}

// What is cut counts in characters, and none of them is cut in half.
func TestClip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äö…"},
	} {
		if got := Clip(c.text, c.most); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("word ", 40)
	got := Wrap(text, "  ", 0)
	for line := range strings.SplitSeq(got, "\n") {
		if len(line) > width || !strings.HasPrefix(line, "  w") || strings.HasSuffix(line, " ") {
			t.Errorf("a line is %q", line)
		}
	}
	if strings.Join(strings.Fields(got), " ")+" " != text {
		t.Errorf("got %q", got)
	}
	if long := strings.Repeat("x", 2*width); Wrap(long, "", 0) != long {
		t.Error("a word is broken")
	}
}

func TestMeant(t *testing.T) {
	t.Parallel()
	names := []string{"manifests", "ignition-configs", "install-config"}
	for word, want := range map[string]string{
		"manifest": "did you mean manifests?", "ignition": "did you mean ignition-configs?",
		"i": "there are 3", "": "there are 3", "x": "there are 3",
	} {
		if got := Meant(word, names, "there are 3"); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
