// Package iso edits the live ISO images of CoreOS: it puts an Ignition config,
// network settings and kernel arguments into the places that the images keep
// free for them, and takes them out again.
//
// Open reads an image and returns an Image, which is looked at and changed in
// memory. Patches then says which bytes of the file have to be replaced: never
// more than the places meant for it, and nothing moves or grows. Reset gives the
// bytes that the image was published with.
//
// The layout is that of coreos-installer, so that either tool reads what the
// other wrote:
//
//   - /coreos/igninfo.json names the area of the small initrd, as a part of a file
//     of the image; without it the area is /images/ignition.img, or where the
//     header "coreiso+" in front of sector 16 says;
//   - /coreos/kargs.json names the areas of the kernel arguments in the boot
//     loaders' configs; without it the header "coreKarg" does;
//   - /coreos/features.json says what the system in the image can do.
//
// The package reads through an io.ReaderAt and writes nothing: see pkg/media. It
// makes no ISO images and extracts nothing from them.
package iso

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

// Area is a place in the image.
type Area struct {
	// File is the file of the image that it is in, or what else led there.
	File string `json:"file"`
	// Offset is from the beginning of the image, in bytes, as Length is.
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

func (a Area) end() int64 { return a.Offset + a.Length }

// Image is a live ISO image, or what it shall become.
type Image struct {
	// Label is the name of the volume.
	Label string
	// Initrd is the area for the Ignition config and network settings.
	Initrd Area
	// Features is what the system can do.
	Features live.Features

	content []byte            // of the area, as it is
	files   map[string][]byte // in the area, as they shall be
	// damage is why the area cannot be read; Reset repairs it.
	damage error
	kargs  *kargs // nil: the image has no areas for them
}

// Patch is a part of the image to be replaced by as many bytes.
type Patch struct {
	Offset int64
	Data   []byte
}

// Open reads an image of that size in bytes. The error is a diag.Problem: it is
// not an ISO image, not one of CoreOS, incomplete, or it contradicts itself.
//
// An area that was only half written is no error here: it shows with the first
// method that needs what is in it, and Reset repairs it.
func Open(r io.ReaderAt, size int64) (*Image, error) {
	v, err := openVolume(r, size)
	if err != nil {
		return nil, err
	}
	m := &Image{Label: v.label}
	if err := m.openInitrd(v); err != nil {
		return nil, err
	}
	if m.kargs, err = openKargs(v); err != nil {
		return nil, err
	}
	if raw, found, err := v.readFile("coreos/features.json"); err != nil {
		return nil, err
	} else if found {
		if m.Features, err = live.ParseFeatures(raw); err != nil {
			return nil, diag.Problem{Detail: err.Error()}
		}
	}
	if err := m.checkOverlap(v.used); err != nil {
		return nil, err
	}
	return m, nil
}

// checkOverlap makes sure that writing one area cannot change another, nor
// anything that it takes to find them.
func (m *Image) checkOverlap(used []Area) error {
	areas := []Area{m.Initrd}
	if m.kargs != nil {
		for _, r := range m.kargs.regions {
			areas = append(areas, r.Area)
		}
	}
	slices.SortFunc(areas, func(a, b Area) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	for i, a := range areas[1:] {
		if areas[i].end() > a.Offset {
			return corrupt("its areas in %s and %s overlap at byte %d", areas[i].File, a.File, a.Offset)
		}
	}
	for _, a := range areas {
		for _, u := range used {
			if a.Offset < u.end() && u.Offset < a.end() {
				return corrupt("its area in %s is where %s is, at byte %d", a.File, u.File, max(a.Offset, u.Offset))
			}
		}
	}
	return nil
}

// Files are what is in the initrd, by path.
func (m *Image) Files() (map[string][]byte, error) {
	return m.files, m.damage
}

// Used is how many bytes of the area are in use.
func (m *Image) Used() int64 {
	return int64(len(bytes.TrimRight(m.content, "\x00")))
}

// Ignition is the config in the image, or nil.
func (m *Image) Ignition() ([]byte, error) {
	return m.files[live.ConfigPath], m.damage
}

// SetIgnition puts a config into the image, or takes it out if raw is nil.
func (m *Image) SetIgnition(raw []byte) error {
	if m.damage != nil {
		return m.damage
	}
	if raw == nil {
		delete(m.files, live.ConfigPath)
	} else {
		m.files[live.ConfigPath] = raw
	}
	return nil
}

// Network is NetworkManager's keyfiles in the image, by path.
func (m *Image) Network() (map[string][]byte, error) {
	found := maps.Clone(m.files)
	maps.DeleteFunc(found, func(name string, _ []byte) bool { return !live.IsKeyfile(name) })
	return found, m.damage
}

// SetNetwork replaces the keyfiles; none takes them out. The keys are those of
// live.Keyfiles. The error is a diag.Problem if the system reads no keyfiles.
func (m *Image) SetNetwork(keyfiles map[string][]byte) error {
	if m.damage != nil {
		return m.damage
	}
	if len(keyfiles) > 0 && !m.Features.Network {
		return diag.Problem{
			Detail: "the system in this image reads no network settings from it",
			Hint:   "use a newer image, or set the network with kernel arguments: coreos iso kargs modify --append ip=…",
		}
	}
	maps.DeleteFunc(m.files, func(name string, _ []byte) bool { return live.IsKeyfile(name) })
	maps.Copy(m.files, keyfiles)
	return nil
}

// SetFiles replaces everything in the initrd, whatever was in it.
func (m *Image) SetFiles(files map[string][]byte) {
	m.files, m.damage = maps.Clone(files), nil
	if m.files == nil {
		m.files = map[string][]byte{}
	}
}

// Reset makes the image as it was published.
func (m *Image) Reset() {
	m.SetFiles(nil)
	if m.kargs != nil {
		m.kargs.reset()
	}
}

// Customized lists what is in the image that it was not published with: an
// Ignition config, network settings, other files, kernel arguments, or damage.
func (m *Image) Customized() []string {
	var found []string
	keyfiles, _ := m.Network()
	others := len(m.files) - len(keyfiles)
	if _, ok := m.files[live.ConfigPath]; ok {
		others--
		found = append(found, "an Ignition config")
	}
	if len(keyfiles) > 0 {
		found = append(found, "network settings")
	}
	if others > 0 {
		found = append(found, "other files")
	}
	if m.kargs != nil && m.kargs.damage == nil && m.kargs.current != m.kargs.def {
		found = append(found, "kernel arguments")
	}
	if m.damage != nil || m.kargs != nil && m.kargs.damage != nil {
		found = append(found, "an edit that was interrupted")
	}
	return found
}

// Patches says what of the file has to change, in the order of the offsets;
// nothing if the image is already as it shall be. The error is a diag.Problem
// with the numbers if the files do not fit into their area.
func (m *Image) Patches() ([]Patch, error) {
	patches, err := m.initrdPatch()
	if err != nil {
		return nil, err
	}
	if m.kargs != nil {
		patches = append(patches, m.kargs.patches()...)
	}
	slices.SortFunc(patches, func(a, b Patch) int { return int(min(max(a.Offset-b.Offset, -1), 1)) })
	return patches, nil
}

func (m *Image) initrdPatch() ([]Patch, error) {
	if m.damage != nil {
		return nil, nil //nolint:nilerr // nothing could be changed, so nothing is to be written
	}
	if was, err := unpack(m.content); err == nil && maps.EqualFunc(was, m.files, bytes.Equal) && (len(was) > 0 || m.Used() == 0) {
		return nil, nil
	}
	area := make([]byte, m.Initrd.Length)
	if len(m.files) > 0 {
		packed, err := cpio.Fit(m.files, m.Initrd.Length)
		if err != nil {
			return nil, m.tooLarge(err)
		}
		copy(area, packed)
		// What cannot be read back must not be written.
		if back, err := unpack(area); err != nil || !maps.EqualFunc(back, m.files, bytes.Equal) {
			return nil, diag.Problem{Detail: "the files would not come out of the image as they were put in; nothing was changed"}
		}
	}
	return []Patch{{m.Initrd.Offset, area}}, nil
}

// tooLarge words that the files do not fit.
func (m *Image) tooLarge(err error) error {
	large, ok := cpio.IsTooLarge(err)
	if !ok {
		return diag.Problem{Detail: err.Error()}
	}
	return diag.Problem{
		Detail: fmt.Sprintf("the config does not fit into this image: compressed it takes %d bytes, and the area in %s has %d, which is %d too few",
			large.Need, m.Initrd.File, large.Have, large.Need-large.Have),
		Hint: "for a bootstrap.ign, put it on a web server and embed the small config that fetches it: okd-install create bootstrap-pointer --url URL",
	}
}

// corrupt is the problem of an image that contradicts itself.
func corrupt(format string, args ...any) error {
	return diag.Problem{
		Detail: "this ISO image is damaged or of an unknown kind: " + fmt.Sprintf(format, args...),
		Hint:   "nothing was changed; download the image again and compare its sha256",
	}
}

var errNotCoreOS = diag.Problem{
	Detail: "this is an ISO image, but not a live image of CoreOS: it has no area for an Ignition config",
	Hint:   "okd-install coreos image --platform metal --format iso shows the one of a release",
}

func unpack(area []byte) (map[string][]byte, error) {
	return cpio.Unpack(bytes.NewReader(area), nil)
}

func damaged(err error) error {
	return diag.Problem{
		Detail: "what is in the area for the Ignition config cannot be read: " + err.Error(),
		Hint:   "an edit may have been interrupted; okd-install coreos iso reset restores the image as it was published",
	}
}
