package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/pxe"
)

// CopyChanged makes a new file from another one: change reads the old and writes
// the new, which appears under its name when it is complete. Out is "-" for
// stdout. The error is a diag.Problem with the path.
func CopyChanged(ctx context.Context, in, out string, stdout io.Writer, change func(io.Writer, io.Reader) error) error {
	if err := absent(out); err != nil {
		return err
	}
	f, err := openInitrd(in)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	run := func(w io.Writer) error { return inFile(in, change(w, withContext(ctx, f))) }
	if out == "-" {
		return run(stdout)
	}
	return writeNew(out, func(f *os.File) error { return run(f) })
}

// WriteFile writes a small file that was made here. It appears under its name when
// it is complete. Mode is what it gets, whatever the umask. A file that is there
// already with the same content is left alone, and so is one with another, which is
// an error: nobody's file is replaced.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	same, err := holds(path, data)
	if err != nil || same {
		return err
	}
	return replace(path, mode, func(f *os.File) error {
		if _, err := f.Write(data); err != nil {
			return err
		}
		return absent(path) // someone may have made it meanwhile
	})
}

// holds tells whether a file is there with this content. Another content, or
// something that is not a file, is an error.
func holds(path string, data []byte) (bool, error) {
	if absent(path) == nil {
		return false, nil
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == int64(len(data)) {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
			return true, nil
		}
	}
	return false, diag.Problem{Position: diag.Position{File: filepath.ToSlash(path)}, Detail: "exists with another content, and is not replaced", Hint: "remove it, or name another place"}
}

// inFile adds the path to problems that have none, unless they are about a flag.
func inFile(path string, err error) error {
	var one diag.Problem
	var many diag.Problems
	switch {
	case errors.As(err, &one) && one.File == "" && !strings.HasPrefix(one.Path, "--"):
		one.File = path
		return one
	case errors.As(err, &many):
		for i := range many {
			if many[i].File == "" && !strings.HasPrefix(many[i].Path, "--") {
				many[i].File = path
			}
		}
		return many
	}
	return err
}

func openProblem(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		hint := ""
		if path == "-" {
			hint = "this command does not read standard input: name a file"
		}
		return diag.Problem{Position: diag.Position{File: filepath.ToSlash(path)}, Detail: "does not exist", Hint: hint}
	}
	return fileProblem(path, "cannot be used", err)
}

// openInitrd opens a file that is to be read as an initrd.
func openInitrd(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openProblem(path, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, diag.Problem{Position: diag.Position{File: filepath.ToSlash(path)}, Detail: "is a directory, not an initrd"}
	}
	return f, nil
}

// absent refuses to replace a file.
func absent(path string) error {
	if path == "-" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return diag.Problem{Position: diag.Position{File: path}, Detail: "exists, and is not replaced", Hint: "remove it, or give --output another name"}
	}
	return nil
}

// writeNew makes a file that appears under its name when it is complete and on
// the disk. Only its owner can read it: it may hold the keys of a cluster.
func writeNew(path string, fill func(*os.File) error) error {
	return replace(path, 0o600, func(f *os.File) error {
		return errors.Join(fill(f), absent(path)) // someone may have made it meanwhile
	})
}

func replace(path string, mode fs.FileMode, fill func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return openProblem(filepath.Dir(path), err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := fill(f); err != nil {
		return errors.Join(writeProblem(path, f.Name(), err), f.Close())
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return writeProblem(path, f.Name(), err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return openProblem(path, err)
	}
	return nil
}

// writeProblem says of the file that is wanted what went wrong with the part that
// is written first; other errors stay as they are.
func writeProblem(path, part string, err error) error {
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) || pathErr.Path != part {
		return err
	}
	p := diag.Problem{Position: diag.Position{File: filepath.ToSlash(path)}, Detail: "cannot be written: " + pathErr.Err.Error()}
	if noSpace(err) {
		p.Hint = "make room on this disk, or give --output a name on another one"
	}
	return p
}

// withContext ends a copy with the context.
func withContext(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// ReadInitrd reads the Ignition config and the keyfiles in the initrd at a path,
// by their path in it. The error is a diag.Problem with the path.
func ReadInitrd(path string) (map[string][]byte, error) {
	f, err := openInitrd(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	files, err := pxe.Unwrap(f)
	return files, inFile(path, err)
}
