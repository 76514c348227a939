package iso

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

func open(t testing.TB, image []byte) *Image {
	t.Helper()
	m, err := Open(bytes.NewReader(image), int64(len(image)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// changed is the image after the changes, which have to stay in the areas.
func changed(t testing.TB, m *Image, image []byte) []byte {
	t.Helper()
	patches, err := m.Patches()
	if err != nil {
		t.Fatal(err)
	}
	after := slices.Clone(image)
	for _, p := range patches {
		copy(after[p.Offset:], p.Data)
	}
	areas := append(m.KargAreas(), m.Initrd)
	for i := range after {
		inside := func(a Area) bool { return int64(i) >= a.Offset && int64(i) < a.end() }
		if after[i] != image[i] && !slices.ContainsFunc(areas, inside) {
			t.Fatalf("byte %d changed and is in none of %v", i, areas)
		}
	}
	return after
}

var layouts = map[string]isotest.Layout{
	"today":            {},
	"no igninfo.json":  {NoIgnInfo: true},
	"no kargs.json":    {NoKargs: true},
	"no features.json": {NoFeatures: true},
	"nothing":          {NoIgnInfo: true, NoKargs: true, NoFeatures: true},
	"slice":            {Slice: true, ZeroPad: true},
	"headers and JSON": {Headers: true},
	"headers":          {Headers: true, NoIgnInfo: true, NoKargs: true, NoFeatures: true},
	"headers, slice":   {Headers: true, Slice: true, NoIgnInfo: true, NoKargs: true},
	"larger file":      {Size: 1 << 20},
}

const config = `{"ignition":{"version":"3.2.0"}}`

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			published := layout.Image()
			m := open(t, published)
			if what := m.Customized(); what != nil {
				t.Errorf("as published it has %v", what)
			}
			if raw, err := m.Ignition(); raw != nil || err != nil {
				t.Errorf("as published it has the config %q, %v", raw, err)
			}
			if err := m.SetIgnition([]byte(config)); err != nil {
				t.Fatal(err)
			}
			if err := m.SetNetwork(map[string][]byte{live.NetworkDir + "/eth0.nmconnection": []byte("[ipv4]")}); (err == nil) == layout.NoFeatures {
				t.Errorf("SetNetwork: %v", err)
			}
			hasKargs := !layout.NoKargs || layout.Headers
			if err := m.SetKargs(isotest.DefaultKargs + " console=ttyS0"); (err == nil) != hasKargs {
				t.Errorf("SetKargs: %v", err)
			}
			image := changed(t, m, published)

			m = open(t, image)
			raw, err := m.Ignition()
			if string(raw) != config || err != nil {
				t.Errorf("the config is %q, %v", raw, err)
			}
			if keyfiles, _ := m.Network(); !layout.NoFeatures && string(keyfiles[live.NetworkDir+"/eth0.nmconnection"]) != "[ipv4]" {
				t.Errorf("the keyfiles are %v", keyfiles)
			}
			if kargs, _ := m.Kargs(); hasKargs && kargs != isotest.DefaultKargs+" console=ttyS0" {
				t.Errorf("the kernel arguments are %s", kargs)
			}
			if patches, err := m.Patches(); patches != nil || err != nil {
				t.Errorf("nothing was changed, and %d places are to be written, %v", len(patches), err)
			}

			if err := m.SetNetwork(nil); err != nil {
				t.Fatal(err)
			}
			if err := m.SetIgnition(nil); err != nil {
				t.Fatal(err)
			}
			if hasKargs {
				if err := m.ResetKargs(); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(changed(t, m, image), published) {
				t.Error("with everything taken out it is not as published")
			}
			m = open(t, image)
			m.Reset()
			if !bytes.Equal(changed(t, m, image), published) {
				t.Error("after Reset it is not as published")
			}
		})
	}
}

// An archive that another tool wrote, with several initrds one after the other.
func TestSeveralInitrds(t *testing.T) {
	t.Parallel()
	image := isotest.Layout{}.Image()
	first, err := cpio.Fit(map[string][]byte{live.ConfigPath: []byte("old"), "etc/motd": []byte("hello")}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	second, err := cpio.Pack(map[string][]byte{live.ConfigPath: []byte(config)})
	if err != nil {
		t.Fatal(err)
	}
	area := image[open(t, image).Initrd.Offset:]
	copy(area, first)
	copy(area[len(first)+len(cpio.Align(int64(len(first)))):], second)
	m := open(t, image)
	if raw, err := m.Ignition(); string(raw) != config || err != nil {
		t.Errorf("the config is %q, %v: the last one counts", raw, err)
	}
	if got := m.Customized(); !slices.Equal(got, []string{"an Ignition config", "other files"}) {
		t.Errorf("it has %v", got)
	}
	if err := m.SetIgnition(nil); err != nil {
		t.Fatal(err)
	}
	files, err := open(t, changed(t, m, image)).Files()
	if err != nil || !maps.EqualFunc(files, map[string][]byte{"etc/motd": []byte("hello")}, bytes.Equal) {
		t.Errorf("with the config taken out there is %v, %v", files, err)
	}
}

// An edit that was interrupted between two places, or within one.
func TestDamageIsRepaired(t *testing.T) {
	t.Parallel()
	published := isotest.Layout{}.Image()
	m := open(t, published)
	image := slices.Clone(published)
	copy(image[m.Initrd.Offset:], "\x1f\x8bnot gzip")
	copy(image[m.KargAreas()[1].Offset:], "other=1 ")
	m = open(t, image)
	_, err1 := m.Ignition()
	_, err2 := m.Network()
	_, err3 := m.Files()
	_, err4 := m.Kargs()
	for i, err := range []error{err1, err2, err3, err4, m.SetIgnition([]byte(config)), m.SetNetwork(nil)} {
		if err == nil || !strings.Contains(err.Error(), "reset restores") {
			t.Errorf("method %d does not say what to do: %v", i, err)
		}
	}
	if got := m.Customized(); !slices.Equal(got, []string{"an edit that was interrupted"}) {
		t.Errorf("it has %v", got)
	}
	if patches, err := m.Patches(); patches != nil || err != nil {
		t.Errorf("nothing was changed: %v, %v", patches, err)
	}
	m.Reset()
	if !bytes.Equal(changed(t, m, image), published) {
		t.Error("after Reset it is not as published")
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 5000)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	m := open(t, isotest.Layout{Area: 4096}.Image())
	if err := m.SetIgnition(noise); err != nil {
		t.Fatal(err)
	}
	_, err := m.Patches()
	for _, want := range []string{
		"compressed it takes 5", "images/ignition.img has 4096, which is 1", " too few",
		"create bootstrap-pointer --url",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	fits := strings.Repeat("x", isotest.KargSize-1)
	if err := m.SetKargs(fits); err != nil {
		t.Errorf("arguments that fill the area: %v", err)
	}
	if err := m.SetKargs(fits + "x"); err == nil || !strings.Contains(err.Error(), "they take 1140 bytes and the area has 1139, which is 1 too few") {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"a\nb", "a=\x00", "ü"} {
		if err := m.SetKargs(text); err == nil {
			t.Errorf("SetKargs(%q) gave no error", text)
		}
	}
}

// with is an image whose files are changed.
func with(change func(files map[string][]byte)) []byte {
	files := isotest.Layout{Area: 4096}.Files()
	change(files)
	image, _ := isotest.Build("scos", files)
	return image
}

func igninfo(text string) []byte {
	return with(func(f map[string][]byte) { f["coreos/igninfo.json"] = []byte(text) })
}

func kargsJSON(text string) []byte {
	return with(func(f map[string][]byte) { f["coreos/kargs.json"] = []byte(text) })
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := isotest.Layout{Area: 4096}.Image()
	edited := func(at int, b ...byte) []byte {
		image := slices.Clone(good)
		copy(image[at:], b)
		return image
	}
	const primary = 16 * sector
	for name, c := range map[string]struct {
		image []byte
		want  string
	}{
		"empty":              {nil, "is not an ISO image"},
		"short":              {good[:17*sector-1], "is not an ISO image"},
		"no magic":           {edited(primary+1, 'X'), "is not an ISO image"},
		"no primary":         {edited(primary, 2), "is not an ISO image"},
		"cut short":          {good[:len(good)-1], "incomplete"},
		"block size":         {edited(primary+128, 0, 2), "its blocks have 512 bytes"},
		"root is a file":     {edited(primary+156+25, 0), "its root is not a directory"},
		"root outside":       {edited(primary+156+2, 0xff, 0xff, 0xff), "a directory of 2048 bytes is listed at"},
		"root of 4 GiB":      {edited(primary+156+10, 0xff, 0xff, 0xff, 0xff), "a directory of 4294967295 bytes"},
		"a record too short": {edited(18*sector+34+34, 20), "a directory record has"},
		"not CoreOS":         {first(isotest.Build("x", map[string][]byte{"a.txt": []byte("a")})), "not a live image of CoreOS"},
		"igninfo no JSON":    {igninfo("{"), "coreos/igninfo.json cannot be read"},
		"igninfo elsewhere":  {igninfo(`{"file":"images/other.img"}`), `names the file "images/other.img", which does not exist`},
		"igninfo a folder":   {igninfo(`{"file":"images"}`), "images is a directory"},
		"igninfo offset":     {igninfo(`{"file":"images/ignition.img","offset":4097}`), "which has 4096 bytes"},
		"igninfo negative":   {igninfo(`{"file":"images/ignition.img","offset":-1}`), "which has 4096 bytes"},
		"igninfo length":     {igninfo(`{"file":"images/ignition.img","length":4097}`), "at bytes 0 to 4097 of images/ignition.img, which has 4096 bytes"},
		"igninfo overflow":   {igninfo(`{"file":"images/ignition.img","offset":1,"length":9223372036854775807}`), "which has 4096 bytes"},
		"igninfo nothing":    {igninfo(`{"file":"images/ignition.img","length":0}`), "has 0 bytes"},
		"igninfo itself":     {igninfo(`{"file":"coreos/igninfo.json"}`), "is where coreos/igninfo.json is"},
		"kargs no JSON":      {kargsJSON("]"), "coreos/kargs.json cannot be read"},
		"kargs nowhere":      {kargsJSON(`{"default":"a","files":[],"size":20}`), "0 areas"},
		"kargs too large":    {kargsJSON(`{"default":"a","files":[{"path":"zipl.prm","offset":0}],"size":2049}`), "areas of 2049 bytes"},
		"kargs default":      {kargsJSON(`{"default":"aaaaaaaaaa","files":[{"path":"zipl.prm","offset":0}],"size":10}`), "default kernel arguments have 10 bytes"},
		"kargs outside":      {kargsJSON(`{"default":"a","files":[{"path":"zipl.prm","offset":10}],"size":10}`), "at bytes 10 to 20 of zipl.prm, which has 19 bytes"},
		"kargs pad":          {kargsJSON(`{"default":"a","files":[{"path":"zipl.prm","offset":0,"pad":"ab"}],"size":10}`), "not one character"},
		"kargs over kargs":   {kargsJSON(`{"default":"a","files":[{"path":"zipl.prm","offset":0},{"path":"zipl.prm","offset":5}],"size":10}`), "overlap"},
		"kargs over initrd":  {kargsJSON(`{"default":"a","files":[{"path":"images/ignition.img","offset":0}],"size":10}`), "overlap"},
		"features no JSON":   {with(func(f map[string][]byte) { f["coreos/features.json"] = []byte("x") }), "features.json of the image cannot be read"},
		"header too far":     {header("coreiso+", 1<<40, 10), "at bytes 1099511627776"},
		"header overflow":    {header("coreiso+", 1<<63-1, 1<<63-1), "is at bytes"},
		"header descriptors": {header("coreiso+", primary, 4096), "the volume descriptors"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(bytes.NewReader(c.image), int64(len(c.image)))
			var p diag.Problem
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &p) {
				t.Errorf("got %v, want a problem with %q", err, c.want)
			}
		})
	}
}

func first(image []byte, _ map[string]int) []byte { return image }

// header is an image that has only the old header.
func header(magic string, numbers ...uint64) []byte {
	image, _ := isotest.Build("x", map[string][]byte{"a.txt": make([]byte, 1<<14)})
	at := image[initrdHeader:]
	copy(at, magic)
	for i, n := range numbers {
		for j := range 8 {
			at[8+8*i+j] = byte(n >> (8 * j))
		}
	}
	return image
}

// What the disk says is not taken for a damaged image.
func TestReadError(t *testing.T) {
	t.Parallel()
	_, err := Open(failing{}, 1<<20)
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, io.ErrNoProgress }

func TestPatched(t *testing.T) {
	t.Parallel()
	image := []byte("0123456789abcdef")
	patches := []Patch{{0, []byte("AB")}, {3, []byte("C")}, {9, []byte("DEFG")}, {15, []byte("H")}}
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(image), "bytes": iotest.OneByteReader(bytes.NewReader(image)),
		"halves": iotest.HalfReader(bytes.NewReader(image)),
	} {
		got, err := io.ReadAll(Patched(r, patches))
		if string(got) != "AB2C45678DEFGdeH" || err != nil {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for long, want := range map[string]string{"igninfo.json": "igninfo.jso", "kernelarguments": "kernelar", "a.b": "a.b", "x": "x"} {
		if got := short(long); got != want {
			t.Errorf("short(%q) = %q, want %q", long, got, want)
		}
	}
}
