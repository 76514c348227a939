//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Whoever reads the first line only, such as head, does not break the pipe under a short
// output: the command has written all of it before, and ends as always.
func TestFirstLineOnly(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, fastConfig(t), nil)
	for _, line := range []string{
		"--help", "create pivot-config --help", "certs --dir DIR -o wide", "coreos image -o wide", "ignition ls DIR/bootstrap.ign",
		"ignition tree DIR/master.ign", "releases list -o wide", "status --dir DIR", "status --dir DIR -o json", "explain", "version",
		"completion bash", "plan bootstrap-pointer --dir DIR --url https://h/b.ign", "validate --dir DIR",
	} {
		cmd := exec.CommandContext(t.Context(), "okd-install", w.words(line)...) // as which the test binary stands in
		cmd.Env = append(os.Environ(), "TEST_NOW=2026-03-02T09:00:00Z")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = write, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = write.Close()
		_, first := io.ReadFull(read, make([]byte, 1))
		_ = read.Close()
		if err := cmd.Wait(); err != nil || first != nil && !strings.HasPrefix(line, "validate") {
			t.Errorf("%s: %v, %v, %s", line, err, first, said.String())
		}
	}
}
