package ignition

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/coreos/ignition/v2/config/v3_2/types"
	"github.com/coreos/ignition/v2/config/validate"

	"github.com/okd-project/okd-install/pkg/diag"
)

// spec2 is the part of an Ignition config of the second generation that the
// machine-config operator turns into one of the third. Other fields of it are
// only read for their types.
type spec2 struct {
	Storage struct {
		Files       []file2      `json:"files"`
		Directories []node2      `json:"directories"`
		Links       []link2      `json:"links"`
		Disks       []types.Disk `json:"disks"`
		Raid        []types.Raid `json:"raid"`
		Filesystems []struct {
			namedThing
			Mount *json.RawMessage `json:"mount"`
			Path  *string          `json:"path"`
		} `json:"filesystems"`
	} `json:"storage"`
	Systemd struct {
		Units []types.Unit `json:"units"`
	} `json:"systemd"`
	Networkd struct {
		Units []json.RawMessage `json:"units"`
	} `json:"networkd"`
	Passwd struct {
		Users []struct {
			namedThing
			Create            *json.RawMessage `json:"create"`
			SSHAuthorizedKeys []string         `json:"sshAuthorizedKeys"`
		} `json:"users"`
	} `json:"passwd"`
}

type namedThing struct {
	Name string `json:"name"`
}

type node2 struct {
	Filesystem string          `json:"filesystem"`
	Path       string          `json:"path"`
	Mode       *int            `json:"mode"`
	User       types.NodeUser  `json:"user"`
	Group      types.NodeGroup `json:"group"`
}

type link2 struct {
	node2
	Target string `json:"target"`
}

type file2 struct {
	node2
	Append   bool `json:"append"`
	Contents struct {
		Source       string             `json:"source"`
		Compression  string             `json:"compression"`
		Verification types.Verification `json:"verification"`
	} `json:"contents"`
}

// checkSpec2 finds what keeps the operator from turning a config of spec 2 into
// one of spec 3.
func (c *machineConfigCheck) checkSpec2(raw []byte) {
	var old spec2
	if err := json.Unmarshal(raw, &old); err != nil {
		c.add(&c.problems, typeProblem(raw, err))
		return
	}
	refuse := func(path, detail, hint string) {
		c.add(&c.problems, diag.Problem{Path: path, Detail: detail, Hint: hint})
	}
	for i, f := range old.Storage.Filesystems {
		if f.Name != "root" {
			refuse(fmt.Sprintf("storage.filesystems[%d].name", i), "names a file system that a MachineConfig cannot have: only root exists",
				"write the config for spec "+specVersion)
		} else if (f.Mount == nil) == (f.Path == nil) {
			refuse(fmt.Sprintf("storage.filesystems[%d]", i), "needs either a mount or a path", "remove it: root is there without it")
		}
	}
	for i := range old.Networkd.Units {
		refuse(fmt.Sprintf("networkd.units[%d]", i), "is a unit of networkd, which the machines do not have",
			"write a file below /etc/NetworkManager/system-connections instead")
	}
	for i, u := range old.Passwd.Users {
		if u.Name != "core" {
			refuse(fmt.Sprintf("passwd.users[%d].name", i),
				"names a user other than core, the only one that the machine-config operator accepts here",
				"write core, or the config for spec "+specVersion)
		}
		if u.Create != nil {
			c.add(&c.warnings, diag.Problem{
				Path: fmt.Sprintf("passwd.users[%d].create", i), Detail: "is silently dropped", Hint: "move the fields below it up, beside name",
			})
		}
	}
	c.nodes2(old)
	for _, e := range validate.ValidateWithContext(old.translated(), nil).Entries {
		if p := (diag.Problem{Path: fieldPath(e.Context), Detail: detail(e.Message)}); e.Kind.IsFatal() {
			c.add(&c.problems, p)
		}
	}
	for i, f := range old.Storage.Files {
		if f.Mode != nil {
			c.fileMode(fmt.Sprintf("storage.files[%d].mode", i), *f.Mode)
		}
	}
}

// nodes2 looks at the places of files, directories and links. A file that is
// there twice is taken, and its last entry counts.
func (c *machineConfigCheck) nodes2(old spec2) {
	taken := map[string]bool{}
	look := func(list string, i int, n node2, isFile bool) {
		at := fmt.Sprintf("storage.%s[%d]", list, i)
		switch {
		case n.Filesystem == "":
			c.add(&c.problems, diag.Problem{Path: at + ".filesystem", Detail: "is missing, and spec 2 wants it", Hint: "write root"})
		case n.Filesystem != "root":
			c.add(&c.warnings, diag.Problem{
				Path: at + ".filesystem", Detail: "is not used: a MachineConfig writes to root only",
				Hint: "write root, and the whole path",
			})
		}
		place := path.Join("/", n.Path)
		if taken[place] && !isFile {
			c.add(&c.problems, diag.Problem{Path: at + ".path", Detail: "is the path of another entry", Hint: "keep one of the two"})
		}
		taken[place] = true
	}
	for i, f := range old.Storage.Files {
		look("files", i, f.node2, true)
	}
	for i, d := range old.Storage.Directories {
		look("directories", i, d, false)
	}
	for i, l := range old.Storage.Links {
		look("links", i, l.node2, false)
		if !path.IsAbs(l.Path) {
			c.add(&c.problems, diag.Problem{Path: fmt.Sprintf("storage.links[%d].path", i), Detail: "path not absolute"})
		}
	}
}

// translated is the config for spec 3, as far as its rules are the same.
func (old spec2) translated() types.Config {
	config := types.Config{Ignition: types.Ignition{Version: specVersion}}
	config.Storage.Disks, config.Storage.Raid = old.Storage.Disks, old.Storage.Raid
	seen := map[string]bool{}
	for _, f := range old.Storage.Files {
		file := types.File{Node: types.Node{Path: f.Path, User: f.User, Group: f.Group}}
		if f.Mode != nil && *f.Mode >= 0 && *f.Mode <= maxFileMode {
			file.Mode = f.Mode
		}
		if seen[f.Path] {
			file.Path = fmt.Sprintf("%s-%d", f.Path, len(config.Storage.Files))
		}
		seen[f.Path] = true
		content := types.Resource{Verification: f.Contents.Verification}
		if strings.HasPrefix(f.Contents.Source, "gs:") {
			// later specs know this scheme
			f.Contents.Source = "spec2:" + f.Contents.Source
		}
		if f.Contents.Source != "" {
			content.Source = &f.Contents.Source
		}
		if f.Contents.Compression != "" {
			content.Compression = &f.Contents.Compression
		}
		if !f.Append {
			file.Contents = content
		}
		config.Storage.Files = append(config.Storage.Files, file)
	}
	for _, d := range old.Storage.Directories {
		if !seen[d.Path] {
			config.Storage.Directories = append(config.Storage.Directories, types.Directory{
				Node: types.Node{Path: d.Path, User: d.User, Group: d.Group}, DirectoryEmbedded1: types.DirectoryEmbedded1{Mode: d.Mode},
			})
		}
		seen[d.Path] = true
	}
	names := map[string]bool{}
	for i, u := range old.Systemd.Units {
		if names[u.Name] { // the dropins of the two are put together
			u.Name = fmt.Sprintf("%d-%s", i, u.Name)
		}
		names[u.Name] = true
		config.Systemd.Units = append(config.Systemd.Units, u)
	}
	return config
}
