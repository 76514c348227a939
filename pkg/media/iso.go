package media

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/iso"
	"github.com/okd-project/okd-install/pkg/system"
)

// ISOEdit is one change of a live ISO image: where it is and where it goes.
type ISOEdit struct {
	// In is the file, or a block device such as a USB stick; "-" is Stdin.
	In string
	// Out is a new file for the result, "-" is Stdout; empty changes In itself.
	Out    string
	Stdin  io.Reader
	Stdout io.Writer
}

// ReadISO opens the image at a path and reads what is in it. The error is a
// diag.Problem with the path.
func ReadISO(ctx context.Context, path string) (*iso.Image, error) {
	f, err := openImage(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return openISO(f, path)
}

// Run reads the image, lets change edit it, and writes the result: into In
// itself, only the bytes that differ, or as a copy of all. Nothing is written
// when change or anything before it fails; a copy appears under its name when it
// is complete. Run returns the number of bytes that differ.
//
// In itself is written in one go and synced. If the machine stops in the middle
// of that, the image can be reset and edited again: no other byte is touched.
func (e ISOEdit) Run(ctx context.Context, change func(*iso.Image) error) (int64, error) {
	switch {
	case e.In == "-" && e.Out == "":
		return 0, diag.Problem{Detail: "standard input cannot be changed in place",
			Hint: "give a file for the result, or - for standard output, with --output"}
	case e.In == "-":
		return e.piped(ctx, change)
	case e.Out == "":
		return e.inPlace(change)
	}
	if err := absent(e.Out); err != nil {
		return 0, err
	}
	f, err := openImage(ctx, e.In)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	patches, err := patchesFor(f, e.In, change)
	if err != nil {
		return 0, err
	}
	if e.Out == "-" {
		_, err = io.Copy(e.Stdout, &untilDone{ctx, iso.Patched(f, patches)})
		return differing(patches), err
	}
	return differing(patches), writeNew(e.Out, func(out *os.File) error {
		if err := copyFile(ctx, out, f); err != nil {
			return err
		}
		return apply(out, patches)
	})
}

func (e ISOEdit) inPlace(change func(*iso.Image) error) (int64, error) {
	f, err := os.OpenFile(e.In, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		return 0, diag.Problem{
			Position: diag.Position{File: e.In}, Detail: "may not be written",
			Hint: "write the result to a new file with --output",
		}
	}
	if err != nil {
		return 0, openProblem(e.In, err)
	}
	patches, err := patchesFor(f, e.In, change)
	if err == nil && len(patches) > 0 {
		err = errors.Join(apply(f, patches), f.Sync())
	}
	return differing(patches), errors.Join(err, f.Close())
}

// copyFile copies file to file, which file systems can do without moving bytes,
// in parts, so that it can be interrupted.
func copyFile(ctx context.Context, to, from *os.File) error {
	const part = 64 << 20
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n, err := io.Copy(to, io.LimitReader(from, part)); err != nil || n == 0 {
			return err
		}
	}
}

// piped keeps what comes from standard input in a file, since the areas are
// found only when all of it is there.
func (e ISOEdit) piped(ctx context.Context, change func(*iso.Image) error) (n int64, err error) {
	if err := absent(e.Out); err != nil {
		return 0, err
	}
	fill := func(f *os.File) ([]iso.Patch, error) {
		if _, err := io.Copy(f, &bounded{r: &untilDone{ctx, e.Stdin}, path: f.Name()}); err != nil {
			return nil, err
		}
		patches, err := patchesFor(f, "standard input", change)
		n = differing(patches)
		return patches, err
	}
	if e.Out != "-" {
		return n, writeNew(e.Out, func(f *os.File) error {
			patches, err := fill(f)
			if err != nil {
				return err
			}
			return apply(f, patches)
		})
	}
	f, err := os.CreateTemp("", "okd-install-*.iso")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	patches, err := fill(f)
	if err != nil {
		return 0, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	_, err = io.Copy(e.Stdout, &untilDone{ctx, iso.Patched(f, patches)})
	return n, err
}

func openImage(ctx context.Context, path string) (*os.File, error) {
	f, err := system.Open(ctx, path)
	if errors.Is(err, system.ErrFolder) {
		return nil, diag.Problem{Position: diag.Position{File: path}, Detail: "is a directory, not an ISO image"}
	}
	if err != nil {
		return nil, openProblem(path, err)
	}
	return f, nil
}

// openISO reads an open image. A block device has no size of its own, so the
// end is looked for.
func openISO(f *os.File, path string) (*iso.Image, error) {
	if info, err := f.Stat(); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return nil, diag.Problem{
			Position: diag.Position{File: path},
			Detail:   "is a pipe, and an ISO image is not read in order",
			Hint:     "write it to a file first, or give - for standard input where the command takes it",
		}
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, openProblem(path, err)
	}
	image, err := iso.Open(f, size)
	return image, inFile(path, err)
}

func patchesFor(f *os.File, path string, change func(*iso.Image) error) ([]iso.Patch, error) {
	image, err := openISO(f, path)
	if err != nil {
		return nil, err
	}
	if err := change(image); err != nil {
		return nil, inFile(path, err)
	}
	patches, err := image.Patches()
	return patches, inFile(path, err)
}

func apply(f *os.File, patches []iso.Patch) error {
	for _, p := range patches {
		if _, err := f.WriteAt(p.Data, p.Offset); err != nil {
			return err
		}
	}
	return nil
}

func differing(patches []iso.Patch) (n int64) {
	for _, p := range patches {
		n += int64(len(p.Data))
	}
	return n
}
