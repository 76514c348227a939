package shell

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

// hostile holds values that have a meaning in a shell.
var hostile = []string{
	"", " ", "plain", "two words", "'", `"`, `\`, `\\`, `\'`, `'\''`, "''", `a\`, "$HOME", "${X}", "$(id)", "`id`",
	"a;id", "a&b", "a|b", "a>b", "#a", "a #b", "~", "*", "?", "[a]", "{a,b}", "!", "!!", "a=b", "-n", "--", "%", "é", "\u2028",
	"a\nb", "a\n", "\n", "a\r\nb", "\t", "\x01", "\x1b[31m", "\x7f", "a\\\nb", "$ignition_firstboot",
}

// sourced lets bash source the file and returns the values that bash then has.
func sourced(t testing.TB, values []string) []string {
	t.Helper()
	bash := needs.Program(t, "bash")
	script := "set -euo pipefail\nsource /dev/stdin\n"
	var variables []Variable
	for i, v := range values {
		name := fmt.Sprintf("V%d", i)
		variables = append(variables, Variable{name, v})
		script += fmt.Sprintf("printf '%%s\\0' \"$%s\"\n", name)
	}
	cmd := exec.Command(bash, "--norc", "--noprofile", "-c", script)
	cmd.Stdin = strings.NewReader(string(Environment("values\nof a test", variables)))
	cmd.Env = []string{"LC_ALL=C", "PATH="}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%q", err, values)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestEnvironmentInBash(t *testing.T) {
	t.Parallel()
	for i, got := range sourced(t, hostile) {
		if got != hostile[i] {
			t.Errorf("%q came back as %q", hostile[i], got)
		}
	}
}

func TestEnvironmentText(t *testing.T) {
	t.Parallel()
	got := string(Environment("one\ntwo", []Variable{{"A", "it's"}, {"B", ""}}))
	if want := "# one\n# two\nA='it'\\''s'\nB=''\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzQuote(f *testing.F) {
	for _, v := range hostile {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.ReplaceAll(value, "\x00", "")
		if got := sourced(t, []string{value}); got[0] != value {
			t.Fatalf("%q came back as %q", value, got[0])
		}
	})
}

// quoteBytes says every byte to bash, and shows none that a terminal would obey.
func TestQuoteBytes(t *testing.T) {
	t.Parallel()
	bash := needs.Program(t, "bash")
	for _, value := range append(hostile, "a\u202eb\x9b\xff", "\u0085") {
		quoted := quoteBytes(value)
		if strings.ContainsFunc(quoted, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is quoted as %q", value, quoted)
		}
		cmd := exec.Command(bash, "--norc", "--noprofile", "-c", "printf %s "+quoted)
		cmd.Env = []string{"LC_ALL=C", "PATH="}
		if got, err := cmd.Output(); err != nil || string(got) != value {
			t.Errorf("%s is %q for bash, want %q: %v", quoted, got, value, err)
		}
	}
}
