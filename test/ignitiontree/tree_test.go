//go:build e2e && unix

// Package ignitiontree compares what ignition extract unpacks with what
// Ignition's own engine writes: the same files, modes and links, from the same
// config, and again from a config that is put together of the unpacked tree.
//
// The tests need the binary in OKD_INSTALL, which make e2e sets, root, and a C
// compiler to build Ignition with.
package ignitiontree

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/test/engine"
	"github.com/okd-project/okd-install/test/needs"
)

const installConfig = `apiVersion: v1
baseDomain: example.com
metadata:
  name: demo
platform:
  none: {}
sshKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMDm7EIYjPyMMBCmjEr+DpiKlpIXaj2FVqqgHSsCHKJa a@b
networking:
  machineNetwork:
  - cidr: 192.168.1.0/24
`

// everything has one of each thing that a config can put into a folder.
func everything(t *testing.T) string {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("compressed\x00\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return `{"ignition":{"version":"3.4.0"},"storage":{
	"directories":[{"path":"/srv/deep","mode":448},{"path":"/srv"}],
	"links":[{"path":"/etc/localtime","target":"../usr/share/zoneinfo/UTC"},{"path":"/abs","target":"/etc/hostname"},{"path":"/srv/hard","target":"/srv/deep/file","hard":true}],
	"files":[{"path":"/srv/deep/file","mode":256,"contents":{"source":"data:,a%20b"}},
	  {"path":"/etc/hostname","mode":420,"overwrite":true,"contents":{"source":"data:text/plain;charset=utf-8;base64,aG9zdAo="}},
	  {"path":"/etc/zipped","contents":{"compression":"gzip","source":"data:;base64,` + base64.StdEncoding.EncodeToString(zipped.Bytes()) + `"}},
	  {"path":"/etc/empty"},{"path":"/etc/appended","append":[{"source":"data:,one%0A"},{"source":"data:,two%0A"}]}]},
	"systemd":{"units":[{"name":"one.service","enabled":true,"contents":"[Unit]\nDescription=one\n"},
	  {"name":"two.service","mask":true},{"name":"off.service","enabled":false},
	  {"name":"three.timer","enabled":true,"dropins":[{"name":"10-x.conf","contents":"[Timer]\n"},{"name":"20-empty.conf","contents":""}]},
	  {"name":"empty.service","contents":""}]}}`
}

// tools returns the program under test and the engine, or skips; where everything
// is meant to be there, it fails.
func tools(t *testing.T) (okd, apply string) {
	t.Helper()
	okd, err := filepath.Abs(os.Getenv("OKD_INSTALL"))
	if _, statErr := os.Stat(okd); err != nil || statErr != nil || os.Getenv("OKD_INSTALL") == "" {
		t.Fatal("set OKD_INSTALL to the okd-install binary to test")
	}
	needs.Root(t, "as Ignition gives files to root")
	return okd, engine.Build(t)
}

func TestTreeIsWhatIgnitionWrites(t *testing.T) {
	syscall.Umask(0o022)
	okd, apply := tools(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "install-config.yaml"), installConfig)
	run(t, okd, "create", "ignition-configs", "--dir", dir, "--leaf-key", "ecdsa-p256")
	other := filepath.Join(dir, "everything.ign")
	write(t, other, everything(t))
	for _, config := range []string{filepath.Join(dir, "bootstrap.ign"), other} {
		t.Run(filepath.Base(config), func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "tree")
			run(t, okd, "ignition", "extract", config, "-C", folder)
			if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the folder has mode %v (%v)", info.Mode(), err)
			}
			written, again := system(t), system(t)
			applied(t, apply, written, config)
			assembled := filepath.Join(t.TempDir(), "again.ign")
			write(t, assembled, assemble(t, folder))
			applied(t, apply, again, assembled)
			want, got := list(t, written), list(t, folder)
			if len(want) < 12 {
				t.Errorf("Ignition wrote %d files only", len(want))
			}
			compare(t, "ignition extract", got, want)
			compare(t, "the config made of the tree", list(t, again), want)
		})
	}
}

// base are the files of a system without which Ignition gives files to nobody.
var base = map[string]string{
	"etc/passwd": "root:x:0:0:root:/root:/bin/bash\ncore:x:1000:1000:core:/home/core:/bin/bash\n",
	"etc/group":  "root:x:0:\ncore:x:1000:\n",
}

// system is a folder with the base of a system in it.
func system(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range base {
		write(t, filepath.Join(root, name), content)
	}
	return root
}

func applied(t *testing.T, apply, root, config string) {
	t.Helper()
	if out, err := engine.Apply(apply, root, config); err != nil {
		t.Fatalf("ignition-apply: %v\n%s", err, out)
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// list describes everything below a folder but the homes of users, which the
// engine leaves alone unless it runs on a whole system.
func list(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(folder, name)
		if rel == "home" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil || rel == "." || base[rel] != "" {
			return err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			found[rel] = "link to " + target
			return err
		case d.IsDir():
			found[rel] = info.Mode().String()
		default:
			data, err := os.ReadFile(name)
			found[rel] = fmt.Sprintf("%s, %d links, %q", info.Mode(), info.Sys().(*syscall.Stat_t).Nlink, data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func compare(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if got[name] != want[name] {
			t.Errorf("%s: %s is %.300s; Ignition writes %.300s", what, name, got[name], want[name])
		}
	}
}

// assemble makes a config of a tree: its files, folders and links, and nothing
// that is a unit or a user.
func assemble(t *testing.T, folder string) string {
	t.Helper()
	c := types.Config{Ignition: types.Ignition{Version: "3.2.0"}}
	inodes := map[uint64]string{}
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(folder, name)
		info, err := d.Info()
		if err != nil || rel == "." {
			return err
		}
		mode, overwrite := int(info.Mode().Perm()), true
		node := types.Node{Path: "/" + rel, Overwrite: &overwrite}
		stat := info.Sys().(*syscall.Stat_t)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			c.Storage.Links = append(c.Storage.Links, types.Link{Node: node, LinkEmbedded1: types.LinkEmbedded1{Target: target}})
			return err
		case d.IsDir():
			node.Overwrite = nil
			c.Storage.Directories = append(c.Storage.Directories,
				types.Directory{Node: node, DirectoryEmbedded1: types.DirectoryEmbedded1{Mode: &mode}})
		case stat.Nlink > 1 && inodes[stat.Ino] != "":
			hard := true
			c.Storage.Links = append(c.Storage.Links,
				types.Link{Node: node, LinkEmbedded1: types.LinkEmbedded1{Target: inodes[stat.Ino], Hard: &hard}})
		default:
			inodes[stat.Ino] = node.Path
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			source := "data:;base64," + base64.StdEncoding.EncodeToString(data)
			c.Storage.Files = append(c.Storage.Files,
				types.File{Node: node, FileEmbedded1: types.FileEmbedded1{Mode: &mode, Contents: types.Resource{Source: &source}}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
