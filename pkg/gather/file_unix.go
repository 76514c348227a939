//go:build unix

package gather

import "os"

func syncFile(f *os.File) error { return f.Sync() }
