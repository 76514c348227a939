package diag

import (
	"slices"
	"strings"
	"testing"
)

func table(width int) *Table {
	t := NewTable(width, "NAME", ">SIZE", "WHAT IT IS")
	t.Row("kube-apiserver-lb-server", "12", "serves the API to users")
	t.Row("ca", "4711", "signs")
	t.Row("a\tb", "1", "")
	return t
}

// A table is as wide as it gets, then as wide as it may be, and at last a list.
func TestTable(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		0: `
NAME                      SIZE  WHAT IT IS
kube-apiserver-lb-server    12  serves the API to users
ca                        4711  signs
a` + "\uFFFD" + `b                          1
`,
		36: `
NAME            SIZE  WHAT IT IS
kube-             12  serves the API
apiserver-lb-         to users
server
ca              4711  signs
a` + "\uFFFD" + `b                1
`,
		22: `
NAME        kube-
            apiserver-
            lb-server
SIZE        12
WHAT IT IS  serves the
            API to
            users

NAME        ca
SIZE        4711
WHAT IT IS  signs

NAME        a` + "\uFFFD" + `b
SIZE        1
`,
	} {
		if got := table(width).String(); got != want[1:] {
			t.Errorf("%d columns: got\n%swant\n%s", width, got, want[1:])
		}
	}
	for width := 20; width < 80; width++ {
		for line := range strings.Lines(table(width).String()) {
			if Columns(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("%d columns: %s", width, line)
			}
		}
	}
	if got := NewTable(0).String(); got != "" {
		t.Errorf("an empty table is %q", got)
	}
	pairs := NewTable(30)
	pairs.Row("release", "quay.io/okd/scos-release:4.22.0-okd-scos.10")
	if got, want := pairs.String(), "release  quay.io/okd/scos-\n         release:4.22.0-okd-\n         scos.10\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"any", 0, []string{"any"}},
		{"", 5, []string{""}},
		{"one two three", 8, []string{"one two", "three"}},
		{"/etc/systemd/system/x", 10, []string{"/etc/", "systemd/", "system/x"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"größer als", 6, []string{"größer", "als"}},
		{"https://h/a", 9, []string{"https://", "h/a"}},
	} {
		if got := fit(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestFoldCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line  string
		width int
		want  []string
	}{
		{"a --dir c", 20, []string{"a --dir c"}},
		{"  a --dir c --long d", 14, []string{`  a --dir c \`, "    --long d"}},
		{`abcdef 'b c d e f g' h`, 10, []string{`abcdef \`, `    'b c d e f g' \`, "    h"}},
		{`abcdef "b \" c d" e`, 9, []string{`abcdef \`, `    "b \" c d" \`, "    e"}},
		{`a b\ c\ d e`, 8, []string{`a b\ c\ d \`, "    e"}},
	} {
		if got := FoldCommand(c.line, "    ", c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: got %q, want %q", c.line, c.width, got, c.want)
		}
	}
}

// What is broken holds all that the text did, in its order.
func FuzzFit(f *testing.F) {
	f.Add("a b/c-d", 3)
	f.Add("kube-apiserver  to", 5)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 1 || width > 200 {
			return
		}
		lines := fit(strings.ToValidUTF8(text, "?"), width)
		for _, line := range lines {
			if Columns(line) > width && len(lines) > 1 {
				t.Errorf("%q in %d columns: %q", text, width, lines)
			}
		}
		blank := strings.NewReplacer(" ", "")
		if got, want := blank.Replace(strings.Join(lines, "")), blank.Replace(strings.ToValidUTF8(text, "?")); got != want {
			t.Errorf("%q becomes %q", text, lines)
		}
	})
}
