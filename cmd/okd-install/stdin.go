package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// input is the standard input of a command. A read that blocks ends with the
// command: when somebody presses Ctrl-C while nothing comes, there is no byte
// that could wake it.
func input(cmd *cobra.Command) io.Reader {
	return &interruptible{ctx: cmd.Context(), from: cmd.InOrStdin()}
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
