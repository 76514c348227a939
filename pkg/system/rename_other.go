//go:build !linux

package system

// renameNew renames a file to a name that nothing has.
func renameNew(from, to string) error { return renameAbsent(from, to) }
