package wizard

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/okd-project/okd-install/pkg/assetdir"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// This file is what the wizard does on the disk itself. It only looks and reads: what it
// writes goes through package assetdir.

// maxAnswer is the most that is read of a file that an answer is in, or names, in bytes.
const maxAnswer = 2 << 20

// folder reports whether a folder is there, and if not, whether the one is that it is to
// be made in.
func folder(dir string) (there, makeable bool) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return true, false
	}
	parent, err := os.Stat(filepath.Dir(filepath.Clean(dir)))
	return false, err == nil && parent.IsDir()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// makeDir makes the asset directory if it is not there.
func (w *wizard) makeDir() error {
	if err := assetdir.Make(w.Dir); err != nil {
		return diag.Problem{
			Position: diag.Position{File: w.Dir},
			Detail:   "the asset directory cannot be made: " + system.Reason(err),
			Hint:     "make it, or name another with --dir",
		}
	}
	return nil
}

// readPath makes sure that a file can be read, and keeps where it is.
func readPath(w *wizard, answer string) (string, error) {
	if answer == "" {
		return "", nil
	}
	path := answer
	if rest, ok := strings.CutPrefix(path, "~/"); ok && w.Home != "" {
		path = filepath.Join(w.Home, rest)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", diag.Problem{
			Detail: "the file " + diag.Clip(answer, 80) + " cannot be read: " + system.Reason(err),
			Hint:   "name a file that is there",
		}
	case !info.Mode().IsRegular():
		return "", diag.Problem{Detail: diag.Clip(answer, 80) + " is not a file", Hint: "name a file"}
	case info.Size() > maxAnswer:
		return "", diag.Problem{Detail: diag.Clip(answer, 80) + " is too large to be meant", Hint: "name another file"}
	}
	if _, err := w.ReadFile(path, maxAnswer); err != nil {
		return "", diag.Problem{
			Detail: "the file " + diag.Clip(answer, 80) + " cannot be read: " + system.Reason(err),
			Hint:   "check its permissions",
		}
	}
	return path, nil
}
