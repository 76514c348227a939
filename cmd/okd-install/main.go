// Command okd-install turns an install-config.yaml into everything that an OKD
// cluster on the user's own machines needs.
//
// This package is the door: flags, streams, log lines and exit codes. It
// computes nothing. Each command group is one file with an options struct; its
// new…Cmd function reads the flags and its run method does the work by calling
// pkg/asset.
package main

import "os"

// Set by the linker; a build without them asks Go's build information.
var linkedVersion, linkedCommit string

func main() {
	os.Exit(int(newApp(linkedVersion, linkedCommit).run(os.Args[1:], newRootCmd)))
}
