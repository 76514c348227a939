// Package faults runs a program and cuts it short at one of its system calls: it
// kills it there, or has the call fail. Only calls count that have to do with
// one directory, so that a test can go through all of them, one a run.
//
// Run is the one name that a test wants. It needs ptrace, and is for Linux on
// amd64; elsewhere a test is skipped.
package faults

import (
	"path/filepath"
	"strings"
	"syscall"
)

// Program is what is run.
type Program struct {
	// Args is the command line, whose first word is the path of the program.
	Args []string
	Env  []string
	// Dir is the directory whose calls count. It has no links in its path.
	Dir string
	// From tells at which call the counting starts; nil for the first one.
	From func(Call) bool
	// Counts leaves calls out of the counting; nil counts all of them.
	Counts func(Call) bool
}

// Fault is what happens to the program. The zero value lets it run.
type Fault struct {
	// At is the number of the call, from 1; 0 is none.
	At int
	// Errno is with what the call fails. Without one, the program is killed
	// before the call is carried out.
	Errno syscall.Errno
	// Always has all calls from there on fail that change anything, as when the
	// file system is read-only all of a sudden.
	Always bool
}

// Call is a system call that has to do with the directory, or changes something
// elsewhere.
type Call struct {
	// Name is that of the system call, such as renameat.
	Name string
	// Path is what it is about, To the second path of a rename; both absolute.
	Path, To string
	// Changes tells that it changes the file system.
	Changes bool
}

// Within reports whether all that a call names is in a directory, or is it.
func (c Call) Within(dir string) bool {
	in := func(p string) bool { return p == dir || strings.HasPrefix(p, dir+string(filepath.Separator)) }
	return in(c.Path) && (c.To == "" || in(c.To))
}

func (c Call) String() string { return strings.TrimSpace(c.Name + " " + c.Path + " " + c.To) }

// Result is how a run went.
type Result struct {
	// Calls are those that counted, in order.
	Calls []Call
	// Outside are calls that change something which is not in the directory.
	Outside []Call
	// Code is the exit code, or -1 where a signal ended the program.
	Code           int
	Killed         bool
	Stdout, Stderr string
}
