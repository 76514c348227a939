package system

import (
	"errors"
	"io/fs"
	"os"
)

// Reason is the operating system's word for what went wrong with a file, without the
// path, which whoever reports it names anyway.
func Reason(err error) string {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		return pathErr.Err.Error()
	case errors.As(err, &linkErr):
		return linkErr.Err.Error()
	}
	return err.Error()
}
