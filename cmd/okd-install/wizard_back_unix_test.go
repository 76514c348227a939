//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
)

// hinted is what stands between a question that is drawn and its proposal.
const hinted = ": [? for help, < back] "

// inBothWays runs a test drawn and line by line; a step says what to type in each.
func inBothWays(t *testing.T, args []string, test func(t *testing.T, c *console, dir string, do func(label, drawn, plain string))) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		t.Run(map[bool]string{false: "drawn", true: "plain"}[plain], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			all := append([]string{"create", "install-config", "--dir", "c"}, args...)
			if plain {
				all = append(all, "--plain")
			}
			c := atTerminal(t, dir, nil, all...)
			test(t, c, dir, func(label, drawn, line string) {
				t.Helper()
				if before, proposed, ok := strings.Cut(label, hinted); ok && plain {
					label = before + " (? for help, < back) [" + strings.Trim(proposed, "()") + "]"
				}
				c.expect(label)
				if plain {
					drawn = line
				}
				c.send(drawn + enter)
			})
		})
	}
}

// written reads the config that came out.
func written(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "c", "install-config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("there is no line %q in\n%s", line, text)
		}
	}
}

// With < one goes back, as often as there are questions; what was answered is
// proposed again, but what only was proposed follows the new answers.
func TestWizardGoesBack(t *testing.T) {
	t.Parallel()
	inBothWays(t, nil, func(t *testing.T, c *console, dir string, do func(label, drawn, plain string)) {
		c.expect("with < to go back")
		do("Where will the cluster run", "", "")
		do("OKD release", "<", "<") // a list
		do("Where will the cluster run", down, "2")
		do("OKD release", "", "")
		do("Name of the cluster", "okd", "okd")
		do("Base domain", "<", "<")
		do("Name of the cluster: [? for help, < back] (okd)", "", "") // a text
		do("Base domain", "example.com", "example.com")
		do("Name of the provider", "oci", "oci")
		do("Cloud controller manager", down, "2")
		do("Network of the machines", "10.0.0.0/16", "10.0.0.0/16")
		do("Network of the services", "<", "<")
		do("Network of the machines", "<", "<")
		do("Cloud controller manager", "", "")                          // External, as before
		do("Network of the machines", "172.30.0.0/16", "172.30.0.0/16") // instead of what is proposed
		do("172.22.0.0/16", "", "")                                     // another proposal
		do("Network of the pods", "", "")
		do("Part of it", "24", "24")
		do("control plane machines", "3", "3")
		do("Number of workers", "", "")
		do("SSH key", "<", "<")
		do("Number of workers", "<", "<")
		do("control plane machines", "2", "2")
		do("A third vote", down, "2") // make it three: the answer is another one then
		do("Number of workers", "<", "<")
		do("control plane machines", "1", "1")
		do("Number of workers: [? for help, < back] (0)", "", "") // not the 3 that was proposed for three
		do("Disk for a node", "<", "<")
		do("Number of workers", "", "")
		do("Disk for a node", "/dev/vda", "/dev/vda")
		do("SSH key", "", "")
		do("Pull secret", down, "2")
		do("File of the pull secret", "<", "<") // back to the list that it belongs to
		do("Pull secret", "", "")
		do("Proxy for http", "http://u:hunter2@proxy.example.com:3128", "http://u:hunter2@proxy.example.com:3128")
		do("Proxy for https: [? for help, < back] (not shown)", "<", "<")
		do("Proxy for http: [? for help, < back] (not shown)", "", "")
		do("Proxy for https", "", "")
		do("Reached without the proxy", "", "")
		do("Mirror", "", "")
		do("File with certificates", "", "")
		do("Write it", "<", "<")
		do("File with certificates", "", "")
		do("Write it", "", "")
		c.exits(0)
		wantLines(t, written(t, dir), "  name: okd", "  - cidr: 172.30.0.0/16", "  - 172.22.0.0/16", "    hostPrefix: 24",
			"    platformName: oci",
			"    cloudControllerManager: External", "  installationDisk: /dev/vda", "  httpsProxy: http://u:hunter2@proxy.example.com:3128")
		if n := strings.Count(c.raw(), "hunter2"); n > 2 { // as it is typed, and when it is taken
			t.Errorf("the password, which was typed once, is on the screen %d times", n)
		}
	})
}

// At the end any answer can be changed. Only what the new one raises, or what
// does not fit it, is asked again.
func TestWizardChangesAnAnswer(t *testing.T) {
	t.Parallel()
	args := []string{
		"--release", "4.22", "--cluster-name", "okd", "--base-domain", "example.com", "--pull-secret", "public",
		"--http-proxy", "", "--mirror", "",
	}
	inBothWays(t, args, func(t *testing.T, c *console, dir string, do func(label, drawn, plain string)) {
		do("Where will the cluster run", "", "")
		do("Network of the machines", "10.0.0.0/16", "10.0.0.0/16")
		do("Network of the services", "", "")
		do("Network of the pods", "", "")
		do("Part of it", "", "")
		do("control plane machines", "", "")
		do("Number of workers", "4", "4")
		do("SSH key", "", "")
		// to a network that takes that of the services
		do("Write it", down, "2")
		do("Network of the machines: 10.0.0.0/16", down, "2")
		do("Network of the machines", "172.30.0.0/16", "172.30.0.0/16")
		c.expect(`Your answer to "Network of the services" does not fit any more: 172.30.0.0/16 overlaps`)
		do("Network of the services", "", "")
		// another platform asks its own questions, and no others
		do("Write it", down, "2")
		do("Which answer", "", "1")
		do("Where will the cluster run", down, "2")
		do("Name of the provider", "oci", "oci")
		do("Cloud controller manager", "<", "<")
		do("Name of the provider", "", "")
		do("Cloud controller manager", "", "")
		// back from a change leaves all as it is, and so does back from the choice
		do("Write it", down, "change")
		do("Number of workers: 4", "workers", "9")
		do("Number of workers: [? for help, < back] (4)", "<", "<")
		do("Write it", down, "2")
		do("Which answer", "<", "<")
		do("Write it", "", "")
		c.exits(0)
		text := written(t, dir)
		wantLines(t, text, "  - cidr: 172.30.0.0/16", "  - 172.22.0.0/16", "  replicas: 4", "    platformName: oci")
		if shown := c.text(); strings.Contains(shown, "Name of the cluster: okd") || strings.Contains(shown, "Pull secret:") {
			t.Errorf("what a flag says can be changed:\n%s", shown)
		}
	})
}

// Answers of a file are not asked for, but one can go back to them, and change
// them at the end; interrupted in a change, no answer is lost.
func TestWizardChangesAnswersOfAFile(t *testing.T) {
	t.Parallel()
	for _, plain := range []string{"--plain=false", "--plain=true"} {
		t.Run(plain, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			answers := "platform: external\nrelease: '4.22'\nclusterName: okd\nbaseDomain: example.com\nplatformName: oci\ncloudControllerManager: ''\n" +
				"machineNetwork: 10.0.0.0/16\nserviceNetwork: 172.30.0.0/16\nclusterNetwork: 10.128.0.0/14\nhostPrefix: '23'\ncontrolPlane: '3'\n"
			if err := os.WriteFile(filepath.Join(dir, "answers.yaml"), []byte(answers), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"create", "install-config", "--dir", "c", "--answers", "answers.yaml", plain}
			c := atTerminal(t, dir, nil, args...)
			c.expect("Number of workers")
			c.send("<" + enter)
			c.expect("Number of control plane machines")
			c.send("<" + enter)
			c.expect("Part of it")
			c.send("25" + enter)
			c.expect("Number of control plane machines")
			c.send(enter)
			c.expect("Number of workers")
			c.send("2" + enter)
			for _, label := range []string{"SSH key", "Pull secret", "Proxy for http", "Mirror"} {
				c.expect(label)
				c.send(enter)
			}
			c.expect("Write it")
			c.send(map[string]string{"--plain=true": "2", "--plain=false": down}[plain] + enter)
			c.expect("Which answer")
			c.send(enterFirst(plain) + enter)
			c.expect("Where will")
			c.send(ctrlC)
			c.expect("your answers so far")
			c.exits(cli.ExitInterrupted)
			inDir(t, dir, "okd-install create install-config --answers c/"+answersFile+" --dir c")
			wantLines(t, written(t, dir), "    hostPrefix: 25", "    platformName: oci", "  replicas: 2")
		})
	}
}

// What was only proposed is asked again when a change makes that another
// proposal: nobody has said that https goes through the old proxy.
func TestWizardAsksAgainWhereTheProposalChanges(t *testing.T) {
	t.Parallel()
	args := []string{"--platform", "none", "--release", "4.22", "--cluster-name", "okd", "--base-domain", "example.com",
		"--machine-network", "192.168.1.0/24", "--service-network", "172.30.0.0/16", "--cluster-network", "10.128.0.0/14",
		"--host-prefix", "23", "--ssh-key", "none", "--pull-secret", "public", "--mirror", ""}
	inBothWays(t, args, func(t *testing.T, c *console, dir string, do func(label, drawn, plain string)) {
		do("control plane machines", "", "")
		do("Number of workers", "", "")
		do("Proxy for http", "http://old.example.com:3128", "http://old.example.com:3128")
		do("Proxy for https", "", "")
		do("Reached without the proxy", "", "")
		do("File with certificates", "", "")
		do("Write it", down, "2")
		do("Proxy for http: http://old", "Proxy for http:", "3")
		do("Proxy for http", "http://new.example.com:3128", "http://new.example.com:3128")
		do("Proxy for https: [? for help, < back] (http://new.example.com:3128)", "", "")
		do("Write it", down, "2")
		do("Which answer", "", "1")
		do("control plane machines", "1", "1")
		do("Number of workers: [? for help, < back] (0)", "", "")
		do("Disk for a node", "", "")
		do("Write it", "", "")
		c.exits(0)
		text := written(t, dir)
		wantLines(t, text, "  httpProxy: http://new.example.com:3128", "  httpsProxy: http://new.example.com:3128",
			"  replicas: 1", "  replicas: 0")
	})
}

// enterFirst chooses the first entry of a list that has no default.
func enterFirst(plain string) string {
	return map[string]string{"--plain=true": "1", "--plain=false": ""}[plain]
}

// What was given but belongs to other answers is said, and ends nothing.
func TestWizardLeavesOutWhatDoesNotBelong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := atTerminal(t, dir, nil, "create", "install-config", "--dir", "c", "--platform", "none", "--platform-name", "oci",
		"--release", "4.22", "--cluster-name", "okd", "--base-domain", "example.com", "--machine-network", "192.168.1.0/24",
		"--service-network", "172.30.0.0/16", "--cluster-network", "10.128.0.0/14", "--host-prefix", "23", "--control-plane", "3",
		"--workers", "2", "--ssh-key", "none", "--pull-secret", "public", "--http-proxy", "", "--mirror", "", "--plain")
	c.expect("Note: --platform-name is given, but does not belong")
	c.expect("1. yes 2. no, keep only my answers") // nothing is left to change
	c.send("<" + enter)
	c.expect("number from 1 to 2")
	c.send(enter)
	c.exits(0)
	wantLines(t, written(t, dir), "  replicas: 2")
}
