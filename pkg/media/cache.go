package media

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/okd-project/okd-install/pkg/system"
)

// cachePath is where the cache keeps a file. The name tells what is in it, and
// ends as the file's does, since that tells how it is compressed.
func (d *download) cachePath() string {
	return filepath.Join(d.Cache, "sha256-"+d.SHA256+path.Ext(d.name))
}

// fill makes sure that the cache has the file, whole, and returns its path. One
// that was damaged since is fetched again.
func (d *download) fill(ctx context.Context) (string, error) {
	cached := d.cachePath()
	got, size, err := fileSum(ctx, cached, nil)
	switch {
	case err == nil && got == d.SHA256:
		d.result.Size, d.result.Source = size, FromCache
		if d.ownCached(cached) {
			return cached, d.verify(ctx, cached)
		}
		return cached, d.readSignature(ctx, cached) // the copy is what counts
	case err == nil:
		d.note("the file in the cache is damaged; downloading it again")
		if err := os.Remove(cached); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fileProblem(cached, "the file cannot be removed", err)
		}
	case ctx.Err() != nil:
		return "", ctx.Err()
	default:
		if _, statErr := os.Lstat(cached); !errors.Is(statErr, fs.ErrNotExist) {
			return "", err
		}
	}
	return cached, d.get(ctx, cached)
}

// ownCached reports whether nobody else can change a file of the cache.
func (d *download) ownCached(cached string) bool {
	info, err := os.Lstat(cached)
	return err == nil && system.Own(cached, info) == nil
}

// copy brings a file from the cache to its folder, and makes the sum on the way.
// It is a copy and not a link: the file will be written to when it gets a config.
func (d *download) copy(ctx context.Context, cached, final string) (err error) {
	from, err := system.OpenRegular(ctx, cached)
	if err != nil {
		return fileProblem(cached, "the file cannot be read", err)
	}
	defer func() { _ = from.Close() }()
	part, err := openPartial(ctx, final, d.SHA256, func() {})
	if err != nil {
		return err
	}
	if err := part.restart(); err != nil {
		return err
	}
	if info, err := from.Stat(); err == nil {
		if err := d.roomFor(part, info.Size()); err != nil {
			part.discard()
			return err
		}
	}
	// Only the outer types: io.Copy would let the system copy past the sum.
	if _, err := io.CopyBuffer(struct{ io.Writer }{part}, struct{ io.Reader }{&untilDone{ctx, from}}, make([]byte, block)); err != nil {
		part.discard()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	if part.got() != d.SHA256 {
		err := wrongSum(d.URL, part)
		part.discard()
		return err
	}
	if err := d.complete(ctx, part); err != nil {
		return err
	}
	return d.keepSignature(final)
}
