//go:build e2e

package bootkube

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"
)

// noDisks stands in for the part of Ignition that looks at disks, which needs a
// C library with its headers. Nothing in bootstrap.ign is about disks.
const noDisks = `package util

import "errors"

type DiskInfo struct {
	LogicalSectorSize int
	Partitions        []PartitionInfo
}

type PartitionInfo struct {
	Label, GUID, TypeGUID      string
	StartSector, SizeInSectors int64
	Number                     int
}

type FilesystemInfo struct{ Type, UUID, Label string }

var errNoDisks = errors.New("this build has no disks")

func (d DiskInfo) GetPartition(int) (PartitionInfo, bool)             { return PartitionInfo{}, false }
func DumpDisk(string) (DiskInfo, error)                               { return DiskInfo{}, errNoDisks }
func GetFilesystemInfo(string, bool) (info FilesystemInfo, err error) { return info, errNoDisks }
func GetBlockDevices(string) ([]string, error)                        { return nil, errNoDisks }
`

// buildEngine builds ignition-apply, Ignition's own engine for a folder, out of
// the module that the configs are validated with. It is a command whose own
// dependencies are fetched at their versions; building it takes minutes the
// first time, and seconds once Go has it in its cache.
func buildEngine(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("Ignition is built with a C compiler, and there is none")
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/coreos/ignition/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(t.TempDir(), "ignition")
	if err := os.CopyFS(source, os.DirFS(strings.TrimSpace(string(dir)))); err != nil {
		t.Fatal(err)
	}
	util := filepath.Join(source, "internal/exec/util")
	if err := os.Remove(filepath.Join(util, "blkid.c")); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(filepath.Join(util, "blkid.go"), 0o644)
	if err := os.WriteFile(filepath.Join(util, "blkid.go"), []byte(noDisks), 0o644); err != nil {
		t.Fatal(err)
	}
	engine := filepath.Join(t.TempDir(), "ignition-apply")
	build := exec.Command("go", "build", "-trimpath", "-mod=mod", "-o", engine, "./internal")
	build.Dir = source
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("Ignition cannot be built here: %v\n%s", err, tail(string(out), 10))
	}
	return engine
}

// Ignition's own engine applies bootstrap.ign to a root that has nothing but the
// user core: files, modes, owners and enabled units are as declared.
func TestIgnitionApplies(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("Ignition gives files to root, which takes root")
	}
	engine := buildEngine(t)
	p := payloadFor(t, "4.22")
	root := t.TempDir()
	for name, content := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/bash\ncore:x:1000:1000:core:/var/home/core:/bin/bash\n",
		"etc/group":  "root:x:0:\ncore:x:1000:\n", "etc/shadow": "root:*:::::::\ncore:*:::::::\n",
		"etc/motd": "of the boot image\n",
	} {
		if err := place(filepath.Join(root, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(t.TempDir(), "bootstrap.ign")
	if err := os.WriteFile(config, p.ign, 0o600); err != nil {
		t.Fatal(err)
	}
	apply := exec.Command(engine, "--root", root, "--offline", "--ignore-unsupported", config)
	apply.Env = append(os.Environ(), "container=test") // it refuses to change a whole machine
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("ignition-apply: %v\n%s", err, tail(string(out), 20))
	}
	checkApplied(t, p.ign, root)
}

func checkApplied(t *testing.T, ign []byte, root string) {
	t.Helper()
	var config types.Config
	if err := json.Unmarshal(ign, &config); err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	if err := place(filepath.Join(own, "etc/motd"), []byte("of the boot image\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := apply(ign, own); err != nil {
		t.Fatal(err)
	}
	for _, f := range config.Storage.Files {
		info, err := os.Stat(filepath.Join(root, f.Path))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := int(info.Mode().Perm()); got != *f.Mode {
			t.Errorf("%s has mode %#o, want %#o", f.Path, got, *f.Mode)
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != 0 || stat.Gid != 0 {
			t.Errorf("%s belongs to %d:%d", f.Path, stat.Uid, stat.Gid)
		}
		got, _ := os.ReadFile(filepath.Join(root, f.Path))
		want, _ := os.ReadFile(filepath.Join(own, f.Path))
		if string(got) != string(want) {
			t.Errorf("%s is not what the tests of this package apply", f.Path)
		}
	}
	presets, err := os.ReadFile(filepath.Join(root, "etc/systemd/system-preset/20-ignition.preset"))
	if err != nil {
		t.Fatal(err)
	}
	var enabled, want []string
	for line := range strings.Lines(string(presets)) {
		if unit, ok := strings.CutPrefix(strings.TrimSpace(line), "enable "); ok {
			enabled = append(enabled, unit)
		}
	}
	for _, u := range config.Systemd.Units {
		if u.Enabled != nil && *u.Enabled {
			want = append(want, u.Name)
		}
		if _, err := os.Stat(filepath.Join(root, "etc/systemd/system", u.Name)); u.Contents != nil && err != nil {
			t.Error(err)
		}
	}
	slices.Sort(enabled)
	slices.Sort(want)
	if !slices.Equal(enabled, want) || len(want) == 0 {
		t.Errorf("enabled: %v, want %v", enabled, want)
	}
}
