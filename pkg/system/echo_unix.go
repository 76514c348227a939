//go:build unix

package system

import "golang.org/x/sys/unix"

// HideEcho keeps a terminal from showing what is typed, until restore is called.
// Where it is no terminal, nothing is changed and the error says so.
func HideEcho(fd uintptr) (restore func(), err error) {
	before, err := unix.IoctlGetTermios(int(fd), getTermios)
	if err != nil {
		return func() {}, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(int(fd), setTermios, &hidden); err != nil {
		return func() {}, err
	}
	return func() { _ = unix.IoctlSetTermios(int(fd), setTermios, before) }, nil
}
