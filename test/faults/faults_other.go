//go:build !linux || !amd64

package faults

import (
	"testing"

	"github.com/okd-project/okd-install/test/needs"
)

// Run is not there on this system.
func Run(t testing.TB, _ Program, _ Fault) Result {
	t.Helper()
	needs.Missing(t, "system calls are made to fail on Linux on amd64 only")
	return Result{}
}
