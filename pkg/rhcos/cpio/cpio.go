// Package cpio reads and writes the archives that the kernel unpacks into
// memory when a machine boots: the initrds. That is how a live system is given
// its Ignition config and its network settings: in a small archive of our own
// behind the ones that it comes with, where the last copy of a file wins.
//
// Pack makes an archive and Gzip or xz compresses it; Fit does both within a
// limit. Unpack reads what is there: any number of archives one after the other,
// each of them plain or compressed with gzip, xz or zstd, with zeros in between.
//
// Only the format "newc" is known, since it is the only one that the kernel
// reads, and only regular files come out of it: no device nodes, links or times.
package cpio

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
)

const (
	magic    = "070701"
	magicCRC = "070702"
	trailer  = "TRAILER!!!"
	// headerSize is that of the magic and thirteen numbers of eight hex digits.
	headerSize = 6 + 13*8
	// align is what names and contents are padded to. An archive in plain form has
	// to begin at a multiple of it, counted from the beginning of the whole initrd.
	align = 4

	modeDir  = 0o040755
	modeFile = 0o100600
	modeType = 0o170000
	isFile   = 0o100000
)

// Pack makes a plain archive of the files, by slash path without a leading
// slash. Files have mode 0600 and belong to root; the directories above them are
// in the archive too, with 0755, since the kernel makes none by itself. The same
// files always give the same bytes, and their number is a multiple of four.
//
// The error names a path that cannot be in an archive.
func Pack(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	made := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(name) || name == "." || name == trailer || strings.ContainsRune(name, 0) {
			return nil, fmt.Errorf("%q cannot be the path of a file in an initrd", name)
		}
		if int64(len(files[name])) > math.MaxUint32 {
			return nil, fmt.Errorf("%s is larger than 4 GiB, which an initrd cannot hold", name)
		}
		for _, dir := range parents(name) {
			if _, both := files[dir]; both {
				return nil, fmt.Errorf("%s cannot be a file and a directory", dir)
			}
			if !made[dir] {
				made[dir] = true
				member(&b, dir, modeDir, nil)
			}
		}
		member(&b, name, modeFile, files[name])
	}
	member(&b, trailer, 0, nil)
	return b.Bytes(), nil
}

// parents are the directories above a path, the topmost first.
func parents(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}

func member(b *bytes.Buffer, name string, mode uint32, data []byte) {
	const nlink = 1
	// ino, mode, uid, gid, nlink, mtime, size, two device numbers of two parts
	// each, size of the name with its zero, checksum.
	numbers := []uint32{0, mode, 0, 0, nlink, 0, uint32(len(data)), 0, 0, 0, 0, uint32(len(name) + 1), 0}
	b.WriteString(magic)
	for _, n := range numbers {
		fmt.Fprintf(b, "%08X", n)
	}
	b.WriteString(name)
	b.WriteByte(0)
	b.Write(padding(b.Len()))
	b.Write(data)
	b.Write(padding(b.Len()))
}

// padding is what is missing behind n bytes to the next multiple of align.
func padding(n int) []byte { return make([]byte, (align-n%align)%align) }

// Align returns the zeros that have to stand between n bytes of an initrd and an
// archive that is appended to it.
func Align(n int64) []byte { return padding(int(n % align)) }

// TooLargeError tells that files do not fit, with the numbers.
type TooLargeError struct {
	// Need is the size of the files in their smallest form, Have what there is room for, in bytes.
	Need, Have int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%d bytes are needed and there is room for %d", e.Need, e.Have)
}

// Fit packs the files into at most limit bytes: compressed with gzip if that is
// enough, or else with xz, which takes longer and makes less of it. The error is
// a *TooLargeError if neither fits.
func Fit(files map[string][]byte, limit int64) ([]byte, error) {
	archive, err := Pack(files)
	if err != nil {
		return nil, err
	}
	least := int64(math.MaxInt64)
	for _, compress := range []func([]byte) ([]byte, error){Gzip, compressXZ} {
		packed, err := compress(archive)
		if err != nil {
			return nil, err
		}
		if int64(len(packed)) <= limit {
			return packed, nil
		}
		least = min(least, int64(len(packed)))
	}
	return nil, &TooLargeError{Need: least, Have: limit}
}

// IsTooLarge returns the numbers if err is about something that does not fit.
func IsTooLarge(err error) (*TooLargeError, bool) {
	var large *TooLargeError
	ok := errors.As(err, &large)
	return large, ok
}
