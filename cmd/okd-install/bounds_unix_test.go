//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/config"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
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
		"validate PIPE", "ignition ls PIPE", "ignition validate PIPE", "approve-csrs --dir DIR --nodes-file PIPE",
		"approve-csrs --nodes a --kubeconfig PIPE", "coreos import-stream -C DIR PIPE", "coreos download --signing-key PIPE",
		"coreos check --cpu PIPE --image DIR/x --release 5.0", "coreos check --image PIPE", "coreos iso show PIPE",
		"coreos iso kargs show PIPE", "coreos iso ignition show PIPE", "coreos iso network extract PIPE",
		"coreos pxe ignition unwrap PIPE", "coreos pxe ignition wrap -i PIPE -o DIR/out",
		"gather bootstrap --dir DIR --bootstrap 127.0.0.1 --key PIPE", "analyze PIPE",
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
			root := root.NewCmd(a)
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
	text := "apiVersion: v1\nmetadata: {name: demo}\nbaseDomain: example.com\n"
	for i := range 200 {
		text += fmt.Sprintf("nothing%d: x\n", i)
	}
	name := filepath.Join(t.TempDir(), "install-config.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		var out bytes.Buffer
		a := testApp()
		a.SetStreams(&out, io.Discard)
		if code := a.Run(args, root.NewCmd); code != cli.ExitInstallConfig {
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
	var report config.ValidateReport
	if err := json.Unmarshal([]byte(run("validate", name, "-o", "json")), &report); err != nil ||
		len(report.Findings) != diag.Most || report.Omitted < 1 {
		t.Errorf("%d findings and %d more, %v", len(report.Findings), report.Omitted, err)
	}
}
