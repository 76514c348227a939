// Package cli is what every command of okd-install stands on. App is all that comes
// from outside: streams, clock, environment, connections, and the flags that every
// command has; Run executes a command line, and nobody else decides what an error
// means. Beside it are the words about command lines that cannot be understood, the
// forms of output (text, a Table, data for programs), the log and its file, the flags
// that several commands share, and bounds for what is read.
//
// Only this package asks the process for its arguments, its environment, its streams
// and the time. It knows no command.
package cli
