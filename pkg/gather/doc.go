// Package gather fetches the logs of an installation over SSH: from the bootstrap host,
// and from the control plane through it.
//
// Bootstrap makes a log bundle in the asset directory; ServiceRecords reads only how far
// the services of the bootstrap host are. Access says with which keys, by which way and
// with whose word for the hosts' keys.
//
// The bootstrap host is asked to run its installer-gather.sh, which has the same name and
// arguments on the hosts of the established installer. The machines of the control plane
// are asked directly, by a connection that goes through the bootstrap host: no agent is
// forwarded, so that root on a host in trouble cannot use anybody's keys.
//
// What is under way stands in a folder of its own, .log-bundle-partial, and a run that is
// cut off goes on there. The bundle gets its name when it is whole. Secrets are taken out
// once more on this side.
package gather

import (
	"errors"
	"strconv"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
)

// partialFolder is where a bundle is put together, in the asset directory.
const partialFolder = ".log-bundle-partial"

// KnownHostsFile is where the keys of hosts are remembered, in the asset directory.
const KnownHostsFile = ".okd_install_known_hosts"

// Log is told what happens. It is called by several goroutines.
type Log interface {
	Debug(args ...any)
	Info(args ...any)
	Warn(args ...any)
}

// problemOf says what is wrong with a host.
func problemOf(e Endpoint, detail, hint string) error {
	return diag.Problem{Detail: e.String() + ": " + detail, Hint: hint}
}

// isProblem tells that an error has its words already.
func isProblem(err error) bool {
	var p diag.Problem
	return errors.As(err, &p)
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return d.String()
	}
	return strconv.Itoa(int(d.Round(time.Second).Seconds())) + " s"
}
