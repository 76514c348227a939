package cpio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// maxKept bounds what Unpack returns, in bytes over all files.
const maxKept = 64 << 20

// maxName is the longest path that the kernel takes, with its zero.
const maxName = 4096

// Unpack reads the archives of an initrd to its end and returns the regular
// files that keep wants, by slash path without a leading slash; nil keeps all.
// Of a file that is there several times, the last copy counts, as it does for
// the kernel. What is not kept may be of any size.
//
// The error tells at which byte of the initrd something is wrong.
func Unpack(r io.Reader, keep func(name string) bool) (map[string][]byte, error) {
	count := &counter{r: r}
	in := bufio.NewReaderSize(count, 64<<10)
	u := &unpacking{found: map[string][]byte{}, keep: keep}
	for {
		more, err := skipZeros(in)
		at := count.n - int64(in.Buffered())
		if err == nil && more {
			err = u.part(in)
			if err == nil && count.n-int64(in.Buffered()) == at {
				err = errors.New("it cannot be read: it yields no data") // and never would
			}
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("the archive at byte %d: %w", at, err)
		case !more:
			return u.found, nil
		}
	}
}

// counter knows how much was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// skipZeros passes over the padding between archives and reports whether anything
// follows.
func skipZeros(in *bufio.Reader) (bool, error) {
	for {
		b, err := in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case b != 0:
			return true, in.UnreadByte()
		}
	}
}

type unpacking struct {
	found map[string][]byte
	keep  func(string) bool
	size  int64
}

// part reads one archive in plain form, or all that is compressed as one.
func (u *unpacking) part(in *bufio.Reader) error {
	start, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if isMagic(start) {
		return u.archive(in)
	}
	for _, c := range compressions {
		if !bytes.HasPrefix(start, []byte(c.magic)) {
			continue
		}
		if c.open == nil {
			return fmt.Errorf("it is compressed with %s, which is not supported: gzip, xz and zstd are", c.name)
		}
		if err := u.compressed(in, c); err != nil {
			return fmt.Errorf("in %s: %w", c.name, err)
		}
		return nil
	}
	return fmt.Errorf("it begins with % x, which is neither an initrd nor compressed with gzip, xz or zstd", start)
}

func (u *unpacking) compressed(in *bufio.Reader, c compression) error {
	r, err := c.open(in)
	if err != nil {
		return unexpected(err)
	}
	defer func() { _ = r.Close() }() // all was read, or there is a better error
	inside := bufio.NewReader(r)
	for {
		more, err := skipZeros(inside)
		if err != nil || !more {
			return unexpected(err)
		}
		if err := u.archive(inside); err != nil {
			return err
		}
	}
}

func isMagic(start []byte) bool {
	return string(start) == magic || string(start) == magicCRC
}

// unexpected makes an end of the input in the middle of something an error.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early: the file is cut short")
	}
	return err
}

// archive reads one plain archive with its trailer.
func (u *unpacking) archive(in *bufio.Reader) error {
	offset := int64(0)
	for {
		h, err := readHeader(in)
		if err != nil {
			return err
		}
		offset += headerSize + h.nameSize
		pad := int64(len(Align(offset)))
		offset += pad + h.size
		after := int64(len(Align(offset)))
		offset += after
		if h.name == trailer {
			return nil // without its padding, which may be missing at the end
		}
		if err := skip(in, pad); err != nil {
			return err
		}
		if err := u.contents(in, h); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		if err := skip(in, after); err != nil {
			return err
		}
	}
}

func (u *unpacking) contents(in *bufio.Reader, h header) error {
	name := strings.TrimPrefix(path.Clean("/"+h.name), "/")
	if h.mode&modeType != isFile || u.keep != nil && !u.keep(name) {
		return skip(in, h.size)
	}
	u.size += h.size - int64(len(u.found[name]))
	if u.size > maxKept {
		return fmt.Errorf("together with it, the files that matter here have more than %d MiB", maxKept>>20)
	}
	var data bytes.Buffer // grows with what is there, not with what is announced
	if _, err := io.CopyN(&data, in, h.size); err != nil {
		return unexpected(err)
	}
	u.found[name] = data.Bytes()
	return nil
}

func skip(in *bufio.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, in, n)
	return unexpected(err)
}

type header struct {
	name           string
	mode           uint64
	size, nameSize int64
}

func readHeader(in *bufio.Reader) (header, error) {
	raw := make([]byte, headerSize)
	if _, err := io.ReadFull(in, raw); err != nil {
		return header{}, unexpected(err)
	}
	if !isMagic(raw[:6]) {
		return header{}, fmt.Errorf("%q is found where a file of the archive should begin", raw[:6])
	}
	number := func(i int) (uint64, error) { return strconv.ParseUint(string(raw[6+8*i:14+8*i]), 16, 32) }
	mode, err1 := number(1)
	size, err2 := number(6)
	nameSize, err3 := number(11)
	if err := errors.Join(err1, err2, err3); err != nil {
		return header{}, errors.New("the header of a file contains something other than hexadecimal digits")
	}
	if nameSize == 0 || nameSize > maxName {
		return header{}, fmt.Errorf("a path has %d bytes; more than 1 and at most %d are allowed", nameSize, maxName)
	}
	name := make([]byte, nameSize)
	if _, err := io.ReadFull(in, name); err != nil {
		return header{}, unexpected(err)
	}
	// Some writers fill a name up with zeros, to align the contents.
	text, _, _ := strings.Cut(string(name), "\x00")
	return header{name: text, mode: mode, size: int64(size), nameSize: int64(nameSize)}, nil
}
