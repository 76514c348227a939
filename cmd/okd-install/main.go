// Command okd-install turns an install-config.yaml into everything that an OKD
// cluster on the user's own machines needs.
//
// This is the door: flags, streams, log lines and exit codes. It computes nothing.
// What a command gets from outside is internal/cli; the commands are in groups, of
// which each is a package beside it. Each command is an options struct: a new…Cmd
// function reads the flags, and the method run does the work by calling pkg/asset.
// The tests here run the whole program.
package main

import (
	"os"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/cli"
	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
)

// Set by the linker; a build without them asks Go's build information.
var linkedVersion, linkedCommit string

func main() {
	os.Exit(int(cli.New(linkedVersion, linkedCommit).Run(os.Args[1:], root.NewCmd)))
}
