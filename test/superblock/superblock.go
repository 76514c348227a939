// Package superblock is for tests of what a pivot leaves on a disk: it reads what counts of the
// first block of a file system, from bytes and not from a device.
package superblock

import (
	"encoding/binary"
	"errors"
)

// Size is how many bytes from the beginning of a device ReadExt4 and
// ReadXFS need.
const Size = 2048

// Ext4 is what counts of the superblock of an ext4 file system.
type Ext4 struct {
	// Compat, Incompat and ROCompat are the words of its features.
	Compat, Incompat, ROCompat uint32
	// Clean is the state that was written when it was last unmounted.
	Clean bool
}

// Features of ext4, as bits of the word in front.
const (
	compatOrphanFile      = 0x1000  // an old e2fsck calls it FEATURE_C12
	incompatRecover       = 0x4     // the journal has to be replayed
	incompatChecksumSeed  = 0x2000  // never cleared: the first boot changes the UUID and counts on it
	roCompatOrphanPresent = 0x10000 // an old e2fsck calls it FEATURE_R16
)

// OrphanFile reports whether e2fsck before 1.47 refuses the file system: that of
// CentOS Stream 9 does.
func (e Ext4) OrphanFile() bool { return e.Compat&compatOrphanFile != 0 }

// OrphanPresent reports whether there are orphans in that file, so that tune2fs would
// not clear the feature.
func (e Ext4) OrphanPresent() bool { return e.ROCompat&roCompatOrphanPresent != 0 }

// NeedsRecovery reports whether the journal has to be replayed.
func (e Ext4) NeedsRecovery() bool { return e.Incompat&incompatRecover != 0 }

// ChecksumSeed reports whether checksums do not depend on the UUID.
func (e Ext4) ChecksumSeed() bool { return e.Incompat&incompatChecksumSeed != 0 }

var (
	errShort   = errors.New("the device is shorter than a superblock")
	errNotExt4 = errors.New("it holds no ext4 file system")
	errNotXFS  = errors.New("it holds no XFS file system")
)

// ReadExt4 reads the first Size bytes of a device. The offsets are
// those of struct ext4_super_block, which begins at byte 1024.
func ReadExt4(start []byte) (Ext4, error) {
	if len(start) < Size {
		return Ext4{}, errShort
	}
	sb := start[1024:]
	if binary.LittleEndian.Uint16(sb[0x38:]) != 0xef53 {
		return Ext4{}, errNotExt4
	}
	return Ext4{
		Compat:   binary.LittleEndian.Uint32(sb[0x5c:]),
		Incompat: binary.LittleEndian.Uint32(sb[0x60:]),
		ROCompat: binary.LittleEndian.Uint32(sb[0x64:]),
		Clean:    binary.LittleEndian.Uint16(sb[0x3a:])&1 != 0,
	}, nil
}

// XFS is what counts of the superblock of an XFS file system.
type XFS struct {
	// Version is 5 since 2013; older ones have no words of features.
	Version  int
	Incompat uint32
}

// Features of XFS: what a kernel that does not know one of these refuses to mount.
const (
	xfsNeedsRepair = 0x10
	xfsKnownTo9    = 0x3f // with nrext64 (0x20), which later kernels of 9 have
	xfsKnownTo10   = 0xff // with exchange and parent
)

// Damaged reports whether xfs_repair was stopped on it.
func (x XFS) Damaged() bool { return x.Incompat&xfsNeedsRepair != 0 }

// Unknown is the features that the kernel of CentOS Stream 9, or 10, does not know.
func (x XFS) Unknown(el int) uint32 {
	if el == 9 {
		return x.Incompat &^ xfsKnownTo9
	}
	return x.Incompat &^ xfsKnownTo10
}

// ReadXFS reads the first Size bytes of a device.
func ReadXFS(start []byte) (XFS, error) {
	if len(start) < Size {
		return XFS{}, errShort
	}
	if string(start[:4]) != "XFSB" {
		return XFS{}, errNotXFS
	}
	x := XFS{Version: int(binary.BigEndian.Uint16(start[100:]) & 0xf)}
	if x.Version >= 5 {
		x.Incompat = binary.BigEndian.Uint32(start[216:])
	}
	return x, nil
}
