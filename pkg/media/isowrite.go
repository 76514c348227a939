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
	"github.com/okd-project/okd-install/pkg/system"
)

// CopyChanged makes a new file from another one: change reads the old and writes
// the new, which appears under its name when it is complete. Out is "-" for
// stdout. The error is a diag.Problem with the path.
func CopyChanged(ctx context.Context, in, out string, stdout io.Writer, change func(io.Writer, io.Reader) error) error {
	if err := absent(out); err != nil {
		return err
	}
	f, err := openInitrd(ctx, in)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	run := func(w io.Writer) error { return inFile(in, change(w, &untilDone{ctx, f})) }
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
	return place(path, mode, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	}, absent)
}

// holds reports whether a file is there with this content. Another content, or
// something that is not a file, is an error, and so is a file of somebody else.
func holds(path string, data []byte) (bool, error) {
	if absent(path) == nil {
		return false, nil
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == int64(len(data)) {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
			if err := system.Owned(path, info); err != nil {
				return false, diag.Problem{
					Position: diag.Position{File: filepath.ToSlash(path)},
					Detail:   "exists, and " + err.Error() + ", who can change it at any time",
					Hint:     "remove it, or give another place",
				}
			}
			return true, nil
		}
	}
	return false, diag.Problem{
		Position: diag.Position{File: filepath.ToSlash(path)},
		Detail:   "exists with other content, and is not replaced",
		Hint:     "remove it, or give another place",
	}
}

// inFile adds the path to problems that have none, unless they are about a flag.
func inFile(path string, err error) error {
	var one diag.Problem
	var many diag.Problems
	switch {
	case errors.As(err, &many):
		for i := range many {
			if many[i].File == "" && !strings.HasPrefix(many[i].Path, "--") {
				many[i].File = path
			}
		}
		return many
	case errors.As(err, &one) && one.File == "" && !strings.HasPrefix(one.Path, "--"):
		one.File = path
		return one
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
func openInitrd(ctx context.Context, path string) (*os.File, error) {
	f, err := system.Open(ctx, path)
	if errors.Is(err, system.ErrFolder) {
		return nil, diag.Problem{Position: diag.Position{File: filepath.ToSlash(path)}, Detail: "is a directory, not an initrd"}
	}
	if err != nil {
		return nil, openProblem(path, err)
	}
	return f, nil
}

// absent refuses to replace a file.
func absent(path string) error {
	if path == "-" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return diag.Problem{
			Position: diag.Position{File: path},
			Detail:   "exists, and is not replaced",
			Hint:     "remove it, or give --output another name",
		}
	}
	return nil
}

// writeNew makes a file that appears under its name when it is complete and on
// the disk. Only its owner can read it: it may hold the keys of a cluster.
func writeNew(path string, fill func(*os.File) error) error {
	return place(path, 0o600, fill, absent)
}

// place makes a file under another name and gives it its own when it is complete.
// taken is the error where something has come to have that name meanwhile.
func place(path string, mode fs.FileMode, fill func(*os.File) error, taken func(string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return openProblem(filepath.Dir(path), err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it may be closed already
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := fill(f); err != nil {
		return writeProblem(path, f.Name(), err)
	}
	switch err := system.Place(f, path, mode); {
	case errors.Is(err, fs.ErrExist):
		return taken(path)
	case err != nil:
		return openProblem(path, writeProblem(path, f.Name(), err))
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
	if system.DiskFull(err) {
		p.Hint = "free space on this disk, or give --output a name on another one"
	}
	return p
}

// ReadInitrd reads the Ignition config and the keyfiles in the initrd at a path,
// by their path in it. The error is a diag.Problem with the path.
func ReadInitrd(ctx context.Context, path string) (map[string][]byte, error) {
	f, err := openInitrd(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	files, err := pxe.Unwrap(f)
	return files, inFile(path, err)
}
