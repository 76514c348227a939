package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/system"
)

// block is what is read at once. Two of them are in flight, so that the disk
// reads while the sum is made.
const block = 1 << 20

// fileSum returns the SHA-256 sum of a file in hexadecimal digits, and its size. It
// stops when ctx ends.
func fileSum(ctx context.Context, path string, progress func(done int64)) (sum string, size int64, err error) {
	f, err := system.OpenRegular(ctx, path)
	if err != nil {
		return "", 0, fileProblem(path, "the file cannot be read", err)
	}
	defer func() { _ = f.Close() }()
	return sumOpen(ctx, f, progress)
}

func sumOpen(ctx context.Context, f *os.File, progress func(done int64)) (sum string, size int64, err error) {
	h := sha256.New()
	n, err := hashFile(ctx, h, f, progress)
	if err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// hashFile feeds a file into a hash from where it stands.
func hashFile(ctx context.Context, h hash.Hash, f *os.File, progress func(done int64)) (int64, error) {
	type piece struct {
		data []byte
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	full, empty := make(chan piece), make(chan []byte, 2)
	empty <- make([]byte, block)
	empty <- make([]byte, block)
	go func() {
		defer close(full)
		for data := range empty {
			n, err := io.ReadFull(f, data)
			select {
			case full <- piece{data[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	// The file must not be closed below the reader's hands.
	defer func() {
		cancel()
		close(empty)
		for range full { // waits for the reader to end
		}
	}()
	var done int64
	for {
		var p piece
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case p = <-full:
		}
		h.Write(p.data)
		done += int64(len(p.data))
		if progress != nil {
			progress(done)
		}
		switch {
		case errors.Is(p.err, io.EOF), errors.Is(p.err, io.ErrUnexpectedEOF):
			return done, nil
		case p.err != nil:
			return done, fileProblem(f.Name(), "the file cannot be read", p.err)
		}
		empty <- p.data[:block]
	}
}

// fileProblem says what the operating system has against a file.
func fileProblem(path, what string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	p := diag.Problem{Position: diag.Position{File: filepath.ToSlash(path)}, Detail: what + ": " + system.Reason(err)}
	if system.DiskFull(err) {
		p.Hint = "free space on this disk, or give a folder on another one; what was downloaded so far is kept, and the same " +
			"command continues from there"
	}
	return p
}
