package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// partial is a file on its way: hidden, locked by the process that writes it,
// with a note beside it about where it comes from.
type partial struct {
	file  *os.File
	final string
	sum   hash.Hash
	size  int64 // bytes that are on the disk and in sum
	origin
}

// origin is the note. A partial file without one, or one for another sum, is of no use.
type origin struct {
	// SHA256 is what the whole file must have.
	SHA256 string `json:"sha256"`
	// Validator is the strong ETag or else the date that the server gave; a
	// server that has the same one still has the same file.
	Validator string `json:"validator,omitempty"`
	// Total is the size of the whole file; 0 if the server did not say.
	Total int64 `json:"total,omitempty"`
}

// partialPaths are where a file is kept until it is complete: the first of them that is
// not somebody else's. In a folder of several users each has a file of his own, since
// one that another user could write to may change after its sum was made.
func partialPaths(final string) []string {
	base := filepath.Join(filepath.Dir(final), "."+filepath.Base(final))
	paths := []string{base + ".partial"}
	if id := system.UserID(); id != "" {
		paths = append(paths, base+"."+id+".partial")
	}
	return paths
}

func (p *partial) notePath() string { return p.file.Name() + ".json" }

// openPartial opens the partial file of final, and waits while another process of the
// same user writes it. It takes over what an earlier run left, if that is of the same
// file and nobody else can have written to it.
func openPartial(ctx context.Context, final, sha256Sum string, waiting func()) (*partial, error) {
	var foreign *system.ForeignError
	for _, path := range partialPaths(final) {
		p, err := openPartialAt(ctx, path, final, sha256Sum, waiting)
		if !errors.As(err, &foreign) {
			return p, err
		}
	}
	return nil, diag.Problem{
		Position: diag.Position{File: filepath.ToSlash(foreign.Path)},
		Detail:   "a file of this name exists: " + foreign.Why + ", so what is in it may change at any time",
		Hint:     "remove it, or give a folder of your own",
	}
}

func openPartialAt(ctx context.Context, path, final, sha256Sum string, waiting func()) (*partial, error) {
	for told := false; ; {
		f, err := system.Reopen(path)
		if errors.Is(err, fs.ErrNotExist) {
			f, err = system.Create(path)
		}
		var foreign *system.ForeignError
		switch {
		case errors.As(err, &foreign):
			return nil, err
		case errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist):
			if err := sleep(ctx, time.Millisecond); err != nil { // it came or went at this moment
				return nil, err
			}
			continue
		case err != nil:
			return nil, fileProblem(path, "the file cannot be written", err)
		}
		held, err := system.TryLock(f)
		if err == nil && held && stillThere(f) {
			p := &partial{file: f, final: final, sum: sha256.New()}
			if err := p.takeOver(ctx, sha256Sum); err != nil {
				p.close()
				return nil, err
			}
			return p, nil
		}
		_ = f.Close() // nothing was written
		if err != nil {
			return nil, fileProblem(path, "the file cannot be locked", err)
		}
		if held {
			continue // it became the final file meanwhile
		}
		if !told {
			waiting()
			told = true
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// stillThere reports whether the file's name still leads to it.
func stillThere(f *os.File) bool {
	mine, err := f.Stat()
	there, err2 := os.Lstat(f.Name())
	return err == nil && err2 == nil && os.SameFile(mine, there)
}

// maxNote is far above any note.
const maxNote = 4 << 10

// readNote reads the note beside the file. What somebody else has written is none.
func (p *partial) readNote() (o origin, ok bool, err error) {
	f, err := system.Reopen(p.notePath())
	if errors.Is(err, fs.ErrNotExist) {
		return o, false, nil
	}
	if err != nil {
		return o, false, err
	}
	defer func() { _ = f.Close() }() // it is only read
	data, err := io.ReadAll(io.LimitReader(f, maxNote))
	return o, err == nil && json.Unmarshal(data, &o) == nil && o.Total >= 0, nil
}

// takeOver reads what is there into the sum.
func (p *partial) takeOver(ctx context.Context, want string) error {
	o, ok, err := p.readNote()
	if err != nil {
		return err
	}
	if p.origin = o; !ok || o.SHA256 != want {
		p.origin = origin{SHA256: want}
		return p.restart()
	}
	if p.size, err = hashFile(ctx, p.sum, p.file, nil); err != nil {
		return err
	}
	if p.Total > 0 && p.size > p.Total {
		return p.restart()
	}
	return nil
}

// restart throws away what is there.
func (p *partial) restart() error {
	p.sum.Reset()
	p.size = 0
	p.origin = origin{SHA256: p.SHA256}
	_, err := p.file.Seek(0, io.SeekStart)
	if err = errors.Join(err, p.file.Truncate(0)); err != nil {
		return fileProblem(p.file.Name(), "the file cannot be emptied", err)
	}
	if err := os.Remove(p.notePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileProblem(p.notePath(), "the file cannot be removed", err)
	}
	return nil
}

// describe notes where the bytes come from, before the first of them.
func (p *partial) describe(o origin) error {
	if o == p.origin && p.size > 0 {
		return nil
	}
	p.origin = o
	data, err := json.Marshal(o)
	if err == nil {
		err = p.writeNote(append(data, '\n'))
	}
	if err != nil {
		return fileProblem(p.notePath(), "the file cannot be written", err)
	}
	return nil
}

// writeNote writes the note into a new file: what had its name may be anybody's.
func (p *partial) writeNote(data []byte) error {
	if err := os.Remove(p.notePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := system.Create(p.notePath())
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Write adds bytes to the file and to the sum.
func (p *partial) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.sum.Write(data[:n])
	p.size += int64(n)
	if err != nil {
		return n, fileProblem(p.file.Name(), "the file cannot be written", err)
	}
	return n, nil
}

// got is the sum of what is there.
func (p *partial) got() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// verify makes the sum once more, of what is on the disk and not of what was sent there.
func (p *partial) verify(ctx context.Context) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return fileProblem(p.file.Name(), "the file cannot be read", err)
	}
	h := sha256.New()
	size, err := hashFile(ctx, h, p.file, nil)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != p.got() || size != p.size {
		return diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(p.file.Name())},
			Detail: fmt.Sprintf("the file does not contain what was written to it: its SHA-256 is %s with %d bytes, not %s with %d", got,
				size, p.got(), p.size),
			Hint: "another program has changed it, or the disk is damaged: give a folder of your own on another disk",
		}
	}
	return nil
}

// fileMode is what a finished file may have: boot images are no secret.
const fileMode = 0o644

// finish gives the file its name. It is fs.ErrExist if something has it already.
func (p *partial) finish() error {
	note := p.notePath()
	err := system.Place(p.file, p.final, system.Mode(fileMode))
	if errors.Is(err, fs.ErrExist) {
		p.discard()
		return fs.ErrExist
	}
	if err != nil {
		return fileProblem(p.final, "the file cannot be given its name", err)
	}
	_ = os.Remove(note) // a note without its file is never looked at
	return nil
}

// discard removes what is there for good.
func (p *partial) discard() {
	note := p.notePath()
	path := p.file.Name()
	_ = p.file.Close() // its content is not wanted
	_ = os.Remove(path)
	_ = os.Remove(note)
}

// close keeps what is there for the next run; an empty file is nothing to keep.
func (p *partial) close() {
	if p.size == 0 {
		p.discard()
		return
	}
	_ = p.file.Close() // what is missing of it, the next run sees
}

// sleep waits, or ends with ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
