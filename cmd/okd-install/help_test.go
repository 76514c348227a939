package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
	"github.com/okd-project/okd-install/test/needs"
)

// commandTree lists a command and everything below it, but the hidden ones.
func commandTree(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			all = append(all, commandTree(c)...)
		}
	}
	return all
}

// rootCommand is the whole tree as it is when a command runs.
func rootCommand() *cobra.Command {
	root := root.NewCmd(testApp())
	root.Use = "okd-install" // it is called after the test binary
	root.InitDefaultHelpCmd()
	return root
}

// TestEveryCommandIsExplained also runs the examples, in a directory as the
// user has it when reading them: mycluster/ holds an install-config, and the
// Ignition configs were made; mynode/ holds that of a single node, and nextcluster/
// one of which nothing was made yet.
func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, from := range map[string]string{"mycluster": "mycluster", "nextcluster": "mycluster", "mynode": "mynode"} {
		if err := snapshot([]string{"testdata/" + from, filepath.Join(dir, name)}); err != nil {
			t.Fatal(err)
		}
	}
	inDir(t, dir, "okd-install create ignition-configs --dir mycluster")
	sampleMedia(t, dir)
	sampleCluster(t, dir)
	sampleBundle(t, dir)
	for _, cmd := range commandTree(rootCommand()) {
		for what, text := range map[string]string{"Short": cmd.Short, "Long": cmd.Long, "Example": cmd.Example} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", cmd.CommandPath(), what)
			}
		}
		if len(cmd.Long) <= len(cmd.Short) {
			t.Errorf("the description of %s says no more than its short one", cmd.CommandPath())
		}
		for line := range strings.SplitSeq(strings.ReplaceAll(cmd.Example, "\\\n", ""), "\n") {
			switch line = strings.TrimSpace(line); {
			case strings.Contains(line, "fish"):
				// would write into the home directory
			case strings.HasPrefix(line, "okd-install "), strings.HasPrefix(line, "source "):
				inDir(t, dir, line)
			}
		}
	}
}

// A group that took any word for granted would end with 0, and a pipeline would go
// on without the step that it has misspelt.
func TestGroupsRefuseWords(t *testing.T) {
	t.Parallel()
	for _, cmd := range commandTree(rootCommand()) {
		if !cmd.HasSubCommands() {
			continue
		}
		a := testApp()
		a.SetStreams(io.Discard, io.Discard)
		words := strings.Fields(cmd.CommandPath())[1:]
		if got := a.Run(append(words, "no-such-word"), root.NewCmd); got != cli.ExitFailure {
			t.Errorf("%s no-such-word ends with %d", cmd.CommandPath(), got)
		}
		if got := a.Run(words, root.NewCmd); got != cli.ExitOK {
			t.Errorf("%s alone ends with %d", cmd.CommandPath(), got)
		}
	}
}

// TestHelpFitsTheTerminal keeps descriptions and examples readable.
func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, cmd := range commandTree(rootCommand()) {
		for line := range strings.SplitSeq(cmd.Long+"\n"+cmd.Example, "\n") {
			if len(line) > 88 {
				t.Errorf("the help of %s has a line of %d characters: %s", cmd.CommandPath(), len(line), line)
			}
		}
	}
}

// inDir runs a shell command line that must succeed.
func inDir(t *testing.T, dir, line string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), needs.Program(t, "bash"), "-euo", "pipefail", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TEST_LEAF_KEY=ecdsa-p256", "TEST_CLUSTER=complete", "TEST_SSH="+machineAddress(),
		"TEST_REGISTRY="+registryAddress())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
}
