package system

import "golang.org/x/sys/windows"

// HideEcho keeps a console from showing what is typed, until restore is called.
// Where it is no console, nothing is changed and the error says so.
func HideEcho(fd uintptr) (restore func(), err error) {
	var before uint32
	if err := windows.GetConsoleMode(windows.Handle(fd), &before); err != nil {
		return func() {}, err
	}
	if err := windows.SetConsoleMode(windows.Handle(fd), before&^windows.ENABLE_ECHO_INPUT); err != nil {
		return func() {}, err
	}
	return func() { _ = windows.SetConsoleMode(windows.Handle(fd), before) }, nil
}
