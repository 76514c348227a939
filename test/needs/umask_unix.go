//go:build unix

package needs

import "syscall"

// The folders of tests are asset directories, too, and one that others may write
// to is refused: the umask 002, which some systems give to their users, would
// make such folders. One that is stricter stays: test binaries also play programs that
// are called with it.
func init() { syscall.Umask(syscall.Umask(0o077) | 0o022) }
