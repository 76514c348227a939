// Package isotest makes ISO images for tests: small ones with the layout of the
// live images of CoreOS, in any of the forms that these have had.
//
// Layout describes one and Image makes it; Files has what would be in it, for
// a tool that makes real images. Nothing else imports the package.
package isotest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
)

const sector = 2048

// DefaultKargs are those of every image made here.
const DefaultKargs = "coreos.liveiso=scos-10.0 ignition.firstboot ignition.platform.id=metal"

// KargSize is the size of the areas for kernel arguments, in bytes.
const KargSize = 1139

// Layout is the form of an image. The zero Layout is as images are today.
type Layout struct {
	// Area is the size of the area for the initrd; 0 is 256 KiB.
	Area int
	// NoIgnInfo leaves igninfo.json out, so that images/ignition.img counts.
	NoIgnInfo bool
	// Slice puts the area into the middle of another file, as on s390x.
	Slice bool
	// NoKargs leaves kargs.json out, NoFeatures features.json.
	NoKargs, NoFeatures bool
	// Headers adds the two headers of old images.
	Headers bool
	// ZeroPad fills up with zeros behind a zero, as on s390x.
	ZeroPad bool
	// Size is what the image shall have at least, in bytes.
	Size int
}

func (l Layout) area() int {
	if l.Area == 0 {
		return 256 << 10
	}
	return l.Area
}

const sliceAt = 5000

// Files are what is in the image, by path.
func (l Layout) Files() map[string][]byte {
	pad, end := byte('#'), byte('\n')
	if l.ZeroPad {
		pad, end = 0, 0
	}
	area := bytes.Repeat([]byte{pad}, KargSize)
	copy(area, DefaultKargs+string(end))
	grub := append([]byte("menuentry 'CoreOS (Live)' {\n\tlinux /images/pxeboot/vmlinuz "), area...)
	isolinux := append([]byte("label linux\n  kernel /images/pxeboot/vmlinuz\n  append initrd=/images/pxeboot/initrd.img "), area...)
	files := map[string][]byte{
		"EFI/fedora/grub.cfg":       append(grub, "\n}\n"...),
		"isolinux/isolinux.cfg":     append(isolinux, "\n# the end\n"...),
		"images/pxeboot/vmlinuz":    []byte("not a kernel\n"),
		"images/pxeboot/initrd.img": []byte("not an initrd\n"),
		"images/pxeboot/rootfs.img": bytes.Repeat([]byte("not a root file system\n"), 1000),
		"zipl.prm":                  []byte("ignition.firstboot\n"),
	}
	info := map[string]any{"file": "images/ignition.img"}
	if l.Slice {
		whole := bytes.Repeat([]byte{0xAA}, sliceAt+l.area()+3000)
		clear(whole[sliceAt : sliceAt+l.area()])
		files["images/cdboot.img"] = whole
		info = map[string]any{"file": "images/cdboot.img", "offset": sliceAt, "length": l.area()}
	} else {
		files["images/ignition.img"] = make([]byte, l.area())
	}
	if !l.NoIgnInfo {
		files["coreos/igninfo.json"] = encode(info)
	}
	if !l.NoKargs {
		type location struct {
			Path   string `json:"path"`
			Offset int    `json:"offset"`
			Pad    string `json:"pad,omitempty"`
			End    string `json:"end,omitempty"`
		}
		var places []location
		for _, name := range []string{"EFI/fedora/grub.cfg", "isolinux/isolinux.cfg"} {
			p := location{Path: name, Offset: bytes.Index(files[name], area)}
			if l.ZeroPad {
				p.Pad, p.End = string(pad), string(end)
			}
			places = append(places, p)
		}
		files["coreos/kargs.json"] = encode(map[string]any{"default": DefaultKargs, "files": places, "size": KargSize})
	}
	if !l.NoFeatures {
		files["coreos/features.json"] = encode(map[string]any{
			"installer-config": true, "live-initrd-network": true, "installer-config-directives": map[string]any{"console": true},
		})
	}
	return files
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// Image makes the image.
func (l Layout) Image() []byte {
	files := l.Files()
	if l.Headers {
		area := bytes.Repeat([]byte{'#'}, KargSize)
		copy(area, DefaultKargs+"\n")
		files["cmdline.txt"] = area
	}
	image, at := Build("scos-10.0", files)
	if l.Headers {
		header := image[16*sector-96:]
		kargs := []uint64{KargSize, uint64(at["cmdline.txt"])}
		for _, name := range []string{"EFI/fedora/grub.cfg", "isolinux/isolinux.cfg"} {
			kargs = append(kargs, uint64(at[name]+bytes.Index(files[name], []byte(DefaultKargs))))
		}
		copy(header, "coreKarg")
		for i, n := range kargs {
			binary.LittleEndian.PutUint64(header[8+8*i:], n)
		}
		header = image[16*sector-24:]
		copy(header, "coreiso+")
		start := at["images/ignition.img"]
		if l.Slice {
			start = at["images/cdboot.img"] + sliceAt
		}
		binary.LittleEndian.PutUint64(header[8:], uint64(start))
		binary.LittleEndian.PutUint64(header[16:], uint64(l.area()))
	}
	if missing := l.Size - len(image); missing > 0 {
		image = append(image, make([]byte, missing)...)
	}
	return image
}

// Build makes an ISO 9660 image of interchange level 1 with these files, by
// path, and says where each file is.
func Build(label string, files map[string][]byte) (image []byte, at map[string]int) {
	dirs := map[string][]string{"": nil} // what is in each directory
	for name := range files {
		for child := name; child != ""; {
			dir := strings.TrimSuffix(path.Dir(child), ".") // the root is empty
			if !slices.Contains(dirs[dir], child) {
				dirs[dir] = append(dirs[dir], child)
			}
			child = dir
		}
	}
	names := slices.Sorted(maps.Keys(dirs))
	where := map[string]int{} // sector of each directory and file
	next := 18                // behind the two descriptors
	for _, dir := range names {
		where[dir] = next
		next += len(records(dir, dirs, files, where)) / sector
	}
	at = map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		where[name], at[name] = next, next*sector
		next += (len(files[name]) + sector - 1) / sector
	}
	image = make([]byte, next*sector)
	primary := image[16*sector:]
	copy(primary, "\x01CD001\x01")
	copy(primary[8:72], strings.Repeat(" ", 64))
	copy(primary[40:72], label)
	both32(primary[80:], uint32(next))
	copy(primary[120:], []byte{1, 0, 0, 1, 1, 0, 0, 1, 0, 8, 8, 0})
	copy(primary[156:], record("\x00", where[""], len(records("", dirs, files, where)), true))
	primary[881] = 1 // version of the file structure
	copy(image[17*sector:], "\xffCD001\x01")
	for _, dir := range names {
		copy(image[where[dir]*sector:], records(dir, dirs, files, where))
	}
	for name, data := range files {
		copy(image[at[name]:], data)
	}
	return image, at
}

// records are a whole directory, in sectors. Its size does not depend on where
// things are.
func records(dir string, dirs map[string][]string, files map[string][]byte, where map[string]int) []byte {
	children := slices.Sorted(slices.Values(dirs[dir]))
	all := [][]byte{record("\x00", where[dir], sector, true), record("\x01", 0, sector, true)}
	for _, child := range children {
		if data, isFile := files[child]; isFile {
			all = append(all, record(upper(path.Base(child))+";1", where[child], len(data), false))
		} else {
			size := 0
			if where[child] != 0 {
				size = len(records(child, dirs, files, where))
			}
			all = append(all, record(upper(path.Base(child)), where[child], size, true))
		}
	}
	var b []byte
	for _, r := range all {
		if len(b)/sector != (len(b)+len(r)-1)/sector {
			b = append(b, make([]byte, sector-len(b)%sector)...)
		}
		b = append(b, r...)
	}
	return append(b, make([]byte, (sector-len(b)%sector)%sector)...)
}

// upper is a name as interchange level 1 has it: eight and three capitals.
func upper(name string) string {
	stem, ext, dot := strings.Cut(strings.ToUpper(name), ".")
	stem = stem[:min(8, len(stem))]
	if dot {
		return stem + "." + ext[:min(3, len(ext))]
	}
	return stem
}

func record(name string, where, size int, dir bool) []byte {
	n := 33 + len(name)
	r := make([]byte, n+n%2)
	r[0] = byte(len(r))
	both32(r[2:], uint32(where))
	both32(r[10:], uint32(size))
	if dir {
		r[25] = 2
	}
	r[28], r[31], r[32] = 1, 1, byte(len(name))
	copy(r[33:], name)
	return r
}

// both32 writes a number in both byte orders.
func both32(b []byte, n uint32) {
	binary.LittleEndian.PutUint32(b, n)
	binary.BigEndian.PutUint32(b[4:], n)
}
