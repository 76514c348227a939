package system

import (
	"context"
	"io"
)

// ReadUpTo reads a stream to its end. One with more than most bytes is a TooLargeError.
func ReadUpTo(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = TooLargeError{Most: most}
	}
	return data, err
}

// Interruptible is a stream, such as standard input, whose reads end with ctx: when
// somebody presses Ctrl-C while nothing comes, there is no byte that could wake them.
func Interruptible(ctx context.Context, from io.Reader) io.Reader {
	return &interruptible{ctx: ctx, from: from}
}

// interruptible reads in the background, one piece at a time.
type interruptible struct {
	ctx  context.Context
	from io.Reader
	// left is what has been read and not yet asked for.
	left []byte
	err  error
}

func (i *interruptible) Read(p []byte) (int, error) {
	if len(i.left) == 0 && i.err == nil {
		piece := make(chan func(), 1)
		buffer := make([]byte, 64<<10)
		go func() {
			n, err := i.from.Read(buffer)
			piece <- func() { i.left, i.err = buffer[:n], err }
		}()
		select {
		case <-i.ctx.Done():
			return 0, i.ctx.Err()
		case take := <-piece:
			take()
		}
	}
	n := copy(p, i.left)
	i.left = i.left[n:]
	if len(i.left) > 0 {
		return n, nil
	}
	return n, i.err
}
