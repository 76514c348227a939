package main

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
	// maxText is for lists, keys, kubeconfigs, scripts and settings.
	maxText = 8 << 20
	// maxConfig is for an install-config. It is more than is taken, so that it is mostly
	// the reader of those that says so.
	maxConfig = 2 << 20
	// maxIgnition is for an Ignition config.
	maxIgnition = 64 << 20
	// maxStream is for the metadata of a stream.
	maxStream = 32 << 20
)

// readUpTo reads a file that may be a pipe, and is an error if it is larger. The wait
// for a pipe ends with a signal.
func (a *app) readUpTo(name string, most int64) ([]byte, error) {
	return system.ReadFile(a.context(), name, most)
}

// context ends with the first signal.
func (a *app) context() context.Context {
	if a.ctx == nil { // in the test of a part
		return context.Background()
	}
	return a.ctx
}

// writeOutput writes a file that a flag names, in one step: a reader sees the old one
// or the new one whole, and a link that has its name is replaced, not followed. What is
// there and no file, such as /dev/stdout, is written to.
func writeOutput(name string, write func(io.Writer) error) error {
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

// unreadable is a file that cannot be read.
func unreadable(name string, err error, hint string) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return diag.Problem{Position: diag.Position{File: name}, Detail: "the file cannot be read: " + system.Reason(err), Hint: hint}
}
