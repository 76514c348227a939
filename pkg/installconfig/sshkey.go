package installconfig

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// validateSSHKey checks each line of sshKey as one key of an authorized_keys
// file. Keys are public, but what stands in their place may not be, so that
// nothing is quoted.
func validateSSHKey(c *InstallConfig, f *findings) {
	const path = "sshKey"
	if strings.Contains(c.SSHKey, "PRIVATE KEY-----") {
		f.fail(path, "is a private key", "give the public one, from the file that ends in .pub")
		return
	}
	t := textOf(path, c.SSHKey, f)
	fail := func(n int, detail, hint string) {
		if t.literal {
			t.fail(n, 1, detail, hint)
			return
		}
		f.fail(path, detail, hint)
	}
	for i, line := range t.lines {
		n := i + 1
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if strings.HasPrefix(line, "#") {
			fail(n, fmt.Sprintf("line %d is a comment, which would become a key of the machines", n), "remove the line")
			continue
		}
		key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			next := ""
			if n < len(t.lines) {
				next = t.lines[n]
			}
			detail, hint, wrapped := keySlip(line, next)
			fail(n, fmt.Sprintf("line %d %s", n, detail), hint)
			if wrapped {
				return // what follows belongs to it
			}
			continue
		}
		if len(options) > 0 && !strings.Contains(options[0], "=") && strings.Contains(options[0], ".") {
			fail(n, fmt.Sprintf("line %d begins with the name of a host, as in known_hosts: it is the key of that host", n),
				"write your own public key, from the file that ends in .pub")
			continue
		}
		if strings.Contains(comment, " AAAA") {
			fail(n, fmt.Sprintf("line %d has a second key behind the first, which would be taken for its name", n),
				"write sshKey: | and below it the keys, indented, one on a line")
		}
		if c.FIPS && !slices.Contains([]string{ssh.KeyAlgoRSA, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521}, key.Type()) {
			fail(n, fmt.Sprintf("line %d is a key of type %s, which machines in FIPS mode refuse", n, key.Type()),
				"make one with ssh-keygen -t ecdsa, or -t rsa")
		}
	}
}
