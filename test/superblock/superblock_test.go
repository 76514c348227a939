package superblock

import (
	"encoding/binary"
	"errors"
	"testing"
)

func ext4Start(compat, incompat, roCompat uint32, state uint16) []byte {
	start := make([]byte, Size)
	sb := start[1024:]
	binary.LittleEndian.PutUint16(sb[0x38:], 0xef53)
	binary.LittleEndian.PutUint16(sb[0x3a:], state)
	binary.LittleEndian.PutUint32(sb[0x5c:], compat)
	binary.LittleEndian.PutUint32(sb[0x60:], incompat)
	binary.LittleEndian.PutUint32(sb[0x64:], roCompat)
	return start
}

func xfsStart(version uint16, incompat uint32) []byte {
	start := make([]byte, Size)
	copy(start, "XFSB")
	binary.BigEndian.PutUint16(start[100:], 0xb4a0|version)
	binary.BigEndian.PutUint32(start[216:], incompat)
	return start
}

// The words are those of mkfs.ext4 -O orphan_file,metadata_csum_seed of e2fsprogs
// 1.47.0, and what they become when such a file system is mounted and in use.
func TestReadExt4(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                                      string
		start                                     []byte
		orphanFile, present, recover, seed, clean bool
	}{
		{"made by Fedora", ext4Start(0x103c, 0x22c2, 0x46b, 1), true, false, false, true, true},
		{"mounted", ext4Start(0x103c, 0x22c6, 0x1046b, 0), true, true, true, true, false},
		{"made by CentOS Stream 9", ext4Start(0x3c, 0x2c2, 0x46b, 1), false, false, false, false, true},
	} {
		got, err := ReadExt4(c.start)
		if err != nil || got.OrphanFile() != c.orphanFile || got.OrphanPresent() != c.present ||
			got.NeedsRecovery() != c.recover || got.ChecksumSeed() != c.seed || got.Clean != c.clean {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if _, err := ReadExt4(xfsStart(5, 0)); !errors.Is(err, errNotExt4) {
		t.Errorf("XFS: %v", err)
	}
	if _, err := ReadExt4(make([]byte, Size-1)); !errors.Is(err, errShort) {
		t.Errorf("short: %v", err)
	}
}

func TestReadXFS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		start     []byte
		to9, to10 uint32
		damaged   bool
	}{
		{"plain", xfsStart(5, 0xf), 0, 0, false},
		{"nrext64", xfsStart(5, 0x2f), 0, 0, false},
		{"exchange and parent", xfsStart(5, 0xef), 0xc0, 0, false},
		{"metadir", xfsStart(5, 0x10f), 0x100, 0x100, false},
		{"damaged", xfsStart(5, 0x1f), 0, 0, true},
		{"version 4 has no such word", xfsStart(4, 0xffff), 0, 0, false},
	} {
		got, err := ReadXFS(c.start)
		if err != nil || got.Unknown(9) != c.to9 || got.Unknown(10) != c.to10 || got.Damaged() != c.damaged {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if _, err := ReadXFS(ext4Start(0, 0, 0, 0)); !errors.Is(err, errNotXFS) {
		t.Errorf("ext4: %v", err)
	}
	if _, err := ReadXFS(nil); !errors.Is(err, errShort) {
		t.Errorf("short: %v", err)
	}
}

func FuzzSuperblock(f *testing.F) {
	f.Add(ext4Start(0x103c, 0x22c2, 0x46b, 1))
	f.Add(xfsStart(5, 0x2f))
	f.Add([]byte("XFSB"))
	f.Fuzz(func(t *testing.T, start []byte) {
		e, ext4Err := ReadExt4(start)
		x, xfsErr := ReadXFS(start)
		if len(start) < Size && (ext4Err == nil || xfsErr == nil) {
			t.Fatal("a short superblock was read")
		}
		if ext4Err != nil && e != (Ext4{}) || xfsErr != nil && x != (XFS{}) {
			t.Fatal("a result beside an error")
		}
		if ext4Err == nil && e.OrphanFile() != (start[1024+0x5d]&0x10 != 0) {
			t.Fatalf("%+v", e)
		}
		if xfsErr == nil && x.Unknown(10)&^x.Unknown(9) != 0 {
			t.Fatalf("the kernel of 10 knows less than that of 9: %+v", x)
		}
	})
}
