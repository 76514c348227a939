package cli

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Lines are broken between words, hints and steps below their text; a command
// stays whole.
func TestFolded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line  string
		width int
		want  []string
	}{
		{"as long as it is", 0, []string{"as long as it is"}},
		{"it just fits", 12, []string{"it just fits"}},
		{"it just fits not", 12, []string{"it just fits", "not"}},
		{"größere Wörter auch", 14, []string{"größere Wörter", "auch"}},
		{"a https://example.com/word that is long", 12, []string{"a", "https://example.com/word", "that is long"}},
		{"    hint: give a name such as okd", 24, []string{"    hint: give a name", "          such as okd"}},
		{
			"    okd-install create install-config --dir 'a b' x", 30,
			[]string{"    okd-install create \\", "        install-config --dir \\", "        'a b' x"},
		},
		{
			"next, 1: okd-install create manifests --dir c  # writes the manifests, if you want", 40,
			[]string{"next, 1: okd-install create manifests \\", "             --dir c",
				"         # writes the manifests, if you", "         # want"},
		},
		{"next, 2: boot the machines now", 22, []string{"next, 2: boot the", "         machines now"}},
		{"next, 2: https://example.com/a/long/one", 20, []string{"next, 2: https://example.com/a/long/one"}},
	} {
		if got := folded(c.line, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: got %q\nwant %q", c.line, c.width, got, c.want)
		}
	}
}

// No word is lost or broken, whatever the line.
func FuzzFolded(f *testing.F) {
	f.Add("next, 1: a b  # c d", 10)
	f.Add("    hint: \u00e4 b", 11)
	f.Add("next, ", 3)
	f.Fuzz(func(t *testing.T, line string, width int) {
		if !utf8.ValidString(line) || width < 34 || strings.Contains(line, "\n") {
			return
		}
		lines := folded(line, width)
		var words []string
		for _, l := range lines {
			words = append(words, strings.Fields(l)...)
		}
		drop := func(w string) bool { return w == "#" || w == `\` } // stands before each line of an explanation, or ends that of a command
		if got, want := slices.DeleteFunc(words, drop), slices.DeleteFunc(strings.Fields(line), drop); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q", line, lines)
		}
	})
}
