package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// The most that is read of files that flags name, in bytes. None of them is a bound
// that a good file comes near.
const (
	// MaxText is for lists, keys, kubeconfigs, scripts and settings.
	MaxText = 8 << 20
	// MaxConfig is for an install-config. It is more than is taken, so that it is mostly
	// the reader of those that says so.
	MaxConfig = 2 << 20
	// MaxIgnition is for an Ignition config.
	MaxIgnition = 64 << 20
	// MaxStream is for the metadata of a stream.
	MaxStream = 32 << 20
)

// ReadUpTo reads a file that may be a pipe, and is an error if it is larger. The wait
// for a pipe ends with a signal.
func (a *App) ReadUpTo(name string, most int64) ([]byte, error) {
	return system.ReadFile(a.Context(), name, most)
}

// Context ends with the first signal.
func (a *App) Context() context.Context {
	if a.Ctx == nil { // in the test of a part
		return context.Background()
	}
	return a.Ctx
}

// WriteOutput writes a file that a flag names, in one step: a reader sees the old one
// or the new one whole, and a link that has its name is replaced, not followed. What is
// there and no file, such as /dev/stdout, is written to.
func WriteOutput(name string, write func(io.Writer) error) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	if err = write(f); err != nil {
		err = errors.Join(err, f.Close())
	} else {
		err = system.PlaceOver(f, name, system.Mode(0o666))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Unreadable is a file that cannot be read.
func Unreadable(name string, err error, hint string) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return diag.Problem{Position: diag.Position{File: name}, Detail: "the file cannot be read: " + system.Reason(err), Hint: hint}
}
