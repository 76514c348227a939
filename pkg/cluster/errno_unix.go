//go:build !windows

package cluster

import (
	"errors"
	"slices"
	"syscall"
)

// What the operating system says when a connection cannot be made.
var (
	refusedErrnos = []syscall.Errno{syscall.ECONNREFUSED}
	routeErrnos   = []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EADDRNOTAVAIL}
	resetErrnos   = []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED}
)

func isErrno(err error, list []syscall.Errno) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(list, errno)
}
