package bootkube

import (
	"flag"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fakes are the programs that the test binary plays, by the name under which it
// is called.
var fakes = map[string]func(*call) int{
	hostName:     enterHost,
	"podman":     podman,
	"oc":         oc,
	"kubelet":    silent,
	"crictl":     crictl,
	"rpm-ostree": silent,
	"ostree":     silent,
	"systemctl":  systemctl,
	"journalctl": journalctl,
	"dig":        dig,
	"ip":         ip,
	"openssl":    openssl,
	"getent":     dig,
	"curl":       curl,
	"agetty":     silent,
	"restorecon": silent,
	"sleep":      sleep,
	"sync":       silent,
	"cp":         cp,
	"jq":         jq,
}

func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	if fake, ok := fakes[name]; ok {
		// not os.Exit, where the race detector makes each of thousands of fakes wait a second
		syscall.Exit(play(name, fake))
	}
	os.Exit(runTests(m))
}

// scratch is a folder that lasts as long as the tests.
var scratch string

func runTests(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "okd-install-bootkube"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(scratch)
	return m.Run()
}
