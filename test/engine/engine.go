// Package engine builds Ignition's own engine for a folder, ignition-apply, for
// the tests that look what it makes of our configs.
package engine

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/okd-project/okd-install/test/needs"
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

// Build builds ignition-apply out of the module that the configs are validated
// with, and returns its path. It is a command whose own dependencies are fetched
// at their versions; building it takes minutes the first time, and seconds once
// Go has it in its cache. Where it cannot be built, the test ends.
func Build(t testing.TB) (program string) {
	t.Helper()
	return BuildOf(t, ".")
}

// BuildOf is Build for the version of Ignition that the Go module in the folder module
// has, so that a test can have the engine of an older boot image.
func BuildOf(t testing.TB, module string) (program string) {
	t.Helper()
	needs.Program(t, "gcc")
	fetch := exec.Command("go", "mod", "download", "-json", "github.com/coreos/ignition/v2")
	fetch.Dir = module
	out, err := fetch.Output()
	var of struct{ Dir, Version, Error string }
	if json.Unmarshal(out, &of) != nil || of.Error != "" || err != nil {
		needs.Missing(t, "Ignition cannot be fetched: %v %s", err, of.Error)
	}
	source := filepath.Join(t.TempDir(), "ignition")
	if err := os.CopyFS(source, os.DirFS(of.Dir)); err != nil {
		t.Fatal(err)
	}
	util := filepath.Join(source, "internal", "exec", "util")
	if err := os.Remove(filepath.Join(util, "blkid.c")); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(filepath.Join(util, "blkid.go"), 0o644)
	if err := os.WriteFile(filepath.Join(util, "blkid.go"), []byte(noDisks), 0o644); err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(t.TempDir(), "ignition-apply")
	// the systems of the tests have no labels
	const noLabels = "-X github.com/coreos/ignition/v2/internal/distro.selinuxRelabel=false"
	named := " -X github.com/coreos/ignition/v2/internal/version.Raw=" + strings.TrimPrefix(of.Version, "v")
	build := exec.Command("go", "build", "-trimpath", "-mod=mod", "-ldflags", noLabels+named, "-o", program, "./internal")
	build.Dir = source
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		needs.Missing(t, "Ignition cannot be built here: %v\n%s", err, strings.Join(lines[max(0, len(lines)-10):], "\n"))
	}
	return program
}

// Apply has the engine apply a config to the folder root.
func Apply(program, root, config string) ([]byte, error) {
	apply := exec.Command(program, "--root", root, "--offline", "--ignore-unsupported", config)
	apply.Env = append(os.Environ(), "container=test") // it refuses to change a whole machine
	return apply.CombinedOutput()
}

// Install has the engine do to the folder root what it does to the root of a
// machine at its first boot: also the users of the config. Root needs to be a
// whole system, with the programs that add users.
func Install(program, root, config string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "ignition")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	machine := filepath.Join(dir, "ignition") // it is another program by this name
	if err := os.Symlink(program, machine); err != nil {
		return nil, err
	}
	var said []byte
	for _, stage := range []string{"fetch-offline", "files"} {
		run := exec.Command(machine, "--stage="+stage, "--platform=file", "--root="+root, "--log-to-stdout",
			"--config-cache="+filepath.Join(dir, "config.json"), "--state-file="+filepath.Join(dir, "state"),
			"--neednet="+filepath.Join(dir, "neednet"))
		run.Env = append(os.Environ(), "IGNITION_CONFIG_FILE="+config)
		out, err := run.CombinedOutput()
		said = append(said, out...)
		if err != nil {
			return said, err
		}
	}
	return said, nil
}
