package system

import (
	"errors"
	"slices"
	"syscall"
)

// ConnectionRefused reports that nothing listens on a port.
func ConnectionRefused(err error) bool { return isErrno(err, refusedErrnos) }

// NoRoute reports that there is no way to a host.
func NoRoute(err error) bool { return isErrno(err, routeErrnos) }

// ConnectionReset reports that the other side has closed a connection in the middle.
func ConnectionReset(err error) bool { return isErrno(err, resetErrnos) }

func isErrno(err error, list []syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(list, errno)
}
