package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// writerWait is how long a named pipe may have nobody who writes into it, and
// writerPause how often that is looked at.
const (
	writerWait  = 10 * time.Second
	writerPause = 50 * time.Millisecond
)

// errNobodyWrites is a named pipe that was waited for in vain.
var errNobodyWrites = fmt.Errorf("it is a pipe, and nothing was written to it for %s", writerWait)

// ErrFolder is a folder in place of a file.
var ErrFolder error = syscall.EISDIR

// TooLargeError is a file that has more bytes than are read of it.
type TooLargeError struct{ Most int64 }

// Error gives the bound.
func (e TooLargeError) Error() string {
	return fmt.Sprintf("it has more than %d bytes, the limit for such a file", e.Most)
}

// Open opens a file for reading. Unlike os.Open it does not wait for a pipe's other
// end, and does not open folders. Reads end with ctx where they could block.
func Open(ctx context.Context, path string) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := openNow(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrFolder}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// what cannot block has no deadline, which is no harm
	context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	return f, nil
}

// OpenRegular opens a file that must be one, and no pipe, device or folder.
func OpenRegular(ctx context.Context, path string) (*os.File, error) {
	f, err := Open(ctx, path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("it is not a regular file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadFile reads a file that a user names, which may be a pipe: `validate <(command)`.
// A file with more than most bytes is an error, with a TooLargeError in it. The wait
// for a pipe ends with ctx, and soon where nobody has the other end.
func ReadFile(ctx context.Context, path string, most int64) ([]byte, error) {
	f, err := Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Size() > most {
		return nil, &fs.PathError{Op: "read", Path: path, Err: TooLargeError{most}}
	}
	data, err := readAll(ctx, f, most)
	for waited := time.Duration(0); err == nil && len(data) == 0 && isNamedPipe(path); waited += writerPause {
		if waited >= writerWait { // nobody has opened it for writing yet
			return nil, &fs.PathError{Op: "read", Path: path, Err: errNobodyWrites}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(writerPause):
		}
		data, err = readAll(ctx, f, most)
	}
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, &fs.PathError{Op: "read", Path: path, Err: TooLargeError{most}}
	}
	return data, nil
}

// isNamedPipe tells a pipe with a name of its own from the shell's /dev/fd/63, whose
// end is the end of what the other command had to say.
func isNamedPipe(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeNamedPipe != 0
}

// readAll reads one byte more than most at most, until ctx ends.
func readAll(ctx context.Context, r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return data, err
}
