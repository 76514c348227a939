//go:build e2e

package pivot

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/butane/config/common"
	butane "github.com/coreos/butane/config/fcos/v1_5"
	ignition "github.com/coreos/ignition/v2/config/v3_4"
	"github.com/coreos/ignition/v2/config/v3_4/types"
	"github.com/vincent-petithory/dataurl"

	"github.com/okd-project/okd-install/pkg/rhcos/pivot"
)

// unpacked is a config with the content of its files as text, so that it does not
// matter how they were packed.
func unpacked(t *testing.T, raw []byte) types.Config {
	t.Helper()
	c, report, err := ignition.Parse(raw)
	if err != nil || len(report.Entries) > 0 {
		t.Fatalf("%v %v", err, report)
	}
	for i := range c.Storage.Files {
		contents := &c.Storage.Files[i].Contents
		if contents.Source == nil {
			text := ""
			contents.Source = &text
			continue
		}
		content, err := dataurl.DecodeString(*contents.Source)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content.Data)
		if contents.Compression != nil && *contents.Compression == "gzip" {
			text = string(gunzip(t, content.Data))
		}
		contents.Source, contents.Compression = &text, nil
	}
	return c
}

// Butane makes of its file what we write as Ignition, and has nothing to remark.
func TestButane(t *testing.T) {
	t.Parallel()
	image := fetchRequest("/dev/sda")
	image.SSHKeys = []string{"ssh-ed25519 AAAA me"}
	odd := request("/dev/sda")
	odd.HostFiles = []pivot.File{{Path: "/etc/odd", Mode: 0o644, Data: []byte("\x00\xff\r\n")}, {Path: "/etc/empty", Mode: 0o600}}
	for name, r := range map[string]pivot.Request{"offline-deploy": request("/dev/sda"), "fetch": image, "odd": odd} {
		plan, err := pivot.New(r)
		if err != nil {
			t.Fatal(err)
		}
		source, err := plan.Butane()
		if err != nil {
			t.Fatal(err)
		}
		ours, err := plan.Ignition()
		if err != nil {
			t.Fatal(err)
		}
		theirs, report, err := butane.ToIgn3_4Bytes(source, common.TranslateBytesOptions{})
		if err != nil || len(report.Entries) > 0 {
			t.Fatalf("%s: %v %v", name, err, report)
		}
		a, b := unpacked(t, ours), unpacked(t, theirs)
		for i := range a.Storage.Files {
			if !reflect.DeepEqual(a.Storage.Files[i], b.Storage.Files[i]) {
				t.Errorf("%s: %s differs", name, a.Storage.Files[i].Path)
			}
		}
		a.Storage.Files, b.Storage.Files = nil, nil
		for i := range b.Systemd.Units { // false and nothing are the same
			if e := b.Systemd.Units[i].Enabled; e != nil && !*e {
				b.Systemd.Units[i].Enabled = nil
			}
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\n%+v\n%+v", name, a, b)
		}
	}
	mistyped := []byte("variant: fcos\nversion: 1.5.0\nstorrage: {}\n")
	if _, report, err := butane.ToIgn3_4Bytes(mistyped, common.TranslateBytesOptions{}); err == nil && len(report.Entries) == 0 {
		t.Error("Butane remarks on nothing")
	}
}

var command = regexp.MustCompile(`(?m)^Exec\w+=-?(/\S+)`)

// systemd itself reads the units: it knows every setting, and every command is there.
func TestUnits(t *testing.T) {
	t.Parallel()
	need(t, "systemd-analyze")
	h := newHost(t, fetchRequest("/dev/none"))
	var paths []string
	plan, err := pivot.New(fetchRequest("/dev/none"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := plan.Ignition()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range unpacked(t, raw).Systemd.Units {
		for _, d := range u.Dropins {
			h.write("/etc/systemd/system/"+u.Name+".d/"+d.Name, *d.Contents, 0o644)
		}
		if u.Contents == nil {
			continue
		}
		h.write("/etc/systemd/system/"+u.Name, *u.Contents, 0o644)
		paths = append(paths, h.path("/etc/systemd/system/"+u.Name))
		for _, m := range command.FindAllStringSubmatch(*u.Contents, -1) {
			h.write(m[1], "#!/bin/sh\n", 0o755)
		}
		if !strings.Contains(*u.Contents, "OnFailure=emergency.target") || !strings.Contains(*u.Contents, "RequiredBy=coreos-installer.") {
			t.Errorf("%s: a failure would not stop the installation", u.Name)
		}
	}
	for _, name := range []string{
		"network-online.target", "coreos-installer-pre.target", "coreos-installer.target", "emergency.target",
		"basic.target", "sysinit.target", "shutdown.target",
	} {
		h.write("/usr/lib/systemd/system/"+name, "[Unit]\nDescription="+name+"\n", 0o644)
	}
	for _, name := range []string{"-.slice", "system.slice"} {
		h.write("/usr/lib/systemd/system/"+name, "[Unit]\nDescription="+name+"\n", 0o644)
	}
	for _, name := range []string{"coreos-installer.service", "coreos-installer-reboot.service"} {
		h.write("/usr/lib/systemd/system/"+name, "[Service]\nType=oneshot\nExecStart=/usr/bin/true\n", 0o644)
		paths = append(paths, h.path("/usr/lib/systemd/system/"+name))
	}
	h.write("/usr/bin/true", "#!/bin/sh\n", 0o755)
	verify := func() string {
		out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no", "--root=" + h.root}, paths...)...).CombinedOutput()
		if err != nil {
			return err.Error() + "\n" + string(out)
		}
		return string(out)
	}
	if out := verify(); out != "" {
		t.Error(out)
	}
	if len(paths) != 5 || !slices.Contains(paths, filepath.Join(h.root, "/etc/systemd/system/okd-pivot-fetch.service")) {
		t.Errorf("%q", paths)
	}
	h.write("/etc/systemd/system/okd-pivot-finish.service", "[Service]\nExecStart=/nowhere\n", 0o644)
	if verify() == "" {
		t.Error("a missing script is not noticed")
	}
}
