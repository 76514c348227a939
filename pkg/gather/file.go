package gather

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// fileProblem says why a file of ours cannot be read or written.
func fileProblem(path, what string, err error) error {
	if isProblem(err) {
		return err
	}
	hint := "check its permissions"
	switch {
	case system.DiskFull(err):
		hint = "free space on that disk and run the same command again: it continues from here"
	case errors.Is(err, fs.ErrNotExist):
		hint = "give a file that exists"
	}
	return diag.Problem{Position: diag.Position{File: path}, Detail: what + ": " + system.Reason(err), Hint: hint}
}

// ours marks errors of files on this side, which no new connection mends.
type ours struct{ error }

func (o ours) Unwrap() error { return o.error }

// ourWriter marks the errors of a writer as ours.
type ourWriter struct {
	w    io.Writer
	path string
}

func (w ourWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		err = ours{fileProblem(w.path, "the log bundle cannot be written", err)}
	}
	return n, err
}

// syncFolder makes what is in a folder survive a power cut.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(system.SyncFolder(f), f.Close())
}
