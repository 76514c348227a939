package cpio

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Gzip compresses an archive. Every kernel of a live system reads it.
func Gzip(archive []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(archive)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

// compressXZ compresses an archive. Its checksum is CRC-32, since the kernel knows no
// other, see https://docs.kernel.org/staging/xz.html.
func compressXZ(archive []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := xz.WriterConfig{CheckSum: xz.CRC32}.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(archive)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

// compression is one form that an archive comes in.
type compression struct {
	name  string
	magic string
	// open reads to the end of the compressed data and not a byte further, so that
	// what is behind can be read next. Nil is a form that is only known by name.
	open func(*bufio.Reader) (io.ReadCloser, error)
}

var compressions = []compression{
	{"gzip", "\x1f\x8b", openGzip},
	{"xz", "\xfd7zXZ\x00", openXZ},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
	{"bzip2", "BZh", nil},
	{"lzma", "\x5d\x00\x00", nil},
	{"lzo", "\x89LZO\x00\r", nil},
	{"lz4", "\x02\x21\x4c\x18", nil},
}

func openGzip(in *bufio.Reader) (io.ReadCloser, error) {
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return r, nil
}

// maxWindow bounds the memory that a file can make the reader take: twice what
// xz -9 and zstd --ultra ask for.
const maxWindow = 128 << 20

func openXZ(in *bufio.Reader) (io.ReadCloser, error) {
	if err := CheckXZ(in); err != nil {
		return nil, err
	}
	end := &ending{Reader: in}
	r, err := xz.ReaderConfig{SingleStream: true}.NewReader(end)
	if err != nil {
		return nil, err
	}
	return &xzStream{in: end, r: r}, nil
}

// CheckXZ refuses a stream of xz that would take more memory to unpack than any real
// one: up to 4 GiB, which the library sets aside before it reads on. It reads nothing.
func CheckXZ(in *bufio.Reader) error {
	if n := xzDictionary(in); n > maxWindow {
		return fmt.Errorf("unpacking it needs a dictionary of %d MiB, more than %d MiB", n>>20, maxWindow>>20)
	}
	return nil
}

// xzDictionary is the size of the dictionary that the first block of a stream
// asks for, or 0 if that cannot be seen. The format is at
// https://tukaani.org/xz/xz-file-format.txt.
func xzDictionary(in *bufio.Reader) int64 {
	const streamHeader, lzma2 = 12, 0x21
	b, _ := in.Peek(streamHeader + 24) // fewer at the end of the input
	if len(b) < streamHeader+2 {
		return 0
	}
	b = b[streamHeader+1:] // the size of the block header
	flags := b[0]
	b = b[1:]
	for _, optional := range []byte{0x40, 0x80} { // compressed and uncompressed size
		if flags&optional != 0 {
			_, n := binary.Uvarint(b)
			b = b[max(n, 0):]
		}
	}
	if len(b) < 3 || b[0] != lzma2 || b[2] > 40 {
		return 0
	}
	return (2 | int64(b[2]&1)) << (b[2]/2 + 11)
}

// ending remembers the last two bytes that were read.
type ending struct {
	*bufio.Reader
	last [2]byte
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	for _, b := range p[max(0, n-2):n] {
		e.last = [2]byte{e.last[1], b}
	}
	return n, err
}

func (e *ending) ReadByte() (byte, error) {
	b, err := e.Reader.ReadByte()
	if err == nil {
		e.last = [2]byte{e.last[1], b}
	}
	return b, err
}

// xzStream is one stream. The library looks one byte further to see that nothing
// follows; here something may, so the byte goes back. Where the input ends between
// two parts of a stream, the library takes it for the end of the stream: that has
// a mark of its own.
type xzStream struct {
	in *ending
	r  io.Reader
}

// footer is what a stream of xz ends with.
const footer = "YZ"

// followed is what the library says when there is that byte. It has no name
// there; a test would see the text change.
const followed = "xz: unexpected data after stream"

func (s *xzStream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	switch {
	case err != nil && err.Error() == followed:
		if err = s.in.UnreadByte(); err == nil {
			err = io.EOF
		}
	case errors.Is(err, io.EOF) && string(s.in.last[:]) != footer:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (*xzStream) Close() error { return nil }

func openZstd(in *bufio.Reader) (io.ReadCloser, error) {
	frame := &zstdFrame{in: in}
	d, err := zstd.NewReader(frame, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &zstdStream{d.IOReadCloser(), frame}, nil
}

// zstdStream is one frame. To the library a frame of which only the first bytes are
// there is none at all, and no error.
type zstdStream struct {
	io.ReadCloser
	frame *zstdFrame
}

func (s *zstdStream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) && !s.frame.ended {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// zstdFrame passes on the bytes of one frame. The decoder would read on behind
// it. The format is RFC 8878, section 3.1.1.
type zstdFrame struct {
	in *bufio.Reader
	// head is what was read to find the way and is not passed on yet; body is how
	// many bytes follow it.
	head []byte
	body int64
	// begun is set after the frame's header, last with its last block, and ended
	// behind all of it.
	begun, last, ended bool
	checksum           bool
}

func (f *zstdFrame) Read(p []byte) (int, error) {
	for len(f.head) == 0 && f.body == 0 {
		if err := f.advance(); err != nil {
			return 0, err
		}
	}
	if len(f.head) > 0 {
		n := copy(p, f.head)
		f.head = f.head[n:]
		return n, nil
	}
	n, err := f.in.Read(p[:min(int64(len(p)), f.body)])
	f.body -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// advance reads the next header: of the frame, of a block, or the checksum.
func (f *zstdFrame) advance() error {
	switch {
	case !f.begun:
		f.begun = true
		descriptor, err := f.in.Peek(5)
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		d := descriptor[4]
		single := d>>5&1 == 1
		size := 5 + []int{0, 1, 2, 4}[d&3] + []int{0, 2, 4, 8}[d>>6]
		switch {
		case !single:
			size++ // the window
		case d>>6 == 0:
			size++ // a content size of one byte
		}
		f.checksum = d>>2&1 == 1
		return f.take(size)
	case !f.last:
		if err := f.take(3); err != nil {
			return err
		}
		block := uint32(f.head[0]) | uint32(f.head[1])<<8 | uint32(f.head[2])<<16
		const repeated, reserved = 1, 3
		f.last, f.body = block&1 == 1, int64(block>>3)
		switch block >> 1 & 3 {
		case repeated:
			f.body = 1
		case reserved:
			return errors.New("zstd: a block of no known type")
		}
		return nil
	case f.checksum:
		f.checksum = false
		return f.take(4)
	default:
		f.ended = true
		return io.EOF
	}
}

func (f *zstdFrame) take(n int) error {
	f.head = make([]byte, n)
	_, err := io.ReadFull(f.in, f.head)
	if err != nil {
		f.head = nil
		return io.ErrUnexpectedEOF
	}
	return nil
}
