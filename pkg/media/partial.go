package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
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

// partialPath is where a file is kept until it is complete.
func partialPath(final string) string {
	return filepath.Join(filepath.Dir(final), "."+filepath.Base(final)+".partial")
}

func (p *partial) notePath() string { return p.file.Name() + ".json" }

// openPartial opens the partial file of final, and waits while another process
// writes it. It takes over what an earlier run left, if that is of the same file.
func openPartial(ctx context.Context, final, sha256Sum string, waiting func()) (*partial, error) {
	path := partialPath(final)
	for told := false; ; told = true {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, 0o644)
		if err != nil {
			return nil, fileProblem(path, "the file cannot be written", err)
		}
		held, err := tryLock(f)
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
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// stillThere tells whether the file's name still leads to it.
func stillThere(f *os.File) bool {
	mine, err := f.Stat()
	there, err2 := os.Lstat(f.Name())
	return err == nil && err2 == nil && os.SameFile(mine, there)
}

// takeOver reads what is there into the sum.
func (p *partial) takeOver(ctx context.Context, want string) error {
	data, err := os.ReadFile(p.notePath())
	if err != nil || json.Unmarshal(data, &p.origin) != nil || p.SHA256 != want || p.Total < 0 {
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
		err = os.WriteFile(p.notePath(), append(data, '\n'), 0o644)
	}
	if err != nil {
		return fileProblem(p.notePath(), "the file cannot be written", err)
	}
	return nil
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

// finish gives the file its name.
func (p *partial) finish() error {
	if err := p.file.Sync(); err != nil {
		return fileProblem(p.file.Name(), "the file cannot be written", err)
	}
	note := p.notePath()
	if err := renameHeld(p.file, p.final); err != nil {
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
