// Package system is what okd-install wants of the operating system and Go's library
// does not have: files that are read without hanging and within a bound, files that
// nobody else can have written to, locks, folders that survive a power cut, how much
// room a disk has, why a connection cannot be made, and the reasons of its errors in
// words.
//
// ReadFile and Open read what a user names, and Interruptible a stream that may never
// say anything. Create, Reopen and Place make a file that gets its name only when it is
// complete. Reason is the system's word for what went wrong. The package knows no
// formats and keeps nothing.
package system
