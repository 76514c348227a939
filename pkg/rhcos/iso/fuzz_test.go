package iso

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
)

// edit does to an image what the commands do, if it can be opened, and wants the
// result to be right.
func edit(t *testing.T, image []byte) {
	m, err := Open(bytes.NewReader(image), int64(len(image)))
	if err != nil {
		return
	}
	before, beforeErr := m.Kargs()
	m.Reset()
	image = changed(t, m, image)
	m = open(t, image)
	if what := m.Customized(); what != nil {
		t.Fatalf("after Reset it has %v", what)
	}
	if err := m.SetIgnition([]byte(config)); err != nil {
		t.Fatal(err)
	}
	if beforeErr == nil {
		if err := m.SetKargs(before); err != nil &&
			strings.Trim(before, "\x20\x21\x22\x23-~") == "" && len(before) < int(m.KargAreas()[0].Length) {
			t.Fatalf("the kernel arguments %q cannot be set again: %v", before, err)
		}
	}
	if _, err := m.Patches(); err != nil {
		return // an area of a few bytes
	}
	if raw, err := open(t, changed(t, m, image)).Ignition(); string(raw) != config || err != nil {
		t.Fatalf("the config is %q, %v", raw, err)
	}
}

// FuzzOpen overwrites a part of an image: the descriptors and directories, the
// descriptions, the areas.
func FuzzOpen(f *testing.F) {
	images := [][]byte{
		isotest.Layout{Area: 2048}.Image(), isotest.Layout{Area: 2048, Slice: true, ZeroPad: true}.Image(),
		isotest.Layout{Area: 2048, Headers: true, NoIgnInfo: true, NoKargs: true}.Image(),
	}
	for i := range images {
		f.Add(uint8(i), uint32(16*sector+80), []byte{1, 2, 3, 4}, uint32(0), []byte(nil))
		f.Add(uint8(i), uint32(18*sector+68), []byte{34, 0, 19}, uint32(18*sector+110), []byte{0})
		f.Add(uint8(i), uint32(kargsHeader), []byte("coreKarg\x10"), uint32(initrdHeader), []byte("coreiso+"))
	}
	// an area for kernel arguments over what they are reset to
	f.Add(uint8(2), uint32(kargsHeader+41), []byte{0xd1}, uint32(0), []byte(nil))
	f.Fuzz(func(t *testing.T, which uint8, at1 uint32, part1 []byte, at2 uint32, part2 []byte) {
		image := slices.Clone(images[int(which)%len(images)])
		copy(image[int(at1)%len(image):], part1)
		copy(image[int(at2)%len(image):], part2)
		edit(t, image)
	})
}

// FuzzDescriptions replaces the files that describe the image, and the area.
func FuzzDescriptions(f *testing.F) {
	files := isotest.Layout{}.Files()
	f.Add(string(files["coreos/igninfo.json"]), string(files["coreos/kargs.json"]), string(files["coreos/features.json"]), []byte(nil))
	f.Add(`{"file":"images/ignition.img","offset":3,"length":100}`, `{"default":"a","size":12,"files":[{"path":"zipl.prm","offset":2,"pad":" ","end":"\u0000"}]}`, "{}", []byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, igninfo, kargs, features string, area []byte) {
		edit(t, with(func(files map[string][]byte) {
			files["coreos/igninfo.json"], files["coreos/kargs.json"] = []byte(igninfo), []byte(kargs)
			files["coreos/features.json"] = []byte(features)
			copy(files["images/ignition.img"], area)
		}))
	})
}

// FuzzKargs changes kernel arguments, and deletes what it appended.
func FuzzKargs(f *testing.F) {
	f.Add(isotest.DefaultKargs, "console=ttyS0", "ignition.firstboot", "ignition.platform.id=metal=qemu")
	f.Fuzz(func(t *testing.T, kargs, add, remove, replace string) {
		kargs = strings.Join(strings.Fields(kargs), " ")
		if _, _, err := (KargEdit{Append: []string{add}, Delete: []string{remove}, Replace: []string{replace}}).Apply(kargs); err != nil {
			return
		}
		longer, _, err := KargEdit{Append: []string{"zz.new=1"}}.Apply(kargs)
		if err != nil || longer != strings.TrimSpace(kargs+" zz.new=1") {
			t.Fatalf("%q became %q, %v", kargs, longer, err)
		}
		shorter, _, err := KargEdit{Delete: []string{"zz.new=1"}}.Apply(longer)
		if err != nil || shorter != kargs && !strings.Contains(kargs, "zz.new=1") {
			t.Fatalf("%q became %q, %v", kargs, shorter, err)
		}
	})
}
