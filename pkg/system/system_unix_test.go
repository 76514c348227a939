//go:build unix

package system

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe with nobody at its other end does not keep a command for ever, and a signal
// ends the wait for a writer who writes nothing.
func TestPipes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := ReadFile(ctx, path, 100); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a writer: got %v", err)
	}
	if _, err := OpenRegular(t.Context(), path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe is a regular file: %v", err)
	}

	writer, err := os.OpenFile(path, os.O_RDWR, 0) // does not wait for a reader
	if err != nil {
		t.Fatal(err)
	}
	silent, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := ReadFile(silent, path, 100); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a silent writer: got %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, _ = f.WriteString("late, but there")
			_ = f.Close()
		}
	}()
	if data, err := ReadFile(t.Context(), path, 100); err != nil || string(data) != "late, but there" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "ten")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(t.Context(), name, 10); err != nil || len(data) != 10 {
		t.Errorf("got %q, %v", data, err)
	}
	var large TooLargeError
	for path, most := range map[string]int64{name: 9, "/dev/zero": 1 << 20} {
		if _, err := ReadFile(t.Context(), path, most); !errors.As(err, &large) || large.Most != most {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if _, err := ReadFile(t.Context(), filepath.Join(dir, "none"), 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := ReadFile(t.Context(), dir, 9); !errors.Is(err, ErrFolder) {
		t.Errorf("got %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadFile(gone, name, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// stranger is a user that is not root, nobody's user ID on most systems.
const stranger = 65534

// Whatever somebody else may write to is no file of ours. The last rows need root, who
// alone can give files away.
func TestReopen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(path string) error
		why    string
		root   bool
	}{
		"as it was made":       {func(string) error { return nil }, "", false},
		"readable for all":     {func(path string) error { return os.Chmod(path, 0o644) }, "", false},
		"writable for a group": {func(path string) error { return os.Chmod(path, 0o620) }, "others may write to it (mode 0620)", false},
		"writable for all":     {func(path string) error { return os.Chmod(path, 0o602) }, "others may write to it (mode 0602)", false},
		"with a second name":   {func(path string) error { return os.Link(path, path+"2") }, "it has another name as well", false},
		"a link": {func(path string) error {
			return errors.Join(os.Rename(path, path+"2"),
				os.Symlink(path+"2", path))
		}, "it cannot be opened as a file of your own", false},
		"a link into the void": {func(path string) error { return errors.Join(os.Remove(path), os.Symlink(path+"2", path)) },
			"it cannot be opened as a file of your own", false},
		"a pipe": {func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) },
			"it is not a regular file", false},
		"a folder": {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
			"it cannot be opened as a file of your own", false},
		"of somebody else":       {func(path string) error { return os.Chown(path, stranger, stranger) }, "it belongs to user ", true},
		"of the group of others": {func(path string) error { return os.Chown(path, -1, stranger) }, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			path := filepath.Join(t.TempDir(), "x")
			f, err := Create(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Close(), test.change(path)); err != nil {
				t.Fatal(err)
			}
			f, err = Reopen(path)
			if err == nil {
				_ = f.Close()
			}
			var foreign *ForeignError
			switch {
			case test.why == "" && err != nil:
				t.Errorf("got %v", err)
			case test.why != "" && (!errors.As(err, &foreign) || !strings.HasPrefix(foreign.Why, test.why)):
				t.Errorf("got %v, want %s", err, test.why)
			}
			if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
				t.Errorf("made over it: %v", err)
			}
		})
	}
	if _, err := Reopen(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	make1 := func(text string) *os.File {
		f, err := Create(filepath.Join(dir, "part"))
		if err == nil {
			_, err = f.WriteString(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	to := filepath.Join(dir, "final")
	if err := Place(make1("one"), to, 0o640); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode() != 0o640 {
		t.Errorf("got %v, %v", info, err)
	}
	if err := Place(make1("two"), to, 0o640); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(to); string(data) != "one" {
		t.Errorf("got %q, %v", data, err)
	}
	if err := os.Remove(filepath.Join(dir, "part")); err != nil { // what could not be placed is the caller's
		t.Fatal(err)
	}
	if err := PlaceOver(make1("two"), to, 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(to); string(data) != "two" {
		t.Errorf("got %q, %v", data, err)
	}
	// somebody exchanges the file in the moment before it gets its name
	f := make1("three")
	if err := errors.Join(os.Remove(f.Name()), os.WriteFile(f.Name(), []byte("evil"), 0o600)); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignError
	if err := PlaceOver(f, to, 0o600); !errors.As(err, &foreign) {
		t.Errorf("got %v", err)
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	if n, known := Room(t.TempDir()); !known || n <= 0 {
		t.Errorf("got %d, %v", n, known)
	}
	if _, known := Room(filepath.Join(t.TempDir(), "none")); known {
		t.Error("a folder that is not there has room")
	}
}
