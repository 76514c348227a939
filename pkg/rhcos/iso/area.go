package iso

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
)

// maxArea bounds the area that is read into memory, in bytes; 256 KiB is usual.
const maxArea = 64 << 20

// The headers of images from before 2022, at the end of the system area.
const (
	initrdMagic      = "coreiso+"
	initrdHeaderSize = 24
	initrdHeader     = systemArea - initrdHeaderSize
	kargsMagic       = "coreKarg"
	kargsHeaderSize  = 72
	kargsHeader      = initrdHeader - kargsHeaderSize
)

// openInitrd finds the area of the initrd and reads it.
func (m *Image) openInitrd(v *volume) error {
	area, err := v.initrdArea()
	if err != nil {
		return err
	}
	if area.Length <= 0 || area.Length > maxArea {
		return corrupt("the area in %s has %d bytes", area.File, area.Length)
	}
	m.Initrd, m.content = area, make([]byte, area.Length)
	if err := v.readAt(m.content, area.Offset); err != nil {
		return err
	}
	if m.files, err = unpack(m.content); err != nil {
		m.files, m.damage = map[string][]byte{}, damaged(err)
	}
	return nil
}

func (v *volume) initrdArea() (Area, error) {
	const infoPath, imagePath = "coreos/igninfo.json", "images/ignition.img"
	raw, found, err := v.readFile(infoPath)
	if err != nil {
		return Area{}, err
	}
	if found {
		info := struct {
			File           string `json:"file"`
			Offset, Length *int64
		}{}
		if err := json.Unmarshal(raw, &info); err != nil {
			return Area{}, corrupt("%s cannot be read: %v", infoPath, err)
		}
		return v.slice(info.File, info.Offset, info.Length, infoPath)
	}
	if _, found, err := v.find(imagePath); err != nil || found {
		if err != nil {
			return Area{}, err
		}
		return v.slice(imagePath, nil, nil, imagePath)
	}
	header := make([]byte, initrdHeaderSize)
	if err := v.readAt(header, initrdHeader); err != nil || string(header[:8]) != initrdMagic {
		return Area{}, errNotCoreOS
	}
	return v.raw(Area{"the header " + initrdMagic, number(header, 1), number(header, 2)})
}

// slice is a part of a file: all of it behind offset, unless length says how much.
// The area lies in the file, whatever the description claims.
func (v *volume) slice(file string, offset, length *int64, source string) (Area, error) {
	e, found, err := v.find(file)
	switch {
	case err != nil:
		return Area{}, err
	case !found:
		return Area{}, corrupt("%s names the file %q, which does not exist", source, file)
	}
	a := Area{File: file, Offset: 0, Length: e.length}
	if offset != nil {
		a.Offset = *offset
		a.Length -= *offset
	}
	if length != nil {
		a.Length = *length
	}
	if a.Offset < 0 || a.Length < 0 || a.Offset > e.length || a.Length > e.length-a.Offset {
		return Area{}, corrupt("%s says that an area is at bytes %s of %s, which has %s", source, span(a.Offset, a.Length), file, counted(e.length))
	}
	a.Offset += e.offset
	return a, nil
}

// raw checks an area that an old header gives by its place in the image.
func (v *volume) raw(a Area) (Area, error) {
	if a.Offset < systemArea || a.Length < 0 || a.Length > v.size || a.Offset > v.size-a.Length {
		return Area{}, corrupt("%s says that an area is at bytes %s of %s", a.File, span(a.Offset, a.Length), counted(v.size))
	}
	return a, nil
}

// number is the i-th of the 64-bit numbers of a header; one that is too large to
// be a place in a file is negative.
func number(header []byte, i int) int64 {
	n := binary.LittleEndian.Uint64(header[8*i:])
	if n > math.MaxInt64 {
		return -1
	}
	return int64(n)
}

func counted(n int64) string { return fmt.Sprintf("%d bytes", n) }

// span is a range of bytes for a message.
func span(offset, length int64) string { return fmt.Sprintf("%d to %d", offset, offset+length) }
