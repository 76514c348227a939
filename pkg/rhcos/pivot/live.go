package pivot

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/okd-project/okd-install/data"
	"github.com/okd-project/okd-install/pkg/shell"
)

// liveConfig is the config of the live system, before it is written in one of
// its two languages.
type liveConfig struct {
	sshKeys []string
	files   []File
	units   []unit
}

// unit is a systemd unit, or a drop-in of a unit that the live system brings.
type unit struct {
	name, dropin, contents string
}

// Where the scripts stand on the live system.
const (
	binDir     = "/usr/local/bin/"
	libraryDir = "/usr/local/lib/okd-pivot/"
)

// scripts and units are the static part of the config, by their names below data/pivot.
var (
	programs  = []string{"okd-pivot-finish.sh", "okd-pivot-preflight.sh"}
	libraries = []string{"boot.sh", "disk.sh", "filesystem.sh", "host.sh", "say.sh", "sysroot.sh"}
	units     = []unit{{name: preflightUnit}, {name: finishUnit}, {name: "coreos-installer-reboot.service", dropin: "10-okd-pivot.conf"}}
)

// live collects the config of the live system.
func (p Plan) live() (liveConfig, error) {
	c := liveConfig{sshKeys: p.request.SSHKeys}
	runs, starts := slices.Clone(programs), slices.Clone(units)
	if len(p.Images) > 0 {
		runs, starts = append(runs, "okd-pivot-fetch.sh"), append(starts, unit{name: fetchUnit})
	}
	for folder, group := range map[string]struct {
		names []string
		mode  int
	}{binDir: {runs, 0o700}, libraryDir: {libraries, 0o600}} {
		for _, name := range group.names {
			text, err := data.Pivot.ReadFile("pivot/files" + folder + name)
			if err != nil {
				return liveConfig{}, err
			}
			c.files = append(c.files, File{folder + name, group.mode, text})
		}
	}
	for _, u := range starts {
		name := u.name
		if u.dropin != "" {
			name += ".d/" + u.dropin
		}
		text, err := data.Pivot.ReadFile("pivot/units/" + name)
		if err != nil {
			return liveConfig{}, err
		}
		u.contents = string(text)
		c.units = append(c.units, u)
	}
	settings, err := p.installerSettings()
	if err != nil {
		return liveConfig{}, err
	}
	comment := "What okd-install has planned for this machine, for the scripts in " + strings.TrimSuffix(libraryDir, "/") + "."
	c.files = append(c.files,
		File{destPath, 0o600, p.request.Config},
		File{settingsPath, 0o600, settings},
		File{environmentPath, 0o600, shell.Environment(comment, p.environment())},
	)
	c.files = append(c.files, p.request.HostFiles...)
	slices.SortFunc(c.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return c, nil
}

// installerSettings is what coreos-installer is told: the names are its long
// flags. Without an image it writes the one that the medium brings, and with
// offline no other. CentOS Stream CoreOS has no signatures, which is what insecure
// is about; the digest of a fetched image was compared before.
func (p Plan) installerSettings() ([]byte, error) {
	s := struct {
		Device      string   `yaml:"dest-device"`
		Config      string   `yaml:"ignition-file"`
		CopyNetwork bool     `yaml:"copy-network"`
		AppendKarg  []string `yaml:"append-karg,omitempty"`
		Offline     bool     `yaml:"offline,omitempty"`
		ImageFile   string   `yaml:"image-file,omitempty"`
		Insecure    bool     `yaml:"insecure,omitempty"`
	}{Device: p.Device, Config: destPath, CopyNetwork: true, AppendKarg: p.request.KernelArguments, Offline: true}
	if len(p.Images) > 0 {
		s.Offline, s.ImageFile, s.Insecure = false, imagePath, true
	}
	return encodeYAML(s)
}

func encodeYAML(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// octalNode shows a number as people write modes: 0600.
func octalNode(mode int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprintf("%#o", mode)}
}
