package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/okd-project/okd-install/pkg/rhcos/cpio"
	"github.com/okd-project/okd-install/pkg/rhcos/iso/isotest"
	"github.com/okd-project/okd-install/pkg/rhcos/live"
)

// sampleMedia writes what the examples call the files of a live system, and a
// keyfile: a small ISO image and initramfs of the layout that the real ones have.
func sampleMedia(t *testing.T, dir string) {
	t.Helper()
	initramfs, err := liveInitramfs()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"scos.iso":           isotest.Layout{}.Image(),
		"scos-live.iso":      isotest.Layout{}.Image(),
		"live-initramfs.img": initramfs,
		"eth0.nmconnection":  []byte("[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=auto\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func liveInitramfs() ([]byte, error) {
	archive, err := cpio.Pack(map[string][]byte{
		live.StampPath: nil, "init": []byte("#!/bin/sh\n"),
		live.FeaturesPath: []byte(`{"installer-config": true, "live-initrd-network": true, "installer-config-directives": {"console": true}}`),
	})
	if err != nil {
		return nil, err
	}
	return cpio.Gzip(archive)
}

// makeISO writes a live ISO image, or with the name initramfs what PXE boots:
// make-iso file [area-size | initramfs | old]
func makeISO(args []string) error {
	if len(args) == 0 || len(args) > 2 {
		return errors.New("usage: make-iso file [area-size | initramfs | old]")
	}
	var layout isotest.Layout
	if len(args) == 2 {
		switch args[1] {
		case "initramfs":
			data, err := liveInitramfs()
			return errors.Join(err, writeBelow(".", args[0], data))
		case "old":
			layout = isotest.Layout{Headers: true, NoIgnInfo: true, NoKargs: true, NoFeatures: true}
		default:
			size, err := strconv.Atoi(args[1])
			if err != nil {
				return err
			}
			layout.Area = size
		}
	}
	return writeBelow(".", args[0], layout.Image())
}
