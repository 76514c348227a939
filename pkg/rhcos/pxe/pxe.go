// Package pxe prepares what machines boot over the network: the initramfs of a
// live system, and the files that tell iPXE or GRUB what to load.
//
// Customize copies an initramfs and appends an archive of our own with an
// Ignition config and network settings, which the kernel unpacks over the
// others. Wrap makes such an archive alone, to be loaded as a second initrd;
// Unwrap reads it again. Boot writes the scripts.
//
// What goes into the archive is made by pkg/rhcos/live. The package only reads
// and writes streams.
package pxe

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

// Wrap makes an initrd of the files, by path. Its size is a multiple of four, so
// that anything can follow it.
func Wrap(files map[string][]byte) ([]byte, error) {
	archive, err := cpio.Pack(files)
	if err != nil {
		return nil, diag.Problem{Detail: err.Error()}
	}
	packed, err := cpio.Gzip(archive)
	if err != nil {
		return nil, err
	}
	return append(packed, cpio.Align(int64(len(packed)))...), nil
}

// Unwrap reads the Ignition config and the keyfiles in an initrd, by path,
// wherever in it they are. The error is a diag.Problem if it is no initrd.
func Unwrap(r io.Reader) (map[string][]byte, error) {
	return unpack(r, ours)
}

func ours(name string) bool { return name == live.ConfigPath || live.IsKeyfile(name) }

func unpack(r io.Reader, keep func(string) bool) (map[string][]byte, error) {
	files, err := cpio.Unpack(r, keep)
	if err != nil {
		return nil, diag.Problem{Detail: "cannot be read as an initrd: " + err.Error(), Hint: "for PXE, use the file named live-initramfs"}
	}
	return files, nil
}

// Customize copies the initramfs of a live system from r to w and appends what
// add returns for the features of that system. Nothing is appended, and what
// was written is to be thrown away, if there is an error: a diag.Problem if r is
// no such initramfs, or was customized already.
func Customize(w io.Writer, r io.Reader, add func(live.Features) (map[string][]byte, error)) error {
	size := &counter{}
	base, err := unpack(io.TeeReader(r, io.MultiWriter(w, size)), func(name string) bool {
		return ours(name) || name == live.StampPath || name == live.FeaturesPath
	})
	if err != nil {
		return err
	}
	if size.n == 0 {
		return diag.Problem{Detail: "is empty", Hint: "okd-install coreos image --platform metal --format pxe shows the initramfs of a release"}
	}
	if _, ok := base[live.StampPath]; !ok {
		return diag.Problem{
			Detail: "is an initrd, but not the initramfs of a live system of CoreOS",
			Hint:   "okd-install coreos image --platform metal --format pxe shows the one of a release",
		}
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(base)), ours) {
		return diag.Problem{
			Detail: "already contains an Ignition config or network settings",
			Hint:   "start from the initramfs as it was published: its content cannot be removed again",
		}
	}
	var can live.Features
	if raw, ok := base[live.FeaturesPath]; ok {
		if can, err = live.ParseFeatures(raw); err != nil {
			return diag.Problem{Detail: err.Error()}
		}
	}
	files, err := add(can)
	if err != nil {
		return err
	}
	added, err := Wrap(files)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.MultiReader(bytes.NewReader(cpio.Align(size.n)), bytes.NewReader(added)))
	return err
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// Config returns the Ignition config among files, or a diag.Problem that there
// is none.
func Config(files map[string][]byte) ([]byte, error) {
	raw, ok := files[live.ConfigPath]
	if !ok {
		return nil, diag.Problem{Detail: fmt.Sprintf("there is no Ignition config in it: no file %s", live.ConfigPath)}
	}
	return raw, nil
}
