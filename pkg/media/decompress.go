package media

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/system"
)

// compressions are the endings that Decompress takes off, and what reads them.
var compressions = []struct {
	ending string
	open   func(*bufio.Reader) (io.Reader, error)
}{
	{".gz", func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{".xz", func(r *bufio.Reader) (io.Reader, error) {
		if err := cpio.CheckXZ(r); err != nil {
			return nil, err
		}
		return xz.NewReader(r)
	}},
	{".zst", func(r *bufio.Reader) (io.Reader, error) {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return d, nil
	}},
	{zipEnding, nil}, // it is read from its end, see openZip
}

const zipEnding = ".zip"

// plainName is a name without the ending of a compression.
func plainName(name string) (plain string, compressed bool) {
	for _, c := range compressions {
		if plain, ok := strings.CutSuffix(name, c.ending); ok && plain != "" {
			return plain, true
		}
	}
	return name, false
}

// decompress writes what is in the file at from to the file to, which must have
// the wanted sum if one is given. It returns the sum and the size. Blocks of
// zeros become holes, since a disk image is mostly that.
func (d *download) decompress(ctx context.Context, from, to, want string, progress func(done int64)) (sum string, size int64, err error) {
	f, err := system.OpenRegular(ctx, from)
	if err != nil {
		return "", 0, fileProblem(from, "the file cannot be read", err)
	}
	defer func() { _ = f.Close() }()
	source, err := openCompressed(ctx, from, f)
	if err != nil {
		return "", 0, damaged(ctx, from, err)
	}
	part, err := openPartial(ctx, to, "", func() {})
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			part.discard() // it cannot be gone on with
		}
	}()
	if err := part.restart(); err != nil {
		return "", 0, err
	}
	h := sha256.New()
	out := &holes{file: part.file}
	buffer := make([]byte, holeSize)
	for {
		n, readErr := io.ReadFull(source, buffer)
		h.Write(buffer[:n])
		if err := d.spaceFor(from, part, out, n); err != nil {
			return "", 0, err
		}
		if err := out.write(buffer[:n]); err != nil {
			return "", 0, fileProblem(part.file.Name(), "the file cannot be written", err)
		}
		if progress != nil {
			progress(out.size)
		}
		if errors.Is(readErr, io.EOF) || errors.Is(readErr, io.ErrUnexpectedEOF) && atEnd(source) {
			break
		}
		if readErr != nil {
			return "", 0, damaged(ctx, from, readErr)
		}
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if want != "" && sum != want {
		return "", 0, diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(from)},
			Detail:   fmt.Sprintf("the decompressed file has the SHA-256 %s, not %s", sum, want),
			Hint:     "the file itself has the right sum, so the published sums contradict each other; leave out --decompress",
		}
	}
	if err := part.file.Truncate(out.size); err != nil {
		return "", 0, fileProblem(part.file.Name(), "the file cannot be written", err)
	}
	switch err = part.finish(); {
	case errors.Is(err, fs.ErrExist):
		return "", 0, diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(to)},
			Detail:   "another file of this name has appeared meanwhile",
			Hint:     "look at it, then run the command again",
		}
	case err != nil:
		return "", 0, err
	}
	return sum, out.size, nil
}

// maxPlain bounds what a file is decompressed to, holes and all, in bytes: the disk of a
// machine is meant to be written with it.
const maxPlain = 64 << 30

// spaceFor refuses the next n bytes where they are more than an image has, or where the
// disk has no room for them.
func (d *download) spaceFor(from string, part *partial, out *holes, n int) error {
	if out.size+int64(n) > maxPlain {
		return diag.Problem{
			Position: diag.Position{File: filepath.ToSlash(from)},
			Detail:   fmt.Sprintf("the decompressed file has more than %d bytes, more than any boot image", int64(maxPlain)),
			Hint:     "leave out --decompress, and look at the file",
		}
	}
	out.unchecked += int64(n)
	if out.unchecked < checkEvery && out.size > 0 {
		return nil
	}
	out.unchecked = 0
	return d.roomLeft(part)
}

// openCompressed chooses the reader by the file's ending.
func openCompressed(ctx context.Context, name string, f *os.File) (io.Reader, error) {
	if strings.HasSuffix(name, zipEnding) {
		source, err := openZip(f)
		if err != nil {
			return nil, err
		}
		return &honest{r: &untilDone{ctx, source}}, nil
	}
	for _, c := range compressions {
		if strings.HasSuffix(name, c.ending) {
			source, err := c.open(bufio.NewReaderSize(&untilDone{ctx, f}, 256<<10))
			if err != nil {
				return nil, err
			}
			return &honest{r: source}, nil
		}
	}
	return nil, errors.New("its name does not end in that of a compression")
}

// openZip reads the one file of an archive, which is how images for Hyper-V are
// published. Its name there does not matter.
func openZip(f *os.File) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, err
	}
	if len(archive.File) != 1 || !archive.File[0].Mode().IsRegular() {
		return nil, fmt.Errorf("the archive contains %d entries and not a single file; unpack it with unzip", len(archive.File))
	}
	return archive.File[0].Open()
}

// honest remembers how its reader ended: io.ReadFull says "unexpected EOF" both
// of a last block that is short and of a stream that was cut off.
type honest struct {
	r   io.Reader
	err error
}

func (h *honest) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if err != nil {
		h.err = err
	}
	return n, err
}

func atEnd(r io.Reader) bool {
	h, ok := r.(*honest)
	return ok && h.err == io.EOF //nolint:errorlint // a wrapped EOF is one that was not expected
}

func damaged(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return diag.Problem{
		Position: diag.Position{File: filepath.ToSlash(path)},
		Detail:   "the file cannot be decompressed: " + err.Error(),
		Hint:     "check that it is of the kind that its name says; leave out --decompress to look at it",
	}
}

// untilDone reads until ctx ends. It looks between two reads, which is enough for files and
// connections: system.Interruptible is for a stream that may never say anything.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (i *untilDone) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// holeSize is what is left out at once if it is all zeros.
const holeSize = 64 << 10

var zeros = make([]byte, holeSize)

// holes writes blocks to a file that is empty, and skips those of zeros.
type holes struct {
	file *os.File
	size int64
	// unchecked is what was written since the room on the disk was looked at.
	unchecked int64
}

func (h *holes) write(data []byte) error {
	at := h.size
	h.size += int64(len(data))
	if len(data) == 0 || bytes.Equal(data, zeros[:len(data)]) {
		return nil
	}
	_, err := h.file.WriteAt(data, at)
	return err
}
