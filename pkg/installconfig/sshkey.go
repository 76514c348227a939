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
	n := 0
	for line := range strings.Lines(c.SSHKey) {
		line = strings.TrimSpace(line)
		if n++; line == "" {
			continue
		}
		if strings.HasPrefix(line, "#") {
			f.fail(path, fmt.Sprintf("line %d is a comment, which would become a key of the machines", n), "remove the line")
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			f.fail(path, fmt.Sprintf("line %d is not a public key", n),
				"each line is one key such as ssh-ed25519 AAAA… name, from a file that ends in .pub")
			continue
		}
		if c.FIPS && !slices.Contains([]string{ssh.KeyAlgoRSA, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521}, key.Type()) {
			f.fail(path, fmt.Sprintf("line %d is a key of type %s, which machines in FIPS mode refuse", n, key.Type()),
				"make one with ssh-keygen -t ecdsa, or -t rsa")
		}
	}
}
