package system

import "syscall"

// What the operating system says when a connection cannot be made: the codes
// that Windows' sockets return, which are not those of package syscall's names.
// See https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
var (
	refusedErrnos = []syscall.Errno{10061}
	routeErrnos   = []syscall.Errno{10051, 10064, 10065, 10049}
	resetErrnos   = []syscall.Errno{10053, 10054, 10058}
)
