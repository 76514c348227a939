//go:build unix

package system

import "syscall"

// What the operating system says when a connection cannot be made.
var (
	refusedErrnos = []syscall.Errno{syscall.ECONNREFUSED}
	routeErrnos   = []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EADDRNOTAVAIL}
	resetErrnos   = []syscall.Errno{syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED}
)
