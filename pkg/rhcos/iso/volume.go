package iso

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/okd-project/okd-install/pkg/diag"
)

const (
	sector = 2048
	// systemArea is in front of the volume descriptors and not part of the file
	// system; old images keep headers at its end.
	systemArea = 16 * sector
	// maxDir and maxJSON bound what is read into memory of a directory and of a
	// file that describes the image, in bytes. Both are a few KiB.
	maxDir  = 4 << 20
	maxJSON = 1 << 20
)

// volume is an ISO 9660 file system, as far as it takes to find a file by name;
// see ECMA-119. Rock Ridge and Joliet are not needed: all names are short.
type volume struct {
	r     io.ReaderAt
	size  int64
	label string
	root  extent
	// used is where the descriptors, directories and descriptions were read.
	used []Area
}

// extent is where a file or directory is, in bytes from the beginning.
type extent struct {
	offset, length int64
	dir            bool
	// problem says why its contents cannot be used as one piece, or is empty.
	problem string
}

func openVolume(r io.ReaderAt, size int64) (*volume, error) {
	v := &volume{r: r, size: size}
	notISO := diag.Problem{Detail: "is not an ISO image", Hint: "give the file that ends in .iso, not an image for a disk or for PXE"}
	const maxDescriptors = 64
	for i := range int64(maxDescriptors) {
		d := make([]byte, sector)
		if err := v.readAt(d, systemArea+i*sector); err != nil {
			if isOutside(err) {
				return nil, notISO
			}
			return nil, err
		}
		v.used = append(v.used, Area{"the volume descriptors", systemArea + i*sector, sector})
		const primary, terminator = 1, 255
		if string(d[1:6]) != "CD001" || d[0] == terminator {
			return nil, notISO
		}
		if d[0] == primary {
			if err := v.primary(d); err != nil {
				return nil, err
			}
			return v, nil
		}
	}
	return nil, notISO
}

// primary reads the primary volume descriptor, ECMA-119 section 8.4.
func (v *volume) primary(d []byte) error {
	v.label = strings.TrimRight(string(d[40:72]), " \x00")
	if block := binary.LittleEndian.Uint16(d[128:]); block != sector {
		return corrupt("its blocks have %d bytes and not %d", block, sector)
	}
	if blocks := int64(binary.LittleEndian.Uint32(d[80:])); blocks*sector > v.size {
		return diag.Problem{
			Detail: "this ISO image is incomplete: " + counted(blocks*sector) + " belong to it, but the file has " + counted(v.size),
			Hint:   "nothing was changed; download the image again and compare its sha256",
		}
	}
	root, _, err := v.record(d[156:190])
	if err != nil {
		return err
	}
	if !root.dir {
		return corrupt("its root is not a directory")
	}
	v.root = root
	return nil
}

// record reads one directory record, ECMA-119 section 9.1; raw is exactly the record.
func (v *volume) record(raw []byte) (extent, string, error) {
	const fixed = 33
	if len(raw) < fixed || fixed+int(raw[32]) > len(raw) {
		return extent{}, "", corrupt("a directory record has %d bytes, too few for what is in it", len(raw))
	}
	const directory, morePieces = 1 << 1, 1 << 7
	e := extent{
		offset: (int64(binary.LittleEndian.Uint32(raw[2:])) + int64(raw[1])) * sector,
		length: int64(binary.LittleEndian.Uint32(raw[10:])),
		dir:    raw[25]&directory != 0,
	}
	switch {
	case raw[25]&morePieces != 0:
		e.problem = "is stored in several pieces"
	case raw[26] != 0 || raw[27] != 0:
		e.problem = "is stored interleaved"
	case e.offset < systemArea || e.offset+e.length > v.size:
		e.problem = "is listed at bytes " + span(e.offset, e.length) + " of " + counted(v.size)
	}
	name := string(raw[fixed : fixed+int(raw[32])])
	if name != "\x00" && name != "\x01" { // the directory itself and the one above
		name, _, _ = strings.Cut(name, ";") // the version of the file
		name = strings.TrimSuffix(name, ".")
	}
	return e, name, nil
}

// entry finds a name in a directory.
func (v *volume) entry(dir extent, names []string) (extent, bool, error) {
	if dir.problem != "" || dir.length > maxDir {
		return extent{}, false, corrupt("a directory of %s %s", counted(dir.length), dir.problem)
	}
	raw := make([]byte, dir.length)
	if err := v.readAt(raw, dir.offset); err != nil {
		return extent{}, false, err
	}
	v.used = append(v.used, Area{"a directory", dir.offset, dir.length})
	for pos := 0; pos < len(raw); {
		n := int(raw[pos])
		if n == 0 { // no record crosses a sector: the rest of this one is empty
			pos = (pos/sector + 1) * sector
			continue
		}
		if pos+n > len(raw) {
			return extent{}, false, corrupt("a directory ends within a record")
		}
		e, name, err := v.record(raw[pos : pos+n])
		if err != nil {
			return extent{}, false, err
		}
		for _, wanted := range names {
			if strings.EqualFold(name, wanted) {
				return e, true, nil
			}
		}
		pos += n
	}
	return extent{}, false, nil
}

// find looks a file up by its path as the project that makes the images writes
// it, such as coreos/igninfo.json; in the image it is COREOS/IGNINFO.JSO.
func (v *volume) find(path string) (extent, bool, error) {
	e := v.root
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if !e.dir {
			return extent{}, false, nil
		}
		var found bool
		var err error
		if e, found, err = v.entry(e, []string{part, short(part)}); err != nil || !found {
			return extent{}, false, err
		}
	}
	switch {
	case e.dir:
		return extent{}, false, corrupt("%s is a directory", path)
	case e.problem != "":
		return extent{}, false, corrupt("%s %s", path, e.problem)
	}
	return e, true, nil
}

// short is a name cut to the eight and three letters of interchange level 1.
func short(name string) string {
	stem, ext, dot := strings.Cut(name, ".")
	stem, ext = stem[:min(len(stem), 8)], ext[:min(len(ext), 3)]
	if !dot {
		return stem
	}
	return stem + "." + ext
}

// readFile reads a small file whole.
func (v *volume) readFile(path string) ([]byte, bool, error) {
	e, found, err := v.find(path)
	if err != nil || !found {
		return nil, false, err
	}
	if e.length > maxJSON {
		return nil, false, corrupt("%s has %s", path, counted(e.length))
	}
	raw := make([]byte, e.length)
	if err := v.readAt(raw, e.offset); err != nil {
		return nil, false, err
	}
	v.used = append(v.used, Area{path, e.offset, e.length})
	return bytes.TrimRight(raw, " \x00"), true, nil
}

var errOutside = errors.New("outside of the file")

func isOutside(err error) bool { return errors.Is(err, errOutside) }

// readAt fills p; the error is errOutside, or what the disk says.
func (v *volume) readAt(p []byte, offset int64) error {
	if offset < 0 || offset+int64(len(p)) > v.size {
		return errOutside
	}
	n, err := v.r.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return errOutside
	}
	return err
}
