package main

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
	"github.com/okd-project/okd-install/pkg/asset"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestMain makes the test binary stand in for okd-install, and for a few small
// programs that the sessions look at its results with.
func TestMain(m *testing.M) {
	// the race detector would make each of some hundred processes wait a second at its end
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"okd-install":    func() { os.Exit(int(testApp().Run(testArgs(os.Args[1:]), root.NewCmd))) },
		"changed":        func() { os.Exit(runTool(changed)) },
		"modes":          func() { os.Exit(runTool(modes)) },
		"snapshot":       func() { os.Exit(runTool(snapshot)) },
		"ignition-files": func() { os.Exit(runTool(ignitionFiles)) },
		"make-ca":        func() { os.Exit(runTool(makeCA)) },
		"hold-lock":      func() { os.Exit(runTool(holdLock)) },
		"pack-bundle":    func() { os.Exit(runTool(packBundle)) },
		"make-iso":       func() { os.Exit(runTool(makeISO)) },
	})
}

// testApp is the app of a session: its clock and its patience come from the
// environment.
func testApp() *cli.App {
	a := cli.New("", "")
	if text := os.Getenv("TEST_NOW"); text != "" {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		a.Now = func() time.Time { return now }
	}
	if text := os.Getenv("TEST_LOCK_WAIT"); text != "" {
		wait, err := time.ParseDuration(text)
		if err != nil {
			panic(err)
		}
		a.LockWait = wait
	}
	a.Terminal = os.Getenv("TEST_TERMINAL") != ""
	attachFakeCluster(a)
	a.DialSSH = dialMachine
	if host := os.Getenv("TEST_REGISTRY"); host != "" {
		a.Transport = registryTransport{host}
	}
	return a
}

// testArgs adds the kind of key from the environment to a command line that
// makes keys and names none: examples for people use the default, RSA, which
// takes its time.
func testArgs(args []string) []string {
	key := os.Getenv("TEST_LEAF_KEY")
	if key == "" || len(args) < 2 || args[0] != "create" || slices.Contains(args, "--leaf-key") {
		return args
	}
	takes := slices.ContainsFunc(asset.Targets(), func(t asset.Target) bool {
		return t.Name == args[1] && slices.ContainsFunc(t.Flags, func(f asset.Flag) bool { return f.Name == "leaf-key" })
	})
	if takes {
		args = append(args, "--leaf-key", key)
	}
	return args
}

// TestSessions runs what a user would type, from testdata/*.txtar. They begin in
// an empty directory with two install-configs: sample.yaml is the one of the
// documentation, and fast.yaml has ECDSA authorities, which are made in no time.
func TestSessions(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata", UpdateScripts: *update, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TEST_NOW", "2026-03-02T08:00:00Z")
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("TEST_SSH", machineAddress())
			env.Setenv("TEST_REGISTRY", registryAddress())
			env.Setenv("REGISTRY", registryAddress())
			return errors.Join(
				copyFile("../../docs/examples/install-config.yaml", filepath.Join(env.WorkDir, "sample.yaml")),
				copyFile("testdata/fast.yaml", filepath.Join(env.WorkDir, "fast.yaml")),
			)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "append": appendTo, "replace": replace, "await": await,
		},
	})
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// exits runs a command that must end with the code: exits 3 okd-install create …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command arguments...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// appendTo adds a line to a file: append file text
func appendTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: append file text")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	ts.Check(err)
	_, err = f.WriteString(args[1] + "\n")
	ts.Check(errors.Join(err, f.Close()))
}

// replace changes text in a file: replace file old new
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace file old new")
	}
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !strings.Contains(string(data), args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(string(data), args[1], args[2])), 0o600))
}

// await waits for a file to appear.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await file")
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); !errors.Is(err, fs.ErrNotExist) {
			ts.Check(err)
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s did not appear", args[0])
		}
	}
}
