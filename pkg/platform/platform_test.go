package platform

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/okd-project/okd-install/pkg/installconfig"
	block "github.com/okd-project/okd-install/pkg/installconfig/platform"
	"github.com/okd-project/okd-install/pkg/manifests"
	"github.com/okd-project/okd-install/pkg/release"
)

// A platform is a block, a row and a folder, of one name.
func TestTableIsComplete(t *testing.T) {
	t.Parallel()
	var rows, folders []string
	for _, r := range table {
		rows = append(rows, r.Name)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "parts" {
			folders = append(folders, e.Name())
		}
	}
	blocks := block.Names()
	slices.Sort(rows)
	slices.Sort(blocks)
	if !slices.Equal(rows, blocks) || !slices.Equal(rows, folders) {
		t.Errorf("the rows are of %v, the blocks of %v, the folders of %v", rows, blocks, folders)
	}
}

// Every platform can be asked for with an empty block, before there is an identity.
func TestOfWithoutIdentity(t *testing.T) {
	t.Parallel()
	for _, spec := range block.Table {
		c := installconfig.InstallConfig{Platform: block.Platform{Name: spec.Name, Config: spec.New()}}
		p, err := Of(c, manifests.Identity{}, release.Release{})
		if err != nil || p.Manifests.Type != spec.Type || p.Image.Platform == "" || p.Image.Format == "" {
			t.Errorf("%s: %+v, %v", spec.Name, p, err)
		}
	}
	floppy := installconfig.InstallConfig{Platform: block.Platform{Name: "floppy"}}
	if _, err := Of(floppy, manifests.Identity{}, release.Release{}); err == nil {
		t.Error("a platform that does not exist has parts")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, minutes := range map[string][2]int{
		"none": {45, 40}, "external": {45, 40}, "": {45, 40}, "baremetal": {60, 60}, "vsphere": {60, 40}, "aws": {45, 40},
	} {
		want := Limits{Bootstrap: time.Duration(minutes[0]) * time.Minute, Install: time.Duration(minutes[1]) * time.Minute}
		if got := LimitsOf(block.Platform{Name: name}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// The platforms of other programs are those without a row, and no others.
func TestForeign(t *testing.T) {
	t.Parallel()
	all := Foreign()
	for _, r := range table {
		if slices.Contains(all, r.Name) {
			t.Errorf("%s has a row, and is foreign", r.Name)
		}
		if _, ok := foreign[r.Name]; ok {
			t.Errorf("%s has a row, and limits of its own beside it: delete them", r.Name)
		}
	}
	for name := range foreign {
		if !slices.Contains(block.Known, name) {
			t.Errorf("nobody knows the platform %s", name)
		}
	}
}
