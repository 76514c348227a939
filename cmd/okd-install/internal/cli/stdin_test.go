package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spf13/cobra"
)

// Somebody presses Ctrl-C while a command waits for input that does not come:
// the command ends, where it used to wait on.
func TestInputEndsWithTheCommand(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	silent, writer := io.Pipe()
	defer writer.Close()
	cmd := &cobra.Command{}
	cmd.SetContext(ctx)
	cmd.SetIn(silent)
	ended := make(chan error)
	go func() {
		_, err := io.ReadAll(Input(cmd))
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the read ends with %v", err)
	}
}

// What comes in pieces of any size comes through whole, and so does an error.
func TestInputComesThrough(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcdef", 20_000)
	for name, from := range map[string]io.Reader{
		"whole": strings.NewReader(text), "halves": iotest.HalfReader(strings.NewReader(text)),
		"end with data": iotest.DataErrReader(strings.NewReader(text)),
	} {
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		cmd.SetIn(from)
		got, err := io.ReadAll(Input(cmd))
		if err != nil || !bytes.Equal(got, []byte(text)) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(text), err)
		}
	}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	cmd.SetIn(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("the disk is gone"))))
	if got, err := io.ReadAll(Input(cmd)); string(got) != "abc" || err == nil || err.Error() != "the disk is gone" {
		t.Errorf("%q, %v", got, err)
	}
}
