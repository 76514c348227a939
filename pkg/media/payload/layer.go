package payload

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

// listPath is where a release image has the list of its images.
const (
	listDir  = "release-manifests"
	listName = "image-references"
	listPath = listDir + "/" + listName
)

// What is read at most: of all layers together as they are sent, of one unpacked,
// and of the list. That is far above what releases have, and the list stands in the
// last layer, so that little is read at all.
const (
	maxLayers   = 128
	maxLayer    = 512 << 20
	maxUnpacked = 4 << 30
	maxList     = 8 << 20
)

// layerError is what is wrong with the content that a registry sent.
type layerError string

func (e layerError) Error() string { return string(e) }

// readList finds the list in the layers of a release image, from the last to the
// first: what stands in a later one covers the same in those before.
func readList(ctx context.Context, image v1.Image) ([]byte, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Layers) > maxLayers {
		return nil, layerError(fmt.Sprintf("the image has %d layers, which no release image has", len(manifest.Layers)))
	}
	total := int64(0)
	for i := len(manifest.Layers) - 1; i >= 0; i-- {
		described := manifest.Layers[i]
		if total += described.Size; described.Size < 0 || total > maxLayer {
			return nil, layerError(fmt.Sprintf("the image has no %s in its last %d bytes, and is larger than a release image", listPath, maxLayer))
		}
		if described.Digest.Algorithm != "sha256" || len(described.URLs) > 0 {
			return nil, layerError("the image has a layer of a kind that no release image has")
		}
		layer, err := image.LayerByDigest(described.Digest)
		if err != nil {
			return nil, err
		}
		content, err := layer.Compressed()
		if err != nil {
			return nil, err
		}
		list, covered, err := readLayer(ctx, content, described)
		_ = content.Close()
		if err != nil || list != nil {
			return list, err
		}
		if covered {
			break
		}
	}
	return nil, layerError("the image has no " + listPath + ", so it is not the image of a release")
}

// counted makes the sum of what is read.
type counted struct {
	ctx  context.Context
	r    io.Reader
	sum  hash.Hash
	size int64
	err  error // of the source
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	c.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// readLayer returns the list if the layer has it, after all of the layer has been
// compared with its digest. covered tells that the layer removes that of earlier ones.
func readLayer(ctx context.Context, content io.Reader, want v1.Descriptor) (list []byte, covered bool, err error) {
	c := &counted{ctx: ctx, r: io.LimitReader(content, want.Size+1), sum: sha256.New()}
	list, covered, err = scan(c)
	// what is wrong with an archive matters only if it is the right one
	_, drainErr := io.Copy(io.Discard, c)
	switch got := hex.EncodeToString(c.sum.Sum(nil)); {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case c.size != want.Size || drainErr == nil && got != want.Digest.Hex:
		return nil, false, layerError(fmt.Sprintf("the layer %.19s… is damaged: it came with %d of %d bytes, and is not what its digest names", want.Digest, c.size, want.Size))
	case drainErr != nil && got != want.Digest.Hex:
		return nil, false, layerError(fmt.Sprintf("the layer %.19s… is damaged: it is not what its digest names", want.Digest))
	}
	return list, covered, err
}

// scan looks for the list in the archive of a layer.
func scan(r io.Reader) (list []byte, covered bool, err error) {
	unpacked, done, err := decompress(r)
	if err != nil {
		return nil, false, layerError("a layer cannot be decompressed: " + err.Error())
	}
	defer done()
	limited := &io.LimitedReader{R: unpacked, N: maxUnpacked}
	archive := tar.NewReader(limited)
	for {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return list, covered, nil
		case limited.N <= 0:
			return nil, false, layerError(fmt.Sprintf("a layer has more than %d bytes unpacked", int64(maxUnpacked)))
		case err != nil:
			return nil, false, layerError("a layer is not an archive that can be read: " + err.Error())
		}
		switch name := path.Clean("/" + header.Name); name {
		case "/" + listPath:
			if header.Typeflag != tar.TypeReg || header.Size > maxList {
				return nil, false, layerError(fmt.Sprintf("its %s is not a file of at most %d bytes", listPath, maxList))
			}
			if list, err = io.ReadAll(archive); err != nil {
				return nil, false, layerError("a layer is cut off: " + err.Error())
			}
		case "/" + listDir + "/.wh." + listName, "/" + listDir + "/.wh..wh..opq", "/.wh." + listDir:
			covered = true
		}
	}
}

// decompress knows the compression of a layer by its first bytes.
func decompress(r io.Reader) (plain io.Reader, done func(), err error) {
	b := bufio.NewReader(r)
	head, _ := b.Peek(4) // an empty layer is no archive, which the archive's reader says
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		return z, func() {}, err
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return b, func() {}, nil
}
