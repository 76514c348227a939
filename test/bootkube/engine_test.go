//go:build e2e

package bootkube

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_2/types"

	"github.com/okd-project/okd-install/test/engine"
	"github.com/okd-project/okd-install/test/needs"
)

// Ignition's own engine applies bootstrap.ign to a root that has nothing but the
// user core: files, modes, owners and enabled units are as declared.
func TestIgnitionApplies(t *testing.T) {
	needs.Root(t, "as Ignition gives files to root")
	ignitionApply := engine.Build(t)
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
	if out, err := engine.Apply(ignitionApply, root, config); err != nil {
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
