//go:build unix

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

// The script for bash works where nothing but bash is installed.
func TestBashCompletesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.ign", "b.txt", "with space.ign"} {
		if err := os.WriteFile(dir+"/"+name,
			[]byte(`{"ignition":{"version":"3.2.0"},"storage":{"files":[{"path":"/etc/motd"}]}}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir+"/folder", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/folder/log-bundle-1.tar.gz", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ words, want string }{
		{"pla", "plan"},
		{"plan m", "manifests"},
		{"help create m", "manifests"},
		{"plan --release 4.2", "4.22"},
		{"plan --release = 4.22", "4.22"},
		{"plan --leaf-key ecdsa-p2", "ecdsa-p256"},
		{"explain networking.clusterNetworkM", "networking.clusterNetworkMTU"},
		{"ignition ls a", "a.ign"},
		{"ignition ls w", "with space.ign"},
		{"ignition ls b", ""},
		{"ignition ls fo", "folder"},
		{"ignition cat a.ign /etc/", "/etc/motd"},
		{"ignition cat a.ign mo", "motd"},
		{"status --dir f", "folder"},
		{"analyze --dir f", "folder"},
		{"analyze --dir folder f", "folder/log-bundle-1.tar.gz"},
		{"analyze --dir folder --file l", "log-bundle-1.tar.gz"},
		{"coreos image --platform vm", "vmware"},
		{"coreos image --platform metal --format is", "iso"},
		{"coreos image --platform metal --format pxe --part r", "rootfs"},
		{"coreos image --platform aws --format cloud --region us-east-1", "us-east-1"},
		{"coreos download --arch aa", "aarch64"},
		{"certs -o w", "wide"},
		{"create install-config --platform ex", "external"},
		{"create install-config --base-domain a", ""},
		{"create install-config --trust-bundle b", ""}, // left to bash itself, with -o default
	} {
		script := `compopt() { :; } # it only works when somebody presses the key
source <(okd-install completion bash)
COMP_WORDS=(okd-install ` + c.words + `) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9 COMP_LINE="okd-install ` + c.words + `"
COMP_POINT=${#COMP_LINE} COMPREPLY=()
__start_okd-install
printf '%s\n' "${COMPREPLY[0]}"`
		cmd := exec.CommandContext(t.Context(), needs.Program(t, "bash"), "--norc", "-c", script)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		got := strings.TrimRight(strings.ReplaceAll(string(out), `\`, ""), "\n ")
		if err != nil || strings.Contains(got, "\n") || !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: got %q, %v, want %q", c.words, got, err, c.want)
		}
	}
}
