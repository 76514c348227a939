package assetdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/shell"
	"github.com/okd-project/okd-install/pkg/system"
)

// StateFile is what okd-install remembers of an asset directory. It holds
// private keys, so its mode is 0600.
const StateFile = ".okd_install_state.json"

// Files are files of an asset directory: slash-separated path -> content.
type Files = map[string][]byte

// Dir is an asset directory that is looked at.
type Dir struct {
	path string
	root *os.Root
	lock *lock
	// shared tells that others may write to the directory.
	shared bool
	// Notices are lines for the user about the opening: a recovered commit,
	// a wait for another process.
	Notices []string

	// seen holds what this run has read, by name: a digest, or nothing for a
	// file that was not there.
	mu   sync.Mutex
	seen map[string]string
}

// Locked is an asset directory that this process holds: only such a one is written to.
type Locked struct{ *Dir }

// Opening says how a directory is opened.
type Opening struct {
	// Command is what others see while they wait for this run.
	Command string
	// Wait is how long this run waits for another one, at most. It calls Waiting
	// once, to say whom it waits for.
	Wait    time.Duration
	Waiting func(holder string)
	// AllowShared takes a directory that its group or others may write to.
	AllowShared bool
}

// Open locks the asset directory and finishes a commit that was cut short.
func Open(ctx context.Context, path string, o Opening) (*Locked, error) {
	d, err := Look(path, "create it and put your install-config.yaml into it, or give another one with --dir")
	if err != nil {
		return nil, err
	}
	d.lock, err = d.ready(ctx, o)
	if err != nil {
		return nil, errors.Join(err, d.root.Close())
	}
	recovered, err := d.recover()
	if err != nil {
		_ = d.Close() // a lock file that stays locks nothing
		return nil, err
	}
	if recovered {
		d.Notices = append(d.Notices, "finished what an earlier run had begun to write when it was stopped")
	}
	return &Locked{d}, nil
}

func (d *Dir) ready(ctx context.Context, o Opening) (*lock, error) {
	if err := d.ours(o.AllowShared); err != nil {
		return nil, err
	}
	return d.acquire(ctx, o)
}

// Finish finishes a commit that was cut short, if there is one, for commands that
// look before they open the directory. It returns what is to be told about it.
func Finish(ctx context.Context, path string, o Opening) ([]string, error) {
	if _, err := os.Lstat(filepath.Join(path, stageDir, journalFile)); err != nil {
		return nil, nil //nolint:nilerr // there is nothing to finish, or Open will say why it cannot be seen
	}
	d, err := Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	notices := d.Notices
	if err := d.Close(); err != nil {
		notices = append(notices, err.Error())
	}
	return notices, nil
}

// Close unlocks the directory. An error is that the lock file stays: it is worth
// a warning, as such a file locks nothing.
func (d *Dir) Close() error {
	var err error
	if d.lock != nil {
		err = d.lock.release()
	}
	_ = d.root.Close() // nothing is written through it
	if err == nil {
		return nil
	}
	return dirError(d.Abs(lockFile), "the lock file could not be removed: "+system.Reason(err),
		"remove it when the directory can be written to again; it locks nothing")
}

// Look opens a directory to look at it. absent is the hint where there is none.
func Look(path, absent string) (*Dir, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, dirError(path, "the asset directory does not exist", absent)
	case err != nil:
		return nil, dirError(path, "the asset directory cannot be read: "+system.Reason(err), "check the permissions of the folders above it")
	case !info.IsDir():
		return nil, dirError(path, "this is a file, not an asset directory",
			"give the folder that it is in: --dir "+shell.Word(filepath.Dir(path)))
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, dirError(path, "the asset directory cannot be read: "+system.Reason(err), "run okd-install as its owner")
	}
	d := &Dir{path: path, root: root, seen: map[string]string{}}
	if info, err = root.Stat("."); err == nil {
		d.shared = writableByOthers(info) != ""
		_, err = root.Lstat(StateFile)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(dirError(path, "the asset directory cannot be read: "+system.Reason(err), "run okd-install as its owner"),
			root.Close())
	}
	return d, nil
}

// ours refuses a directory of somebody else, and one that others may write to
// unless that is allowed.
func (d *Dir) ours(allowShared bool) error {
	info, err := d.root.Stat(".")
	if err != nil {
		return dirError(d.path, "the asset directory cannot be read: "+system.Reason(err), "run okd-install as its owner")
	}
	if owner, mine := system.Owner(info); !mine {
		return dirError(d.path, "the asset directory belongs to "+owner+", and okd-install writes secrets only where you are the owner",
			"run okd-install as that user, change the owner with chown, or give a directory of your own with --dir")
	}
	return d.Closed(allowShared)
}

// Closed refuses a directory that others may write to unless that is allowed:
// they could put a state file with keys of theirs there.
func (d *Dir) Closed(allowShared bool) error {
	info, err := d.root.Stat(".")
	if err != nil || allowShared {
		return nil //nolint:nilerr // it was just read
	}
	if bits := writableByOthers(info); bits != "" {
		return dirError(d.path, fmt.Sprintf("users other than you may write to the asset directory (mode %04o), "+
			"and could plant their own keys or manifests in it",
			info.Mode().Perm()),
			fmt.Sprintf("run chmod %s-w %s; or add --allow-shared-dir if you trust everybody who may write there", bits, shell.Word(d.path)))
	}
	return nil
}

// writableByOthers says which users besides the owner may write: g, o, go, or
// nothing.
func writableByOthers(info fs.FileInfo) string {
	bits := ""
	if !system.PermissionsCount {
		return bits
	}
	if info.Mode().Perm()&0o020 != 0 {
		bits = "g"
	}
	if info.Mode().Perm()&0o002 != 0 {
		bits += "o"
	}
	return bits
}

func dirError(path, detail, hint string) error {
	return diag.Problems{{Position: diag.Position{File: path}, Detail: detail, Hint: hint}}
}
