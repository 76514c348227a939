//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/pkg/cluster"
	"github.com/okd-project/okd-install/pkg/diag"
)

// validate waited for ever for a pipe that nobody writes into, and no signal ended it.
// Every command that reads a file which a flag names is asked.
func TestNoCommandHangsOnAPipe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0) // somebody has it open, and writes nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	for _, args := range []string{
		"validate PIPE", "ignition ls PIPE", "ignition validate PIPE", "approve-csrs --dir DIR --nodes-file PIPE", "approve-csrs --nodes a --kubeconfig PIPE",
		"coreos import-stream -C DIR PIPE", "coreos download --signing-key PIPE", "coreos check --cpu PIPE --image DIR/x --release 5.0", "coreos check --image PIPE",
		"coreos iso show PIPE", "coreos iso kargs show PIPE", "coreos iso ignition show PIPE", "coreos iso network extract PIPE", "coreos pxe ignition unwrap PIPE",
		"coreos pxe ignition wrap -i PIPE -o DIR/out", "gather bootstrap --dir DIR --bootstrap 127.0.0.1 --key PIPE", "analyze PIPE",
		"create install-config --dir DIR/new --answers PIPE", "coreos iso customize --dest-ignition PIPE DIR/x.iso",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			a := testApp()
			a.In, a.Ctx = strings.NewReader(""), ctx
			a.SetStreams(io.Discard, io.Discard)
			a.SetUpLog()
			root := newRootCmd(a)
			root.SetArgs(strings.Fields(strings.NewReplacer("PIPE", pipe, "DIR", dir).Replace(args)))
			root.SetIn(a.In)
			root.SetOut(io.Discard)
			root.SetErr(io.Discard)
			ended := make(chan error, 1)
			go func() { ended <- root.ExecuteContext(ctx) }()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("it succeeds")
				}
				if strings.Contains(err.Error(), "unknown") {
					t.Errorf("the command line is wrong: %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Error("it hangs")
			}
		})
	}
}

// A hundred thousand findings are fifty and a number.
func TestFiftyFindings(t *testing.T) {
	t.Parallel()
	config := "apiVersion: v1\nmetadata: {name: demo}\nbaseDomain: example.com\n"
	for i := range 200 {
		config += fmt.Sprintf("nothing%d: x\n", i)
	}
	name := filepath.Join(t.TempDir(), "install-config.yaml")
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		var out bytes.Buffer
		a := testApp()
		a.SetStreams(&out, io.Discard)
		if code := a.Run(args, newRootCmd); code != cli.ExitInstallConfig {
			t.Errorf("%v: the code is %d", args, code)
		}
		return out.String()
	}
	lines := strings.Split(strings.TrimSpace(run("validate", name)), "\n")
	last, errorLines := lines[len(lines)-1], 0
	for _, line := range lines {
		if strings.Contains(line, ": error: ") {
			errorLines++
		}
	}
	if errorLines != diag.Most || !strings.HasSuffix(last, " more problems are not shown: correct these first") {
		t.Errorf("%d findings, and then %q", errorLines, last)
	}
	var report validateReport
	if err := json.Unmarshal([]byte(run("validate", name, "-o", "json")), &report); err != nil || len(report.Findings) != diag.Most || report.Omitted < 1 {
		t.Errorf("%d findings and %d more, %v", len(report.Findings), report.Omitted, err)
	}
}

// Three thousand foreign requests do not hide the one that matters.
func TestManyRefused(t *testing.T) {
	t.Parallel()
	round := cluster.Round{}
	for i := range 3000 {
		round.Refused = append(round.Refused, cluster.Verdict{Request: fmt.Sprintf("csr-%d", i), Node: fmt.Sprintf("foreign-%d", i), Reasons: []string{"no"}})
	}
	round.Refused[2999].Node = "worker-0"
	for _, output := range []string{"text", "json"} {
		var out bytes.Buffer
		o := approveOptions{App: testApp(), told: map[string]string{}, nodeNames: map[string]bool{"worker-0": true}, output: output}
		o.SetStreams(&out, io.Discard)
		o.tell(round, false)
		if output == "json" {
			var event approvalEvent
			if err := json.Unmarshal(out.Bytes(), &event); err != nil || len(event.Refused) != diag.Most || event.Omitted != 2950 || event.Refused[0].Node != "worker-0" {
				t.Errorf("got %d, %d, %v", len(event.Refused), event.Omitted, err)
			}
		} else if !strings.HasPrefix(out.String(), "refused csr-2999") || !strings.HasSuffix(out.String(), "refused 2950 more, which are not shown: oc get csr lists them\n") {
			t.Errorf("got %s", out.String())
		}
		out.Reset()
		if o.tell(round, false); out.Len() > 0 {
			t.Errorf("told twice: %s", out.String())
		}
	}
}

// A link that somebody has put where a file is to be written is replaced, and what it
// leads to stays; nothing is left half written.
func TestOutputsFollowNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, name := filepath.Join(dir, "victim"), filepath.Join(dir, "graph.svg")
	if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Symlink(victim, name)); err != nil {
		t.Fatal(err)
	}
	if err := cli.WriteOutput(name, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no more")
	err := cli.WriteOutput(name, func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return broken })
	old, readErr := os.ReadFile(victim)
	now, readErr2 := os.ReadFile(name)
	entries, readErr3 := os.ReadDir(dir)
	if !errors.Is(err, broken) || string(old) != "precious" || string(now) != "new" || len(entries) != 2 || errors.Join(readErr, readErr2, readErr3) != nil {
		t.Errorf("%v; %q, %q, %v", err, old, now, entries)
	}
	if err := cli.WriteOutput("/dev/null", func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Error(err)
	}
	info, err := os.Stat("/dev/null")
	if err != nil || info.Mode().IsRegular() {
		t.Errorf("/dev/null is now %v, %v", info, err)
	}
}
