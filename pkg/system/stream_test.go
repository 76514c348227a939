package system

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestReadUpTo(t *testing.T) {
	t.Parallel()
	if data, err := ReadUpTo(strings.NewReader("abc"), 3); string(data) != "abc" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	if _, err := ReadUpTo(strings.NewReader("abcd"), 3); !errors.As(err, new(TooLargeError)) {
		t.Errorf("a stream above the bound gives %v", err)
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	why := errors.New("no room")
	for _, err := range []error{
		why, &fs.PathError{Op: "open", Path: "a", Err: why}, &os.LinkError{Op: "rename", Old: "a", New: "b", Err: why},
	} {
		if got := Reason(err); got != "no room" {
			t.Errorf("%v: got %q", err, got)
		}
	}
}
