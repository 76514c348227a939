//go:build unix

package cli

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/okd-project/okd-install/pkg/ignition/inspect"
)

// onTerminal is what a terminal of 60 columns gets of what is printed.
func onTerminal(t *testing.T, environment map[string]string, show func(a *App)) string {
	t.Helper()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 60}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		text, _ := io.ReadAll(screen) // it ends with an error where the other side is closed
		got <- strings.ReplaceAll(string(text), "\r\n", "\n")
	}()
	a := &App{Name: "okd", Getenv: func(name string) string { return environment[name] }}
	a.SetStreams(tty, io.Discard)
	show(a)
	if err := a.flush(); err != nil {
		t.Error(err)
	}
	_ = tty.Close()
	return <-got
}

// Changes and findings have colours where a terminal may have them, and a value from
// elsewhere has no say in that.
func TestColours(t *testing.T) {
	t.Parallel()
	diff := "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+" + strings.Repeat("one two six ten new old the end ", 2) + "\n same\n"
	changes := func(a *App) {
		err := a.PrintChanges([]inspect.Change{
			{How: "changed", Kind: "file", Path: "/a\x1b[31m", Diff: diff},
			{How: "removed", Kind: "file", Path: "/b"},
		}, false)
		if err != nil {
			t.Error(err)
		}
	}
	findings := func(a *App) {
		fmt.Fprint(a.Findings(), "x.yaml:1:2: error: platform: is wrong: error: no\n"+
			"     1 | error: x\n       |   ^\n    hint: run okd-install certs\n")
	}
	for _, c := range []struct {
		environment map[string]string
		show        func(*App)
		want        string
	}{
		{nil, changes, "\x1b[33mchanged file /a\uFFFD[31m\x1b[0m\n\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n" +
			"\x1b[31m-old\x1b[0m\n\x1b[32m+one two six ten new old the end one two six ten new old the\x1b[0m\n\x1b[32mend \x1b[0m\n same\n" +
			"\x1b[31mremoved file /b\x1b[0m\n"},
		{map[string]string{"NO_COLOR": "1"}, changes, "changed file /a\uFFFD[31m\n--- a\n+++ b\n@@ -1 +1 @@\n-old\n" +
			"+one two six ten new old the end one two six ten new old the\nend \n same\nremoved file /b\n"},
		{nil, findings, "x.yaml:1:2: \x1b[31merror\x1b[0m: platform: is wrong: error: no\n     1 | error: x\n       |   \x1b[32m^\x1b[0m\n" +
			"    \x1b[36mhint\x1b[0m: run okd certs\n"},
		{map[string]string{"TERM": "dumb"}, findings, "x.yaml:1:2: error: platform: is wrong: error: no\n" +
			"     1 | error: x\n       |   ^\n    hint: run okd certs\n"},
	} {
		if got := onTerminal(t, c.environment, c.show); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

// A link or a package may give the program another name, which its commands then have.
func TestNamed(t *testing.T) {
	t.Parallel()
	a := &App{Name: "kubectl-okd", Dir: "c"}
	for text, want := range map[string]string{
		"run okd-install create manifests":           "run kubectl-okd create manifests",
		"okd-install turns a config into files":      "okd-install turns a config into files",
		"okd-install coreos image names it":          "kubectl-okd coreos image names it",
		"/usr/share/okd-install certs-of-mine":       "/usr/share/okd-install certs-of-mine",
		"the cluster okd-install create-nothing has": "the cluster okd-install create-nothing has",
	} {
		if got := a.named(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for hint, want := range map[string]string{
		"run create ignition-configs again":                   "run kubectl-okd create ignition-configs --dir c again",
		"create manifests --overwrite":                        "kubectl-okd create manifests --overwrite --dir c",
		"as releases pin prints it":                           "as kubectl-okd releases pin --dir c prints it",
		"create a folder":                                     "create a folder",
		"run `okd-install create manifests --overwrite`, and": "run `kubectl-okd create manifests --overwrite --dir c`, and",
	} {
		if got := a.FullCommands(hint); got != want {
			t.Errorf("%q becomes %q, want %q", hint, got, want)
		}
	}
}
