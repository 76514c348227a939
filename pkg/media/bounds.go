package media

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// This file holds what ends a download that would never end, or fill the disk.

const (
	// defaultMost is how many bytes a file may have where nobody says so.
	defaultMost = 64 << 30
	// minWindow and minBytes are the slowest that a server may be: so much in every
	// such time, which is about 1 KiB a second. At that pace an image takes ten days.
	minWindow = time.Minute
	minBytes  = 64 << 10
	// keepFree is what is left free on a disk, in bytes, while nobody knows how large
	// the file gets; checkEvery is how often that is looked at.
	keepFree   = 256 << 20
	checkEvery = 16 << 20
)

// pace is how fast bytes come, seen over a window of time.
type pace struct {
	window time.Duration
	begin  time.Time
	bytes  int64
}

// tooSlow is a server that sends something, but will never be done.
type tooSlow struct {
	bytes  int64
	window time.Duration
}

func (e tooSlow) Error() string {
	return fmt.Sprintf("the server is too slow: %d bytes in %s, and at least %d are expected", e.bytes,
		e.window.Round(time.Millisecond), int64(minBytes))
}

// add counts bytes that have come, and is an error at the end of a window that was too slow.
func (p *pace) add(n int, now time.Time) error {
	if p.begin.IsZero() {
		p.begin = now
	}
	p.bytes += int64(n)
	took := now.Sub(p.begin)
	if took < p.window {
		return nil
	}
	bytes := p.bytes
	p.begin, p.bytes = now, 0
	if bytes < minBytes {
		return tooSlow{bytes, took}
	}
	return nil
}

// tooLarge refuses a file that has more bytes than it may.
func (t *transfer) tooLarge(what string) error {
	return permanentError{diag.Problem{
		Detail: fmt.Sprintf("%s cannot be downloaded: %s, and the file can have %d at most", show(t.url), what, t.most),
		Hint: "a proxy or a portal may have answered in place of the server, or the server is broken: use another one with " +
			"--mirror; nothing was kept",
	}}
}

// take writes what came, as far as the file may have it and the disk has room. What
// fills a disk without an end is not kept.
func (t *transfer) take(data []byte) error {
	size := t.part.size + int64(len(data))
	switch {
	case t.part.Total > 0 && size > t.part.Total:
		t.plain = true
		return fmt.Errorf("the server sends more than it announced: %w", errRestart)
	case size > t.most:
		return errors.Join(t.tooLarge(fmt.Sprintf("the server has sent %d bytes and does not stop", size)), t.part.restart())
	}
	if t.unchecked += int64(len(data)); t.part.Total == 0 && t.unchecked >= checkEvery {
		t.unchecked = 0
		if err := t.roomLeft(t.part); err != nil {
			return errors.Join(err, t.part.restart())
		}
	}
	_, err := t.part.Write(data)
	return err
}

// room is how many bytes fit on the disk of a file.
func (f *Fetcher) room(path string) (int64, bool) {
	if f.freeRoom != nil {
		return f.freeRoom(filepath.Dir(path))
	}
	return system.Room(filepath.Dir(path))
}

// roomFor refuses to begin what the disk has no room for; total is the size of the file.
func (f *Fetcher) roomFor(part *partial, total int64) error {
	free, known := f.room(part.final)
	if need := total - part.size; known && need > free {
		return noRoom(part, fmt.Sprintf("the disk is too small for the file: it needs %d more bytes, and %d are free", need, free))
	}
	return nil
}

// roomLeft refuses to go on filling a disk with a file of unknown size.
func (f *Fetcher) roomLeft(part *partial) error {
	if free, known := f.room(part.final); known && free < keepFree {
		return noRoom(part, fmt.Sprintf("the size of the file is not known, and only %d bytes are free on the disk, less than the "+
			"%d that are kept free", free, int64(keepFree)))
	}
	return nil
}

func noRoom(part *partial, detail string) error {
	return diag.Problem{
		Position: diag.Position{File: filepath.ToSlash(part.final)}, Detail: detail,
		Hint: "free space on this disk, or give a folder on another one",
	}
}

// bounded reads what is kept in a file and has no size of its own, such as standard
// input, as long as it may be an image and the disk has room.
type bounded struct {
	r io.Reader
	// path is the file that it is kept in.
	path            string
	read, unchecked int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.read += int64(n)
	b.unchecked += int64(n)
	if b.read > maxPlain {
		return 0, diag.Problem{Detail: fmt.Sprintf("standard input has more than %d bytes, more than any boot image", int64(maxPlain)),
			Hint: "check where it comes from"}
	}
	if b.unchecked >= checkEvery {
		b.unchecked = 0
		if free, known := system.Room(filepath.Dir(b.path)); known && free < keepFree {
			return 0, noRoom(&partial{final: b.path}, fmt.Sprintf("the size of standard input is not known, and only %d bytes are "+
				"free on the disk, less than the %d that are kept free", free, int64(keepFree)))
		}
	}
	return n, err
}
