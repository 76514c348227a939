package iso

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/okd-project/okd-install/pkg/diag"
)

// maxKargs is the largest area for kernel arguments, in bytes: what kernels of
// all architectures take.
const maxKargs = 2048

// kargs are the kernel arguments of the live system. Each boot loader's config
// has them, in an area that is filled up with what is a comment there.
type kargs struct {
	def, current string
	size         int64
	regions      []region
	changed      bool
	// damage is why the arguments cannot be read; reset repairs it.
	damage error
}

type region struct {
	Area
	// end stands behind the arguments, pad fills the rest.
	end, pad byte
	content  []byte
}

// openKargs returns nil if the image has no areas for kernel arguments.
func openKargs(v *volume) (*kargs, error) {
	k, err := kargsFromJSON(v)
	if k == nil && err == nil {
		k, err = kargsFromHeader(v)
	}
	if k == nil || err != nil {
		return nil, err
	}
	if int64(len(k.def)) >= k.size {
		return nil, corrupt("its default kernel arguments have %s and their area %s", counted(int64(len(k.def))), counted(k.size))
	}
	for i := range k.regions {
		r := &k.regions[i]
		r.content = make([]byte, r.Length)
		if err := v.readAt(r.content, r.Offset); err != nil {
			return nil, err
		}
		text, err := r.parse()
		switch {
		case err != nil:
			k.damage = damagedKargs(fmt.Sprintf("in %s they are not text", r.File))
		case i > 0 && text != k.current:
			k.damage = damagedKargs(fmt.Sprintf("%s and %s do not have the same", k.regions[0].File, r.File))
		}
		if i == 0 {
			k.current = text
		}
	}
	return k, nil
}

func damagedKargs(what string) error {
	return diag.Problem{
		Detail: "the kernel arguments in the image cannot be read: " + what,
		Hint:   "an edit may have been interrupted; okd-install coreos iso kargs reset restores them as they were published",
	}
}

func kargsFromJSON(v *volume) (*kargs, error) {
	const path = "coreos/kargs.json"
	raw, found, err := v.readFile(path)
	if err != nil || !found {
		return nil, err
	}
	info := struct {
		Default string `json:"default"`
		Files   []struct {
			Path     string  `json:"path"`
			Offset   int64   `json:"offset"`
			Pad, End *string // one character each
		} `json:"files"`
		Size int64 `json:"size"`
	}{}
	if err := json.Unmarshal(raw, &info); err != nil {
		return nil, corrupt("%s cannot be read: %v", path, err)
	}
	if info.Size <= 0 || info.Size > maxKargs || len(info.Files) == 0 {
		return nil, corrupt("%s has %d areas of %s for kernel arguments", path, len(info.Files), counted(info.Size))
	}
	k := &kargs{def: strings.TrimSpace(info.Default), size: info.Size}
	for _, f := range info.Files {
		area, err := v.slice(f.Path, &f.Offset, &info.Size, path)
		if err != nil {
			return nil, err
		}
		r := region{Area: area, end: '\n', pad: '#'}
		for _, c := range []struct {
			text *string
			to   *byte
		}{{f.Pad, &r.pad}, {f.End, &r.end}} {
			switch {
			case c.text == nil:
			case len(*c.text) == 1:
				*c.to = (*c.text)[0]
			default:
				return nil, corrupt("%s fills the area in %s with %q, which is not one character", path, f.Path, *c.text)
			}
		}
		k.regions = append(k.regions, r)
	}
	return k, nil
}

func kargsFromHeader(v *volume) (*kargs, error) {
	header := make([]byte, kargsHeaderSize)
	if err := v.readAt(header, kargsHeader); err != nil {
		return nil, err
	}
	if string(header[:8]) != kargsMagic {
		return nil, nil
	}
	const name = "the header " + kargsMagic
	k := &kargs{size: number(header, 1)}
	if k.size <= 0 || k.size > maxKargs {
		return nil, corrupt("%s has areas of %s for kernel arguments", name, counted(k.size))
	}
	def, err := v.raw(Area{name, number(header, 2), k.size})
	if err != nil {
		return nil, err
	}
	for i := 3; 8*i < len(header); i++ {
		if number(header, i) == 0 {
			break
		}
		area, err := v.raw(Area{name, number(header, i), k.size})
		if err != nil {
			return nil, err
		}
		k.regions = append(k.regions, region{Area: area, end: '\n', pad: '#'})
	}
	if len(k.regions) == 0 {
		return nil, corrupt("%s names no area", name)
	}
	first := region{Area: def, end: '\n', pad: '#', content: make([]byte, def.Length)}
	if err := v.readAt(first.content, def.Offset); err != nil {
		return nil, err
	}
	if k.def, err = first.parse(); err != nil {
		return nil, corrupt("the default kernel arguments are not text")
	}
	def.File = "the default kernel arguments"
	v.used = append(v.used, def)
	return k, nil
}

// parse takes the padding off.
func (r region) parse() (string, error) {
	if !utf8.Valid(r.content) {
		return "", errors.New("not UTF-8")
	}
	text := bytes.TrimRight(r.content, string(r.pad))
	text = bytes.TrimRight(text, string(r.end))
	return strings.TrimSpace(string(text)), nil
}

func (r region) format(text string) []byte {
	content := bytes.Repeat([]byte{r.pad}, int(r.Length))
	copy(content, text+string(r.end))
	return content
}

func (k *kargs) reset() { k.current, k.changed, k.damage = k.def, true, nil }

func (k *kargs) patches() []Patch {
	if !k.changed {
		return nil
	}
	var patches []Patch
	for _, r := range k.regions {
		if content := r.format(k.current); !bytes.Equal(content, r.content) {
			patches = append(patches, Patch{r.Offset, content})
		}
	}
	return patches
}

var errNoKargs = diag.Problem{
	Detail: "this image has no place for kernel arguments",
	Hint:   "use a newer image, or type the arguments in the boot menu",
}

// KargAreas are the places for kernel arguments; none if the image has no such
// places.
func (m *Image) KargAreas() []Area {
	var areas []Area
	if m.kargs != nil {
		for _, r := range m.kargs.regions {
			areas = append(areas, r.Area)
		}
	}
	return areas
}

// Kargs are the kernel arguments of the live system, on one line. The error is a
// diag.Problem: the image has no place for them, or an edit was interrupted.
func (m *Image) Kargs() (string, error) {
	if m.kargs == nil {
		return "", errNoKargs
	}
	return m.kargs.current, m.kargs.damage
}

// DefaultKargs are those that the image was published with.
func (m *Image) DefaultKargs() (string, error) {
	if m.kargs == nil {
		return "", errNoKargs
	}
	return m.kargs.def, nil
}

// ResetKargs makes the kernel arguments those that the image was published with.
func (m *Image) ResetKargs() error {
	if m.kargs == nil {
		return errNoKargs
	}
	m.kargs.reset()
	return nil
}

// SetKargs replaces the kernel arguments. The error is a diag.Problem: they do
// not fit, with the numbers, or hold what a boot loader's config cannot.
func (m *Image) SetKargs(text string) error {
	if m.kargs == nil {
		return errNoKargs
	}
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return diag.Problem{Detail: "a kernel argument contains a line end, a tab, or a character that is not ASCII",
			Hint: "the boot loader would not pass it on"}
	}
	if need := int64(len(text)) + 1; need > m.kargs.size {
		return diag.Problem{
			Detail: fmt.Sprintf("the kernel arguments do not fit into this image: they take %d bytes and the area has %d, which is %d too few", need, m.kargs.size, need-m.kargs.size),
			Hint:   "leave some out, or set them from the Ignition config of the live system",
		}
	}
	m.kargs.current, m.kargs.changed, m.kargs.damage = text, true, nil
	return nil
}
