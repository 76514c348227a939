package live

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/coreos/ignition/v2/config/v3_3/types"
	"sigs.k8s.io/yaml"

	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/pemfile"
)

// specVersion is that of the configs made here: every image that has the
// features reads it. The user's configs are merged into it at boot and may be newer.
const specVersion = "3.3.0"

// destPath is where the live system keeps the config of the machine to be installed.
const destPath = "/etc/coreos/dest.ign"

// installerDir holds the installer's config files; it reads them by name.
const installerDir = "/etc/coreos/installer.d"

// settings is a config file of the installer, with the names of its long flags.
type settings struct {
	IgnitionFile string   `json:"ignition-file,omitempty"`
	DestDevice   string   `json:"dest-device,omitempty"`
	Console      []string `json:"console,omitempty"`
	AppendKarg   []string `json:"append-karg,omitempty"`
	DeleteKarg   []string `json:"delete-karg,omitempty"`
	CopyNetwork  bool     `json:"copy-network,omitempty"`
}

// config is the Ignition config of the live system. Empty tells that there is
// nothing in it: a live system with even an empty config logs nobody in.
func (c Customization) config() (raw []byte, empty bool, err error) {
	live := types.Config{Ignition: types.Ignition{Version: specVersion}}
	files := &live.Storage.Files
	for _, ca := range c.IgnitionCA {
		live.Ignition.Security.TLS.CertificateAuthorities = append(live.Ignition.Security.TLS.CertificateAuthorities,
			resource(pemfile.Unix(ca.Data)))
	}
	for _, hook := range hooks(c) {
		*files = append(*files, file(hook.target(), hook.script.Data, 0o700))
		live.Systemd.Units = append(live.Systemd.Units, hook.unit())
	}
	for i, f := range c.InstallerConfig {
		*files = append(*files, file(fmt.Sprintf("%s/%04d-%s", installerDir, i, f.name()), f.Data, 0o600))
	}
	for _, f := range c.LiveIgnition {
		live.Ignition.Config.Merge = append(live.Ignition.Config.Merge, resource(f.Data))
	}
	if c.Installs() {
		if err := c.install(files); err != nil {
			return nil, false, err
		}
	}
	empty = len(*files)+len(live.Ignition.Config.Merge)+len(live.Ignition.Security.TLS.CertificateAuthorities) == 0
	raw, err = json.Marshal(live)
	return append(raw, '\n'), empty, err
}

// install adds what the installer reads: its settings and the machine's config.
func (c Customization) install(files *[]types.File) error {
	s := settings{
		DestDevice: c.DestDevice, AppendKarg: c.DestKargAppend, DeleteKarg: c.DestKargDelete,
		CopyNetwork: len(c.NetworkKeyfiles) > 0,
	}
	for _, text := range c.DestConsole {
		console, err := parseConsole(text)
		if err != nil {
			return err
		}
		s.Console = append(s.Console, console)
	}
	if len(c.DestIgnition) > 0 {
		dest, err := c.destination()
		if err != nil {
			return err
		}
		*files = append(*files, file(destPath, dest, 0o600))
		s.IgnitionFile = destPath
	}
	text, err := yaml.Marshal(s)
	if err != nil || string(text) == "{}\n" {
		return err
	}
	*files = append(*files, file(fmt.Sprintf("%s/%04d-customize.yaml", installerDir, len(c.InstallerConfig)), text, 0o600))
	return nil
}

// destination is the config of the machine to be installed: the user's as it is
// if there is one and nothing else to say, or else one that merges all of them.
func (c Customization) destination() ([]byte, error) {
	if len(c.DestIgnition) == 1 && len(c.IgnitionCA) == 0 {
		return c.DestIgnition[0].Data, nil
	}
	dest := types.Config{Ignition: types.Ignition{Version: specVersion}}
	for _, ca := range c.IgnitionCA {
		dest.Ignition.Security.TLS.CertificateAuthorities = append(dest.Ignition.Security.TLS.CertificateAuthorities,
			resource(pemfile.Unix(ca.Data)))
	}
	for _, f := range c.DestIgnition {
		dest.Ignition.Config.Merge = append(dest.Ignition.Config.Merge, resource(f.Data))
	}
	raw, err := json.Marshal(dest)
	return append(raw, '\n'), err
}

func file(path string, data []byte, mode int) types.File {
	return types.File{
		Node:          types.Node{Path: path},
		FileEmbedded1: types.FileEmbedded1{Mode: &mode, Contents: resource(data)},
	}
}

// resource is data as a URL, compressed: the room in an ISO image is small.
func resource(data []byte) types.Resource {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
		err = errors.Join(err, w.Close())
	}
	if err != nil { // neither the level nor the buffer can fail
		b.Reset()
	}
	source, compression := "data:;base64,"+base64.StdEncoding.EncodeToString(b.Bytes()), "gzip"
	return types.Resource{Source: &source, Compression: &compression}
}

// hook is a script around the installation.
type hook struct {
	when   string // pre or post
	script File
}

func hooks(c Customization) []hook {
	var all []hook
	for _, f := range c.PreInstall {
		all = append(all, hook{"pre", f})
	}
	for _, f := range c.PostInstall {
		all = append(all, hook{"post", f})
	}
	return all
}

func (h hook) target() string {
	return "/usr/local/bin/" + h.when + "-install-" + h.script.name()
}

// order says when a hook runs, and what does not happen unless it succeeds. The
// names are those of the installer's own units.
var order = map[string]struct{ after, before, requiredBy string }{
	"pre":  {"coreos-installer-pre.target", "coreos-installer.service", "coreos-installer.service"},
	"post": {"coreos-installer.service", "coreos-installer.target", "coreos-installer.target"},
}

func (h hook) unit() types.Unit {
	o, name := order[h.when], h.when+"-install-"+h.script.name()
	text := strings.Join([]string{
		"# Made by okd-install from " + h.script.name(),
		"[Unit]",
		"Description=" + diag.Capital(h.when) + "-install script " + h.script.name(),
		"After=" + o.after,
		"Before=" + o.before,
		"",
		"[Service]",
		"Type=oneshot",
		"RemainAfterExit=yes",
		"ExecStart=" + h.target(),
		"# what the script says is on the console, where someone waits for it",
		"StandardOutput=kmsg+console",
		"StandardError=kmsg+console",
		"",
		"[Install]",
		"RequiredBy=" + o.requiredBy,
		"",
	}, "\n")
	enabled := true
	return types.Unit{Name: name + ".service", Enabled: &enabled, Contents: &text}
}
